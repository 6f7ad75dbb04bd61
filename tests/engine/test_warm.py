"""After warming, nothing is left to compile for a round."""

import subprocess
import sys
from pathlib import Path

import pytest

from matching.engine import verify
from matching.engine.jit import COMPILED
from matching.engine.warm import small_problem, warm

ROOT = Path(__file__).parents[2]

# What is compiled for which types, before and after a larger problem is solved.
COUNT = """
import sys
from matching.engine import solve
from matching.engine.bottlenecks import bottlenecks
from matching.engine.generating import generate
from matching.engine.warm import warm

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
bottlenecks(larger, outcome)
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
    assert compiled_late("") != []


def test_the_small_problem_has_all_that_a_problem_can_hold() -> None:
    problem = small_problem()
    outcomes = warm(("quick", "standard"))
    assert all(verify(problem, outcome).ok for outcome in outcomes)
    assert problem.owners
    assert len(problem.tail_place)
    assert problem.minimum.any()
    assert 0 < outcomes[0].placed < problem.students
    assert outcomes[0].closed
