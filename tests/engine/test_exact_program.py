"""The exact effort against another method: a plain integer program, out of the definitions.

Brute force reaches a handful of students; here are schools of 20 to 60.
"""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest

from matching.engine.contest import Contest
from matching.engine.exact import certificate, certified
from matching.engine.formats.writing import problem_as_json
from matching.engine.generating import generate
from matching.engine.teams import accepted_with_teams
from tests.engine import oracle_program
from tests.engine.exactly import ask_here
from tests.engine.instances import Instance, random_market
from tests.engine.oracle import Tastes

SCHOOLS: dict[str, dict[str, Any]] = {
    "plain": {"students": 40, "ties": 0.3, "place_ties": 0.5},
    "strict students": {"students": 60, "place_ties": 0.6},
    "owners": {"students": 40, "ties": 0.2, "place_ties": 0.5, "owners": 7},
    "few seats": {"students": 50, "place_ties": 0.5, "owners": 9, "seats_per_student": 0.7},
    "teams": {"students": 24, "place_ties": 0.5, "minimums": 0.6},
    "teams of owners": {"students": 24, "place_ties": 0.5, "owners": 5, "minimums": 0.6},
    "tails": {"students": 30, "choices": 2, "place_ties": 0.6, "tail": 3},
    "all": {
        "students": 20,
        "ties": 0.3,
        "place_ties": 0.5,
        "owners": 4,
        "minimums": 0.4,
        "tail": 2,
    },
}


def school(name: str, seed: int) -> Instance:
    """The instance in words; in every other one somebody is pinned, who may be on no list there."""
    parameters: dict[str, Any] = {"choices": 4, "popularity": 0.8, **SCHOOLS[name]}
    problem = generate(**parameters, seed=seed, ids=True)
    written = json.loads(problem_as_json(problem))
    students, places = written["students"], written["places"]
    owners = written.get("owners", [])
    free = next(p for p in places if p["capacity"] > 1 and not p.get("minimum"))
    return Instance(
        choices={one["id"]: one["choices"] for one in students},
        capacity={one["id"]: one["capacity"] for one in places},
        rankings={one["id"]: one["ranking"] for one in (*places, *owners) if "ranking" in one},
        minimum={one["id"]: least for one in places if (least := one.get("minimum"))},
        lottery={one["id"]: draw for draw, one in enumerate(students)},
        owners={one["id"]: one["owner"] for one in places if "owner" in one},
        owner_capacity={one["id"]: one["capacity"] for one in owners},
        tails={one["id"]: one["tail"] for one in students if "tail" in one},
        pins=[(students[seed]["id"], free["id"])] if seed % 2 else [],
    )


def proven(instance: Instance) -> tuple[int, int]:
    """What the exact effort proves: students placed who are not pinned, and the sum of ranks."""
    problem = instance.problem()
    contest = Contest.of(problem, None)
    found = certified(contest, accepted_with_teams(contest, problem.place_number)[0])
    assert found.proven
    assert found.rank_sum_proven
    taken = found.place[contest.student] == contest.place
    assert found.rank_sum_bound == contest.rank[taken].sum()
    return int(np.count_nonzero(found.place >= 0)), int(found.rank_sum_bound)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", SCHOOLS)
def test_both_find_the_same_optimum(name: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificate, "ask", lambda question, progress: ask_here(question))
    instance = school(name, seed)
    assert proven(instance) == oracle_program.best(instance)


def tiny() -> list[Instance]:
    """Instances for brute force, without teams in which pinned students may miss others."""
    several = []
    for seed in range(100):
        market = random_market(random.Random(seed), 7, 4)
        pinned = dict(market.pins).values()
        least = {place: n for place, n in market.minimum.items() if place not in pinned}
        several.append(market.but(minimum=least))
    return several


def by_force(instance: Instance) -> tuple[int, int]:
    tastes = Tastes(instance)
    everybody = len(instance.choices) - len(tastes.pinned)
    _, unplaced, ranks, _ = min(map(tastes.worth, tastes.stable(strict=False)))
    return everybody - unplaced, ranks


def test_the_program_itself_agrees_with_brute_force() -> None:
    """And would not without stability: neither here nor in a school."""
    idle = 0
    for instance in tiny():
        forced = by_force(instance)
        assert oracle_program.best(instance) == forced
        idle += oracle_program.best(instance, stable=False) == forced
    assert idle < 95
    crowded = school("few seats", 0)
    assert oracle_program.best(crowded, stable=False) != oracle_program.best(crowded)
