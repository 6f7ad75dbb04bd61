"""How fast and how good the solvers are: ``python -m matching.engine bench``.

Machines differ and are shared, so a time alone says little. Each is the processor's time, the
best of several runs, and stands as a ratio to something measured in the same run: one streaming
pass over the choices, one random gather of them, or the exact effort. Beside it stands the target.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
# Instances like the published ones: Cooper and Manlove (2018), section 6: per kind so many, of so
# many students. Ties are as likely on both sides.
PUBLISHED, STUDENTS = 8, 450
KINDS = tuple(
    (title, ties, kind)
    for title, kind in (
        ("as many seats as students", {"places": 225, "owners": 90}),
        (
            "1.4 seats per student",
            {"places": 270, "owners": 180, "seats_per_student": 1.4, "popularity": 0.4},
        ),
    )
    for ties in (0.2, 0.5)
)


@dataclass(frozen=True)
class Target:
    """What a figure should at least be, or at most."""

    limit: float
    at_least: bool = False
    unit: str = ""

    def beside(self, figure: float, digits: int = 0) -> str:
        """The figure, the target, and whether the one reaches the other."""
        reached = figure >= self.limit if self.at_least else figure <= self.limit
        return (
            f"{figure:.{digits}f}{self.unit} (to reach: {'≥' if self.at_least else '≤'} "
            f"{self.limit:g}{self.unit}; {'reached' if reached else 'not reached'})"
        )


STREAMING, GATHER = Target(60), Target(10)
LARGE_SECONDS, LARGE_MEMORY = Target(0.5, unit=" s"), Target(100, unit=" MB")
IN_ALL, AT_WORST = Target(99.95, at_least=True, unit=" %"), Target(99.75, at_least=True, unit=" %")
RANKS, SECONDS_EACH = Target(1, unit=" %"), Target(0.1, unit=" s")
SHARE = Target(99.95, at_least=True, unit=" %")


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
    yield f"  {asking * 1e3:.1f} ms"
    yield f"  ÷ streaming pass {STREAMING.beside(asking / streaming)}"
    yield f"  ÷ random gather {GATHER.beside(asking / gather, 1)}"


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
    yield f"  {LARGE_SECONDS.beside(sum(taken), 2)}"
    yield (
        f"    acceptance {taken[0]:.2f}, cycles {taken[1]:.2f}, figures {taken[2]:.2f}, "
        f"verify {taken[3]:.2f}"
    )
    known = LARGE_MEMORY.beside(extra) if before else "not known on this system"
    yield f"  extra memory {known}"


def _quality() -> Iterator[str]:
    """How near the standard effort comes to the proven optimum on instances like published ones."""
    yield f"Standard effort, {STUDENTS} students with 5 choices, owners, ties on both sides"
    trials = []
    for title, ties, kind in KINDS:
        own = [_trial(seed, ties, kind) for seed in range(PUBLISHED)]
        yield f"  {title}, ties {ties}: {_sizes(own)[0]:.2f} %, rank sum {_ranks(own):+.2f} %"
        trials += own
    in_all, at_worst = _sizes(trials)
    yield f"  of the optimum, in all {IN_ALL.beside(in_all, 2)}"
    yield f"  of the optimum, at worst {AT_WORST.beside(at_worst, 2)}"
    yield f"  rank sum at equal size, above the optimum {RANKS.beside(_ranks(trials), 2)}"
    seconds = float(np.median([trial.seconds for trial in trials]))
    yield f"  each {SECONDS_EACH.beside(seconds, 2)}"
    proven = sum(trial.exact.placed == trial.exact.bound for trial in trials)
    yield f"  proven: {proven} of {len(trials)}; of the others the bound counts as the optimum"


@dataclass(frozen=True)
class _Trial:
    """One instance: what the standard effort found, in what time, and the exact effort."""

    standard: Outcome
    seconds: float
    exact: Outcome


def _trial(seed: int, ties: float, kind: Mapping[str, Any]) -> _Trial:
    problem = generate(STUDENTS, 5, ties=ties, place_ties=ties, seed=seed, **kind)
    if seed == 0:
        # Once before, so that no compiler is measured.
        solve(problem, effort="standard", seed=1)
    start = time.process_time()
    standard = solve(problem, effort="standard", seed=1)
    seconds = time.process_time() - start
    exact = solve(problem, effort="exact", seed=1)
    _require(problem, standard)
    _require(problem, exact)
    return _Trial(standard, seconds, exact)


def _sizes(trials: Sequence[_Trial]) -> tuple[float, float]:
    """How much of the optimum is placed, in per cent: in all, and at worst."""
    placed = [trial.standard.placed for trial in trials]
    optimum = [trial.exact.bound for trial in trials]
    worst = min(one / other for one, other in zip(placed, optimum, strict=True))
    return 100 * sum(placed) / sum(optimum), 100 * worst


def _ranks(trials: Sequence[_Trial]) -> float:
    """By how much the sum of ranks exceeds the exact one, in per cent, where both place as many."""
    equal = [trial for trial in trials if trial.standard.placed == trial.exact.placed]
    ours = sum(trial.standard.rank_sum for trial in equal)
    return 100 * (ours / max(1, sum(trial.exact.rank_sum for trial in equal)) - 1)


def _scale() -> Iterator[str]:
    """The efforts on larger instances, beside the proven optimum where there is one."""
    yield "Larger instances, 5 choices, ties on both sides"
    for students, owners, ties in (
        (5_000, 0, 0.2),
        (5_000, 1_000, 0.2),
        (5_000, 1_000, 0.5),
        (50_000, 0, 0.2),
    ):
        yield f"  {students:,} students, {owners:,} owners, ties {ties}"
        problem = generate(
            students,
            5,
            owners=owners,
            ties=ties,
            place_ties=ties,
            regions=students // 2_500,
            seed=1,
        )
        # The exact effort takes minutes where there are many.
        small = students <= 5_000
        found = {
            effort: _timed(problem, effort)
            for effort in ("quick", "standard", "exact")[: 3 if small else 2]
        }
        for effort, (outcome, seconds) in found.items():
            yield (
                f"    {effort}: {outcome.placed:,} placed, at most {outcome.bound:,}, "
                f"rank sum {outcome.rank_sum:,}, {seconds:.2f} s"
            )
        if small:
            share = 100 * found["standard"][0].placed / found["exact"][0].bound
            yield f"    standard, of the optimum {SHARE.beside(share, 2)}"


def _timed(problem: Problem, effort: str) -> tuple[Outcome, float]:
    """An outcome, and the processor's seconds, those of the exact solver's process too."""
    start = _seconds()
    outcome = solve(problem, effort=effort, seed=1)
    taken = _seconds() - start
    _require(problem, outcome)
    return outcome, taken


def _seconds() -> float:
    """The processor's time of this process and of those that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


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
