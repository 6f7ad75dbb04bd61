"""The package could be lifted out: it needs numpy and nothing of the portal."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import matching.engine

ROOT = Path(matching.engine.__file__).parent


def test_importing_it_brings_no_django_and_no_room() -> None:
    program = (
        "import sys, matching.engine;"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())
    rooms = {"topcentrum", "companies", "students", "education", "notifications", "geo", "accounts"}
    assert not loaded & (rooms | {"django", "celery", "scipy", "numba", "highspy"})


# Libraries that only some modules need; those are imported when somebody solves, or by commands.
HEAVY = {"numba", "scipy", "highspy"}


def modules() -> list[Path]:
    return [path for path in sorted(ROOT.rglob("*.py")) if "__pycache__" not in path.parts]


def imported(path: Path) -> set[str]:
    """The full names of all modules that this one imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_it_imports_its_own_libraries_and_nothing_of_the_portal() -> None:
    assert len(modules()) > 30
    for path in modules():
        for name in imported(path):
            top = name.partition(".")[0]
            own = name.startswith("matching.engine")
            known = own or top == "numpy" or top in sys.stdlib_module_names
            assert known or top in HEAVY, (path.name, name)


def test_the_checker_knows_no_solver() -> None:
    """Nor what solvers see of a problem."""
    own = {name for name in imported(ROOT / "checker.py") if name.startswith("matching")}
    assert own == {f"matching.engine.{name}" for name in ("arrays", "outcome", "problem")}


def test_all_that_is_exported_exists_and_is_explained() -> None:
    assert sorted(matching.engine.__all__) == sorted(set(matching.engine.__all__))
    for name in matching.engine.__all__:
        exported = getattr(matching.engine, name)
        assert exported.__doc__, name
