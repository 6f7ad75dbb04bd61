"""The checker must reject what is wrong: each solver here makes one mistake on purpose."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from matching.engine import Outcome, Problem, solve, verify
from matching.engine.problem import REFUSED
from tests.engine.instances import Instance, few, markets, random_problem
from tests.engine.oracle import Tastes

Solver = Callable[[Problem], Outcome]


def as_outcome(problem: Problem, place: Any, effort: str = "by hand") -> Outcome:
    return Outcome.of(problem, np.array(place, np.int32), effort=effort)


# --- solvers that make one mistake ---------------------------------------------------------------


def solved(problem: Problem, **changes: Any) -> Outcome:
    """The right answer to another question, given for this one."""
    return as_outcome(problem, solve(dataclasses.replace(problem, **changes), effort="quick").place)


def served(problem: Problem, turns: list[tuple[int, int]]) -> Outcome:
    """Students in turn, each with a row: whoever sits, sits."""
    left, room = problem.capacity.tolist(), problem.owner_capacity.tolist()
    place = [-1] * problem.students
    for student, row in turns:
        wanted = int(problem.choice_place[row])
        owner = int(problem.owner[wanted])
        refused = problem.choice_priority[row] == REFUSED or (owner >= 0 and room[owner] == 0)
        if place[student] == -1 and left[wanted] > 0 and not refused:
            place[student] = wanted
            left[wanted] -= 1
            if owner >= 0:
                room[owner] -= 1
    return as_outcome(problem, place)


def serial_dictatorship(problem: Problem) -> Outcome:
    """Students in the order of the lottery; no claim counts."""
    student = problem.choice_student
    order = np.lexsort((problem.choice_rank, problem.drawn(None)[student]))
    return served(problem, [(int(student[row]), int(row)) for row in order])


def immediate_acceptance(problem: Problem) -> Outcome:
    """The Boston mechanism: all first choices are final, then the second, …"""
    student = problem.choice_student
    order = np.lexsort((problem.drawn(None)[student], problem.choice_priority, problem.choice_rank))
    return served(problem, [(int(student[row]), int(row)) for row in order])


def first_come_first_served(problem: Problem) -> Outcome:
    """Students in the order of the input."""
    rows = range(len(problem.choice_place))
    return served(problem, [(int(problem.choice_student[row]), row) for row in rows])


def ignores_owner_capacity(problem: Problem) -> Outcome:
    """Each place for itself."""
    return solved(problem, owner_capacity=problem.owner_capacity + 9)


def stable_for_places_only(problem: Problem) -> Outcome:
    """The owner is full when it is full: the first who came stay, and the best claims lose."""
    return solved(
        problem,
        choice_priority=np.where(
            (problem.owner[problem.choice_place] >= 0) & (problem.choice_priority != REFUSED),
            -problem.choice_priority,
            problem.choice_priority,
        ).astype(np.int32),
    )


def ignores_minimum(problem: Problem) -> Outcome:
    """Starts every project."""
    return solved(problem, minimum=np.zeros_like(problem.minimum))


def ties_not_by_priority(problem: Problem) -> Outcome:
    """Takes every claim for equal: the lottery alone decides."""
    accepted = problem.choice_priority != REFUSED
    return solved(problem, choice_priority=np.where(accepted, 0, REFUSED).astype(np.int32))


def highest_priority_number_wins(problem: Problem) -> Outcome:
    """Takes a higher number for a better one."""
    accepted = problem.choice_priority != REFUSED
    turned = np.where(accepted, -problem.choice_priority, REFUSED)
    return solved(problem, choice_priority=turned.astype(np.int32))


def lists_from_the_wrong_end(problem: Problem) -> Outcome:
    """The last choice is asked first."""
    return solved(problem, choice_rank=1 + problem.choice_rank.max() - problem.choice_rank)


def everybody_is_accepted(problem: Problem) -> Outcome:
    """Forgets whom a ranking leaves out."""
    accepted = problem.choice_priority != REFUSED
    return solved(
        problem, choice_priority=np.where(accepted, problem.choice_priority, 99).astype(np.int32)
    )


def one_seat_too_few(problem: Problem) -> Outcome:
    """An off-by-one: never fills the last seat."""
    fewer = np.maximum(problem.capacity - 1, 0)
    return solved(problem, capacity=fewer, minimum=np.minimum(problem.minimum, fewer))


def one_seat_too_many(problem: Problem) -> Outcome:
    """The other off-by-one."""
    return solved(problem, capacity=problem.capacity + 1)


def unplaced_go_anywhere(problem: Problem) -> Outcome:
    """Fills what is left with whoever is left, asked or not."""
    place = solve(problem, effort="quick").place.copy()
    left = problem.capacity - np.bincount(place[place >= 0], minlength=problem.places)
    for student in np.flatnonzero(place == -1):
        if left.max(initial=0) > 0:
            place[student] = left.argmax()
            left[place[student]] -= 1
    return as_outcome(problem, place)


def nobody_is_placed(problem: Problem) -> Outcome:
    """Feasible, and useless."""
    return as_outcome(problem, [-1] * problem.students)


def another_lottery(problem: Problem) -> Outcome:
    """Shops for a draw: stable, but not with the numbers that were committed to."""
    assert problem.lottery is not None
    turned = solved(problem, lottery=problem.lottery.max() - problem.lottery)
    return as_outcome(problem, turned.place, effort="quick")


BLOCKING = "blocking"
WRONG: dict[Solver, str] = {
    serial_dictatorship: BLOCKING,
    immediate_acceptance: BLOCKING,
    first_come_first_served: BLOCKING,
    ignores_owner_capacity: "owner 0: ",
    stable_for_places_only: BLOCKING,
    ignores_minimum: "minimum",
    ties_not_by_priority: BLOCKING,
    highest_priority_number_wins: BLOCKING,
    lists_from_the_wrong_end: BLOCKING,
    everybody_is_accepted: "does not accept them",
    one_seat_too_few: BLOCKING,
    one_seat_too_many: "capacity",
    unplaced_go_anywhere: "is not on the list",
    nobody_is_placed: BLOCKING,
    another_lottery: "worse draw",
}


@pytest.mark.parametrize("solver", WRONG, ids=lambda solver: solver.__name__)
def test_wrong_solvers_are_rejected(solver: Solver) -> None:
    # Only the one mistake is to be found: without minimums where these are not the point.
    problem = random_problem(7, n=120, m=25, choices=5, owners=4, teams=solver is ignores_minimum)
    refused = np.where(
        np.arange(len(problem.choice_place)) % 11 == 0, REFUSED, problem.choice_priority
    )
    refused = np.where(problem.owner[problem.choice_place] < 0, refused, problem.choice_priority)
    problem = dataclasses.replace(problem, choice_priority=refused.astype(np.int32))
    assert verify(problem, solve(problem, effort="quick")).ok
    verdict = verify(problem, solver(problem))
    assert not verdict.ok
    if WRONG[solver] == BLOCKING:
        assert verdict.blocking_pairs
        assert verdict.problems == ()
    else:
        assert any(WRONG[solver] in sentence for sentence in verdict.problems)


def test_another_lottery_is_stable_all_the_same() -> None:
    """It breaks the promise of ``quick``, and only that."""
    problem = random_problem(7, n=120, m=25, choices=5, teams=False)
    outcome = another_lottery(problem)
    assert verify(problem, outcome).blocking_pairs == ()
    assert verify(problem, as_outcome(problem, outcome.place)).ok


# --- pins, bans, projects: in words --------------------------------------------------------------

CHOICES = {"a": [["p"]], "b": [["p"], ["q"]], "c": [["q"]]}
SEATS = {"p": 1, "q": 2}


def sentences(problem: Problem, place: list[int], **figures: Any) -> tuple[str, ...]:
    outcome = dataclasses.replace(as_outcome(problem, place), **figures)
    return verify(problem, outcome).problems


def test_a_pinned_seat_that_yields() -> None:
    problem = Problem.of(CHOICES, SEATS, rankings={"p": [["a"], ["b"]]}, pins=[("b", "p")])
    assert verify(problem, as_outcome(problem, [-1, 0, 1])).ok
    assert sentences(problem, [0, 1, 1]) == ("student b: not at place p, as pinned",)
    assert sentences(problem, [0, -1, 1]) == ("student b: not at place p, as pinned",)


def test_a_pinned_student_who_would_rather_be_elsewhere_blocks_nothing() -> None:
    problem = Problem.of(CHOICES, SEATS, rankings={"p": [["b"], ["a"]]}, pins=[("b", "q")])
    assert verify(problem, as_outcome(problem, [0, 1, 1])).ok


def test_a_ban_that_is_ignored() -> None:
    problem = Problem.of(CHOICES, SEATS, bans=[("a", "p")])
    assert sentences(problem, [0, 1, 1]) == (
        "student a: place p is forbidden or does not accept them",
    )
    assert verify(problem, as_outcome(problem, [-1, 0, 1])).ok


def test_a_project_with_a_pin_that_is_closed() -> None:
    problem = Problem.of(CHOICES, SEATS, minimum={"q": 2}, pins=[("c", "q")])
    held = as_outcome(problem, [0, 1, 1])
    assert verify(problem, held).ok
    assert "place q: closed, but somebody is there" in sentences(
        problem, [0, -1, 1], closed=(1,), below_minimum=()
    )
    assert "place q: closed, but somebody is there" in sentences(problem, [0, -1, -1], closed=(1,))


def test_a_pinned_project_below_its_minimum_is_named() -> None:
    problem = Problem.of(CHOICES, {"p": 2, "q": 2}, minimum={"q": 2}, pins=[("c", "q")])
    outcome = as_outcome(problem, [0, 0, 1])
    assert (outcome.below_minimum, verify(problem, outcome).below_minimum) == ((1,), (1,))
    assert verify(problem, outcome).ok
    assert sentences(problem, [0, 0, 1], below_minimum=()) == ("below_minimum: (), (1,) counted",)


def test_closed_and_open_projects() -> None:
    problem = Problem.of(CHOICES, SEATS, minimum={"q": 2})
    assert verify(problem, as_outcome(problem, [0, 1, 1])).ok
    # Who is alone in an open project is too few; nobody in one that is not named as closed too.
    alone = as_outcome(problem, [0, -1, 1])
    assert alone.below_minimum == ()
    assert verify(problem, alone).problems == ("place q: open with 1 students, minimum 2",)
    assert sentences(problem, [0, -1, -1], closed=()) == (
        "place q: open with 0 students, minimum 2",
    )
    assert sentences(problem, [0, 1, 1], closed=(0,))[:2] == (
        "place p: closed, but it has no minimum",
        "place p: closed, but somebody is there",
    )


def test_nobody_blocks_with_a_closed_project() -> None:
    problem = Problem.of(CHOICES, SEATS, minimum={"q": 2})
    assert verify(problem, as_outcome(problem, [0, -1, -1])).ok


def test_the_three_cases_of_a_blocking_pair_with_an_owner() -> None:
    """Owner k has room for two of three seats at p and q."""
    problem = Problem.of(
        {"a": [["p"], ["q"]], "b": [["p"]], "c": [["q"], ["p"]]},
        {"p": 1, "q": 2},
        owners={"p": "k", "q": "k"},
        owner_capacity={"k": 2},
        rankings={"k": [["a"], ["b"], ["c"]]},
    )

    def blocking(place: list[int]) -> tuple[tuple[int, int], ...]:
        return verify(problem, as_outcome(problem, place)).blocking_pairs

    assert blocking([0, -1, 1]) == ()
    assert blocking([0, -1, -1]) == ((2, 1),)  # place and owner have a seat
    assert blocking([1, -1, 1]) == ((0, 0), (1, 0))  # p has a seat: a moves, b pushes c out
    assert blocking([-1, 0, 1]) == ((0, 0), (0, 1))  # p is full, and a stands above b
    assert blocking([1, 0, -1]) == ((0, 0),)


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
    ("below_minimum", replaced("below_minimum", lambda o: (*o.below_minimum, 0))),
    ("fingerprint", replaced("fingerprint", lambda o: "0" * 64)),
    ("fingerprint", replaced("seed", lambda o: 5)),
    ("fingerprint", replaced("effort", lambda o: "exact")),
    ("bound", replaced("bound", lambda o: o.placed - 1)),
    ("open with 0 students", replaced("closed", lambda o: o.closed[1:])),
    ("it has no minimum", replaced("closed", lambda o: (0, *o.closed))),
    ("closed", replaced("closed", lambda o: (*o.closed, o.closed[-1]))),
    ("closed", replaced("closed", lambda o: o.closed[::-1])),
    ("closed: names a place", replaced("closed", lambda o: (*o.closed, 25))),
    ("closed: names a place", replaced("closed", lambda o: (-1, *o.closed))),
    ("place", replaced("place", lambda o: o.place.tolist())),
    ("place", replaced("place", lambda o: o.place.astype(np.int64))),
    ("place", replaced("place", lambda o: o.place[:-1])),
    ("rank", replaced("rank", lambda o: o.rank[:, None])),
    ("does not exist", replaced("place", lambda o: changed(o.place, 3, 99))),
    ("does not exist", replaced("place", lambda o: changed(o.place, 3, -2))),
]


def problem_to_tamper_with() -> Problem:
    """With projects that do not start, and a first place without a minimum."""
    problem = random_problem(7, n=120, m=25, choices=5)
    return dataclasses.replace(problem, minimum=changed(problem.capacity, 0, 0))


@pytest.mark.parametrize(("what", "tamper"), TAMPERED)
def test_wrong_figures_are_rejected(what: str, tamper: Callable[[Outcome], Outcome]) -> None:
    problem = problem_to_tamper_with()
    outcome = solve(problem, effort="quick")
    assert verify(problem, outcome).ok
    assert len(outcome.closed) > 1
    verdict = verify(problem, tamper(outcome))
    assert not verdict.ok
    assert what in verdict.problems[0]


def test_an_outcome_of_another_problem_is_rejected() -> None:
    """Same answer, but not to this question: one lottery number was another."""
    problem = random_problem(7, n=120, m=25, choices=5)
    assert problem.lottery is not None
    worst = int(problem.lottery.argmax())
    other = dataclasses.replace(problem, lottery=changed(problem.lottery, worst, 10**6))
    outcome = solve(problem, effort="quick")
    assert "fingerprint" in verify(other, outcome).problems[0]


def test_names_are_those_of_people() -> None:
    problem = Problem.of({"Ada": [["mill"]], "Bo": [["mill"]]}, {"mill": 1, "shop": 1})
    assert sentences(problem, [0, 0]) == ("place mill: 2 students, capacity 1",)
    assert "student Bo: place shop is not on the list" in sentences(problem, [0, 1])
    assert verify(problem, as_outcome(problem, [-1, 0], effort="quick")).problems == (
        "student Ada: lost place mill to an equal claim with a worse draw",
    )


def test_a_thousand_complaints_of_one_kind_are_cut_short() -> None:
    problem = random_problem(7, n=2000, m=40, choices=3, teams=False)
    nowhere_asked = [
        min(set(range(40)) - set(problem.choice_place[3 * i : 3 * i + 3].tolist()))
        for i in range(2000)
    ]
    verdict = verify(problem, as_outcome(problem, nowhere_asked))
    assert not verdict.ok
    assert 100 <= len(verdict.problems) < 200


def test_a_place_without_seats_blocks_nothing() -> None:
    problem = Problem.of({"a": [["p"], ["q"]]}, {"p": 0, "q": 1})
    assert verify(problem, as_outcome(problem, [1])).ok


# --- against the definitions ---------------------------------------------------------------------


def every_row(instance: Instance) -> Iterator[dict[str, str | None]]:
    """Every assignment at all, also beside lists and above capacities."""
    anywhere = [None, *instance.capacity]
    for row in itertools.product(anywhere, repeat=len(instance.choices)):
        yield dict(zip(instance.choices, row, strict=True))


@few
@given(markets(students=3, places=3))
def test_the_verdict_is_that_of_the_definitions(instance: Instance) -> None:
    """On every assignment: what is feasible, who blocks, whose team is too small, who lost to a
    worse draw."""
    tastes, problem = Tastes(instance), instance.problem()
    who, where = list(instance.choices), list(instance.capacity)
    for assignment in every_row(instance):
        place = [-1 if at is None else where.index(at) for at in assignment.values()]
        verdict = verify(problem, as_outcome(problem, place))
        sound = tastes.feasible(assignment) and tastes.teams_complete(assignment)
        assert (not verdict.problems) == sound, (assignment, verdict)
        if not tastes.permitted(assignment):
            continue
        named = {(who[student], where[at]) for student, at in verdict.blocking_pairs}
        assert named == tastes.blocking_pairs(assignment, strict=False), assignment
        assert verdict.ok == (sound and not named)
        if sound:
            assert {where[at] for at in verdict.below_minimum} == set(tastes.short(assignment))
            drawn = verify(problem, as_outcome(problem, place, effort="quick"))
            assert drawn.ok == (not tastes.unfair_pairs(assignment))
