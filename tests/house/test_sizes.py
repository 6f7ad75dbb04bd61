"""Nothing grows beyond what one can overlook; names say what a thing is; imports stand on top."""

import ast
import re
import tokenize
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
APART = {"migrations", "__pycache__"}
LONGEST_MODULE = 450
LONGEST_FUNCTION = 60

ROOMS = (
    "accounts",
    "bench",
    "cockpit",
    "companies",
    "education",
    "geo",
    "matching",
    "notifications",
    "scripts",
    "students",
    "topcentrum",
)
# Words that say nothing about what a thing is or does.
EMPTY_WORDS = {
    "helper",
    "helpers",
    "util",
    "utils",
    "service",
    "manager",
    "handler",
    "data",
    "info",
}
NAMES_OF_OTHERS = {
    "cleaned_data",  # Django's
    "handle_DATA",  # aiosmtpd's
    "services",  # PostgreSQL and Valkey: programs that serve
}
# Modules whose public functions are read by somebody who does not read their bodies.
EXPLAINED = re.compile(r"^/(?!bench)\w+/(?:actions|queries|access|engine|snapshot)(?:/|\.py$)")
# Imports that wait, with the reason.
LATE_IMPORTS = {
    "accounts/apps.py": "receivers know models, which are not there yet when apps are read",
    "matching/actions/shortage.py": "pages import the actions, and never load a compiler",
    "matching/apps.py": "receivers know models, which are not there yet when apps are read",
    "matching/engine/solver.py": "who only asks for candidates or reasons never loads a compiler",
    "topcentrum/services/__main__.py": "a service starts without what only the demo needs",
    "topcentrum/services/prepare.py": "Django reads the environment that is set just before",
}


def modules() -> list[Path]:
    """Every module of ours, but for tests and migrations."""
    return [
        path
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if not APART & set(path.parts)
    ]


def where(path: Path, node: ast.AST | None = None) -> str:
    line = f":{node.lineno}" if node is not None and hasattr(node, "lineno") else ""
    return f"{path.relative_to(ROOT)}{line}"


Function = ast.FunctionDef | ast.AsyncFunctionDef


# --- sizes -----------------------------------------------------------------------------------


def too_long(source: str) -> bool:
    return len(source.splitlines()) > LONGEST_MODULE


def long_functions(source: str) -> list[str]:
    """Functions with more lines than fit on a screen. What explains them does not count: the steps
    of an algorithm, numbered, make a long docstring."""
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, Function) and length(node) > LONGEST_FUNCTION
    ]


def length(function: Function) -> int:
    """The lines of a function without its docstring."""
    said = (ast.get_docstring(function, clean=False) or "").count("\n") + 1
    explained = said if ast.get_docstring(function) else 0
    return (function.end_lineno or 0) - function.lineno + 1 - explained


# --- names -----------------------------------------------------------------------------------


def names_in(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every name that the module gives to something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | Function):
            yield node, node.name
        elif isinstance(node, ast.arg):
            yield node, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node, node.attr


def words_of(name: str) -> set[str]:
    """The words of a name, in snake case or in capitals."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return {word.lower() for word in spaced.split("_")}


def empty_names(source: str) -> list[str]:
    return [
        name
        for _node, name in names_in(ast.parse(source))
        if words_of(name) & EMPTY_WORDS and name not in NAMES_OF_OTHERS
    ]


# --- imports, notes, docstrings --------------------------------------------------------------


def late_imports(source: str) -> list[str]:
    """Imports inside functions."""
    return [
        ast.unparse(node)
        for function in ast.walk(ast.parse(source))
        if isinstance(function, Function)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def notes_to_self(source: str) -> list[str]:
    """Comments that promise work."""
    promise = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")
    return [
        token.string
        for token in tokenize.tokenize(BytesIO(source.encode()).readline)
        if token.type in (tokenize.COMMENT, tokenize.STRING) and promise.search(token.string)
    ]


def unexplained(source: str) -> list[str]:
    """Public functions and classes without a docstring; a module is explained as well."""
    tree = ast.parse(source)
    found = [] if not tree.body or ast.get_docstring(tree) else ["the module"]
    for node in tree.body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            found += [] if ast.get_docstring(node) else [node.name]
    return found


# --- the tests -------------------------------------------------------------------------------


def offenders(check: Callable[[str], list[str]], chosen: list[Path]) -> dict[str, list[str]]:
    assert len(chosen) > 10, "the walk over the modules finds too little to prove anything"
    found = {where(path): check(path.read_text()) for path in chosen}
    return {place: names for place, names in found.items() if names}


def test_no_module_is_longer_than_one_can_overlook() -> None:
    assert [where(path) for path in modules() if too_long(path.read_text())] == []


def test_no_function_is_longer_than_a_screen() -> None:
    assert offenders(long_functions, modules()) == {}


def test_every_name_says_what_it_is() -> None:
    assert offenders(empty_names, modules()) == {}
    parts = {part for path in modules() for part in path.relative_to(ROOT).with_suffix("").parts}
    assert {part for part in parts if words_of(part) & EMPTY_WORDS} <= NAMES_OF_OTHERS


def test_imports_stand_on_top() -> None:
    found = offenders(late_imports, modules())
    assert {place: names for place, names in found.items() if place not in LATE_IMPORTS} == {}
    assert set(LATE_IMPORTS) <= set(found), "no longer an exception"


def test_nothing_is_left_for_later() -> None:
    assert offenders(notes_to_self, modules()) == {}


def test_what_others_call_is_explained() -> None:
    chosen = [path for path in modules() if EXPLAINED.search(f"/{where(path)}")]
    assert offenders(unexplained, chosen) == {}


@pytest.mark.parametrize(
    ("check", "planted"),
    [
        (long_functions, "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION),
        (long_functions, 'def f():\n    """Once.\n    """\n' + "    x = 1\n" * LONGEST_FUNCTION),
        (empty_names, "class MailHelper: pass"),
        (empty_names, "def read_data(): pass"),
        (empty_names, "def read(user_info): pass"),
        (empty_names, "self.manager = 1"),
        (late_imports, "def f():\n    if x:\n        from a import b"),
        (notes_to_self, "x = 1  # TODO: later"),
        (unexplained, '"""A module."""\ndef f(): pass'),
        (unexplained, "x = 1"),
    ],
)
def test_what_is_wrong_is_found(check: Callable[[str], list[str]], planted: str) -> None:
    assert len(check(planted)) == 1


def test_a_long_module_is_found() -> None:
    assert too_long("x = 1\n" * (LONGEST_MODULE + 1))
    assert not too_long("x = 1\n" * LONGEST_MODULE)
