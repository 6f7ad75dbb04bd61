"""``solve`` and ``verify``."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from matching.engine.arrays import ProblemError
from matching.engine.checker import Verdict, verify
from matching.engine.commands.streams import (
    Stopwatch,
    answer_line,
    read_claims,
    read_problem,
    write_bytes,
)
from matching.engine.formats.outcomes import Claims, outcome_as_json, outcome_as_npz
from matching.engine.formats.reading import is_npz
from matching.engine.outcome import Outcome
from matching.engine.problem import Problem
from matching.engine.solver import solve


def run_solve(arguments: argparse.Namespace) -> int:
    """Solve a problem and write the outcome, once the checker agrees with it.

    Raises ProblemError for a problem that cannot be meant, and OSError.
    """
    watch = Stopwatch()
    problem = read_problem(arguments.problem)
    watch.lap("read")
    outcome = solve(problem, effort=arguments.effort, seed=arguments.seed)
    watch.lap("solved")
    verdict = verify(problem, outcome)
    watch.lap("verified")
    if not verdict.ok:
        complaint = next(_complaints(problem, verdict))
        raise ProblemError(f"the outcome does not stand up to the checker: {complaint}")
    as_bytes = outcome_as_npz if _to_npz(arguments.problem, arguments.out) else outcome_as_json
    write_bytes(as_bytes(problem, outcome, len(verdict.blocking_pairs)), arguments.out)
    watch.lap("written")
    return 0


def _to_npz(problem: Path, out: Path | None) -> bool:
    """By the name of the outcome's file, and where that says nothing, as the problem's."""
    if out is not None and out.suffix.lower() in (".json", ".npz"):
        return is_npz(out)
    return is_npz(problem)


def run_verify(arguments: argparse.Namespace) -> int:
    """Check an outcome: 0 where it is as it says, 1 with a line for each problem where it is not.

    Raises ProblemError for files that cannot be meant, and OSError.
    """
    problem = read_problem(arguments.problem)
    claims = read_claims(problem, arguments.outcome)
    verdict = verify(problem, claims.outcome)
    complaints = [*_complaints(problem, verdict), *_miscounted(claims, verdict)]
    for complaint in complaints:
        answer_line(complaint)
    if complaints:
        answer_line(f"problems: {len(complaints)} (blocking pairs count open places only)")
        return 1
    answer_line(_summary(problem, claims.outcome))
    return 0


def _summary(problem: Problem, outcome: Outcome) -> str:
    closed = f", {len(outcome.closed)} closed" if outcome.closed else ""
    return (
        f"ok: {outcome.placed} of {problem.students} students placed (at most {outcome.bound}), "
        f"rank sum {outcome.rank_sum}{closed}, no blocking pair (open places only)"
    )


def _complaints(problem: Problem, verdict: Verdict) -> Iterator[str]:
    yield from verdict.problems
    for student, place in verdict.blocking_pairs:
        yield (
            f"{problem.student_name(student)} and {problem.place_name(place)} block: "
            "they would rather have each other"
        )


def _miscounted(claims: Claims, verdict: Verdict) -> Iterator[str]:
    if claims.blocking_pairs != len(verdict.blocking_pairs):
        yield f"blocking_pairs: {claims.blocking_pairs}, {len(verdict.blocking_pairs)} counted"
