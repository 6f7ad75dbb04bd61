"""What the region is made of: figures, names and texts in the files beside this module."""

import json
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@cache
def distributions() -> dict[str, Any]:
    """How many of everything, and in which proportion."""
    return _read(HERE.parent / "distributions.json")


@cache
def words(name: str) -> dict[str, Any]:
    """The texts of `companies`, `names` or `offers`."""
    return _read(HERE / f"{name}.json")


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
