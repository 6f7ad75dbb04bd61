"""Which projects start, for the effort ``quick``: the emptiest closes first, and may open again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from matching.engine import Problem
from matching.engine import teams as rules
from matching.engine.arrays import Bool, Int32, UInt64
from matching.engine.asking import Asking, accepted
from matching.engine.contest import Contest
from matching.engine.generating import generate
from matching.engine.teams import accepted_with_teams
from tests.engine.instances import Instance, few, many, markets, random_problem


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


# --- going on after a closing ------------------------------------------------------------------


def slowly(contest: Contest, number: UInt64) -> tuple[list[int], list[bool]]:
    """The same steps, for no more than `MANY` teams in want, and each time from scratch."""
    closed = contest.hopeless.copy()
    place = accepted(contest.without(closed), number)
    while want := in_want(contest, place, closed):
        closed[min(want, key=lambda project: (want[project], number[project]))] = True
        place = accepted(contest.without(closed), number)
    for project in sorted(np.flatnonzero(closed & ~contest.hopeless), key=number.__getitem__):
        closed[project] = False
        other = accepted(contest.without(closed), number)
        more = np.count_nonzero(other >= 0) > np.count_nonzero(place >= 0)
        if more and not in_want(contest, other, closed):
            place = other
        else:
            closed[project] = True
    return place.tolist(), closed.tolist()


def in_want(contest: Contest, place: Int32, closed: Bool) -> dict[int, float]:
    """The share of its minimum that each team in want has."""
    taken = np.bincount(place[place >= 0], minlength=contest.places)
    short = (taken < contest.needed) & ~closed & ~contest.held_open
    return {int(j): taken[j] / contest.needed[j] for j in np.flatnonzero(short)}


@many
@given(markets(students=12, places=8))
def test_it_closes_and_opens_what_it_would_from_scratch(market: Instance) -> None:
    problem = market.problem()
    assert started(problem) == slowly(Contest.of(problem, None), problem.place_number)


@pytest.mark.parametrize("owners", [0, 9])
def test_it_does_so_for_a_school(owners: int) -> None:
    for seed in range(6):
        problem = random_problem(seed, 200, 50, 6, owners=owners)
        assert started(problem) == slowly(Contest.of(problem, None), problem.place_number)


@pytest.mark.parametrize("owners", [0, 9])
def test_what_went_on_is_what_begins_anew(owners: int) -> None:
    """As long as nothing is behind; and where something is, it may well differ."""
    exact = behind = different = 0
    for seed in range(8):
        problem = random_problem(seed, 120, 30, 6, owners=owners, teams=False)
        contest, number = Contest.of(problem, None), problem.place_number
        for first in range(30):
            asking = Asking(contest, number)
            for place in range(first, 30, 11):
                asking.close(np.array([place]))
            anew = accepted(contest.without(asking.closed), number)
            same = np.array_equal(asking.assignment(), anew)
            assert same or asking.behind > 0
            exact += asking.behind == 0
            behind += asking.behind > 0
            different += not same
    assert exact > 30
    assert (behind > 50) == (different > 10) == bool(owners)


def test_who_sat_at_a_closed_place_may_go_to_another_of_its_owner() -> None:
    problem = Problem.of(
        {name: [["p"], ["q"]] for name in "ab"},
        {"p": 2, "q": 2},
        owners={"p": "c", "q": "c"},
        owner_capacity={"c": 2},
    )
    asking = Asking(Contest.of(problem, None), problem.place_number)
    assert asking.assignment().tolist() == [0, 0]
    asking.close(np.array([0]))
    assert asking.assignment().tolist() == [1, 1]
    assert asking.behind == 0


def test_beginning_anew_leaves_nothing_behind() -> None:
    problem = random_problem(3, 120, 30, 6, owners=9, teams=False)
    contest, number = Contest.of(problem, None), problem.place_number
    asking = Asking(contest, number)
    asking.close(np.arange(12))
    assert asking.behind
    asking.begin(asking.closed)
    assert not asking.behind
    assert asking.closed.tolist() == [True] * 12 + [False] * 18
    assert np.array_equal(asking.assignment(), accepted(contest.without(asking.closed), number))


def test_where_no_owner_is_short_nothing_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Bool] = []
    begin = Asking.begin

    def noted(asking: Asking, closed: Bool) -> None:
        begun.append(closed)
        begin(asking, closed)

    monkeypatch.setattr(Asking, "begin", noted)
    problem = generate(1500, 5, minimums=0.6, place_ties=0.3, seed=1)
    _, closed = started(problem)
    assert sum(closed) > rules.MANY
    assert len(begun) == 1
