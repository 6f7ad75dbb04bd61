"""The search: it begins where it is told, ends stable and no worse, and stays within its effort."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given

from matching.engine import Outcome, Problem, solve, verify
from matching.engine.arrays import Int32
from matching.engine.contest import Contest
from matching.engine.search import Found, improved
from matching.engine.teams import accepted_with_teams
from tests.engine.instances import Instance, few, markets, random_problem


def searched(problem: Problem, patience: float = 1.0) -> tuple[Int32, Found]:
    """Where it began, and what was found."""
    contest = Contest.of(problem, None)
    place, closed = accepted_with_teams(contest, problem.place_number)
    return place, improved(contest, place, closed, problem.place_number, patience=patience)


@few
@given(markets(students=8, places=5))
def test_what_is_found_is_stable_with_the_places_that_it_closed(market: Instance) -> None:
    problem = market.problem()
    contest = Contest.of(problem, None)
    _, found = searched(problem)
    place = found.place.copy()
    place[problem.pin_student] = problem.pin_place
    outcome = Outcome.of(problem, place, effort="standard")
    closed = tuple(np.flatnonzero(found.closed).tolist())
    # The search calls closed what has no students; a pinned project never.
    assert closed == outcome.closed
    assert not np.any(found.closed & contest.held_open)
    assert verify(problem, outcome).ok


def test_without_patience_it_is_no_worse() -> None:
    problem = random_problem(4, n=60, m=12, choices=4, owners=3)
    place, found = searched(problem, patience=0)
    assert np.count_nonzero(found.place >= 0) >= np.count_nonzero(place >= 0)
    outcome = Outcome.of(problem, found.place, effort="standard")
    assert verify(problem, outcome).ok


def test_a_place_more_for_one_student_weighs_more_than_ranks() -> None:
    """Only b can go to q, and then a and c have the seats at p and r, which a likes less."""
    choices = {"a": [["p"], ["r"]], "b": [["p"], ["q"]], "c": [["p"]]}
    lottery = {"a": 0, "b": 1, "c": 2}
    problem = Problem.of(choices, {"p": 1, "q": 1, "r": 1}, lottery=lottery)
    assert solve(problem, effort="quick").place.tolist() == [0, 1, -1]
    assert solve(problem, effort="standard").place.tolist() == [2, 1, 0]


def test_students_trade_what_the_lottery_gave_them() -> None:
    """Erdil and Ergin (2008), example 1: both stay stable, and both have what they like best."""
    problem = Problem.of(
        {"a": [["q"], ["p"], ["r"]], "b": [["r"], ["q"], ["p"]], "c": [["q"], ["r"], ["p"]]},
        {"p": 1, "q": 1, "r": 1},
        rankings={"p": [["a"], ["b"], ["c"]], "q": [["b"], ["a", "c"]], "r": [["c"], ["a"], ["b"]]},
        lottery={"a": 0, "b": 1, "c": 2},
    )
    assert solve(problem, effort="quick").rank_sum == 6
    best = solve(problem, effort="standard")
    assert best.rank_sum == 4
    assert verify(problem, best).ok


def test_a_project_may_close_for_the_good_of_others() -> None:
    """p starts with a and b, and q does not; without p all four can start q."""
    choices = {"a": [["p"], ["q"]], "b": [["p"], ["q"]], "c": [["q"]], "d": [["q"]]}
    problem = Problem.of(choices, {"p": 2, "q": 4}, minimum={"p": 2, "q": 4})
    assert solve(problem, effort="quick").placed == 2
    best = solve(problem, effort="standard")
    assert (best.placed, best.closed) == (4, (0,))


def test_teams_that_pins_hold_open_are_filled_first() -> None:
    """One place liked as much as the other: the pinned team lacks one student."""
    problem = Problem.of(
        {"a": [["p", "q"]], "x": []},
        {"p": 2, "q": 2},
        minimum={"q": 2},
        pins=[("x", "q")],
    )
    for draw in range(4):
        drawn = dataclasses.replace(problem, lottery=np.array([draw * 7919, 1], np.uint64))
        assert solve(drawn, effort="standard").place.tolist() == [1, 1]


@pytest.mark.parametrize("n", [0, 1])
def test_next_to_nothing(n: int) -> None:
    problem = Problem.of({f"s{i}": [] for i in range(n)}, {})
    _, found = searched(problem)
    assert found.place.tolist() == [-1] * n
    assert found.closed.tolist() == []
