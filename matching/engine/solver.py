"""The one way in: a problem and an effort give an outcome."""

from __future__ import annotations

from matching.engine.acceptance import deferred_acceptance
from matching.engine.outcome import Outcome
from matching.engine.problem import Problem

EFFORTS = ("quick",)


def solve(problem: Problem, *, effort: str = "quick", seed: int | None = None) -> Outcome:
    """Divide the places.

    effort  ``quick``: deferred acceptance with the lottery; stable, the best stable assignment
            for all students at once under that lottery, and no student gains by ranking
            untruthfully
    seed    kept with the outcome. ``quick`` draws nothing but the lottery, which is part of the
            problem, so it takes no notice of the seed

    Teams that stay below their minimum are named in the outcome, not taken apart.

    Raises ValueError for an effort that does not exist, or a seed below 0.
    """
    if effort not in EFFORTS:
        raise ValueError(f"effort {effort!r} does not exist; known: {', '.join(EFFORTS)}")
    if seed is not None and seed < 0:
        raise ValueError(f"seed {seed}: 0 or more expected")
    return Outcome.of(problem, deferred_acceptance(problem), effort=effort, seed=seed)
