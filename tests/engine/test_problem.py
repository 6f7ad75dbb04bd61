"""Bad input first: everything that cannot be meant is refused, and the message names the place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from matching.engine import Problem, ProblemError
from matching.engine.fingerprint import fingerprint
from tests.engine.instances import Instance, instances, many


def arrays(**changes: Any) -> dict[str, Any]:
    """Two students: the first ranks place 0, then 1 and 2 tied; the second ranks place 2."""
    return {
        "choice_start": np.array([0, 3, 4], np.int64),
        "choice_place": np.array([0, 1, 2, 2], np.int32),
        "choice_rank": np.array([1, 2, 2, 1], np.int32),
        "choice_priority": np.array([0, 0, 1, 0], np.int32),
        "capacity": np.array([1, 2, 1], np.int32),
        "minimum": np.array([0, 2, 0], np.int32),
        "lottery": np.array([7, 5], np.uint64),
        **changes,
    }


def test_the_unchanged_arrays_are_accepted() -> None:
    problem = Problem(**arrays())
    assert (problem.students, problem.places) == (2, 3)
    assert problem.choice_student.tolist() == [0, 0, 0, 1]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"choice_place": [0, 1, 2, 2]}, r"problem\.choice_place: an array expected, list given"),
    ({"lottery": None}, r"problem\.lottery: an array expected, NoneType given"),
    ({"choice_place": np.array([0, 1, 2, 2])}, r"choice_place: int32 expected, int64 given"),
    ({"choice_rank": np.array([1, 2, 2, np.nan])}, r"choice_rank: int32 expected, float64 given"),
    ({"capacity": np.array([[1, 2, 1]], np.int32)}, r"capacity: 1 dimension\(s\) expected, 2"),
    ({"minimum": np.array([0, 2], np.int32)}, r"minimum: length 2 along axis 0, 3 expected"),
    ({"choice_rank": np.array([1, 2, 2], np.int32)}, r"choice_rank: length 3 along axis 0, 4"),
    ({"choice_start": np.array([0, 4], np.int64)}, r"choice_start: 2 numbers for 2 students, 3"),
    ({"choice_start": np.array([1, 3, 4], np.int64)}, r"choice_start begins at 1, not at 0"),
    ({"choice_start": np.array([0, 5, 4], np.int64)}, r"student 1: choices end before they begin"),
    ({"choice_start": np.array([0, 3, 9], np.int64)}, r"ends at 9, but there are 4 choices"),
    ({"choice_start": np.array([0, 3, 3], np.int64)}, r"ends at 3, but there are 4 choices"),
    ({"choice_place": np.array([0, 1, 3, 2], np.int32)}, r"student 0: place 3 does not exist"),
    ({"choice_place": np.array([0, 1, 2, -1], np.int32)}, r"student 1: place -1 does not exist"),
    ({"choice_place": np.array([1, 0, 1, 2], np.int32)}, r"student 0: place 1 stands twice"),
    ({"choice_rank": np.array([0, 2, 2, 1], np.int32)}, r"student 0: place 0 has rank 0, 1 to"),
    ({"choice_rank": np.array([1, 2, 10**9, 1], np.int32)}, r"place 2 has rank 1000000000, 1 to"),
    ({"choice_rank": np.array([2, 1, 2, 1], np.int32)}, r"student 0: rank 1 after rank 2, asc"),
    ({"capacity": np.array([-1, 2, 1], np.int32)}, r"place 0: capacity -1, 0 to 1000000 expected"),
    ({"capacity": np.array([1, 10**9, 1], np.int32)}, r"place 1: capacity 1000000000, 0 to"),
    ({"minimum": np.array([0, 0, -2], np.int32)}, r"place 2: minimum -2, 0 to 1000000 expected"),
    ({"minimum": np.array([0, 3, 0], np.int32)}, r"place 1: minimum 3 above capacity 2"),
    ({"lottery": np.array([7, 7], np.uint64)}, r"lottery: rows 0 and 1 both hold 7"),
    ({"student_ids": ("a",)}, r"student_ids: 1 ids, 2 expected"),
    ({"student_ids": ("a", "a")}, r"student_ids: rows 0 and 1 both hold 'a'"),
    ({"place_ids": ("a", "", "c")}, r"place_ids: row 1 holds '', a non-empty text expected"),
    ({"place_ids": ("a", 2, "c")}, r"place_ids: row 1 holds 2, a non-empty text expected"),
    ({"place_ids": ("a", "\ud800", "c")}, r"place_ids: row 1 holds '\\ud800', a non-empty text"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_arrays_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Problem(**arrays(**changes))


def test_messages_use_ids_where_there_are_any() -> None:
    ids = {"student_ids": ("Ada", "Bo"), "place_ids": ("mill", "shop", "yard")}
    with pytest.raises(ProblemError, match="student Ada: place shop stands twice"):
        Problem(**arrays(choice_place=np.array([1, 0, 1, 2], np.int32), **ids))
    with pytest.raises(ProblemError, match="place shop: minimum 3 above capacity 2"):
        Problem(**arrays(minimum=np.array([0, 3, 0], np.int32), **ids))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"choices": {"s": [["q"]]}}, "student s: place q does not exist"),
        ({"choices": {"s": [["p"], ["p"]]}}, "student s: place p stands twice"),
        ({"rankings": {"q": [["s"]]}}, "rankings: place q does not exist"),
        ({"rankings": {"p": [["t"]]}}, "place p: student t does not exist"),
        ({"rankings": {"p": [["s"], ["s"]]}}, "place p: student s stands twice"),
        ({"minimum": {"q": 1}}, "minimum: place q does not exist"),
    ],
)
def test_bad_words_are_refused(changes: dict[str, Any], message: str) -> None:
    fields: dict[str, Any] = {"choices": {"s": [["p"]]}, "capacity": {"p": 1}, **changes}
    with pytest.raises(ProblemError, match=message):
        Problem.of(**fields)


def test_a_choice_that_the_place_refuses_is_left_out_and_the_ranks_stay() -> None:
    problem = Problem.of({"s": [["p"], ["q"]]}, {"p": 1, "q": 1}, rankings={"p": []})
    assert problem.choice_place.tolist() == [1]
    assert problem.choice_rank.tolist() == [2]


def test_the_arrays_are_read_only_and_the_callers_are_not() -> None:
    mine = np.array([1, 2, 1], np.int32)
    problem = Problem(**arrays(capacity=mine))
    with pytest.raises(ValueError, match="read-only"):
        problem.capacity[0] = 9
    mine[0] = 1


def test_nobody_and_nothing_is_a_problem_too() -> None:
    problem = Problem.of({}, {})
    assert (problem.students, problem.places, len(problem.choice_place)) == (0, 0, 0)


def test_every_field_changes_the_fingerprint() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"choice_place": np.array([0, 1, 2, 0], np.int32), "choice_rank": np.ones(4, np.int32)},
        {
            "choice_place": np.array([0, 1, 2, 0], np.int32),
            "choice_rank": np.ones(4, np.int32),
            "choice_start": np.array([0, 2, 4], np.int64),
        },
        {"choice_rank": np.ones(4, np.int32)},
        {"choice_place": np.array([0, 2, 1, 2], np.int32)},
        {"choice_priority": np.array([0, 0, 1, 1], np.int32)},
        {"capacity": np.array([2, 2, 1], np.int32)},
        {"minimum": np.array([0, 1, 0], np.int32)},
        {"lottery": np.array([5, 7], np.uint64)},
        {"student_ids": ("a", "b")},
        {"place_ids": ("a", "b", "c")},
        {"place_ids": ("ab", "b", "c")},
    ]
    prints = {Problem(**arrays(**change)).fingerprint for change in changes}
    assert len(prints) == len(changes)
    assert Problem(**arrays()).fingerprint == Problem(**arrays()).fingerprint


def test_a_fingerprint_tells_apart_what_spells_the_same_bytes() -> None:
    spellings: list[dict[str, Any]] = [
        {"a": ("ab", "c")},
        {"a": ("a", "bc")},
        {"a": "abc"},
        {"a": np.array([1, 0], np.int32)},
        {"a": np.array([1], np.int64)},
        {"a": np.array([[1, 0]], np.int32)},
        {"a": 1},
        {"a": "1"},
        {"a": None},
        {"b": None},
        {"a": None, "b": None},
    ]
    assert len({fingerprint(parts) for parts in spellings}) == len(spellings)
    big_endian = np.array([1, 0], np.dtype(">i4"))
    assert fingerprint({"a": big_endian}) == fingerprint({"a": np.array([1, 0], np.int32)})


@many
@given(instances())
def test_words_and_arrays_say_the_same(instance: Instance) -> None:
    problem = instance.problem()
    where, who = list(instance.capacity), list(instance.choices)
    for row in range(len(problem.choice_place)):
        student = who[problem.choice_student[row]]
        place = where[problem.choice_place[row]]
        assert place in instance.choices[student][problem.choice_rank[row] - 1]
        if place in instance.rankings:
            assert student in instance.rankings[place][problem.choice_priority[row]]
