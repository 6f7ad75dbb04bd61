"""The largest assignment, against another maximum flow; and wrong ones, which must be caught."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import Problem, ProblemError
from matching.engine.arrays import Int32
from matching.engine.contest import Contest
from matching.engine.flow import largest_assignment, upper_bound
from tests.engine.instances import few
from tests.engine.oracle_flow import crowded, is_assignment, most_placed, rows_of, scarce

Method = Callable[[Contest], Int32]


def placed(place: Int32) -> int:
    return int(np.count_nonzero(place != -1))


def contest(
    choices: dict[str, str],
    capacity: dict[str, int],
    owners: dict[str, str] | None = None,
    room: dict[str, int] | None = None,
) -> Contest:
    lists = {student: [list(places.split())] for student, places in choices.items()}
    problem = Problem.of(lists, capacity, owners=owners, owner_capacity=room)
    return Contest.of(problem, None)


# Each needs one more kind of step than the one before.
DETOUR = contest({"a": "p q", "b": "p"}, {"p": 1, "q": 1})
LONG_DETOUR = contest({"a": "p q", "b": "q r", "c": "p", "d": "r"}, {"p": 1, "q": 1, "r": 2})
SHARED = contest({"a": "p", "b": "q"}, {"p": 1, "q": 1}, {"p": "c", "q": "c"}, {"c": 1})
# The owner of p and q is full: for b to come in at q, a must leave p for r.
MAKES_ROOM = contest(
    {"a": "p r", "b": "q"}, {"p": 1, "q": 1, "r": 1}, {"p": "c", "q": "c"}, {"c": 1}
)
BY_HAND = {"detour": DETOUR, "long": LONG_DETOUR, "shared": SHARED, "makes room": MAKES_ROOM}


@pytest.mark.parametrize(
    ("name", "most"), [("detour", 2), ("long", 4), ("shared", 1), ("makes room", 2)]
)
def test_by_hand(name: str, most: int) -> None:
    place = largest_assignment(BY_HAND[name])
    assert is_assignment(BY_HAND[name], place)
    assert placed(place) == most


@few
@given(scarce())
def test_it_agrees_with_another_maximum_flow(problem: Problem) -> None:
    one = Contest.of(problem, None)
    place = largest_assignment(one)
    assert is_assignment(one, place)
    assert placed(place) == most_placed(one)
    assert upper_bound(problem, one) == most_placed(one) + len(problem.pin_student)


@few
@given(scarce(), st.randoms(use_true_random=False))
def test_it_goes_on_from_any_assignment_and_nobody_loses_a_place(
    problem: Problem, chance: random.Random
) -> None:
    one = Contest.of(problem, None)
    start = np.full(one.students, -1, dtype=np.int32)
    for student, place in rows_of(one):
        before = start[student]
        start[student] = place
        if chance.random() < 0.5 or not is_assignment(one, start):
            start[student] = before
    kept = start.copy()
    largest = largest_assignment(one, start)
    assert np.array_equal(start, kept), "the start belongs to the caller"
    assert is_assignment(one, largest)
    assert placed(largest) == most_placed(one)
    assert np.all(largest[start != -1] != -1)
    assert upper_bound(problem, one, start) == upper_bound(problem, one)


@pytest.mark.parametrize("seats_per_student", [0.7, 1.0, 1.4])
@pytest.mark.parametrize(("students", "instances"), [(8, 60), (60, 20), (3_000, 1)])
def test_it_agrees_at_every_size(students: int, instances: int, seats_per_student: float) -> None:
    for seed in range(instances):
        one = crowded(seed, students, seats_per_student)
        place = largest_assignment(one)
        assert is_assignment(one, place), seed
        assert placed(place) == most_placed(one), seed


# --- wrong methods, which must be caught ------------------------------------------------------


def first_come_first_served(one: Contest) -> Int32:
    """Moves nobody."""
    place = np.full(one.students, -1, dtype=np.int32)
    for student, wanted in rows_of(one):
        before = place[student]
        place[student] = wanted if before == -1 else before
        if not is_assignment(one, place):
            place[student] = before
    return place


def owners_do_not_count(one: Contest) -> Int32:
    """Fills the places, whatever their owner can take."""
    return _moving_along(one, lambda place, load: load[place] < one.capacity[place], False)


def nobody_leaves_for_the_owner(one: Contest) -> Int32:
    """Where the owner is full, a free seat is no seat: nobody makes room at another place."""
    return _moving_along(one, lambda place, load: _open(one, place, load), False)


def right(one: Contest) -> Int32:
    """The same in which somebody does: what is wrong with the others is that alone."""
    return _moving_along(one, lambda place, load: _open(one, place, load), True)


def _open(one: Contest, place: int, load: Int32) -> bool:
    owner = one.owner[place]
    room = one.owner_capacity[owner] - load[one.owner == owner].sum()
    return bool(load[place] < one.capacity[place] and room > 0)


def _moving_along(one: Contest, is_open: Callable[[int, Int32], bool], owner_arcs: bool) -> Int32:
    """One augmenting path after another, depth first."""
    place = np.full(one.students, -1, dtype=np.int32)

    def enter(student: int, tried: set[int]) -> bool:
        for wanted in [p for s, p in rows_of(one) if s == student and p not in tried]:
            tried.add(wanted)
            load = np.bincount(place[place >= 0], minlength=one.places).astype(np.int32)
            if is_open(wanted, load):
                place[student] = wanted
                return True
            makes_room = place == wanted
            if owner_arcs and load[wanted] < one.capacity[wanted]:
                makes_room = (place >= 0) & (one.owner[place] == one.owner[wanted])
            for other in np.flatnonzero(makes_room).tolist():
                before = place[other]
                if enter(other, tried | {int(before)}):
                    place[student] = wanted
                    return True
        return False

    for student in range(one.students):
        enter(student, set())
    return place


@pytest.mark.parametrize(
    ("method", "caught_by"),
    [
        (first_come_first_served, {"detour", "long", "makes room"}),
        (owners_do_not_count, {"shared", "makes room"}),
        (nobody_leaves_for_the_owner, {"makes room"}),
        (right, set()),
        (largest_assignment, set()),
    ],
)
def test_wrong_methods_are_caught(method: Method, caught_by: set[str]) -> None:
    caught = {
        name
        for name, one in BY_HAND.items()
        if not is_assignment(one, method(one)) or placed(method(one)) != most_placed(one)
    }
    assert caught == caught_by


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "start", "message"),
    [
        (DETOUR, [0, 1], "student 1 may not have place 1"),
        (DETOUR, [0, 0], "place 0 is overfull"),
        (SHARED, [0, 1], "owner 0 has more students"),
        (DETOUR, [0], "2 places expected"),
        (DETOUR, [0, 2], "from -1 to 1"),
        (DETOUR, [-2, 0], "from -1 to 1"),
    ],
)
def test_a_start_that_is_no_assignment_is_refused(
    one: Contest, start: list[int], message: str
) -> None:
    with pytest.raises(ProblemError, match=message):
        largest_assignment(one, np.array(start, dtype=np.int32))


def test_nobody_and_nothing() -> None:
    assert placed(largest_assignment(contest({}, {}))) == 0
    assert largest_assignment(contest({"a": ""}, {})).tolist() == [-1]
    assert largest_assignment(contest({"a": "p"}, {"p": 0})).tolist() == [-1]
