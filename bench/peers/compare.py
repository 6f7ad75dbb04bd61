"""The engine beside other packages: ``python -m bench.peers.compare matching PYTHON``.

PYTHON is the interpreter of an environment in which the other package is installed, because
`matching` has the name of our room, and OR-tools and HiGHS cannot be loaded side by side:

    python3.11 -m venv .data/peer
    .data/peer/bin/pip install matching        # 1.4.3; or ortools 9.15, or algmatch 1.5.2
    .venv/bin/python -m bench.peers.compare matching .data/peer/bin/python

`algmatch` brings `gurobipy`, which is not free software; what is compared here never calls it, yet
it is the reason that `algmatch` is no dependency of the tests.

Both get the same instance, and count the processor's time from what they naturally begin with
(arrays here, dictionaries or arcs there) until they have an assignment. Starting Python, reading
files and compiling are left out on either side. The best of several runs counts.
"""

from __future__ import annotations

import argparse
import platform
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from matching.engine import Outcome, Problem, solve, verify
from matching.engine.arrays import Int32
from matching.engine.asking import accepted
from matching.engine.benching import best
from matching.engine.contest import Contest
from matching.engine.generating import generate

HERE = Path(__file__).parent
RUNS = 30
AGREED = 200
LEAST_FASTER = {"matching": 5_000, "ortools": 150}


def main() -> None:
    """Compare with one package."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", choices=COMPARISONS)
    parser.add_argument("python", help="the interpreter that has the package")
    asked = parser.parse_args()
    machine = platform.processor() or platform.machine()
    print(f"{machine}, Python {platform.python_version()}, numpy {np.__version__}\n")
    COMPARISONS[asked.package](asked.python)


def with_matching(python: str) -> None:
    """`HospitalResident` of `matching`, without ties, which it does not know."""
    problem = generate(5_000, 10, seats_per_student=0.9, popularity=0.5, seed=1)
    print("matching: 5,000 students with 10 choices, no ties")
    seconds, place = theirs("with_matching", python, problem)
    ours = measured(problem, seconds, least=LEAST_FASTER["matching"])
    print(f"  it agrees for {np.count_nonzero(place == ours):,} of {problem.students:,} students")


def with_ortools(python: str) -> None:
    """The cheapest flow that places as many as deferred acceptance: better ranks, not stable."""
    problem = generate(50_000, 10, seats_per_student=0.9, place_ties=0.5, popularity=0.5, seed=1)
    print("OR-tools, minimum-cost flow: 50,000 students with 10 choices")
    placed = solve(problem, effort="quick", seed=1).placed
    seconds, place = theirs("with_ortools", python, problem, placed=placed)
    measured(problem, seconds, least=LEAST_FASTER["ortools"])
    quality("flow", problem, place)
    quality("quick", problem, solve(problem, effort="quick", seed=1).place)
    quality("standard", problem, solve(problem, effort="standard", seed=1).place)


def with_algmatch(python: str) -> None:
    """`HR` and `SPAS` of `algmatch`, students' side, on small instances without ties."""
    print(f"algmatch: {AGREED} instances without ties")
    for title, owners in (("places alone", 0), ("owners with several places", 6)):
        same = 0
        for seed in range(AGREED // 2):
            problem = generate(30, 5, 12, owners=owners, seats_per_student=0.8, seed=seed)
            _, place = theirs("with_algmatch", python, problem)
            same += bool(np.array_equal(place, deferred(problem)()))
        print(f"  {title}: {same} of {AGREED // 2} the same")


COMPARISONS: dict[str, Callable[[str], None]] = {
    "matching": with_matching,
    "ortools": with_ortools,
    "algmatch": with_algmatch,
}


def theirs(program: str, python: str, problem: Problem, *, placed: int = 0) -> tuple[float, Int32]:
    """What a program of the other package says: its seconds, and a place per student."""
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder, "question.npz"), Path(folder, "answer.npz")
        np.savez(
            question,
            start=problem.choice_start,
            place=problem.choice_place,
            rank=problem.choice_rank,
            priority=problem.choice_priority,
            capacity=problem.capacity,
            owner=problem.owner,
            owner_capacity=problem.owner_capacity,
            placed=placed,
        )
        # -I: only what is installed there, never a module of ours that has the same name.
        command = [python, "-I", str(HERE / f"{program}.py"), str(question), str(answer)]
        subprocess.run(command, check=True)
        with np.load(answer) as said:
            return float(said["seconds"]), said["place"].astype(np.int32)


def deferred(problem: Problem) -> Callable[[], Int32]:
    """Deferred acceptance alone: from the checked arrays to a place per student."""
    return lambda: accepted(Contest.of(problem, 1), problem.place_number)


def measured(problem: Problem, seconds: float, *, least: int) -> Int32:
    """Print our times beside theirs; the assignment of the effort ``quick``."""
    print(f"  theirs                        {seconds * 1e3:>10.2f} ms")
    for title, work in (
        ("deferred acceptance", deferred(problem)),
        ("solve, quick (with its bound)", lambda: solve(problem, effort="quick", seed=1)),
    ):
        work()
        ours = best(work, RUNS)
        times = seconds / ours
        verdict = "reached" if times >= least else "not reached"
        print(
            f"  {title:<29} {ours * 1e3:>10.2f} ms: {times:,.0f} × faster "
            f"(to reach: {least:,}; {verdict})"
        )
    return deferred(problem)()


def quality(title: str, problem: Problem, place: Int32) -> None:
    """How many students are placed, in which ranks, and how many pairs block."""
    outcome = Outcome.of(problem, place, effort="standard", seed=1)
    blocking = len(verify(problem, outcome).blocking_pairs)
    print(
        f"  {title:<10} placed {outcome.placed:,}, rank sum {outcome.rank_sum:,}, "
        f"blocking pairs {blocking:,}"
    )


if __name__ == "__main__":
    main()
