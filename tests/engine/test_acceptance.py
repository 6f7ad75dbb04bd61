"""Deferred acceptance against the definitions: stable, best for all students, repeatable."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import Outcome, Problem, solve, verify
from matching.engine.acceptance import acceptance_in_rounds
from matching.engine.arrays import UInt64
from matching.engine.asking import accepted
from matching.engine.contest import Contest
from tests.engine.instances import Instance, few, instances, many, markets, random_problem
from tests.engine.oracle import Tastes

Assignment = dict[str, str | None]


def by_name(instance: Instance, outcome: Outcome) -> Assignment:
    where = list(instance.capacity)
    return {
        student: None if place == -1 else where[place]
        for student, place in zip(instance.choices, outcome.place.tolist(), strict=True)
    }


def deferred(instance: Instance) -> Assignment:
    return by_name(instance, quick(instance.problem()))


def quick(problem: Problem) -> Outcome:
    return solve(problem, effort="quick")


def immediate(instance: Instance) -> Assignment:
    """A control, known to reward clever lists: all first choices are final, then the second, …"""
    tastes = Tastes(instance)
    assignment: Assignment = dict.fromkeys(instance.choices)
    left = dict(instance.capacity)
    for rank in range(1, 6):
        for place in instance.capacity:
            asking = [
                student
                for student in instance.choices
                if assignment[student] is None and tastes.rank.get((student, place)) == rank
            ]
            asking.sort(key=lambda student: tastes.strict_claim(student, place))
            for student in asking[: left[place]]:
                assignment[student] = place
                left[place] -= 1
    return assignment


def test_textbook_residents_and_hospitals() -> None:
    """The tutorial instance of the Python library ``matching`` (Wilde, Knight and Gillard 2020)."""
    instance = Instance(
        choices={
            "A": [["C"]],
            "S": [["C"], ["M"]],
            "D": [["C"], ["M"], ["G"]],
            "L": [["M"], ["C"], ["G"]],
            "J": [["C"], ["G"], ["M"]],
        },
        capacity={"M": 2, "C": 2, "G": 2},
        rankings={
            "M": [["D"], ["L"], ["S"], ["J"]],
            "C": [["D"], ["A"], ["S"], ["L"], ["J"]],
            "G": [["D"], ["A"], ["J"], ["L"]],
        },
        minimum={},
        lottery={name: draw for draw, name in enumerate("ASDLJ")},
    )
    outcome = quick(instance.problem())
    assert by_name(instance, outcome) == {"A": "C", "S": "M", "D": "C", "L": "M", "J": "G"}
    assert (outcome.placed, outcome.rank_sum, outcome.profile) == (5, 7, (3, 2))
    assert verify(instance.problem(), outcome).ok


def test_textbook_three_stable_matchings() -> None:
    """Gale and Shapley (1962), example 1: of three stable matchings the proposers get the best."""
    instance = Instance(
        choices={
            "α": [["A"], ["B"], ["C"]],
            "β": [["B"], ["C"], ["A"]],
            "γ": [["C"], ["A"], ["B"]],
        },
        capacity={"A": 1, "B": 1, "C": 1},
        rankings={
            "A": [["β"], ["γ"], ["α"]],
            "B": [["γ"], ["α"], ["β"]],
            "C": [["α"], ["β"], ["γ"]],
        },
        minimum={},
        lottery={"α": 0, "β": 1, "γ": 2},
    )
    assert len(Tastes(instance).stable(strict=True)) == 3
    assert deferred(instance) == {"α": "A", "β": "B", "γ": "C"}


def test_the_lottery_decides_between_equal_claims() -> None:
    choices = {"a": [["p"]], "b": [["p"]], "c": [["p"]]}
    for draws in itertools.permutations([3, 8, 2**64 - 1]):
        lottery = dict(zip(choices, draws, strict=True))
        outcome = quick(Problem.of(choices, {"p": 2}, lottery=lottery))
        assert outcome.place[draws.index(2**64 - 1)] == -1
        assert outcome.placed == 2


def test_a_student_asks_first_where_the_claim_is_better() -> None:
    rankings = {"p": [["t"], ["s"]], "q": [["s"], ["t"]]}
    for tied in (["p", "q"], ["q", "p"]):
        problem = Problem.of({"s": [tied], "t": [["p"]]}, {"p": 1, "q": 1}, rankings=rankings)
        assert quick(problem).place.tolist() == [1, 0]


def test_nobody_and_nothing_has_an_outcome_too() -> None:
    nothing = Problem.of({}, {})
    outcome = quick(nothing)
    assert (outcome.placed, outcome.rank_sum, outcome.profile) == (0, 0, ())
    assert verify(nothing, outcome).ok


def test_no_seats_and_no_choices_leave_everyone_unplaced() -> None:
    problem = Problem.of(
        {"a": [["p"]], "b": [], "c": [["q"]]}, {"p": 0, "q": 3}, rankings={"q": []}
    )
    outcome = quick(problem)
    assert outcome.place.tolist() == [-1, -1, -1]
    assert verify(problem, outcome).ok


@many
@given(markets(teams=False))
def test_stable_and_the_best_for_every_student_at_once(instance: Instance) -> None:
    tastes = Tastes(instance)
    found = deferred(instance)
    assert not tastes.blocking_pairs(found, strict=False)
    stable = tastes.stable(strict=True)
    assert found in stable
    for other in stable:
        for student, place in other.items():
            if place is not None and student not in tastes.pinned:
                own = found[student]
                assert own is not None
                assert tastes.strict_rank(student, own) <= tastes.strict_rank(student, place)


@few
@given(instances(), st.integers(0, 4))
def test_another_seat_harms_no_student(instance: Instance, which: int) -> None:
    """Crawford (1991), "Comparative statics in matching markets": more seats, nobody is worse."""
    if which >= len(instance.capacity):
        return
    instance = instance.but(minimum={})
    place = list(instance.capacity)[which]
    capacity = {**instance.capacity, place: instance.capacity[place] + 1}
    tastes = Tastes(instance)
    more = by_name(instance, quick(instance.problem(capacity=capacity)))
    for student, own in deferred(instance).items():
        if own is not None:
            now = more[student]
            assert now is not None
            assert tastes.strict_rank(student, now) <= tastes.strict_rank(student, own)


def weak_orders(names: list[str]) -> list[list[list[str]]]:
    """Every order with ties over every part of the names."""
    if not names:
        return [[]]
    first, rest = names[0], weak_orders(names[1:])
    orders = list(rest)
    for order in rest:
        for at in range(len(order) + 1):
            orders.append([*order[:at], [first], *order[at:]])
        for at in range(len(order)):
            orders.append([*order[:at], [first, *order[at]], *order[at + 1 :]])
    return orders


def profitable_lies(instance: Instance, mechanism: Callable[[Instance], Assignment]) -> int:
    """How many untruthful lists would give their student a better place, by the true list."""
    tastes, lies = Tastes(instance), 0
    honest = mechanism(instance)
    for student in instance.choices:
        true_rank = {place: r for (who, place), r in tastes.rank.items() if who == student}
        before = true_rank.get(honest[student] or "", 99)
        for lie in weak_orders(list(instance.capacity)):
            told = Instance(**{**instance.__dict__, "choices": {**instance.choices, student: lie}})
            after = true_rank.get(mechanism(told)[student] or "", 99)
            lies += after < before
    return lies


def small_contest(seed: int) -> Instance:
    rng = random.Random(seed)
    who, where = ["a", "b", "c"], ["p", "q", "r"]

    def groups(names: list[str]) -> list[list[str]]:
        order: list[list[str]] = []
        for name in rng.sample(names, len(names)):
            if order and rng.random() < 0.3:
                order[-1].append(name)
            else:
                order.append([name])
        return order

    return Instance(
        choices={name: groups(where) for name in who},
        capacity={name: rng.choice([0, 1, 1, 2]) for name in where},
        rankings={name: groups(who) for name in where},
        minimum={},
        lottery=dict(zip(who, rng.sample(range(3), 3), strict=True)),
    )


def test_no_list_is_better_than_the_true_one() -> None:
    assert len(weak_orders(["p", "q", "r"])) == 26
    contests = [small_contest(seed) for seed in range(20)]
    assert sum(profitable_lies(contest, deferred) for contest in contests) == 0


def test_the_control_rewards_lies() -> None:
    contests = [small_contest(seed) for seed in range(20)]
    assert sum(profitable_lies(contest, immediate) for contest in contests) > 0


# --- by rounds and one by one: the same ----------------------------------------------------------


def agree(contest: Contest, place_number: UInt64) -> bool:
    one_by_one = accepted(contest, place_number)
    return np.array_equal(acceptance_in_rounds(contest, place_number), one_by_one)


@many
@given(markets(students=7, places=5))
def test_both_ways_to_accept_agree(instance: Instance) -> None:
    problem = instance.problem()
    assert agree(Contest.of(problem, None), problem.place_number)


@pytest.mark.parametrize("owners", [0, 40])
def test_both_ways_agree_on_thousands_of_students(owners: int) -> None:
    for seed in range(3):
        problem = random_problem(seed, n=3000, m=200, choices=6, owners=owners)
        contest = Contest.of(problem, None)
        assert bool((contest.owner_capacity < contest.students).all())
        assert agree(contest, problem.place_number)
        place = accepted(contest, problem.place_number)
        assert 300 < np.count_nonzero(place >= 0) < 3000


def test_claims_whose_draws_begin_alike_are_told_apart() -> None:
    """One look compares the upper half of a draw; the rest must count as well."""
    draws = [(7 << 32) + low for low in (3, 0, 2, 1)]
    problem = Problem.of(
        {name: [["p", "q"]] for name in "abcd"},
        {"p": 1, "q": 1},
        lottery=dict(zip("abcd", draws, strict=True)),
    )
    place = accepted(Contest.of(problem, None), problem.place_number)
    assert np.flatnonzero(place >= 0).tolist() == [1, 3]
    assert agree(Contest.of(problem, None), problem.place_number)


def test_priorities_below_zero_and_at_the_edge() -> None:
    edge = 100_000_000
    for priorities, winner in (((0, -1), 1), ((edge, edge - 1), 1), ((-edge, edge), 0)):
        problem = Problem(
            choice_start=np.array([0, 1, 2], np.int64),
            choice_place=np.array([0, 0], np.int32),
            choice_rank=np.array([1, 1], np.int32),
            choice_priority=np.array(priorities, np.int32),
            capacity=np.array([1], np.int32),
            lottery=np.array([2**64 - 1, 0], np.uint64),
        )
        place = accepted(Contest.of(problem, None), problem.place_number)
        assert np.flatnonzero(place == 0).tolist() == [winner]
