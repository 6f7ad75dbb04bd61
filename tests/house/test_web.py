"""What a process that answers web requests carries with it: no compiler, no solver."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
HEAVY = ("numba", "scipy", "highspy", "llvmlite")
START = """
import importlib, pkgutil, sys
import topcentrum.wsgi
from django.apps import apps
from django.urls import get_resolver

assert len(get_resolver().url_patterns) > 3
seen = 0
for app in apps.get_app_configs():
    if not app.path.startswith({root!r}) or ".venv" in app.path:
        continue
    for module in pkgutil.walk_packages([app.path], app.name + "."):
        if "views" in module.name.split("."):
            importlib.import_module(module.name)
            seen += 1
assert seen > 10, seen
{more}
print(*sorted(name for name in {heavy!r} if name in sys.modules))
"""


def loaded(more: str = "") -> list[str]:
    """The heavy packages that are there once all pages have been imported."""
    done = subprocess.run(
        [sys.executable, "-c", START.format(root=str(ROOT), heavy=HEAVY, more=more)],
        cwd=ROOT,
        env={**os.environ, "SECRET_KEY": "test", "DJANGO_SETTINGS_MODULE": "topcentrum.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_web_process_never_loads_a_compiler_or_a_solver() -> None:
    assert loaded() == []


def test_one_that_did_would_be_found() -> None:
    assert "numba" in loaded("import matching.engine.bottlenecks")
