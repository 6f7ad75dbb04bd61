"""What a solver hands back: who goes where, and the figures by which it is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Int32, read_only
from matching.engine.fingerprint import fingerprint
from matching.engine.problem import Problem

UNPLACED = -1


@dataclass(frozen=True, eq=False)
class Outcome:
    """An assignment and its figures.

    place          int32 (n)  index of the place; −1 is unplaced
    rank           int32 (n)  the rank that the student gave that place; 0 is unplaced
    placed         how many students have a place
    rank_sum       sum of the ranks of those who are placed
    profile        how many got their 1st, 2nd, … choice, up to the worst rank that occurs
    below_minimum  the places that have students, but fewer than their minimum; ascending
    effort, seed   how it was made; ``quick`` draws nothing and takes no notice of the seed
    fingerprint    SHA-256 over the problem's fingerprint, effort, seed, place and rank: equal
                   fingerprints mean the same answer to the same question
    """

    place: Int32
    rank: Int32
    placed: int
    rank_sum: int
    profile: tuple[int, ...]
    below_minimum: tuple[int, ...]
    fingerprint: str
    effort: str
    seed: int | None = None

    @classmethod
    def of(cls, problem: Problem, place: Int32, *, effort: str, seed: int | None = None) -> Outcome:
        """The outcome that belongs to an assignment, with its figures counted."""
        place = place.astype(np.int32)
        own = place[problem.choice_student] == problem.choice_place
        rank = np.zeros(problem.students, dtype=np.int32)
        rank[problem.choice_student[own]] = problem.choice_rank[own]
        taken = np.bincount(place[place != UNPLACED], minlength=problem.places)
        return cls(
            place=read_only(place),
            rank=read_only(rank),
            placed=int(np.count_nonzero(place != UNPLACED)),
            rank_sum=int(rank.sum(dtype=np.int64)),
            profile=tuple(np.bincount(rank)[1:].tolist()),
            below_minimum=tuple(np.flatnonzero((taken > 0) & (taken < problem.minimum)).tolist()),
            fingerprint=outcome_fingerprint(problem, place, rank, effort, seed),
            effort=effort,
            seed=seed,
        )


def outcome_fingerprint(
    problem: Problem, place: Int32, rank: Int32, effort: str, seed: int | None
) -> str:
    """The fingerprint of this answer to this problem."""
    return fingerprint(
        {
            "problem": problem.fingerprint,
            "effort": effort,
            "seed": seed,
            "place": place,
            "rank": rank,
        }
    )
