"""Why, why not, and why nothing: each code in the situation that it is for."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import (
    Code,
    Outcome,
    Problem,
    Rule,
    UnplacedCode,
    explain,
    solve,
    standings,
    unplaced_reason,
    verify,
)
from matching.engine.arrays import Int32
from matching.engine.explanation import Change
from matching.engine.problem import REFUSED
from tests.engine.instances import Instance, few, markets, random_market
from tests.engine.oracle import Tastes

# Place p has two seats: x has the best claim, a and b tie behind it, c comes last.
# Place q has one seat, of which nobody makes use but d; r has none; t is empty.
PROBLEM = Problem.of(
    {
        "x": [["p"]],
        "a": [["p"], ["q"]],
        "b": [["p"]],
        "c": [["p"], ["r"]],
        "d": [["q"], ["p"]],
        "e": [["r"], ["t"]],
        "f": [],
    },
    {"p": 2, "q": 1, "r": 0, "t": 1},
    rankings={"p": [["x", "d"], ["a", "b"], ["c"]]},
    lottery={"x": 6, "a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5},
)
STUDENT = {name: index for index, name in enumerate("xabcdef")}
PLACE = {name: index for index, name in enumerate("pqrt")}


def quick(problem: Problem) -> Outcome:
    return solve(problem, effort="quick")


def asked(student: str, place: str, **more: Any) -> dict[str, Any]:
    found = explain(PROBLEM, quick(PROBLEM), STUDENT[student], PLACE[place], **more)
    return found.__dict__


def test_the_outcome_is_what_the_others_explain() -> None:
    assert quick(PROBLEM).place.tolist() == [0, 0, -1, -1, 1, 3, -1]


def test_placed_here_and_how_tight() -> None:
    found = asked("a", "p")
    assert found["code"] is Code.PLACED_HERE
    assert (found["rank"], found["got"], found["priority"], found["cutoff"]) == (1, 1, 1, 1)
    assert (found["capacity"], found["taken"], found["rivals"]) == (2, 2, 3)
    assert (found["drawn_claims"], found["drawn_seats"]) == (2, 1)


def test_placed_where_nobody_else_wanted_to_be() -> None:
    found = asked("e", "t")
    assert found["code"] is Code.PLACED_HERE
    assert (found["rank"], found["rivals"], found["cutoff"]) == (2, 0, 0)
    assert (found["drawn_claims"], found["drawn_seats"]) == (1, 1)


def test_a_lost_draw_says_among_how_many() -> None:
    found = asked("b", "p")
    assert found["code"] is Code.FULL_LOTTERY
    assert (found["rank"], found["got"], found["priority"], found["cutoff"]) == (1, None, 1, 1)
    assert (found["rivals"], found["drawn_claims"], found["drawn_seats"]) == (3, 2, 1)


def test_a_weaker_claim_says_by_how_much() -> None:
    found = asked("c", "p")
    assert found["code"] is Code.FULL_BETTER_CLAIMS
    assert (found["priority"], found["cutoff"]) == (2, 1)


def test_a_better_place_is_the_reason_before_all_others() -> None:
    found = asked("d", "p")
    assert found["code"] is Code.PREFERRED_ANOTHER
    assert (found["rank"], found["got"], found["rivals"]) == (2, 1, 4)
    assert asked("a", "q")["code"] is Code.PREFERRED_ANOTHER


def test_an_equally_liked_place_is_as_good() -> None:
    problem = Problem.of({"s": [["p", "q"]]}, {"p": 1, "q": 1})
    outcome = quick(problem)
    other = 1 - int(outcome.place[0])
    assert explain(problem, outcome, 0, other).code is Code.PREFERRED_ANOTHER


def test_no_openings() -> None:
    found = asked("c", "r")
    assert found["code"] is Code.NO_OPENINGS
    assert (found["capacity"], found["cutoff"], found["rivals"]) == (0, None, 1)


def test_not_ranked() -> None:
    found = asked("f", "p")
    assert found["code"] is Code.NOT_RANKED
    assert (found["rank"], found["priority"]) == (None, None)


def test_not_eligible_names_the_rules() -> None:
    found = asked("f", "t", failed=(Rule.DAYS, Rule.DISTANCE))
    assert found["code"] is Code.NOT_ELIGIBLE
    assert found["rules"] == (Rule.DAYS, Rule.DISTANCE)


def test_an_unstable_outcome_is_called_so() -> None:
    by_hand = Outcome.of(PROBLEM, np.full(7, -1, np.int32), effort="by hand")
    assert explain(PROBLEM, by_hand, 0, 0).code is Code.BLOCKING
    swapped = Outcome.of(PROBLEM, np.array([-1, 0, 0, -1, 1, 3, -1], np.int32), effort="by hand")
    assert explain(PROBLEM, swapped, STUDENT["x"], PLACE["p"]).code is Code.BLOCKING


@pytest.mark.parametrize("pair", [(-1, 0), (7, 0), (0, -1), (0, 4)])
def test_a_pair_that_does_not_exist(pair: tuple[int, int]) -> None:
    with pytest.raises(IndexError, match="no pair"):
        explain(PROBLEM, quick(PROBLEM), *pair)


def test_unplaced_because_all_is_full() -> None:
    found = unplaced_reason(PROBLEM, quick(PROBLEM), STUDENT["c"])
    assert found.code is UnplacedCode.ALL_FULL
    assert [one.code for one in found.choices] == [Code.FULL_BETTER_CLAIMS, Code.NO_OPENINGS]
    assert [one.place for one in found.choices] == [PLACE["p"], PLACE["r"]]


def test_unplaced_because_nothing_was_ranked() -> None:
    found = unplaced_reason(PROBLEM, quick(PROBLEM), STUDENT["f"])
    assert (found.code, found.choices) == (UnplacedCode.EMPTY_LIST, ())


def test_unplaced_because_no_choice_is_eligible() -> None:
    struck = {PLACE["p"]: (Rule.PERIOD,), PLACE["t"]: (Rule.LEVEL, Rule.DAYS)}
    found = unplaced_reason(PROBLEM, quick(PROBLEM), STUDENT["f"], struck=struck)
    assert found.code is UnplacedCode.NO_ELIGIBLE_CHOICE
    assert [one.rules for one in found.choices] == [(Rule.PERIOD,), (Rule.LEVEL, Rule.DAYS)]
    assert {one.code for one in found.choices} == {Code.NOT_ELIGIBLE}


def test_unplaced_with_full_and_struck_choices_names_both() -> None:
    struck = {PLACE["t"]: (Rule.DISTANCE,)}
    found = unplaced_reason(PROBLEM, quick(PROBLEM), STUDENT["b"], struck=struck)
    assert found.code is UnplacedCode.ALL_FULL
    assert [one.code for one in found.choices] == [Code.FULL_LOTTERY, Code.NOT_ELIGIBLE]


def test_whoever_has_a_place_is_not_unplaced() -> None:
    with pytest.raises(ValueError, match="student a has a place"):
        unplaced_reason(PROBLEM, quick(PROBLEM), STUDENT["a"])


def test_equal_claims_where_the_search_decided() -> None:
    outcome = Outcome.of(PROBLEM, quick(PROBLEM).place, effort="standard")
    assert explain(PROBLEM, outcome, STUDENT["b"], PLACE["p"]).code is Code.FULL_EQUAL_CLAIMS


# Owner k takes two over p and q; m is a project for three.
OWNED: Any = {
    "choices": {
        "a": [["p"], ["m"]],
        "b": [["q"]],
        "c": [["q"], ["m"]],
        "d": [["m"]],
        "e": [["p"]],
        "f": [["q"]],
    },
    "capacity": {"p": 2, "q": 2, "m": 3},
    "owners": {"p": "k", "q": "k"},
    "owner_capacity": {"k": 2},
    "rankings": {"k": [["a"], ["b"], ["c"], ["d"]]},
    "minimum": {"m": 3},
}


def code(student: str, place: str, **more: Any) -> Code:
    problem = Problem.of(**{**OWNED, **more})
    pair = "abcdef".index(student), "pqm".index(place)
    return explain(problem, quick(problem), *pair).code


def test_an_owner_that_takes_nobody_more() -> None:
    assert code("c", "q") is Code.OWNER_FULL
    assert code("c", "q", owner_capacity={"k": 3}) is Code.PLACED_HERE
    # Also where it takes nobody at all, or pins hold all its seats.
    assert code("a", "p", owner_capacity={"k": 0}) is Code.OWNER_FULL
    pins = [("d", "q"), ("e", "q")]
    assert code("a", "p", pins=pins) is Code.OWNER_FULL
    assert code("b", "q", pins=pins) is Code.NO_OPENINGS


def test_within_a_full_owner_a_student_may_move_to_a_free_seat() -> None:
    """Whoever is with the owner already needs no better claim: where they do not, the two block."""
    problem = Problem.of(
        {"a": [["p"], ["q"]]},
        {"p": 1, "q": 1},
        owners={"p": "k", "q": "k"},
        owner_capacity={"k": 1},
    )
    by_hand = Outcome.of(problem, np.array([1], np.int32), effort="by hand")
    assert explain(problem, by_hand, 0, 0).code is Code.BLOCKING


def test_a_project_that_does_not_start_says_how_many_it_lacked() -> None:
    problem = Problem.of(**OWNED)
    found = explain(problem, quick(problem), 3, 2)
    assert (found.code, found.missing) == (Code.CLOSED, 1)
    assert found.changes == (Change.LARGER_TEAM,)


def test_a_student_whom_the_ranking_leaves_out() -> None:
    assert code("f", "q") is Code.NOT_ACCEPTED


def test_bans_and_pins() -> None:
    assert code("b", "q", bans=[("b", "q")]) is Code.BANNED
    assert code("f", "m", pins=[("f", "m")]) is Code.PINNED_HERE
    assert code("f", "q", pins=[("f", "m")]) is Code.PINNED_ELSEWHERE


def test_the_tail_is_said_to_be_one() -> None:
    problem = Problem.of({"a": [["p"]]}, {"p": 0, "q": 1}, tails={"a": ["q"]})
    found = explain(problem, quick(problem), 0, 1)
    assert (found.code, found.in_tail, found.rank) == (Code.PLACED_HERE, True, 2)


# --- against the definitions ---------------------------------------------------------------------


@few
@given(markets(students=5, places=4), st.integers(0, 2**32))
def test_blocking_is_said_of_pairs_that_block_and_of_no_others(market: Instance, seed: int) -> None:
    """Of any assignment within lists and seats; and of what is solved, never."""
    tastes, problem = Tastes(market), market.problem()
    who, where = list(market.choices), list(market.capacity)
    anything = list(itertools.islice(tastes.assignments(), 300))
    rng = random.Random(seed)
    for assignment in rng.sample(anything, min(10, len(anything))):
        place = [-1 if at is None else where.index(at) for at in assignment.values()]
        outcome = Outcome.of(problem, np.array(place, np.int32), effort="by hand")
        said = {(who[i], where[j]) for i, j in blocking(problem, outcome)}
        assert said == tastes.blocking_pairs(assignment, strict=False)
    for effort in ("quick", "standard"):
        assert blocking(problem, solve(problem, effort=effort)) == []


def blocking(problem: Problem, outcome: Outcome) -> list[tuple[int, int]]:
    standing = standings(problem, outcome)
    pairs = itertools.product(range(problem.students), range(problem.places))
    return [
        pair
        for pair in pairs
        if explain(problem, outcome, *pair, standing=standing).code is Code.BLOCKING
    ]


@few
@given(markets(students=6, places=4))
def test_every_figure_is_that_of_a_naive_count(market: Instance) -> None:
    tastes, problem = Tastes(market), market.problem()
    outcome = quick(problem)
    standing = standings(problem, outcome)
    who, where = list(market.choices), list(market.capacity)
    sits = {s: where[p] if p >= 0 else None for s, p in zip(who, outcome.place, strict=True)}

    def waits(student: str, place: str) -> bool:
        own = sits[student]
        wished = (student, place) in tastes.rank and own != place
        return wished and (own is None or tastes.rank[student, place] < tastes.rank[student, own])

    for (i, student), (j, place) in itertools.product(enumerate(who), enumerate(where)):
        found = explain(problem, outcome, i, j, standing=standing)
        assert found == explain(problem, outcome, i, j)
        there = [s for s in who if sits[s] == place]
        queue = [s for s in who if waits(s, place)]
        free = [s for s in there if s not in tastes.pinned]
        assert (found.capacity, found.taken) == (market.capacity[place], len(there))
        assert found.rivals == len([s for s in {*there, *queue} if s != student])
        worst = max((tastes.priority[s, place] for s in free), default=None)
        at_worst = [s for s in free + queue if tastes.priority[s, place] == worst]
        assert found.drawn_claims == len(at_worst)
        assert found.drawn_seats == len(set(at_worst) & set(free))
        if student in queue:
            mine = tastes.priority[student, place]
            before = [s for s in queue if tastes.priority[s, place] <= mine and s != student]
            assert found.waiting_before == len(before)


REFUSALS = (Code.FULL_BETTER_CLAIMS, Code.FULL_LOTTERY, Code.NO_OPENINGS)


@few
@given(markets(students=6, places=4, teams=False))
def test_so_many_more_openings_would_have_been_enough(market: Instance) -> None:
    """Where each place owns itself and lists have no ties: solved again, the student is there, or
    where they would rather be, now that others moved up."""
    market = market.but(
        choices={s: [[p] for group in g for p in group] for s, g in market.choices.items()},
        owners={},
        owner_capacity={},
        rankings={r: g for r, g in market.rankings.items() if r in market.capacity},
        tails={},
    )
    problem = market.problem()
    outcome = quick(problem)
    for i, j in itertools.product(range(problem.students), range(problem.places)):
        found = explain(problem, outcome, i, j)
        if found.code in REFUSALS:
            assert Change.MORE_OPENINGS in found.changes
            place = list(market.capacity)[j]
            seats = market.capacity[place] + found.waiting_before + 1
            again = quick(market.problem(capacity={**market.capacity, place: seats}))
            assert found.rank is not None
            assert 0 < again.rank[i] <= found.rank
            assert again.place[i] == j or again.rank[i] < found.rank


def test_so_much_more_room_at_the_owner_would_have_been_enough() -> None:
    """Others wait for places of the owner too: who has a claim as strong goes first. As far as the
    place itself has seats for them."""
    asked = several = 0
    for seed in range(150):
        market = random_market(random.Random(seed), 9, 4, teams=False)
        market = market.but(
            choices={s: [[p] for group in g for p in group] for s, g in market.choices.items()},
            tails={},
        )
        problem = market.problem()
        outcome, places = quick(problem), list(market.capacity)
        for i, j in itertools.product(range(problem.students), range(problem.places)):
            found = explain(problem, outcome, i, j)
            if found.code is not Code.OWNER_FULL or found.rivals >= found.capacity:
                continue
            owner = market.owners[places[j]]
            room = market.owner_capacity[owner] + found.waiting_before + 1
            more = {**market.owner_capacity, owner: room}
            again = quick(market.problem(owner_capacity=more))
            assert found.rank is not None
            assert 0 < again.rank[i] <= found.rank
            asked += 1
            several += found.waiting_before > 0
    assert asked > 30
    assert several > 5


def test_where_pins_hold_all_room_a_better_claim_helps_nobody() -> None:
    problem = Problem.of(
        {"a": [["p"]], "b": []},
        {"p": 2},
        owners={"p": "c"},
        owner_capacity={"c": 1},
        pins=[("b", "p")],
    )
    found = explain(problem, quick(problem), 0, 0)
    assert (found.code, found.cutoff, found.changes) == (
        Code.OWNER_FULL,
        None,
        (Change.MORE_OPENINGS,),
    )


def with_priority(problem: Problem, student: int, place: int, priority: int) -> Problem:
    """With this priority of the student at the place, and at all places of its owner."""
    owner = np.where(problem.owner < 0, problem.owners + np.arange(problem.places), problem.owner)

    def changed(who: Int32, where: Int32, before: Int32) -> Int32:
        mine = (who == student) & (owner[where] == owner[place]) & (before != REFUSED)
        return np.where(mine, priority, before).astype(np.int32)

    return replace(
        problem,
        choice_priority=changed(
            problem.choice_student, problem.choice_place, problem.choice_priority
        ),
        tail_priority=changed(problem.tail_student, problem.tail_place, problem.tail_priority),
    )


@pytest.mark.parametrize("effort", ["quick", "standard"])
def test_with_a_better_claim_the_place_would_have_taken_the_student(effort: str) -> None:
    """And with a claim no better than the weakest there it would not."""
    asked = 0
    for seed in range(60):
        problem = random_market(random.Random(seed), 7, 4).problem()
        outcome = solve(problem, effort=effort)
        for i, j in itertools.product(range(problem.students), range(problem.places)):
            found = explain(problem, outcome, i, j)
            if Change.BETTER_CLAIM not in found.changes:
                continue
            assert found.cutoff is not None
            for priority, enough in ((found.cutoff - 1, True), (found.cutoff, False)):
                other = with_priority(problem, i, j, priority)
                assert ((i, j) in verify(other, outcome).blocking_pairs) == enough
            asked += 1
    assert asked > 30


def test_with_a_better_draw_the_place_would_have_taken_the_student() -> None:
    asked = 0
    for seed in range(60):
        market = random_market(random.Random(seed), 7, 4)
        problem, names = market.problem(), list(market.choices)
        outcome = quick(problem)
        for i, j in itertools.product(range(problem.students), range(problem.places)):
            if Change.BETTER_DRAW not in explain(problem, outcome, i, j).changes:
                continue
            first = {name: draw + 1 for name, draw in market.lottery.items()} | {names[i]: 0}
            verdict = verify(market.problem(lottery=first), outcome)
            lost = f"{problem.student_name(i)}: lost {problem.place_name(j)} to an equal claim"
            assert any(one.startswith(lost) for one in verdict.problems)
            asked += 1
    assert asked > 10


def test_each_code_has_its_test() -> None:
    """In this file: by its name."""
    text = Path(__file__).read_text()
    assert [one for one in Code if text.count(f"Code.{one.name}") < 1] == []
