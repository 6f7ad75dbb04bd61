"""Every lock of the portal, where it stands in the source, and how to open one.

    .venv/bin/python scripts/locks.py     list them

A lock is a condition in an `access.py`, an owner in a filter of a query, a form or a view, a
refusal in a view, a method that a view does not have, or a guard among the middleware.
`scripts/mutate.py` opens each in turn.
"""

import ast
import copy
import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from django.conf import settings
from django.urls import get_resolver

PROJECT = Path(__file__).resolve().parents[1]
ROOMS = ("accounts", "cockpit", "companies", "education", "matching", "notifications", "students")
KINDS = ("access", "queries", "forms", "views")

# Whose it is: a filter by one of these keeps people apart.
OWNERS = {
    "by",
    "company",
    "created_by",
    "earmarked_for",
    "member",
    "members",
    "school",
    "staff",
    "student",
    "uploaded_by",
    "user",
}
NARROWS = {"filter", "exclude", "get", "get_object_or_404", "Q"}
# Everything in these decides what somebody sees, whether it names an owner or not; the same holds
# for queries that are given a user.
DECIDES = re.compile(r"visible|told|overseen|offers_for")
REFUSALS = {"PermissionDenied", "Http404"}
METHODS = {"takes_form", "require_safe", "require_http_methods", "require_POST", "require_GET"}
GUARDS = re.compile(r"\.(?:LoginRequired|CsrfView|SecondFactor)\w*\",$")


@dataclass(frozen=True)
class Lock:
    """One place that can be opened: where it is, and what stands there."""

    path: str
    line: int
    function: str  # its qualified name; of a guard, the middleware
    what: str
    number: int  # among those of its function, in the order of the source

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.function}: {self.what}"

    @property
    def module(self) -> str:
        """The name by which Python knows the file."""
        parts = Path(self.path).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# --- Finding and opening them ----------------------------------------------------------------


class Opener(ast.NodeTransformer):
    """Walks through a function and notes each lock in it; opens the one with `number`, if any."""

    def __init__(self, kind: str, function: ast.FunctionDef, number: int | None = None) -> None:
        self._kind = kind
        self._decides = kind == "queries" and _decides(function)
        self._is_rule = kind == "access"
        self._open = not function.name.startswith("needs_")  # what a rule without a lock says
        self._outer = _outer_rows(function)
        self._number = number
        self.found: list[tuple[int, str]] = []

    def _opens(self, node: ast.AST, what: str) -> bool:
        """Note a lock; whether it is the one to open."""
        self.found.append((getattr(node, "lineno", 0), what))
        return len(self.found) - 1 == self._number

    def visit_Return(self, node: ast.Return) -> ast.AST:
        """A rule says the same to everybody."""
        if self._is_rule and node.value is not None and ast.unparse(node.value) != str(self._open):
            what = f"return {self._open}, not {ast.unparse(node.value)}"
            if self._opens(node, what):
                return ast.copy_location(ast.Return(ast.Constant(self._open)), node)
        return self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """A rule with one condition less."""
        self.generic_visit(node)
        if self._kind == "access" and isinstance(node.op, ast.And):
            node.values = [
                ast.Constant(True) if self._opens(one, f"without {ast.unparse(one)}") else one
                for one in node.values
            ]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Two conditions of a filter that hold together: only the first."""
        self.generic_visit(node)
        holds_together = isinstance(node.op, ast.BitAnd) and self._decides
        if holds_together and self._opens(node, f"without {ast.unparse(node.right)}"):
            return node.left
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        """A refusal that does not happen."""
        self.generic_visit(node)
        refuses = any(map(_refuses, node.body)) and not node.orelse
        if refuses and self._opens(node, f"without: if {ast.unparse(node.test)}: raise"):
            return ast.copy_location(ast.Pass(), node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A filter with one owner less."""
        self.generic_visit(node)
        name = _name(node.func)
        if name not in NARROWS or (self._kind == "access" and name == "get"):
            return node
        args = [arg for arg in node.args if not self._drops_position(node, name, arg)]
        keywords = [k for k in node.keywords if not self._drops_keyword(k)]
        if name == "Q" and node.keywords and not keywords and not args:
            return ast.parse("~Q(pk__in=[])", mode="eval").body  # everything
        node.args, node.keywords = args, keywords
        return node

    def _drops_position(self, call: ast.Call, name: str, arg: ast.expr) -> bool:
        if name != "filter" or not self._decides or not isinstance(arg, ast.Call):
            return False
        return _name(arg.func) == "Exists" and self._opens(call, f"without {ast.unparse(arg)}")

    def _drops_keyword(self, keyword: ast.keyword) -> bool:
        parts = (keyword.arg or "").split("__")
        joins = ast.unparse(keyword.value) in self._outer and not self._decides
        if joins or parts[-1] == "icontains" or parts[0] == "pk":
            return False
        owner = OWNERS & set(parts)
        return bool(owner or self._decides) and self._opens(
            keyword.value, f"without {ast.unparse(keyword)}"
        )


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _refuses(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Raise) or node.exc is None:
        return False
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return _name(raised) in REFUSALS


def _outer_rows(function: ast.FunctionDef) -> set[str]:
    """How a function writes the rows of the query around another: they join, and keep nobody
    apart."""
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and _name(node.func) == "OuterRef":
            found.add(ast.unparse(node))
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("OuterRef("):
            found |= {ast.unparse(target) for target in node.targets}
    return found


def _decides(function: ast.FunctionDef) -> bool:
    """Whether a query says which rows somebody may see."""
    given = any(arg.arg == "user" for arg in function.args.args)
    rows = function.returns is not None and ast.unparse(function.returns).startswith("QuerySet")
    return bool(DECIDES.search(function.name)) or (given and rows)


Named = tuple[str, ast.FunctionDef]


def functions(tree: ast.AST, space: str = "") -> Iterator[Named]:
    """Every function of a module with its qualified name; those inside another belong to it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield f"{space}{node.name}", node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{space}{node.name}.")


def sources() -> Iterator[tuple[str, str]]:
    """(kind, path) of every file that may have a lock."""
    for room in ROOMS:
        for kind in KINDS:
            for path in [*PROJECT.glob(f"{room}/{kind}.py"), *PROJECT.glob(f"{room}/{kind}/*.py")]:
                yield kind, str(path.relative_to(PROJECT))


def locks() -> list[Lock]:
    """All there are, in the order of the files."""
    found = []
    for kind, path in sorted(sources(), key=lambda one: one[1]):
        for name, function in functions(ast.parse((PROJECT / path).read_text())):
            opener = Opener(kind, function)
            opener.visit(copy.deepcopy(function))
            found += [
                Lock(path, line, name, what, i) for i, (line, what) in enumerate(opener.found)
            ]
            found += [
                Lock(path, one.lineno, name, f"without @{ast.unparse(one)}", -1)
                for one in function.decorator_list
                if _name(one.func if isinstance(one, ast.Call) else one) in METHODS
            ]
    return found + _guards()


def _guards() -> list[Lock]:
    lines = (PROJECT / "topcentrum/settings.py").read_text().splitlines()
    return [
        Lock("topcentrum/settings.py", at, line.strip(' ",'), "without this middleware", 0)
        for at, line in enumerate(lines, start=1)
        if GUARDS.search(line)
    ]


def open_lock(lock: Lock) -> None:
    """Open one in this process; whatever holds the function already, holds the opened one."""
    if lock.path == "topcentrum/settings.py":
        settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != lock.function]
        return
    module = importlib.import_module(lock.module)
    if lock.number < 0:
        _without_decorator(get_resolver(), getattr(module, lock.function))
        return
    kind = next(kind for kind, path in sources() if path == lock.path)
    tree = ast.parse((PROJECT / lock.path).read_text())
    function = dict(functions(tree))[lock.function]
    Opener(kind, function, lock.number).visit(function)
    _put(module, lock.function, tree, lock.path)


def watch(chosen: list[Lock], note: str) -> None:
    """Let each function that holds a lock call `note`, a name among the builtins, with itself."""
    for path, name in {(lock.path, lock.function) for lock in chosen if lock.number >= 0}:
        if path.endswith("settings.py"):
            continue
        tree = ast.parse((PROJECT / path).read_text())
        call = ast.parse(f"{note}(({path!r}, {name!r}))").body
        function = dict(functions(tree))[name]
        function.body[:0] = [ast.copy_location(one, function) for one in call]
        module = importlib.import_module(Lock(path, 0, name, "", 0).module)
        _put(module, name, tree, path)


def _put(module: ModuleType, name: str, tree: ast.Module, path: str) -> None:
    """Give a function that is alive the code of its namesake in a changed source."""
    ast.fix_missing_locations(tree)
    code = _code(compile(tree, path, "exec"), name)
    _live(module, name).__code__ = code


def _without_decorator(resolver: Any, view: Any) -> None:
    for entry in resolver.url_patterns:
        if hasattr(entry, "url_patterns"):
            _without_decorator(entry, view)
        elif entry.callback is view:
            entry.callback = inspect.unwrap(view)


def _code(whole: CodeType, name: str) -> CodeType:
    """The code of a function in that of its module."""
    for part in name.split("."):
        whole = next(
            one for one in whole.co_consts if isinstance(one, CodeType) and one.co_name == part
        )
    return whole


def _live(module: ModuleType, name: str) -> FunctionType:
    found: Any = module
    for part in name.split("."):
        found = inspect.getattr_static(found, part)
    found = getattr(found, "fget", None) or getattr(found, "func", None) or found
    found = inspect.unwrap(getattr(found, "__func__", found))
    assert isinstance(found, FunctionType), name
    return found


if __name__ == "__main__":
    every = locks()
    print(*every, f"{len(every)} locks", sep="\n")
