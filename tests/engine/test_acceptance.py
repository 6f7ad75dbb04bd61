"""Deferred acceptance against the definitions: stable, best for all students, repeatable."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import Outcome, Problem, solve, verify
from tests.engine.instances import Instance, few, instances, many, random_problem
from tests.engine.oracle import Tastes

Assignment = dict[str, str | None]


def by_name(instance: Instance, outcome: Outcome) -> Assignment:
    where = list(instance.capacity)
    return {
        student: None if place == -1 else where[place]
        for student, place in zip(instance.choices, outcome.place.tolist(), strict=True)
    }


def deferred(instance: Instance) -> Assignment:
    return by_name(instance, solve(instance.problem()))


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


@pytest.mark.parametrize("effort", ["standard", "exact", "", "QUICK"])
def test_an_unknown_effort_is_refused(effort: str) -> None:
    with pytest.raises(ValueError, match=f"effort {effort!r} does not exist; known: quick"):
        solve(Problem.of({}, {}), effort=effort)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(ValueError, match="seed -1: 0 or more expected"):
        solve(Problem.of({}, {}), seed=-1)


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
    outcome = solve(instance.problem())
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
        outcome = solve(Problem.of(choices, {"p": 2}, lottery=lottery))
        assert outcome.place[draws.index(2**64 - 1)] == -1
        assert outcome.placed == 2


def test_a_student_asks_first_where_the_claim_is_better() -> None:
    rankings = {"p": [["t"], ["s"]], "q": [["s"], ["t"]]}
    for tied in (["p", "q"], ["q", "p"]):
        problem = Problem.of({"s": [tied], "t": [["p"]]}, {"p": 1, "q": 1}, rankings=rankings)
        assert solve(problem).place.tolist() == [1, 0]


def test_nobody_and_nothing_has_an_outcome_too() -> None:
    nothing = Problem.of({}, {})
    outcome = solve(nothing)
    assert (outcome.placed, outcome.rank_sum, outcome.profile) == (0, 0, ())
    assert verify(nothing, outcome).ok


def test_no_seats_and_no_choices_leave_everyone_unplaced() -> None:
    problem = Problem.of(
        {"a": [["p"]], "b": [], "c": [["q"]]}, {"p": 0, "q": 3}, rankings={"q": []}
    )
    outcome = solve(problem)
    assert outcome.place.tolist() == [-1, -1, -1]
    assert verify(problem, outcome).ok


def test_a_team_below_its_minimum_is_named() -> None:
    choices = {"a": [["p"]], "b": [["q"]], "c": [["q"]]}
    capacity, minimum = {"p": 4, "q": 4, "r": 4}, {"p": 2, "q": 2, "r": 2}
    assert solve(Problem.of(choices, capacity, minimum=minimum)).below_minimum == (0,)


@many
@given(instances())
def test_stable_and_the_best_for_every_student_at_once(instance: Instance) -> None:
    tastes = Tastes(instance)
    found = deferred(instance)
    assert not tastes.blocking_pairs(found, strict=False)
    stable = tastes.stable(strict=True)
    assert found in stable
    for other in stable:
        for student, place in other.items():
            if place is not None:
                own = found[student]
                assert own is not None
                assert tastes.strict_rank(student, own) <= tastes.strict_rank(student, place)


@many
@given(instances())
def test_the_figures_are_those_of_the_assignment(instance: Instance) -> None:
    tastes, outcome = Tastes(instance), solve(instance.problem())
    found = by_name(instance, outcome)
    ranks = [tastes.rank[student, place] for student, place in found.items() if place]
    assert outcome.placed == len(ranks)
    assert outcome.rank_sum == sum(ranks)
    assert outcome.profile == tuple(ranks.count(r) for r in range(1, max(ranks, default=0) + 1))
    teams = {place: list(found.values()).count(place) for place in instance.capacity}
    assert [list(instance.capacity)[place] for place in outcome.below_minimum] == [
        place for place, team in teams.items() if 0 < team < instance.minimum[place]
    ]


@many
@given(instances(students=8, places=6, choices=6), st.randoms(use_true_random=False))
def test_the_order_of_the_input_plays_no_part(instance: Instance, rng: random.Random) -> None:
    def shuffled(names: dict[str, object]) -> list[str]:
        return rng.sample(list(names), len(names))

    choices = {
        student: [rng.sample(group, len(group)) for group in instance.choices[student]]
        for student in shuffled(dict(instance.choices))
    }
    capacity = {place: instance.capacity[place] for place in shuffled(dict(instance.capacity))}
    other = Instance(choices, capacity, instance.rankings, instance.minimum, instance.lottery)
    assert deferred(other) == deferred(instance)


@few
@given(instances(), st.integers(0, 4))
def test_another_seat_harms_no_student(instance: Instance, which: int) -> None:
    """Crawford (1991), "Comparative statics in matching markets": more seats, nobody is worse."""
    if which >= len(instance.capacity):
        return
    place = list(instance.capacity)[which]
    capacity = {**instance.capacity, place: instance.capacity[place] + 1}
    tastes = Tastes(instance)
    more = by_name(instance, solve(instance.problem(capacity=capacity)))
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
    contests = [small_contest(seed) for seed in range(60)]
    assert sum(profitable_lies(contest, deferred) for contest in contests) == 0


def test_the_control_rewards_lies() -> None:
    contests = [small_contest(seed) for seed in range(60)]
    assert sum(profitable_lies(contest, immediate) for contest in contests) > 0


@pytest.mark.parametrize("seed", range(5))
def test_larger_instances_are_stable(seed: int) -> None:
    problem = random_problem(seed, n=400, m=60, choices=6)
    outcome = solve(problem)
    verdict = verify(problem, outcome)
    assert verdict.ok, verdict
    assert 0 < outcome.placed < 400


PROGRAM = """
from matching.engine import Problem, lottery_numbers, solve
students = [f"s{i}" for i in range(200)]
lists = [[f"p{(5 * i + k * (1 + i % 7)) % 37}" for k in range(5)] for i in range(200)]
problem = Problem.of(
    {student: [five[:2], five[2:3], five[3:]] for student, five in zip(students, lists)},
    {f"p{j}": j % 7 for j in range(37)},
    lottery=dict(zip(students, lottery_numbers(b"secret", students).tolist())),
)
print(solve(problem, seed=1).fingerprint)
"""


@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_the_same_bytes_on_every_run(hash_seed: str) -> None:
    """Also on another machine and another Python: the fingerprint is written down here."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "60d4f8e5a2d5f9f67c5b1ca66e9dfaf8bfa04c1f262e9b5a6c5f2e7485f2201e"


def test_the_seed_is_kept_and_draws_nothing() -> None:
    problem = random_problem(1, n=50, m=10, choices=4)
    one, two = solve(problem, seed=1), solve(problem, seed=2)
    assert np.array_equal(one.place, two.place)
    assert (one.seed, two.seed) == (1, 2)
    assert one.fingerprint != two.fingerprint == solve(problem, seed=2).fingerprint
