"""Bad input first: everything that cannot be meant is refused, and the message names the place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from matching.engine import Problem, ProblemError
from matching.engine.arrays import Int32, Int64
from matching.engine.fingerprint import fingerprint
from matching.engine.problem import ARRAYS, REFUSED
from tests.engine.instances import Instance, instances, many


def arrays(**changes: Any) -> dict[str, Any]:
    """Two students: the first ranks place 0, then 1 and 2 tied; the second ranks place 2."""
    return {
        "choice_start": np.array([0, 3, 4], np.int64),
        "choice_place": np.array([0, 1, 2, 2], np.int32),
        "choice_rank": np.array([1, 2, 2, 1], np.int32),
        "choice_priority": np.array([0, 0, 0, 0], np.int32),
        "capacity": np.array([1, 2, 1], np.int32),
        "minimum": np.array([0, 2, 0], np.int32),
        "owner": np.array([0, -1, 0], np.int32),
        "owner_capacity": np.array([1], np.int32),
        "tail_start": np.array([0, 0, 1], np.int64),
        "tail_place": np.array([1], np.int32),
        "tail_priority": np.array([0], np.int32),
        "pin_student": np.array([1], np.int32),
        "pin_place": np.array([1], np.int32),
        "ban_student": np.array([0], np.int32),
        "ban_place": np.array([2], np.int32),
        "lottery": np.array([7, 5], np.uint64),
        **changes,
    }


def int32(*numbers: int) -> Int32:
    return np.array(numbers, np.int32)


def int64(*numbers: int) -> Int64:
    return np.array(numbers, np.int64)


def test_the_unchanged_arrays_are_accepted() -> None:
    problem = Problem(**arrays())
    assert (problem.students, problem.places, problem.owners) == (2, 3, 1)
    assert problem.choice_student.tolist() == [0, 0, 0, 1]
    assert problem.tail_student.tolist() == [1]
    assert problem.tail_rank == 3
    assert problem.pinned_place.tolist() == [-1, 1]


def test_what_is_left_out_means_none() -> None:
    given = arrays()
    problem = Problem(**{name: given[name] for name in ARRAYS[:5]})
    assert problem.minimum.tolist() == [0, 0, 0]
    assert problem.owner.tolist() == [-1, -1, -1]
    assert problem.tail_start.tolist() == [0, 0, 0]
    for name in ARRAYS[5:]:
        assert getattr(problem, name).dtype == given[name].dtype, name
        assert len(getattr(problem, name)) in (0, 3), name
    assert problem.lottery is None


BAD: list[tuple[dict[str, Any], str]] = [
    ({"choice_place": [0, 1, 2, 2]}, r"problem\.choice_place: an array expected, list given"),
    ({"choice_start": 3}, r"problem\.choice_start: an array expected, int given"),
    ({"lottery": [1, 2]}, r"problem\.lottery: an array expected, list given"),
    ({"lottery": int64(1, 2)}, r"problem\.lottery: uint64 expected, int64 given"),
    ({"lottery": np.zeros(3, np.uint64)}, r"lottery: length 3 along axis 0, 2 expected"),
    ({"lottery": np.array([7, 7], np.uint64)}, r"lottery: rows 0 and 1 both hold 7"),
    ({"choice_place": int64(0, 1, 2, 2)}, r"choice_place: int32 expected, int64 given"),
    ({"choice_rank": np.array([1, 2, 2, np.nan])}, r"choice_rank: int32 expected, float64 given"),
    ({"capacity": np.array([[1, 2, 1]], np.int32)}, r"capacity: 1 dimension\(s\) expected, 2"),
    ({"minimum": int32(0, 2)}, r"minimum: length 2 along axis 0, 3 expected"),
    ({"owner": int32(0, 0)}, r"owner: length 2 along axis 0, 3 expected"),
    ({"choice_rank": int32(1, 2, 2)}, r"choice_rank: length 3 along axis 0, 4"),
    ({"tail_priority": int32()}, r"tail_priority: length 0 along axis 0, 1 expected"),
    ({"choice_start": int64(0, 4)}, r"tail_start: length 3 along axis 0, 2 expected"),
    ({"choice_start": int64()}, r"tail_start: length 3 along axis 0, 0 expected"),
    ({"choice_start": int64(1, 3, 4)}, r"choice_start begins at 1, not at 0"),
    ({"choice_start": int64(0, 5, 4)}, r"student 1: choice rows end before they begin"),
    ({"choice_start": int64(0, 3, 9)}, r"choice_start ends at 9, but there are 4 choice rows"),
    ({"choice_start": int64(0, 3, 3)}, r"choice_start ends at 3, but there are 4 choice rows"),
    ({"tail_start": int64(0, 1, 0)}, r"student 1: tail rows end before they begin"),
    ({"tail_start": int64(0, 0, 2)}, r"tail_start ends at 2, but there are 1 tail rows"),
    ({"choice_place": int32(0, 1, 3, 2)}, r"student 0: place 3 does not exist \(there are 3\)"),
    ({"choice_place": int32(0, 1, 2, -1)}, r"student 1: place -1 does not exist"),
    ({"tail_place": int32(3)}, r"student 1: place 3 does not exist \(there are 3\)"),
    ({"choice_place": int32(1, 0, 1, 2)}, r"student 0: place 1 stands twice"),
    ({"tail_place": int32(2)}, r"student 1: place 2 stands twice"),
    ({"choice_rank": int32(0, 2, 2, 1)}, r"student 0: row 0 has rank 0, 1 to 100000 expected"),
    ({"choice_rank": int32(1, 2, 10**9, 1)}, r"student 0: row 2 has rank 1000000000, 1 to"),
    ({"choice_priority": int32(0, 10**9, 0, 0)}, r"student 0: place 1 has priority 1000000000, -1"),
    ({"tail_priority": int32(-(10**9))}, r"student 1: place 1 has priority -1000000000, -1"),
    ({"choice_priority": int32(0, 0, 1, 0)}, r"student 0: priorities 0 and 1 at owner 0, which"),
    (
        {
            "choice_place": int32(0, 1, 2, 0),
            "tail_place": int32(2),
            "tail_priority": int32(5),
        },
        r"student 1: priorities 0 and 5 at owner 0, which has one ranking",
    ),
    ({"capacity": int32(-1, 2, 1)}, r"place 0: capacity -1, 0 to 1000000 expected"),
    ({"capacity": int32(1, 10**9, 1)}, r"place 1: capacity 1000000000, 0 to"),
    ({"minimum": int32(0, 0, -2)}, r"place 2: minimum -2, 0 to 1000000 expected"),
    ({"minimum": int32(0, 3, 0)}, r"place 1: minimum 3 above capacity 2"),
    ({"owner_capacity": int32(-1)}, r"owner 0: capacity -1, 0 to 1000000 expected"),
    ({"owner_capacity": int32(10**9)}, r"owner 0: capacity 1000000000, 0 to"),
    ({"owner": int32(0, -2, 0)}, r"place 1: owner -2 does not exist \(there are 1\)"),
    ({"owner": int32(0, -1, 1)}, r"place 2: owner 1 does not exist \(there are 1\)"),
    ({"pin_student": int32(0, 1)}, r"pin_place: length 1 along axis 0, 2 expected"),
    ({"pin_student": int32(2)}, r"pin 0: student 2, place 1 do not exist"),
    ({"pin_place": int32(-1)}, r"pin 0: student 1, place -1 do not exist"),
    ({"ban_place": int32(3)}, r"ban 0: student 0, place 3 do not exist"),
    ({"pin_student": int32(1, 1), "pin_place": int32(0, 1)}, r"student 1: pinned twice"),
    ({"pin_student": int32(0), "pin_place": int32(2)}, r"student 0: pinned to and banned from pl"),
    ({"pin_student": int32(0, 1), "pin_place": int32(0, 0)}, r"place 0: 2 pins, capacity 1"),
    ({"pin_student": int32(0, 1), "pin_place": int32(0, 2)}, r"owner 0: 2 pins, capacity 1"),
    ({"student_ids": ("a",)}, r"student_ids: 1 ids, 2 expected"),
    ({"student_ids": ("a", "a")}, r"student_ids: rows 0 and 1 both hold 'a'"),
    ({"place_ids": ("a", "", "c")}, r"place_ids: row 1 holds '', a non-empty text expected"),
    ({"place_ids": ("a", 2, "c")}, r"place_ids: row 1 holds 2, a non-empty text expected"),
    ({"place_ids": ("a", "\ud800", "c")}, r"place_ids: row 1 holds '\\ud800', a non-empty text"),
    ({"owner_ids": ("a", "b")}, r"owner_ids: 2 ids, 1 expected"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=[message for _, message in BAD])
def test_bad_arrays_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        Problem(**arrays(**changes))


def test_an_empty_start_is_no_start() -> None:
    empty = {"choice_start": int64(), "tail_start": int64()}
    with pytest.raises(ProblemError, match=r"choice_start: empty, a 0 expected"):
        Problem(**arrays(**empty))


def test_messages_use_ids_where_there_are_any() -> None:
    ids = {
        "student_ids": ("Ada", "Bo"),
        "place_ids": ("mill", "shop", "yard"),
        "owner_ids": ("Corn",),
    }
    with pytest.raises(ProblemError, match="student Ada: place shop stands twice"):
        Problem(**arrays(choice_place=int32(1, 0, 1, 2), **ids))
    with pytest.raises(ProblemError, match="place shop: minimum 3 above capacity 2"):
        Problem(**arrays(minimum=int32(0, 3, 0), **ids))
    with pytest.raises(ProblemError, match="owner Corn: capacity -1"):
        Problem(**arrays(owner_capacity=int32(-1), **ids))


def test_a_pin_may_lie_outside_list_and_ranking() -> None:
    problem = Problem(**arrays(pin_place=int32(0), ban_student=int32(), ban_place=int32()))
    assert problem.pinned_place.tolist() == [-1, 0]


def test_ranks_may_have_gaps_and_stand_in_any_order() -> None:
    assert Problem(**arrays(choice_rank=int32(9, 2, 9, 1))).tail_rank == 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"choices": {"s": [["q"]]}}, "student s: place q does not exist"),
        ({"choices": {"s": [["p"], ["p"]]}}, "student s: place p stands twice"),
        ({"rankings": {"q": [["s"]]}}, "rankings: place q does not exist"),
        ({"rankings": {"p": [["t"]]}}, "place p: student t does not exist"),
        ({"rankings": {"p": [["s"], ["s"]]}}, "place p: student s stands twice"),
        ({"minimum": {"q": 1}}, "minimum: place q does not exist"),
        ({"tails": {"t": ["p"]}}, "tails: student t does not exist"),
        ({"tails": {"s": ["q"]}}, "student s: place q does not exist"),
        ({"tails": {"s": ["p"]}}, "student s: place p stands twice"),
        ({"owners": {"q": "c"}, "owner_capacity": {"c": 1}}, "owners: place q does not exist"),
        ({"owners": {"p": "c"}}, "place p: owner c does not exist"),
        (
            {"owners": {"p": "c"}, "owner_capacity": {"c": 1}, "rankings": {"p": [["s"]]}},
            "place p: has both an owner and a ranking of its own",
        ),
        ({"pins": [("t", "p")]}, "pins: student t does not exist"),
        ({"bans": [("s", "q")]}, "bans: place q does not exist"),
    ],
)
def test_bad_words_are_refused(changes: dict[str, Any], message: str) -> None:
    fields: dict[str, Any] = {"choices": {"s": [["p"]]}, "capacity": {"p": 1}, **changes}
    with pytest.raises(ProblemError, match=message):
        Problem.of(**fields)


def test_a_choice_that_the_place_refuses_is_kept_and_marked() -> None:
    problem = Problem.of({"s": [["p"], ["q"]]}, {"p": 1, "q": 1}, rankings={"p": []})
    assert problem.choice_place.tolist() == [0, 1]
    assert problem.choice_rank.tolist() == [1, 2]
    assert problem.choice_priority.tolist() == [REFUSED, 0]


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
    even = {
        "choice_start": int64(0, 2, 4),
        "choice_place": int32(0, 1, 0, 1),
        "tail_place": int32(2),
    }
    changes: list[dict[str, Any]] = [
        {},
        {"choice_place": int32(0, 1, 2, 0)},
        {"choice_place": int32(0, 1, 2, 0), "choice_start": int64(0, 2, 4)},
        {"choice_rank": int32(1, 1, 1, 1)},
        {"choice_place": int32(0, 2, 1, 2)},
        {"choice_priority": int32(0, 0, 0, 1)},
        {"capacity": int32(2, 2, 1)},
        {"minimum": int32(0, 1, 0)},
        {"owner": int32(0, 0, 0)},
        {"owner_capacity": int32(2)},
        even,
        {**even, "tail_start": int64(0, 1, 1)},
        {"tail_place": int32(0)},
        {"tail_priority": int32(1)},
        {"pin_student": int32(0)},
        {"pin_place": int32(2)},
        {"ban_student": int32(1)},
        {"ban_place": int32(1)},
        {"lottery": np.array([5, 7], np.uint64)},
        {"lottery": None},
        {"student_ids": ("a", "b")},
        {"place_ids": ("a", "b", "c")},
        {"place_ids": ("ab", "b", "c")},
        {"owner_ids": ("a",)},
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
        priority = problem.choice_priority[row]
        assert place in instance.choices[student][problem.choice_rank[row] - 1]
        if place not in instance.rankings:
            assert priority == 0
        elif priority == REFUSED:
            assert all(student not in group for group in instance.rankings[place])
        else:
            assert student in instance.rankings[place][priority]


# --- the lottery -----------------------------------------------------------------------------


def test_a_lottery_of_its_own_goes_before_the_seed() -> None:
    assert Problem(**arrays()).drawn(3).tolist() == [7, 5]


@pytest.mark.parametrize("ids", [None, ("Ada", "Bo")])
def test_without_one_the_seed_draws(ids: tuple[str, ...] | None) -> None:
    problem = Problem(**arrays(lottery=None, student_ids=ids))
    draws = [problem.drawn(seed).tolist() for seed in (0, 1, 2, None)]
    assert draws[3] == draws[0]
    assert len({tuple(draw) for draw in draws}) == 3
    assert all(len(set(draw)) == 2 for draw in draws)


def test_with_ids_whoever_joins_changes_nobody_elses_draw() -> None:
    before = Problem.of({"Ada": [], "Bo": []}, {})
    after = Problem.of({"Cy": [], "Bo": [], "Ada": []}, {})
    drawn = [replace(one, lottery=None).drawn(4).tolist() for one in (before, after)]
    assert drawn[0] == drawn[1][:0:-1]


def test_places_are_known_by_their_ids_and_not_by_their_order() -> None:
    one = Problem.of({}, {"p": 1, "q": 1}).place_number.tolist()
    other = Problem.of({}, {"q": 1, "r": 1, "p": 1}).place_number.tolist()
    assert one == [other[2], other[0]]
    assert len(set(Problem(**arrays()).place_number.tolist())) == 3
