"""Why, why not, and why nothing: each code in the situation that it is for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

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
)
from tests.engine.instances import Instance, instances, many
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


def asked(student: str, place: str, **more: Any) -> dict[str, Any]:
    found = explain(PROBLEM, solve(PROBLEM), STUDENT[student], PLACE[place], **more)
    return found.__dict__


def test_the_outcome_is_what_the_others_explain() -> None:
    assert solve(PROBLEM).place.tolist() == [0, 0, -1, -1, 1, 3, -1]


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
    outcome = solve(problem)
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
        explain(PROBLEM, solve(PROBLEM), *pair)


def test_unplaced_because_all_is_full() -> None:
    found = unplaced_reason(PROBLEM, solve(PROBLEM), STUDENT["c"])
    assert found.code is UnplacedCode.ALL_FULL
    assert [one.code for one in found.choices] == [Code.FULL_BETTER_CLAIMS, Code.NO_OPENINGS]
    assert [one.place for one in found.choices] == [PLACE["p"], PLACE["r"]]


def test_unplaced_because_nothing_was_ranked() -> None:
    found = unplaced_reason(PROBLEM, solve(PROBLEM), STUDENT["f"])
    assert (found.code, found.choices) == (UnplacedCode.EMPTY_LIST, ())


def test_unplaced_because_no_choice_is_eligible() -> None:
    struck = {PLACE["p"]: (Rule.PERIOD,), PLACE["t"]: (Rule.LEVEL, Rule.DAYS)}
    found = unplaced_reason(PROBLEM, solve(PROBLEM), STUDENT["f"], struck=struck)
    assert found.code is UnplacedCode.NO_ELIGIBLE_CHOICE
    assert [one.rules for one in found.choices] == [(Rule.PERIOD,), (Rule.LEVEL, Rule.DAYS)]
    assert {one.code for one in found.choices} == {Code.NOT_ELIGIBLE}


def test_unplaced_with_full_and_struck_choices_names_both() -> None:
    struck = {PLACE["t"]: (Rule.DISTANCE,)}
    found = unplaced_reason(PROBLEM, solve(PROBLEM), STUDENT["b"], struck=struck)
    assert found.code is UnplacedCode.ALL_FULL
    assert [one.code for one in found.choices] == [Code.FULL_LOTTERY, Code.NOT_ELIGIBLE]


def test_whoever_has_a_place_is_not_unplaced() -> None:
    with pytest.raises(ValueError, match="student a has a place"):
        unplaced_reason(PROBLEM, solve(PROBLEM), STUDENT["a"])


@many
@given(instances())
def test_every_pair_has_a_true_explanation(instance: Instance) -> None:
    tastes, problem = Tastes(instance), instance.problem()
    outcome = solve(problem)
    standing = standings(problem, outcome)
    who, where = list(instance.choices), list(instance.capacity)
    sits = {s: where[p] if p >= 0 else None for s, p in zip(who, outcome.place, strict=True)}
    for i, student in enumerate(who):
        for j, place in enumerate(where):
            found = explain(problem, outcome, i, j, standing=standing)
            assert found == explain(problem, outcome, i, j)
            there = [s for s in who if sits[s] == place]
            wishing = [
                s
                for s in who
                if (s, place) in tastes.rank
                and (
                    sits[s] in (None, place) or tastes.rank[s, place] < tastes.rank[s, sits[s]]  # type: ignore[index]
                )
            ]
            assert found.taken == len(there)
            assert found.rivals == len([s for s in wishing if s != student])
            full = 0 < instance.capacity[place] == len(there)
            worst = max((tastes.priority[s, place] for s in there), default=None)
            assert found.cutoff == (worst if full else None)
            last = [s for s in wishing if tastes.priority[s, place] == worst]
            assert found.drawn_claims == len(last)
            assert found.drawn_seats == len(set(last) & set(there))
            if found.code is Code.PLACED_HERE:
                assert student in there
            elif found.code is Code.FULL_LOTTERY:
                losers = [s for s in there if tastes.priority[s, place] == worst]
                draws = [instance.lottery[s] for s in losers]
                assert full
                assert student in set(wishing) - set(there)
                assert tastes.priority[student, place] == worst
                assert max(draws) < instance.lottery[student]
                assert found.drawn_claims > found.drawn_seats == len(losers)
            elif found.code is Code.FULL_BETTER_CLAIMS:
                assert full
                assert worst is not None
                assert student in wishing
                assert tastes.priority[student, place] > worst
            elif found.code is Code.NO_OPENINGS:
                assert instance.capacity[place] == 0
                assert student in wishing
            elif found.code is Code.PREFERRED_ANOTHER:
                own = sits[student]
                assert own is not None
                assert tastes.rank[student, own] <= tastes.rank[student, place]
            else:
                assert found.code is Code.NOT_RANKED
                assert (student, place) not in tastes.rank
