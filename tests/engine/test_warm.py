"""After warming, nothing is left to compile for a round."""

import subprocess
import sys
from pathlib import Path

import pytest

from matching.engine import candidates, verify
from matching.engine.jit import COMPILED
from matching.engine.scores import Criterion
from matching.engine.warm import small_market, small_problem, warm

ROOT = Path(__file__).parents[2]

# What is compiled for which types, before and after a larger problem is solved.
COUNT = """
import sys

import numpy as np

from matching.engine import solve
from matching.engine.bottlenecks import bottlenecks
from matching.engine.generating import generate
from matching.engine.nearby.search import best_candidates
from matching.engine.scores import Criterion
from matching.engine.warm import warm
from tests.engine.instances import random_offers, random_students

def compiled():
    return {{
        (name, key, str(one))
        for name, module in list(sys.modules.items()) if name.startswith("matching.engine.")
        for key, kernel in vars(module).items() if hasattr(kernel, "signatures")
        for one in kernel.signatures
    }}

{warming}
before = compiled()
solve(generate(300, 5, seed=7), effort="quick")
larger = generate(300, 5, ties=0.2, place_ties=0.5, owners=30, minimums=0.3, tail=5, seed=7)
for effort in ("quick", "standard"):
    outcome = solve(larger, effort=effort)
kinds = np.random.default_rng(7).random((5, 300)) < 0.3
for found in (bottlenecks(larger), bottlenecks(larger, outcome)):
    found.gain_of_kind(kinds)
    found.gain_of_kind((np.array([0, 2, 3]), np.array([1, 5, 1], np.int32)))
rng = np.random.default_rng(7)
weights = dict.fromkeys(Criterion, 1.0)
best_candidates(random_students(rng, 50), random_offers(rng, 40), k=3, weights=weights)
print(*sorted(".".join(one[:2]) for one in compiled() - before))
"""


def compiled_late(warming: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", COUNT.format(warming=warming)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif(not COMPILED, reason="without numba there is nothing to compile")
def test_nothing_is_left_to_compile() -> None:
    assert compiled_late('warm(("quick", "standard"))') == []


@pytest.mark.skipif(not COMPILED, reason="without numba there is nothing to compile")
def test_what_was_left_would_be_found() -> None:
    late = {module.removeprefix("matching.engine.") for module in compiled_late("")}
    assert {"search.anneal", "nearby.walk.walk", "openings._try_openings"} <= late


def test_the_small_market_has_a_pair_that_fits_and_one_that_does_not() -> None:
    found = candidates(*small_market(), weights=dict.fromkeys(Criterion, 1.0))
    assert found.eligible.any()
    assert not found.eligible.all()


def test_the_small_problem_has_all_that_a_problem_can_hold() -> None:
    problem = small_problem()
    outcomes = warm(("quick", "standard"))
    assert all(verify(problem, outcome).ok for outcome in outcomes)
    assert problem.owners
    assert len(problem.tail_place)
    assert problem.minimum.any()
    assert 0 < outcomes[0].placed < problem.students
    assert outcomes[0].closed
