"""Compile every kernel once, so that the first round after an installation does not wait.

    python -m matching.engine.warm

What was compiled is kept beside the modules, or where ``NUMBA_CACHE_DIR`` says, and is read again
by every later process. Without numba there is nothing to compile.
"""

from __future__ import annotations

from matching.engine.bottlenecks import bottlenecks
from matching.engine.generating import generate
from matching.engine.jit import COMPILED
from matching.engine.outcome import Outcome
from matching.engine.problem import Problem
from matching.engine.solver import EFFORTS, solve


def small_problem(owners: int = 6) -> Problem:
    """An instance with all that a problem can hold, and more students than seats."""
    return generate(
        40,
        4,
        ties=0.3,
        place_ties=0.6,
        owners=owners,
        minimums=0.5,
        seats_per_student=0.9,
        tail=3,
        seed=1,
        ids=True,
    )


def warm(efforts: tuple[str, ...] = EFFORTS) -> list[Outcome]:
    """Look for the bottlenecks of a small problem, and solve it with each effort. Places that own
    themselves have a kernel of their own."""
    problem = small_problem()
    bottlenecks(problem)
    solve(small_problem(owners=0), effort="quick", seed=1)
    return [solve(problem, effort=effort, seed=1) for effort in efforts]


def main() -> None:
    """Do so where there is a compiler."""
    if COMPILED:
        warm()


if __name__ == "__main__":
    main()
