"""Which projects start, for the effort ``quick``: the emptiest closes first, and may open again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from matching.engine import Problem
from matching.engine import teams as rules
from matching.engine.asking import accepted
from matching.engine.contest import Contest
from matching.engine.teams import accepted_with_teams
from tests.engine.instances import Instance, few, markets


def started(problem: Problem) -> tuple[list[int], list[bool]]:
    place, closed = accepted_with_teams(Contest.of(problem, None), problem.place_number)
    return place.tolist(), closed.tolist()


def of(choices: dict[str, Any], minimum: dict[str, int], **more: Any) -> Problem:
    seats = dict.fromkeys("pqr", 4)
    return Problem.of(choices, seats, minimum=minimum, **more)


@few
@given(markets(students=7, places=5, teams=False))
def test_without_minimums_it_is_deferred_acceptance(market: Instance) -> None:
    problem = market.problem()
    place, closed = started(problem)
    contest = Contest.of(problem, None)
    assert place == accepted(contest, problem.place_number).tolist()
    assert not any(closed)


@few
@given(markets(students=7, places=5))
def test_it_is_deferred_acceptance_over_the_projects_that_start(market: Instance) -> None:
    problem = market.problem()
    contest = Contest.of(problem, None)
    place, closed = started(problem)
    shut = np.array(closed, dtype=np.bool_)
    assert place == accepted(contest.without(shut), problem.place_number).tolist()
    taken = np.bincount([p for p in place if p >= 0], minlength=contest.places)
    assert np.all((taken >= contest.needed) | shut | contest.held_open)
    assert not np.any(shut & contest.held_open)
    assert np.all(shut | ~contest.hopeless)
    assert np.all(contest.needed[shut] > 0)


def test_the_emptiest_closes_and_its_students_fill_the_other() -> None:
    problem = of({"a": [["p"]], "b": [["p"]], "c": [["q"], ["p"]]}, {"p": 3, "q": 3})
    assert started(problem) == ([0, 0, 0], [False, True, False])


def test_a_share_counts_and_not_a_number() -> None:
    """One of two is more than two of four, were it not as much: then the ids decide, so p has
    three of four here."""
    problem = of({name: [["p"], ["q"]] for name in "abc"} | {"d": [["q"], ["p"]]}, {"p": 4, "q": 2})
    assert started(problem) == ([0, 0, 0, 0], [False, True, False])


def test_a_project_that_closed_too_early_opens_again() -> None:
    """p has a quarter and closes first, then q; with q gone all would come to p."""
    choices = {"a": [["p"]], "b": [["q"], ["p"]], "c": [["q"], ["p"]], "d": [["q"], ["p"]]}
    problem = Problem.of(choices, {"p": 4, "q": 4}, minimum={"p": 4, "q": 4})
    assert started(problem) == ([0, 0, 0, 0], [False, True])


def test_a_pinned_project_never_closes() -> None:
    problem = of({"a": [["p"]], "b": []}, {"p": 3}, pins=[("b", "p")])
    assert started(problem) == ([0, -1], [False, False, False])


@pytest.mark.parametrize("projects", [rules.MANY, 3 * rules.MANY])
def test_many_projects_in_want_close_several_at_a_time(projects: int) -> None:
    choices = {f"s{i}": [[f"p{i}"], ["big"]] for i in range(projects)}
    seats = {f"p{i}": 2 for i in range(projects)} | {"big": projects}
    minimum = {f"p{i}": 2 for i in range(projects)} | {"big": projects}
    place, closed = started(Problem.of(choices, seats, minimum=minimum))
    assert place == [projects] * projects or place == [-1] * projects
    assert all(closed[:-1])
