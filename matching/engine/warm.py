"""Compile every kernel once, so that the first round after an installation does not wait.

    python -m matching.engine.warm

What was compiled is kept beside the modules, or where ``NUMBA_CACHE_DIR`` says, and is read again
by every later process. Without numba there is nothing to compile.
"""

from __future__ import annotations

import numpy as np

from matching.engine.bottlenecks import bottlenecks
from matching.engine.generating import generate
from matching.engine.jit import COMPILED
from matching.engine.market import CREBO_UNKNOWN, LEVELS, NO_EARMARK, Offers, Students
from matching.engine.nearby.search import best_candidates
from matching.engine.outcome import Outcome
from matching.engine.problem import Problem
from matching.engine.scores import Criterion
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


def small_market() -> tuple[Students, Offers]:
    """Two students and two offers in one town."""
    two = {
        "start": np.zeros(2, np.int32),
        "end": np.full(2, 139, np.int32),
        "lat": np.array([52.51, 52.52]),
        "lon": np.array([6.09, 6.08]),
        "skills": np.array([[True, False], [False, True]]),
    }
    students = Students(
        level=np.full(2, 4, np.int8),
        programme=np.array([70, 30], np.int32),
        crebo=np.array([25_000, CREBO_UNKNOWN], np.int32),
        school=np.ones(2, np.int32),
        min_weeks=np.full(2, 10, np.int16),
        days=np.full(2, 4, np.int8),
        max_km=np.full(2, 20.0),
        wants=two["skills"][::-1].copy(),
        **two,
    )
    offers = Offers(
        levels=np.ones((2, LEVELS), np.bool_),
        programmes=np.array([[True], [False]]),
        programme_ids=np.array([70], np.int32),
        any_programme=np.array([False, True]),
        accredited=np.array([[True], [False]]),
        crebo_codes=np.array([25_000], np.int32),
        accreditation_confirmed=np.array([False, True]),
        days_min=np.full(2, 3, np.int8),
        days_max=np.full(2, 5, np.int8),
        capacity=np.ones(2, np.int32),
        minimum=np.zeros(2, np.int32),
        earmark=np.full(2, NO_EARMARK, np.int32),
        whole_period=np.zeros(2, np.bool_),
        **two,
    )
    return students, offers


def warm(efforts: tuple[str, ...] = EFFORTS) -> list[Outcome]:
    """Solve a small problem with each effort, look for bottlenecks before and after, and for the
    best offers of a small market. Places that own themselves have a kernel of their own."""
    problem = small_problem()
    best_candidates(*small_market(), k=1, weights=dict.fromkeys(Criterion, 1.0))
    solve(small_problem(owners=0), effort="quick", seed=1)
    bottlenecks(problem)
    outcomes = [solve(problem, effort=effort, seed=1) for effort in efforts]
    everybody = np.ones((1, problem.students), dtype=np.bool_)
    bottlenecks(problem, outcomes[-1]).gain_of_kind(everybody)
    return outcomes


def main() -> None:
    """Do so where there is a compiler."""
    if COMPILED:
        warm()


if __name__ == "__main__":
    main()
