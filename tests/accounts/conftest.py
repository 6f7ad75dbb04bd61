"""What tests of accounts share."""

import runpy
from typing import Any

import pytest

from topcentrum import settings as portal


@pytest.fixture
def earnest(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The settings of a portal under https."""
    monkeypatch.setenv("BASE_URL", "https://testserver")
    monkeypatch.delenv("TOPCENTRUM_DEMO", raising=False)
    return runpy.run_path(str(portal.__file__))
