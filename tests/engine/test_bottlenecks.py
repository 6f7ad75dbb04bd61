"""Crowds and gains, against what a maximum flow from scratch says; and wrong ones are caught."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.engine import Outcome, Problem, ProblemError
from matching.engine.arrays import Int32, Int64
from matching.engine.bottlenecks import Bottlenecks, Cause, bottlenecks
from matching.engine.contest import Contest
from matching.engine.flow import maximise, network_of
from matching.engine.openings import competition, useful_openings
from tests.engine.instances import few
from tests.engine.oracle_flow import crowded, is_assignment, most_placed, rows_of, scarce

OPENINGS = 3

# Each example is solved again and again.
brief = settings(few, max_examples=30)


def true_gain(contest: Contest) -> list[list[int]]:
    """The gain of each place, solved from scratch each time."""
    most = most_placed(contest)
    return [
        [most_placed(contest, seats={place: more}) - most for more in range(1, OPENINGS + 1)]
        for place in range(contest.places)
    ]


def left_out(contest: Contest) -> list[int]:
    """Who asks for a place and is not in some largest assignment: as many are placed without."""
    most = most_placed(contest)
    asking = np.flatnonzero(np.diff(contest.start)).tolist()
    return [student for student in asking if most_placed(contest, without=[student]) == most]


# --- by hand -----------------------------------------------------------------------------------

# Three want the one seat at p or the one at q; d and e share company k, which takes one of them,
# and has a place z for which nobody asks; f is content at r, where a seat is left. g would only go
# to a new kind of place.
SMALL_TOWN = Problem.of(
    {
        "a": [["p"]],
        "b": [["p"], ["q"]],
        "f": [["r"]],
        "d": [["x"]],
        "e": [["y"]],
        "c": [["q"]],
        "g": [],
    },
    {"p": 1, "q": 1, "r": 2, "x": 1, "y": 3, "z": 1},
    owners={"x": "k", "y": "k", "z": "k"},
    owner_capacity={"k": 1},
)
A, B, F, D, E, C, G = range(7)
P, Q, R, X, Y, Z = range(6)


def test_the_crowds_of_a_small_town() -> None:
    found = bottlenecks(SMALL_TOWN)
    assert found.bound == 4
    assert found.shortage == 2
    first, second = found.crowds
    assert first.students.tolist() == [A, B, C]
    assert first.places.tolist() == [P, Q]
    assert first.owners.tolist() == []
    assert (first.openings, first.shortage) == (2, 1)
    assert second.students.tolist() == [D, E]
    assert second.places.tolist() == [X, Y]
    assert second.owners.tolist() == [0]
    assert (second.openings, second.shortage) == (1, 1)
    assert found.crowd_of_student.tolist() == [0, 0, -1, 1, 1, 0, -1]
    assert found.crowd_of_place.tolist() == [0, 0, -1, 1, 1, -1]
    # At z it is the room at the company that is of use.
    one = [1, 1, 1]
    assert found.gain.tolist() == [one, one, [0, 0, 0], one, one, one]
    assert found.slack.tolist() == [False, False, True, False, False, False]
    assert found.surplus.tolist() == [0, 0, 1, 0, 0, 1]


def test_new_kinds_of_places_in_a_small_town() -> None:
    found = bottlenecks(SMALL_TOWN)
    for_all, for_a_and_b, for_f, for_g_and_d = range(4)
    accepts = np.zeros((4, 7), np.bool_)
    accepts[for_all] = True
    accepts[for_a_and_b, [A, B]] = True
    accepts[for_f, F] = True
    accepts[for_g_and_d, [G, D]] = True
    # d and e, a, b and c are one short each, and g has asked for nothing until now.
    assert found.gain_of_kind(accepts, openings=4).tolist() == [
        [1, 2, 3, 3],
        [1, 1, 1, 1],
        [0, 0, 0, 0],
        [1, 2, 2, 2],
    ]


def test_the_crowd_with_the_largest_shortage_comes_first() -> None:
    problem = Problem.of(
        {"a": [["p"]], "b": [["p"]], "c": [["q"]], "d": [["q"]], "e": [["q"]]}, {"p": 1, "q": 1}
    )
    assert [crowd.shortage for crowd in bottlenecks(problem).crowds] == [2, 1]


def test_pinned_students_and_their_seats_are_out_of_it() -> None:
    problem = Problem.of(
        {"a": [["p"]], "b": [["p"]], "c": [["q"]]}, {"p": 1, "q": 1}, pins=[("c", "p")]
    )
    found = bottlenecks(problem)
    assert found.bound == 1
    assert found.largest.tolist() == [-1, -1, P]
    assert found.crowds[0].students.tolist() == [A, B]
    assert found.crowds[0].openings == 0
    # c has a place already, and would not be one more.
    assert found.gain_of_kind(np.ones((1, 3), np.bool_)).tolist() == [[1, 2, 2]]


# --- against a maximum flow from scratch -------------------------------------------------------


@brief
@given(scarce())
def test_gains_are_those_of_solving_again(problem: Problem) -> None:
    contest = Contest.of(problem, None)
    gain = bottlenecks(problem, openings=OPENINGS).gain
    assert gain.dtype == np.int32
    assert gain.tolist() == true_gain(contest)


@pytest.mark.parametrize("seats_per_student", [0.6, 0.9, 1.2])
def test_gains_are_those_of_solving_again_at_a_larger_size(seats_per_student: float) -> None:
    for seed in range(8):
        contest = crowded(seed, 40, seats_per_student)
        assert by_search(contest) == true_gain(contest), seed


@brief
@given(scarce())
def test_crowds_are_those_who_can_be_left_out(problem: Problem) -> None:
    contest = Contest.of(problem, None)
    found = bottlenecks(problem)
    most = most_placed(contest)
    asking = np.count_nonzero(np.diff(contest.start))
    assert found.bound == most + len(problem.pin_student)
    assert found.shortage == asking - most
    assert np.flatnonzero(found.crowd_of_student >= 0).tolist() == left_out(contest)
    rows = rows_of(contest)
    for number, crowd in enumerate(found.crowds):
        assert np.flatnonzero(found.crowd_of_student == number).tolist() == crowd.students.tolist()
        assert np.flatnonzero(found.crowd_of_place == number).tolist() == crowd.places.tolist()
        wanted = {place for student, place in rows if student in crowd.students}
        assert wanted == set(crowd.places.tolist()), "they ask for these, and for all of them"
        others = set(range(contest.students)) - set(crowd.students.tolist())
        assert crowd.openings == most_placed(contest, without=others)
        assert crowd.shortage > 0
        assert is_connected(contest, crowd.students, crowd.owners)
    assert [c.shortage for c in found.crowds] == sorted(
        (c.shortage for c in found.crowds), reverse=True
    )


def is_connected(contest: Contest, students: Int32, owners: Int32) -> bool:
    """Whether the students hang together by the places, and the limiting owners, they ask for."""
    at = {
        student: {
            ("owner", int(contest.owner[p])) if contest.owner[p] in owners else ("place", p)
            for s, p in rows_of(contest)
            if s == student
        }
        for student in students.tolist()
    }
    together = {students.tolist()[0]}
    while True:
        reached = set().union(*(at[student] for student in together))
        more = {student for student in at if at[student] & reached}
        if more == together:
            return more == set(at)
        together = more


@brief
@given(scarce())
def test_slack_places_can_do_with_one_opening_less(problem: Problem) -> None:
    contest = Contest.of(problem, None)
    found = bottlenecks(problem)
    most = most_placed(contest)
    for place in range(contest.places):
        seats = int(contest.capacity[place])
        spare = seats > 0 and most_placed(contest, seats={place: -1}) == most
        assert found.slack[place] == spare
        asking = np.count_nonzero(contest.place == place)
        assert found.surplus[place] == max(0, seats - asking)


@brief
@given(scarce(), st.lists(st.sets(st.integers(0, 6)), max_size=3))
def test_kinds_gain_what_solving_again_says(problem: Problem, kinds: list[set[int]]) -> None:
    contest = Contest.of(problem, None)
    accepts = np.zeros((len(kinds), problem.students), np.bool_)
    for kind, students in enumerate(kinds):
        accepts[kind, [student for student in students if student < problem.students]] = True
    most = most_placed(contest)
    pinned = set(problem.pin_student.tolist())
    true = [
        [
            most_placed(contest, kind=set(np.flatnonzero(row).tolist()) - pinned, kind_seats=seats)
            - most
            for seats in range(1, OPENINGS + 1)
        ]
        for row in accepts
    ]
    found = bottlenecks(problem)
    assert found.gain_of_kind(accepts).tolist() == true
    start = np.append(0, np.cumsum(accepts.sum(axis=1))).astype(np.int64)
    student = np.nonzero(accepts)[1].astype(np.int32)
    assert found.gain_of_kind((start, student)).tolist() == true


@brief
@given(scarce(), st.randoms(use_true_random=False))
def test_the_cause_is_whether_somebody_would_lose_a_place(
    problem: Problem, chance: random.Random
) -> None:
    contest = Contest.of(problem, None)
    outcome = some_outcome(problem, contest, chance)
    cause = bottlenecks(problem, outcome).cause
    pinned = problem.pinned_place >= 0
    sitting = set(np.flatnonzero((outcome.place >= 0) & ~pinned).tolist())
    for student in range(problem.students):
        away = set(range(problem.students)) - sitting - {student}
        if student in sitting or contest.start[student] == contest.start[student + 1]:
            expected = Cause.NONE
        elif most_placed(contest, without=away, closed=outcome.closed) > len(sitting):
            expected = Cause.STABILITY
        elif most_placed(contest, without=away) > len(sitting):
            expected = Cause.CLOSED
        else:
            expected = Cause.OPENINGS
        assert cause[student] == expected, student


def some_outcome(problem: Problem, contest: Contest, chance: random.Random) -> Outcome:
    """Within lists and capacities, and in no way good."""
    place = np.full(contest.students, -1, dtype=np.int32)
    for student, wanted in rows_of(contest):
        before = place[student]
        place[student] = wanted
        if chance.random() < 0.5 or not is_assignment(contest, place):
            place[student] = before
    place = np.where(problem.pinned_place >= 0, problem.pinned_place, place)
    return Outcome.of(problem, place, effort="quick")


@brief
@given(scarce(), st.randoms(use_true_random=False))
def test_an_outcome_changes_nothing_but_the_cause(problem: Problem, chance: random.Random) -> None:
    outcome = some_outcome(problem, Contest.of(problem, None), chance)
    assert figures(bottlenecks(problem, outcome)) == figures(bottlenecks(problem))
    assert not bottlenecks(problem).cause.any()


@brief
@given(scarce(), st.randoms(use_true_random=False))
def test_the_order_of_students_plays_no_part(problem: Problem, chance: random.Random) -> None:
    order = np.array(chance.sample(range(problem.students), problem.students), dtype=np.int64)
    new = np.argsort(order).astype(np.int32)
    choice_start, choice = in_order(problem.choice_start, order)
    tail_start, tail = in_order(problem.tail_start, order)
    shuffled = dataclasses.replace(
        problem,
        choice_start=choice_start,
        choice_place=problem.choice_place[choice],
        choice_rank=problem.choice_rank[choice],
        choice_priority=problem.choice_priority[choice],
        tail_start=tail_start,
        tail_place=problem.tail_place[tail],
        tail_priority=problem.tail_priority[tail],
        pin_student=new[problem.pin_student],
        ban_student=new[problem.ban_student],
        lottery=None,
        student_ids=None,
    )
    one, other = bottlenecks(problem), bottlenecks(shuffled)
    assert figures(one)[:5] == figures(other)[:5]
    assert np.array_equal(one.crowd_of_student[order] >= 0, other.crowd_of_student >= 0)


def in_order(start: Int64, order: Int64) -> tuple[Int64, Int64]:
    """Where each student's rows begin in another order of students, and the rows in that order."""
    rows = [np.arange(*start[one : one + 2]) for one in order]
    return (
        np.append(0, np.cumsum(np.diff(start)[order])),
        np.concatenate([*rows, np.empty(0, np.int64)]),
    )


def figures(found: Bottlenecks) -> tuple[object, ...]:
    """All that does not depend on which largest assignment it is."""
    return (
        found.bound,
        found.gain.tolist(),
        found.slack.tolist(),
        found.surplus.tolist(),
        {(tuple(crowd.places), tuple(crowd.owners), crowd.openings) for crowd in found.crowds},
        found.crowd_of_student.tolist(),
        found.crowd_of_place.tolist(),
    )


# --- wrong methods, which must be caught -------------------------------------------------------


def by_search(contest: Contest) -> list[list[int]]:
    """The method itself, in the form of the wrong ones."""
    network = network_of(contest)
    maximise(network)
    before = [network.seated.copy(), network.seats.copy(), network.owners.copy()]
    limit = np.full(contest.places, OPENINGS, dtype=np.int32)
    useful = useful_openings(network, *competition(network), limit)
    for table, old in zip((network.seated, network.seats, network.owners), before, strict=True):
        assert np.array_equal(table, old), "all is put back"
    return as_gain(useful)


def as_gain(useful: npt.NDArray[np.integer]) -> list[list[int]]:
    return [[min(more, most) for more in range(1, OPENINGS + 1)] for most in useful.tolist()]


def every_opening_counts(contest: Contest) -> list[list[int]]:
    """Where the first one is of use, so are all."""
    first = np.array(by_search(contest))[:, 0]
    return as_gain(first * OPENINGS)


def whoever_asks_there(contest: Contest) -> list[list[int]]:
    """Counts the unplaced students who ask for the place: nobody moves on."""
    network = network_of(contest)
    maximise(network)
    unplaced = network.seated[contest.student] == -1
    return as_gain(np.bincount(contest.place[unplaced], minlength=contest.places))


def whoever_is_short_in_the_crowd(contest: Contest) -> list[list[int]]:
    """As if everybody in a crowd could come to each of its places."""
    network = network_of(contest)
    maximise(network)
    reach, _ = competition(network)
    unplaced = np.count_nonzero((network.seated == -1) & (np.diff(contest.start) > 0))
    reached = reach[contest.students : contest.students + contest.places] != -1
    return as_gain(reached * unplaced)


def owners_stay_full(contest: Contest) -> list[list[int]]:
    """More seats, and no more room at the owner."""
    most = most_placed(contest)
    gain: list[list[int]] = []
    for place in range(contest.places):
        capacity = contest.capacity.copy()
        gain.append([])
        for _ in range(OPENINGS):
            capacity[place] += 1
            more = dataclasses.replace(contest, capacity=capacity)
            gain[-1].append(most_placed(more) - most)
    return gain


@pytest.mark.parametrize(
    ("method", "is_right"),
    [
        (every_opening_counts, False),
        (whoever_asks_there, False),
        (whoever_is_short_in_the_crowd, False),
        (owners_stay_full, False),
        (by_search, True),
    ],
)
def test_wrong_methods_are_caught(
    method: Callable[[Contest], list[list[int]]], is_right: bool
) -> None:
    contests = [crowded(seed, 20) for seed in range(8)]
    assert all(method(one) == true_gain(one) for one in contests) == is_right


# --- bad input ---------------------------------------------------------------------------------


def test_what_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ProblemError, match="0 openings"):
        bottlenecks(SMALL_TOWN, openings=0)
    wrong = Outcome.of(SMALL_TOWN, np.array([P, P, -1, -1, -1, -1, -1], np.int32), effort="quick")
    with pytest.raises(ProblemError, match="place 0 is overfull"):
        bottlenecks(SMALL_TOWN, wrong)
    longer = dataclasses.replace(wrong, place=np.zeros(8, np.int32))
    with pytest.raises(ProblemError, match="8 students, 7 expected"):
        bottlenecks(SMALL_TOWN, longer)
    closed = dataclasses.replace(wrong, place=np.full(7, -1, np.int32), closed=(6,))
    with pytest.raises(ProblemError, match="closed"):
        bottlenecks(SMALL_TOWN, closed)


@pytest.mark.parametrize(
    ("accepts", "message"),
    [
        (np.zeros((1, 6), np.bool_), "7"),
        (np.zeros((1, 7), np.int32), "bool"),
        (np.zeros(7, np.bool_), "bool"),
        ((np.array([0, 2]), np.array([0], np.int32)), "starts"),
        ((np.array([1, 1]), np.array([0], np.int32)), "starts"),
        ((np.array([0, 1]), np.array([7], np.int32)), "does not exist"),
        ((np.array([0, 2]), np.array([3, 3], np.int32)), "twice"),
    ],
)
def test_kinds_that_cannot_be_meant_are_refused(accepts: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        bottlenecks(SMALL_TOWN).gain_of_kind(accepts)


def test_nobody_and_nothing() -> None:
    found = bottlenecks(Problem.of({}, {}))
    assert (found.bound, found.shortage, found.crowds) == (0, 0, ())
    assert found.gain.shape == (0, 3)
    assert found.gain_of_kind(np.zeros((2, 0), np.bool_)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert found.gain_of_kind(np.zeros((0, 0), np.bool_)).shape == (0, 3)
