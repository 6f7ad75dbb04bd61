"""The checker must reject what is wrong: each solver here makes one mistake on purpose."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import Outcome, Problem, solve, verify
from tests.engine.instances import Instance, instances, many, random_problem
from tests.engine.oracle import Tastes

Solver = Callable[[Problem], Outcome]


def choices_of(problem: Problem, student: int) -> range:
    return range(int(problem.choice_start[student]), int(problem.choice_start[student + 1]))


def as_outcome(problem: Problem, place: list[int], effort: str = "quick") -> Outcome:
    return Outcome.of(problem, np.array(place, np.int32), effort=effort)


def everyone_gets_the_first_choice(problem: Problem) -> Outcome:
    """Forgets capacities."""
    first = [
        int(problem.choice_place[rows[0]]) if (rows := choices_of(problem, i)) else -1
        for i in range(problem.students)
    ]
    return as_outcome(problem, first)


def unplaced_go_anywhere(problem: Problem) -> Outcome:
    """Fills what is left with whoever is left, asked or not."""
    place = solve(problem).place.tolist()
    left = problem.capacity - np.bincount([p for p in place if p >= 0], minlength=problem.places)
    for student in range(problem.students):
        if place[student] == -1 and left.max(initial=0) > 0:
            place[student] = int(left.argmax())
            left[place[student]] -= 1
    return as_outcome(problem, place)


def first_come_first_served(problem: Problem) -> Outcome:
    """Students in the order of the input; whoever sits, sits."""
    left = problem.capacity.tolist()
    place = [-1] * problem.students
    for student in range(problem.students):
        for row in choices_of(problem, student):
            if left[problem.choice_place[row]] > 0:
                place[student] = int(problem.choice_place[row])
                left[place[student]] -= 1
                break
    return as_outcome(problem, place)


def last_choices_first(problem: Problem) -> Outcome:
    """Deferred acceptance over lists that are read from the wrong end."""
    reverse = np.concatenate(
        [np.array(choices_of(problem, i), np.int64)[::-1] for i in range(problem.students)]
    )
    turned = dataclasses.replace(
        problem,
        choice_place=problem.choice_place[reverse],
        choice_rank=1 + problem.choice_rank.max() - problem.choice_rank[reverse],
        choice_priority=problem.choice_priority[reverse],
    )
    return as_outcome(problem, solve(turned).place.tolist())


def highest_priority_number_wins(problem: Problem) -> Outcome:
    """Takes a higher number for a better one."""
    turned = dataclasses.replace(problem, choice_priority=-problem.choice_priority)
    return as_outcome(problem, solve(turned).place.tolist())


def one_seat_too_few(problem: Problem) -> Outcome:
    """An off-by-one: never fills the last seat."""
    fewer = np.maximum(problem.capacity - 1, 0)
    minimum = np.minimum(problem.minimum, fewer)
    smaller = dataclasses.replace(problem, capacity=fewer, minimum=minimum)
    return as_outcome(problem, solve(smaller).place.tolist())


def one_seat_too_many(problem: Problem) -> Outcome:
    """The other off-by-one."""
    larger = dataclasses.replace(problem, capacity=problem.capacity + 1)
    return as_outcome(problem, solve(larger).place.tolist())


def another_lottery(problem: Problem) -> Outcome:
    """Shops for a draw: stable, but not with the numbers that were committed to."""
    drawn_again = dataclasses.replace(problem, lottery=problem.lottery.max() - problem.lottery)
    return as_outcome(problem, solve(drawn_again).place.tolist())


def nobody_is_placed(problem: Problem) -> Outcome:
    """Feasible, and useless."""
    return as_outcome(problem, [-1] * problem.students)


WRONG: dict[Solver, str] = {
    everyone_gets_the_first_choice: "capacity",
    unplaced_go_anywhere: "is not on the list",
    first_come_first_served: "blocking",
    last_choices_first: "blocking",
    highest_priority_number_wins: "blocking",
    one_seat_too_few: "blocking",
    one_seat_too_many: "capacity",
    another_lottery: "worse draw",
    nobody_is_placed: "blocking",
}


@pytest.mark.parametrize("solver", WRONG, ids=lambda solver: solver.__name__)
def test_wrong_solvers_are_rejected(solver: Solver) -> None:
    problem = random_problem(7, n=120, m=25, choices=5)
    assert verify(problem, solve(problem)).ok
    verdict = verify(problem, solver(problem))
    assert not verdict.ok
    if WRONG[solver] == "blocking":
        assert verdict.blocking_pairs
    else:
        assert any(WRONG[solver] in sentence for sentence in verdict.problems)


def test_another_lottery_is_stable_all_the_same() -> None:
    """It breaks the promise of ``quick``, and only that."""
    problem = random_problem(7, n=120, m=25, choices=5)
    outcome = another_lottery(problem)
    assert verify(problem, outcome).blocking_pairs == ()
    assert verify(problem, as_outcome(problem, outcome.place.tolist(), effort="by hand")).ok


def replaced(name: str, value: Callable[[Outcome], Any]) -> Callable[[Outcome], Outcome]:
    return lambda outcome: dataclasses.replace(outcome, **{name: value(outcome)})


def changed(array: np.ndarray, index: int, value: int) -> np.ndarray:
    copy = array.copy()
    copy[index] = value
    return copy


TAMPERED: list[tuple[str, Callable[[Outcome], Outcome]]] = [
    ("rank", replaced("rank", lambda o: changed(o.rank, 0, o.rank[0] + 1))),
    ("placed", replaced("placed", lambda o: o.placed + 1)),
    ("rank_sum", replaced("rank_sum", lambda o: o.rank_sum - 1)),
    ("profile", replaced("profile", lambda o: (*o.profile, 0))),
    ("below_minimum", replaced("below_minimum", lambda o: o.below_minimum[1:])),
    ("below_minimum", replaced("below_minimum", lambda o: (*o.below_minimum, 0))),
    ("fingerprint", replaced("fingerprint", lambda o: "0" * 64)),
    ("fingerprint", replaced("seed", lambda o: 5)),
    ("fingerprint", replaced("effort", lambda o: "exact")),
    ("place", replaced("place", lambda o: o.place.tolist())),
    ("place", replaced("place", lambda o: o.place.astype(np.int64))),
    ("place", replaced("place", lambda o: o.place[:-1])),
    ("rank", replaced("rank", lambda o: o.rank[:, None])),
    ("does not exist", replaced("place", lambda o: changed(o.place, 3, 99))),
    ("does not exist", replaced("place", lambda o: changed(o.place, 3, -2))),
]


@pytest.mark.parametrize(("what", "tamper"), TAMPERED)
def test_wrong_figures_are_rejected(what: str, tamper: Callable[[Outcome], Outcome]) -> None:
    problem = random_problem(7, n=120, m=25, choices=5)
    outcome = solve(problem)
    assert outcome.below_minimum
    verdict = verify(problem, tamper(outcome))
    assert not verdict.ok
    assert what in verdict.problems[0]


def test_an_outcome_of_another_problem_is_rejected() -> None:
    """Same answer, but not to this question: one lottery number was another."""
    problem = random_problem(7, n=120, m=25, choices=5)
    other = dataclasses.replace(
        problem, lottery=changed(problem.lottery, int(problem.lottery.argmax()), 10**6)
    )
    outcome = solve(problem)
    assert np.array_equal(outcome.place, solve(other).place)
    assert "fingerprint" in verify(other, outcome).problems[0]


def test_names_are_those_of_people() -> None:
    problem = Problem.of({"Ada": [["mill"]], "Bo": [["mill"]]}, {"mill": 1, "shop": 1})
    assert verify(problem, as_outcome(problem, [0, 0])).problems == (
        "place mill: 2 students, capacity 1",
    )
    assert (
        "student Bo: place shop is not on the list"
        in verify(problem, as_outcome(problem, [0, 1])).problems
    )
    assert verify(problem, as_outcome(problem, [-1, 0])).problems == (
        "student Ada: lost place mill to an equal claim with a worse draw",
    )


def test_a_place_without_seats_blocks_nothing() -> None:
    problem = Problem.of({"a": [["p"], ["q"]]}, {"p": 0, "q": 1})
    assert verify(problem, solve(problem)).ok


@many
@given(instances(), st.data())
def test_the_verdict_is_that_of_the_definitions(instance: Instance, data: st.DataObject) -> None:
    """Any assignment at all: the blocking pairs are those that the oracle finds."""
    tastes, problem = Tastes(instance), instance.problem()
    who, where = list(instance.choices), list(instance.capacity)
    options = {s: [None, *(p for p in where if (s, p) in tastes.rank)] for s in who}
    assignment = {s: data.draw(st.sampled_from(options[s])) for s in who}
    place = [-1 if at is None else where.index(at) for at in assignment.values()]
    verdict = verify(problem, as_outcome(problem, place, effort="by hand"))

    overfull = [p for p in where if list(assignment.values()).count(p) > instance.capacity[p]]
    assert len(verdict.problems) == len(overfull)
    named = {(who[student], where[at]) for student, at in verdict.blocking_pairs}
    assert named == tastes.blocking_pairs(assignment, strict=False)
    assert verdict.ok == (not overfull and not named)
