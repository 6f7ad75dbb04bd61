"""How fast the bound and the bottlenecks are found: ``python -m bench.bottlenecks``.

Each time is given as a ratio too, measured in the same run: to one streaming pass over the rows,
and to scipy's maximum flow on the same network. What the gains at all places cost is compared with
the way without them: the same maximum flow from scratch for each place and number of openings.
The best of several runs counts; the instances are scarce in different ways.
"""

from __future__ import annotations

import platform
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from matching.engine import Problem
from matching.engine.arrays import Int32
from matching.engine.bottlenecks import bottlenecks
from matching.engine.contest import Contest
from matching.engine.flow import largest_assignment, maximise, network_of
from matching.engine.generating import generate
from matching.engine.openings import competition, useful_openings

OPENINGS = 3
# Students, choices, seats per student, owners per place. scipy is tried up to the second size.
INSTANCES = (
    (5_000, 5, 1.0, 0.3),
    (50_000, 10, 0.9, 0.0),
    (50_000, 3, 1.2, 0.3),
    (500_000, 10, 0.9, 0.0),
    (500_000, 5, 1.2, 0.3),
)
LARGEST_FOR_SCIPY = 50_000
KINDS = 20


def _graph(contest: Contest) -> tuple[csr_array, int, int]:
    n, m, owners = contest.students, contest.places, len(contest.owner_capacity)
    source, sink = n + m + owners, n + m + owners + 1
    inner = np.concatenate([np.arange(n), n + contest.place, n + m + contest.owner])
    head = np.concatenate([inner, np.full(owners, sink)])
    outer = np.concatenate([np.full(n, source), contest.student, n + np.arange(m)])
    tail = np.concatenate([outer, n + m + np.arange(owners)])
    ones = np.ones(n + len(contest.place), dtype=np.int32)
    size = np.concatenate([ones, contest.capacity, contest.owner_capacity])
    return csr_array((size, (tail, head)), shape=(sink + 1, sink + 1)), source, sink


def gains(contest: Contest, largest: Int32) -> Int32:
    """The gains at all places, from a largest assignment."""
    network = network_of(contest, largest)
    limit = np.full(contest.places, OPENINGS, dtype=np.int32)
    return useful_openings(network, *competition(network), limit)


def measure(problem: Problem) -> None:
    contest = Contest.of(problem, None)
    largest = largest_assignment(contest)
    found = bottlenecks(problem, openings=OPENINGS)
    print(
        f"\n{contest.students:,} students, {len(contest.place):,} rows, {contest.places:,} places, "
        f"{problem.owners:,} owners:\n  unplaced: {np.count_nonzero(largest < 0):,}, "
        f"crowds: {len(found.crowds):,}, places where an opening is of use: "
        f"{np.count_nonzero(found.gain[:, 0]):,}"
    )
    kinds = np.random.default_rng(1).random((KINDS, contest.students)) < 0.01
    pass_over = best(lambda: (contest.start.sum(), contest.place.sum()), 10)
    flow = best(lambda: maximise(network_of(contest)), 3)
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("largest assignment", lambda: largest_assignment(contest)),
        ("bottlenecks, all of it", lambda: bottlenecks(problem, openings=OPENINGS)),
        ("gains at all places", lambda: gains(contest, largest)),
        (f"gains of {KINDS} kinds", lambda: found.gain_of_kind(kinds)),
    )
    for name, work in steps:
        seconds = best(work, 3)
        line = f"  {name:<24} {seconds:8.3f} s {seconds / pass_over:8.0f} × a pass"
        if name.startswith("gains at"):
            from_scratch = flow * contest.places * OPENINGS
            line += f", {from_scratch / seconds:,.0f} × faster than flows from scratch"
        print(line)
    tracemalloc.start()
    largest_assignment(contest)
    print(f"  memory of the largest assignment: {tracemalloc.get_traced_memory()[1] / 1e6:.0f} MB")
    tracemalloc.stop()
    if contest.students <= LARGEST_FOR_SCIPY:
        graph = _graph(contest)
        if maximum_flow(*graph).flow_value != np.count_nonzero(largest >= 0):
            raise SystemExit("another maximum flow is larger, so the times mean nothing")
        seconds = best(lambda: maximum_flow(*graph), 3)
        print(f"  scipy's maximum flow {seconds:.3f} s: {seconds / flow:.1f} × as long")


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
    print(f"{machine}, Python {platform.python_version()}, numpy {np.__version__}")
    for students, choices, seats_per_student, owners in INSTANCES:
        measure(
            generate(
                students,
                choices,
                students // 4,
                seats_per_student=seats_per_student,
                owners=int(owners * students / 4),
            )
        )


if __name__ == "__main__":
    main()
