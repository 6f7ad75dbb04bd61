"""How fast the engine is, on generated instances: ``python -m bench.engine``.

Machines differ and are shared, so a time says little by itself. Each is given as a ratio too: to
one streaming pass over the same choices (a sum over the five numbers that each choice has to be
read for), measured in the same run. The best of several runs counts.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable

import numpy as np

from matching.engine import Criterion, Offers, Problem, Students, candidates, solve, verify
from matching.engine.acceptance import asking_order, claim_strength, deferred_acceptance

SIZES = ((2_000, 10), (10_000, 10), (50_000, 10))


def generated(n: int, choices: int, seed: int = 1) -> Problem:
    """n students with ``choices`` choices each, n / 4 places, seats for nine in ten students."""
    rng = np.random.default_rng(seed)
    m = n // 4
    # A choice falls on a popular place (low index) more often; twice the same is drawn again.
    place = (m * rng.random((n, choices)) ** 1.5).astype(np.int32)
    while True:
        ordered = np.sort(place, axis=1)
        twice = (ordered[:, 1:] == ordered[:, :-1]).any(axis=1)
        if not twice.any():
            break
        place[twice] = (m * rng.random((int(twice.sum()), choices)) ** 1.5).astype(np.int32)
    return Problem(
        choice_start=np.arange(n + 1, dtype=np.int64) * choices,
        choice_place=place.ravel(),
        choice_rank=np.tile(np.arange(1, choices + 1, dtype=np.int32), n),
        choice_priority=rng.integers(0, 20, n * choices).astype(np.int32),
        capacity=rng.multinomial(int(0.9 * n), np.full(m, 1 / m)).astype(np.int32),
        minimum=np.zeros(m, dtype=np.int32),
        lottery=rng.permutation(n).astype(np.uint64),
    )


def crowd(n: int, m: int, seed: int = 1) -> tuple[Students, Offers]:
    """Students and offers all over one region, of four programmes, with 30 skills."""
    rng = np.random.default_rng(seed)
    students = Students(
        level=rng.choice([2, 3, 4, 6], n).astype(np.int8),
        programme=rng.integers(0, 4, n).astype(np.int32),
        crebo=rng.integers(-1, 4, n).astype(np.int32),
        school=rng.integers(0, 5, n).astype(np.int32),
        start=rng.integers(0, 30, n).astype(np.int32),
        end=rng.integers(150, 200, n).astype(np.int32),
        min_weeks=np.full(n, 16, np.int16),
        days=rng.integers(2, 6, n).astype(np.int8),
        lat=rng.uniform(52.2, 52.8, n),
        lon=rng.uniform(5.8, 6.6, n),
        max_km=rng.uniform(10, 40, n),
        skills=rng.random((n, 30)) < 0.2,
        wants=rng.random((n, 30)) < 0.1,
    )
    offers = Offers(
        levels=rng.random((m, 7)) < 0.6,
        programmes=rng.random((m, 4)) < 0.5,
        programme_ids=np.arange(4, dtype=np.int32),
        any_programme=np.zeros(m, np.bool_),
        accredited=rng.random((m, 3)) < 0.7,
        crebo_codes=np.arange(1, 4, dtype=np.int32),
        accreditation_confirmed=np.zeros(m, np.bool_),
        start=rng.integers(0, 30, m).astype(np.int32),
        end=rng.integers(150, 200, m).astype(np.int32),
        days_min=np.full(m, 3, np.int8),
        days_max=np.full(m, 5, np.int8),
        lat=rng.uniform(52.2, 52.8, m),
        lon=rng.uniform(5.8, 6.6, m),
        capacity=rng.integers(1, 4, m).astype(np.int32),
        minimum=np.zeros(m, np.int32),
        earmark=np.full(m, -1, np.int32),
        whole_period=np.zeros(m, np.bool_),
        skills=rng.random((m, 30)) < 0.15,
    )
    return students, offers


def streaming_pass(problem: Problem) -> None:
    """Reads per choice the five numbers that deferred acceptance has to look at."""
    problem.choice_place.sum()
    problem.choice_rank.sum()
    problem.choice_priority.sum()
    problem.choice_student.sum()
    problem.lottery[problem.choice_student].sum()


def best(work: Callable[[], object], runs: int) -> float:
    """The shortest of several runs, in seconds: the one that was disturbed least."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    machine = platform.processor() or platform.machine()
    print(f"{machine}, Python {platform.python_version()}, numpy {np.__version__}\n")
    print(f"{'students × choices':>20} {'step':<22} {'seconds':>9} {'÷ streaming pass':>17}")
    for n, choices in SIZES:
        problem = generated(n, choices)
        problem.choice_student, problem.place_number, problem.fingerprint  # noqa: B018
        outcome = solve(problem)
        if not verify(problem, outcome).ok:
            raise SystemExit("the outcome is wrong, so its time means nothing")
        reference = best(lambda: streaming_pass(problem), 20)  # noqa: B023
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("sorting", lambda: (asking_order(problem), claim_strength(problem))),  # noqa: B023
            ("deferred acceptance", lambda: deferred_acceptance(problem)),  # noqa: B023
            ("solve", lambda: solve(problem)),  # noqa: B023
            ("verify", lambda: verify(problem, outcome)),  # noqa: B023
        )
        for name, work in steps:
            seconds = best(work, 5)
            print(
                f"{f'{n:,} × {choices}':>20} {name:<22} {seconds:9.4f} {seconds / reference:17.0f}"
            )
    students, offers = crowd(2_000, 500)
    weights = dict.fromkeys(Criterion, 1.0)
    seconds = best(lambda: candidates(students, offers, weights=weights), 3)
    print(f"\ncandidates, 2,000 × 500, dense: {seconds:.3f} s")


if __name__ == "__main__":
    main()
