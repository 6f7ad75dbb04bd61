"""Problems as files hold them: an example, a hypothesis strategy, and another way of reading."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from matching.engine import Problem
from matching.engine.problem import ARRAYS
from tests.engine.instances import tie_groups

EXAMPLE: dict[str, Any] = {
    "format": "topcentrum-problem/1",
    "students": [
        {"id": "s1", "choices": [["p1"], ["p2", "p3"]], "tail": ["p4"]},
        {"id": "s2", "choices": [["p3"], ["p1"]]},
        {"id": "s3"},
    ],
    "places": [
        {"id": "p1", "capacity": 2, "minimum": 1, "owner": "c1"},
        {"id": "p2", "capacity": 1, "ranking": [["s2"]]},
        {"id": "p3", "capacity": 1, "owner": "c2"},
        {"id": "p4", "capacity": 3},
    ],
    "owners": [
        {"id": "c1", "capacity": 2, "ranking": [["s3"], ["s2", "s1"]]},
        {"id": "c2", "capacity": 1},
    ],
    "pins": [["s3", "p4"]],
    "bans": [["s1", "p4"], ["s2", "p1"]],
}


def written(folder: Path, content: bytes | dict[str, Any], name: str = "problem.json") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


@st.composite
def documents(draw: Callable[..., Any]) -> dict[str, Any]:
    """Problems as JSON holds them, with all that the format knows."""
    who = draw(st.permutations([f"s{i}" for i in range(draw(st.integers(0, 4)))]))
    where = draw(st.permutations([f"p{j}" for j in range(draw(st.integers(0, 4)))]))
    owners = [f"c{k}" for k in range(draw(st.integers(0, 2)))]

    def maybe(key: str, strategy: st.SearchStrategy[Any]) -> dict[str, Any]:
        return {key: draw(strategy)} if draw(st.booleans()) else {}

    students = []
    for name in who:
        entry = {"id": name, **maybe("choices", tie_groups(where, 4))}
        asked = {place for group in entry.get("choices", []) for place in group}
        rest = [place for place in where if place not in asked]
        tails = st.lists(st.sampled_from(rest), unique=True) if rest else st.just([])
        students.append({**entry, **maybe("tail", tails)})
    places = []
    for name in where:
        capacity = draw(st.integers(0, 3))
        entry = {"id": name, "capacity": capacity, **maybe("minimum", st.integers(0, capacity))}
        owner = maybe("owner", st.sampled_from(owners)) if owners else {}
        places.append({**entry, **(owner or maybe("ranking", tie_groups(who, 4)))})
    bans = st.lists(st.tuples(*map(st.sampled_from, (who, where))), unique=True, max_size=3)
    return {
        "format": "topcentrum-problem/1",
        "students": students,
        "places": places,
        "owners": [
            {
                "id": name,
                "capacity": draw(st.integers(0, 4)),
                **maybe("ranking", tie_groups(who, 4)),
            }
            for name in owners
        ],
        **(maybe("bans", bans) if who and where else {}),
    }


def in_words(document: dict[str, Any]) -> Problem:
    """The same problem by way of `Problem.of`."""

    def by_id(title: str, key: str) -> dict[str, Any]:
        return {one["id"]: one[key] for one in document[title] if key in one}

    problem = Problem.of(
        {one["id"]: one.get("choices", []) for one in document["students"]},
        by_id("places", "capacity"),
        rankings=by_id("places", "ranking") | by_id("owners", "ranking"),
        minimum=by_id("places", "minimum"),
        owners=by_id("places", "owner"),
        owner_capacity=by_id("owners", "capacity"),
        tails=by_id("students", "tail"),
        pins=document.get("pins", []),
        bans=document.get("bans", []),
    )
    return replace(problem, lottery=None)


def arrays(**changes: Any) -> dict[str, Any]:
    """The arrays of the example; then the changes, where ``...`` leaves one out."""
    problem = Problem(**{name: getattr(in_words(EXAMPLE), name) for name in ARRAYS})
    fields = {name: getattr(problem, name) for name in ARRAYS}
    return {name: one for name, one in {**fields, **changes}.items() if one is not ...}


def as_npz(fields: dict[str, Any]) -> bytes:
    """As whoever has NumPy would write it."""
    content = io.BytesIO()
    np.savez(content, **fields)
    return content.getvalue()


def npy(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, array)
    return content.getvalue()
