"""How fast and how good the solvers are: ``python -m matching.engine bench``.

Machines differ and are shared, so a time alone says little. Each is the processor's time, the
best of several runs, and stands as a ratio to something measured in the same run: one streaming
pass over the choices, one random gather of them, or the time of the exact solver.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from matching.engine.asking import accepted
from matching.engine.checker import verify
from matching.engine.contest import Contest
from matching.engine.cycles import traded
from matching.engine.generating import generate
from matching.engine.outcome import Outcome
from matching.engine.problem import Problem
from matching.engine.solver import solve

PARTS = ("acceptance", "large", "quality", "scale")
# Instances like the published ones: Cooper and Manlove (2018), section 6.
PUBLISHED = 6


def main(argv: Sequence[str]) -> int:
    """Print the figures of the named parts, or of all; 0 when all outcomes were verified."""
    parser = argparse.ArgumentParser(prog="python -m matching.engine bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parts = parser.parse_args(argv).parts or PARTS
    machine = platform.processor() or platform.machine()
    print(f"{machine}, Python {platform.python_version()}, numpy {np.__version__}\n")
    measures = {
        "acceptance": _acceptance,
        "large": _large,
        "quality": _quality,
        "scale": _scale,
    }
    for part in parts:
        for line in measures[part]():
            print(line, flush=True)
        print(flush=True)
    return 0


def _acceptance() -> Iterator[str]:
    """Deferred acceptance beside the cheapest that could be done with as many choices."""
    yield "Deferred acceptance, 50,000 students with 10 choices"
    problem = generate(50_000, 10, seats_per_student=0.9, place_ties=0.5, popularity=0.5, seed=1)
    contest = Contest.of(problem, 1)
    number = problem.place_number
    shuffled = np.random.default_rng(1).permutation(len(contest.place))
    accepted(contest, number)
    asking = best(lambda: accepted(contest, number), 40)
    streaming = best(lambda: contest.place.sum(), 40)
    gather = best(lambda: contest.place[shuffled], 40)
    yield f"  {asking * 1e3:.1f} ms; ÷ streaming pass {asking / streaming:.0f}"
    yield f"  ÷ random gather {asking / gather:.1f}"


def _large() -> Iterator[str]:
    """Acceptance, cycles and the checker on five million choices, and the memory they take."""
    yield "Acceptance, cycles and verify, 500,000 students with 10 choices"
    problem = generate(500_000, 10, seats_per_student=0.9, place_ties=0.5, popularity=0.5, seed=1)
    contest = Contest.of(problem, 1)
    number, _ = problem.place_number, problem.fingerprint
    # Once before, so that no compiler is measured.
    traded(contest, accepted(contest, number))
    before = _peak(reset=True)
    steps = []
    for _ in range(3):
        times = [time.process_time()]
        place = accepted(contest, number)
        times.append(time.process_time())
        place = traded(contest, place)
        times.append(time.process_time())
        outcome = Outcome.of(problem, place, effort="standard", seed=1)
        times.append(time.process_time())
        _require(problem, outcome)
        times.append(time.process_time())
        steps.append(np.diff(times))
    taken = min(steps, key=sum)
    extra = (_peak() - before) / 1e6
    yield (
        f"  {sum(taken):.2f} s: acceptance {taken[0]:.2f}, cycles {taken[1]:.2f}, "
        f"figures {taken[2]:.2f}, verify {taken[3]:.2f}"
    )
    yield f"  extra memory {extra:.0f} MB" if before else "  extra memory: not known on this system"


def _quality() -> Iterator[str]:
    """How near the standard effort comes to the proven optimum on instances like published ones."""
    yield "Standard effort, 400 students with 5 choices, owners, ties on both sides"
    solve(_published(0, 0.2), effort="standard", seed=1)
    for ties in (0.2, 0.5):
        sizes, shares, ranks, times = [0, 0], [], [0, 0], []
        for seed in range(PUBLISHED):
            problem = _published(seed, ties)
            start = time.process_time()
            standard = solve(problem, effort="standard", seed=1)
            times.append(time.process_time() - start)
            exact = solve(problem, effort="exact", seed=1)
            _require(problem, standard)
            _require(problem, exact)
            if exact.placed < exact.bound:
                continue
            sizes = [sizes[0] + standard.placed, sizes[1] + exact.placed]
            shares.append(standard.placed / exact.placed)
            if standard.placed == exact.placed:
                ranks = [ranks[0] + standard.rank_sum, ranks[1] + exact.rank_sum]
        if not shares:
            yield f"  ties {ties}: no optimum was proven"
            continue
        yield (
            f"  ties {ties}: {100 * sizes[0] / sizes[1]:.2f} % of the optimum in all, "
            f"{100 * min(shares):.2f} % at worst; {len(shares)} of {PUBLISHED} proven"
        )
        yield (
            f"    rank sum at equal size {100 * (ranks[0] / max(1, ranks[1]) - 1):.2f} % above; "
            f"{np.median(times):.2f} s each"
        )


def _scale() -> Iterator[str]:
    """The standard effort on larger instances, as share of the maximum flow."""
    yield "Standard effort on larger instances, 5 choices, ties on both sides"
    for students, owners in ((5_000, 0), (5_000, 1_000), (50_000, 0)):
        problem = generate(
            students, 5, owners=owners, ties=0.2, place_ties=0.2, regions=students // 2_500, seed=1
        )
        for effort in ("quick", "standard"):
            start = time.process_time()
            outcome = solve(problem, effort=effort, seed=1)
            taken = time.process_time() - start
            _require(problem, outcome)
            yield (
                f"  {students:,} students, {owners:,} owners, {effort}: {outcome.placed:,} placed "
                f"(flow {outcome.bound:,}), rank sum {outcome.rank_sum:,}, {taken:.2f} s"
            )


def _published(seed: int, ties: float) -> Problem:
    return generate(400, 5, owners=80, ties=ties, place_ties=ties, seed=seed)


def best(work: Callable[[], object], runs: int) -> float:
    """The shortest processor time of several runs, in seconds: the least disturbed one."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def _require(problem: Problem, outcome: Outcome) -> None:
    if not verify(problem, outcome).ok:
        sys.exit("the outcome is wrong, so its figures mean nothing")


def _peak(*, reset: bool = False) -> int:
    """The most memory so far, in bytes, or since the last reset; 0 where Linux does not say."""
    status, clear = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not status.exists():
        return 0
    if reset:
        clear.write_text("5")
    line = next(one for one in status.read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
