"""Outcomes as JSON and NPZ: written exactly so, and read as they are, truth or lie."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matching.engine import Outcome, Problem, ProblemError
from matching.engine.formats.outcomes import (
    outcome_as_json,
    outcome_as_npz,
    read_outcome,
    write_outcome,
)
from matching.engine.formats.writing import problem_as_json, problem_as_npz
from tests.engine.documents import EXAMPLE, as_npz, in_words, npy, written


def example() -> Problem:
    return in_words(EXAMPLE)


def solved(problem: Problem, seed: int | None = 7) -> Outcome:
    return Outcome.of(problem, np.array([0, -1, 3], np.int32), effort="quick", seed=seed, bound=3)


def test_an_outcome_is_written_exactly_so() -> None:
    problem = example()
    outcome = solved(problem, None)
    assert (
        outcome_as_json(problem, outcome, 2).decode()
        == f"""{{
  "format": "topcentrum-outcome/1",
  "assignment": {{
    "s1": "p1",
    "s2": null,
    "s3": "p4"
  }},
  "placed": 2,
  "bound": 3,
  "rank_sum": 1,
  "profile": [1],
  "blocking_pairs": 2,
  "closed": [],
  "below_minimum": [],
  "effort": "quick",
  "seed": null,
  "fingerprint": "{outcome.fingerprint}"
}}
"""
    )


def test_an_outcome_in_arrays_has_these_dtypes(tmp_path: Path) -> None:
    problem = example()
    path = written(tmp_path, outcome_as_npz(problem, solved(problem), 2), "outcome.npz")
    with np.load(path, allow_pickle=False) as found:
        assert {name: (one.dtype.kind, one.tolist()) for name, one in found.items()} == {
            "place": ("i", [0, -1, 3]),
            "placed": ("i", 2),
            "bound": ("i", 3),
            "rank_sum": ("i", 1),
            "profile": ("i", [1]),
            "blocking_pairs": ("i", 2),
            "closed": ("i", []),
            "below_minimum": ("i", []),
            "effort": ("U", "quick"),
            "seed": ("i", [7]),
            "fingerprint": ("U", solved(problem).fingerprint),
        }
        assert found["place"].dtype == np.int32


def test_the_clock_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = example()

    def all_bytes() -> list[bytes]:
        outcome = solved(problem)
        return [
            problem_as_npz(problem),
            problem_as_json(problem),
            outcome_as_npz(problem, outcome, 0),
            outcome_as_json(problem, outcome, 0),
        ]

    def naive() -> bytes:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            archive.writestr("place.npy", npy(solved(problem).place))
        return content.getvalue()

    before, naively = all_bytes(), naive()
    later = time.localtime(1_000_000_000)
    monkeypatch.setattr(time, "localtime", lambda *_: later)
    monkeypatch.setattr(time, "time", lambda: 1_000_000_000.0)
    assert all_bytes() == before
    assert naive() != naively, "the clock was not changed: this test proves nothing"


@pytest.mark.parametrize("name", ["outcome.json", "outcome.npz"])
@pytest.mark.parametrize("seed", [None, 0, 2**63 - 1])
def test_an_outcome_comes_back(tmp_path: Path, name: str, seed: int | None) -> None:
    problem = example()
    outcome = solved(problem, seed)
    write_outcome(problem, outcome, tmp_path / name)
    claims = read_outcome(problem, tmp_path / name)
    for field in outcome.__dataclass_fields__:
        assert np.array_equal(getattr(claims.outcome, field), getattr(outcome, field)), field
        assert type(getattr(claims.outcome, field)) is type(getattr(outcome, field)), field
    assert claims.blocking_pairs == 1, "s2 would rather have p3, which is free"


LIES: dict[str, Any] = {
    "placed": 99,
    "bound": -1,
    "rank_sum": 99,
    "profile": (9, -9),
    "closed": (1,),
    "below_minimum": (2, 0),
    "effort": "best",
    "seed": 3,
    "fingerprint": "f",
}


@pytest.mark.parametrize("as_bytes", [outcome_as_json, outcome_as_npz])
def test_lies_are_kept_for_the_checker(
    tmp_path: Path, as_bytes: Callable[[Problem, Outcome, int], bytes]
) -> None:
    problem = example()
    liar = replace(solved(problem), **LIES)
    name = "liar.json" if as_bytes is outcome_as_json else "liar.npz"
    claims = read_outcome(problem, written(tmp_path, as_bytes(problem, liar, 5), name))
    assert {field: getattr(claims.outcome, field) for field in LIES} == LIES
    assert claims.blocking_pairs == 5


def outcome_document(**changes: Any) -> dict[str, Any]:
    problem = example()
    document = json.loads(outcome_as_json(problem, solved(problem), 0))
    return {key: one for key, one in {**document, **changes}.items() if one is not ...}


def seats(**changes: Any) -> dict[str, Any]:
    return {"assignment": {"s1": "p1", "s2": None, "s3": "p4", **changes}}


BAD_OUTCOMES: list[tuple[dict[str, Any], str]] = [
    *(({key: ...}, f'^key "{key}" is missing') for key in outcome_document() if key != "format"),
    ({"format": "topcentrum-problem/1"}, r'^format: "topcentrum-outcome/1" expected'),
    ({"place": 1}, r'^unknown key "place"; did you mean "placed"\?'),
    ({"assignment": []}, r"^assignment: an object expected, a list given"),
    ({"assignment": {"s1": "p1", "s2": None}}, r'^assignment: student "s3" is missing'),
    (seats(s9="p1"), r'^assignment: student "s9" does not exist'),
    (seats(s1="p9"), r'^assignment: "s1": place "p9" does not exist'),
    (seats(s1=0), r'^assignment: "s1": a non-empty text expected, 0 given'),
    ({"placed": 1.0}, r"^placed: a whole number expected, 1.0 given"),
    ({"placed": None}, r"^placed: a whole number expected, null given"),
    ({"profile": 1}, r"^profile: a list expected, 1 given"),
    ({"profile": [True]}, r"^profile: a whole number expected, true given"),
    ({"closed": ["p9"]}, r'^closed: place "p9" does not exist'),
    ({"closed": ["p1", "p1"]}, r'^closed: place "p1" stands twice'),
    ({"seed": "1"}, r'^seed: a whole number expected, "1" given'),
    ({"effort": 1}, r"^effort: a non-empty text expected, 1 given"),
]


@pytest.mark.parametrize(
    ("changes", "message"), BAD_OUTCOMES, ids=[message for _, message in BAD_OUTCOMES]
)
def test_bad_outcomes_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = written(tmp_path, outcome_document(**changes), "outcome.json")
    with pytest.raises(ProblemError, match=message):
        read_outcome(example(), path)


def outcome_arrays(**changes: Any) -> bytes:
    problem = example()
    with np.load(io.BytesIO(outcome_as_npz(problem, solved(problem), 0))) as found:
        fields = {**found, **changes}
    return as_npz({name: one for name, one in fields.items() if one is not ...})


BAD_OUTCOME_ARRAYS: list[tuple[dict[str, Any], str]] = [
    ({"place": ...}, r'^array "place" is missing'),
    ({"fingerprint": ...}, r'^array "fingerprint" is missing'),
    ({"rank": np.zeros(3, np.int32)}, r'^unknown array "rank"'),
    ({"place": np.zeros(3, np.int64)}, r"^place: int32 expected, int64 given"),
    ({"place": np.zeros(2, np.int32)}, r"^place: 2 numbers given, 3 expected"),
    ({"place": np.zeros((3, 1), np.int32)}, r"^place: 1 dimension\(s\) expected, 2 given"),
    ({"placed": np.zeros(1, np.int64)}, r"^placed: 0 dimension\(s\) expected, 1 given"),
    ({"effort": np.int64(1)}, r"^effort: str expected, int64 given"),
    ({"seed": np.zeros(2, np.int64)}, r"^seed: 2 numbers given, one or none expected"),
]


@pytest.mark.parametrize(
    ("changes", "message"), BAD_OUTCOME_ARRAYS, ids=[message for _, message in BAD_OUTCOME_ARRAYS]
)
def test_bad_outcome_arrays_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = written(tmp_path, outcome_arrays(**changes), "outcome.npz")
    with pytest.raises(ProblemError, match=message):
        read_outcome(example(), path)


def test_a_seed_too_large_for_arrays_is_said_to_be(tmp_path: Path) -> None:
    problem = example()
    with pytest.raises(ProblemError, match="seed"):
        outcome_as_npz(problem, solved(problem, 2**63), 0)


def test_nobody_and_nothing_is_an_outcome_too(tmp_path: Path) -> None:
    problem = Problem.of({}, {})
    outcome = Outcome.of(problem, np.empty(0, np.int32), effort="quick")
    for name in ("nothing.json", "nothing.npz"):
        write_outcome(problem, outcome, tmp_path / name)
        assert read_outcome(problem, tmp_path / name).outcome.place.tolist() == []
    assert b'"assignment": {},' in outcome_as_json(problem, outcome, 0)
