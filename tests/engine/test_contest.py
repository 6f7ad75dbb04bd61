"""The contest: what is left once pins, bans, refusals and hopeless projects are taken out."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given

from matching.engine import Problem
from matching.engine.contest import Contest
from tests.engine.instances import Instance, many, markets
from tests.engine.oracle import Tastes


def contest_of(instance: Instance) -> Contest:
    return Contest.of(instance.problem(), None)


def rows(contest: Contest, instance: Instance) -> list[tuple[str, str, int, int]]:
    who, where = list(instance.choices), list(instance.capacity)
    return [
        (who[student], where[place], rank, priority)
        for student, place, rank, priority in zip(
            contest.student.tolist(),
            contest.place.tolist(),
            contest.rank.tolist(),
            contest.priority.tolist(),
            strict=True,
        )
    ]


@many
@given(markets())
def test_the_rows_are_the_pairs_that_may_be_granted(instance: Instance) -> None:
    tastes = Tastes(instance)
    found = rows(contest_of(instance), instance)
    wanted = [(*pair, rank, tastes.priority[pair]) for pair, rank in tastes.rank.items()]
    assert sorted(found) == sorted(wanted)
    student_and_rank = [(list(instance.choices).index(row[0]), row[2]) for row in found]
    assert student_and_rank == sorted(student_and_rank)


@many
@given(markets())
def test_seats_are_what_pins_leave(instance: Instance) -> None:
    tastes, contest = Tastes(instance), contest_of(instance)
    held = Counter(tastes.pinned.values())
    owner_held = Counter(map(tastes.owner, tastes.pinned.values()))
    for index, (place, seats) in enumerate(instance.capacity.items()):
        owner = tastes.owner(place)
        least = instance.minimum.get(place, 0)
        left = min(seats - held[place], tastes.room(owner) - owner_held[owner])
        hopeless = least > tastes.room(owner) and not held[place]
        assert contest.capacity[index] == (0 if hopeless else left)
        assert contest.needed[index] == max(0, least - held[place])
        assert contest.held_open[index] == (held[place] > 0)
        assert contest.hopeless[index] == hopeless
        assert contest.owner_capacity[contest.owner[index]] == (
            tastes.room(owner) - owner_held[owner]
        )
    mates = {
        (one, other): contest.owner[i] == contest.owner[j]
        for i, one in enumerate(instance.capacity)
        for j, other in enumerate(instance.capacity)
    }
    assert mates == {pair: tastes.owner(pair[0]) == tastes.owner(pair[1]) for pair in mates}


def test_a_tail_alone_makes_rows_too() -> None:
    """The rows of students whose own lists are empty follow those of the others in order."""
    problem = Problem.of({"a": [["p"]], "b": []}, {"p": 1, "q": 1}, tails={"b": ["q"]})
    contest = Contest.of(problem, None)
    assert contest.start.tolist() == [0, 1, 2]
    assert (contest.place.tolist(), contest.rank.tolist()) == ([0, 1], [1, 2])


def test_rows_in_any_order_are_put_in_order_of_rank() -> None:
    problem = Problem(
        choice_start=np.array([0, 3], np.int64),
        choice_place=np.array([2, 0, 1], np.int32),
        choice_rank=np.array([3, 1, 2], np.int32),
        choice_priority=np.array([7, 8, 9], np.int32),
        capacity=np.array([1, 1, 1], np.int32),
    )
    contest = Contest.of(problem, None)
    assert contest.place.tolist() == [0, 1, 2]
    assert contest.priority.tolist() == [8, 9, 7]


@pytest.mark.parametrize("room", [1, 2])
def test_where_the_owner_may_decide_who_is_full(room: int) -> None:
    problem = Problem.of(
        {},
        {"p": 1, "q": 1, "r": 2, "t": 9},
        owners={"p": "k", "q": "k", "r": "l"},
        owner_capacity={"k": 5, "l": room},
    )
    # A place of an owner with less room than its seats has just that room: it is alone after all.
    assert Contest.of(problem, None).shared.tolist() == [True, True, False, False]


@many
@given(markets())
def test_another_order_is_the_same_contest(instance: Instance) -> None:
    problem = instance.problem()
    contest = Contest.of(problem, None)
    ordered, student, place = contest.reordered(problem.place_number)
    assert np.all(np.diff(ordered.lottery.astype(np.int64)) > 0)
    assert np.all(problem.place_number[place][1:] > problem.place_number[place][:-1])
    old = set(zip(contest.student, contest.place, contest.rank, contest.priority, strict=True))
    new = set(
        zip(
            student[ordered.student],
            place[ordered.place],
            ordered.rank,
            ordered.priority,
            strict=True,
        )
    )
    assert old == new
    assert len(old) == len(ordered.place)
    assert np.array_equal(ordered.capacity, contest.capacity[place])
    assert np.array_equal(ordered.needed, contest.needed[place])
    assert np.array_equal(ordered.held_open, contest.held_open[place])
    assert np.array_equal(ordered.hopeless, contest.hopeless[place])
    assert np.array_equal(
        ordered.owner_capacity[ordered.owner], contest.owner_capacity[contest.owner[place]]
    )
    assert sorted(ordered.owner_capacity) == sorted(contest.owner_capacity)
    # Two places share an owner after as before; owners are numbered by their first place.
    same = contest.owner[place][:, None] == contest.owner[place][None, :]
    assert np.array_equal(ordered.owner[:, None] == ordered.owner[None, :], same)
    _, first = np.unique(ordered.owner, return_index=True)
    assert np.all(np.diff(first) > 0)


def test_without_some_places_they_have_no_seats() -> None:
    contest = Contest.of(Problem.of({}, {"p": 1, "q": 2}), None)
    fewer = contest.without(np.array([False, True]))
    assert fewer.capacity.tolist() == [1, 0]
    assert contest.capacity.tolist() == [1, 2]
