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
    assert not loaded & (rooms | {"django", "celery", "scipy", "numba"})


def test_it_imports_numpy_itself_and_the_standard_library_only() -> None:
    for path in ROOT.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                top = name.partition(".")[0]
                own = name.startswith("matching.engine")
                assert own or top == "numpy" or top in sys.stdlib_module_names, (path.name, name)


def test_the_checker_knows_no_solver() -> None:
    text = (ROOT / "checker.py").read_text()
    imported = {
        node.module for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)
    }
    assert imported.isdisjoint({"matching.engine.solver", "matching.engine.acceptance"})


def test_all_that_is_exported_exists_and_is_explained() -> None:
    assert sorted(matching.engine.__all__) == sorted(set(matching.engine.__all__))
    for name in matching.engine.__all__:
        exported = getattr(matching.engine, name)
        assert exported.__doc__, name
