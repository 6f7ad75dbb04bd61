"""What a solver hands back: who goes where, and the figures by which it is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Int32, Int64, read_only
from matching.engine.fingerprint import fingerprint
from matching.engine.problem import Problem

UNPLACED = -1


@dataclass(frozen=True, eq=False)
class Outcome:
    """An assignment and its figures.

    place          int32 (n)  index of the place; −1 is unplaced
    rank           int32 (n)  the rank that the student gave that place, `Problem.tail_rank` in
                              the tail; 0 is unplaced, or pinned outside the own list
    placed         how many students have a place
    bound          at most so many can be placed: by maximum flow, or proven where ``effort`` is
                   ``exact``
    rank_sum       sum of the ranks
    profile        how many got their 1st, 2nd, … choice, up to the worst rank that occurs. A tail
                   has a rank that no own choice has; pins outside the list are in none
    closed         the places with a minimum that do not start, and have nobody; ascending
    below_minimum  the places that pins keep open although their minimum is not reached; ascending
    effort, seed   how it was made
    fingerprint    SHA-256 over the problem's fingerprint, effort, seed, and places: equal
                   fingerprints mean the same answer to the same question
    """

    place: Int32
    rank: Int32
    placed: int
    bound: int
    rank_sum: int
    profile: tuple[int, ...]
    closed: tuple[int, ...]
    below_minimum: tuple[int, ...]
    fingerprint: str
    effort: str
    seed: int | None = None

    @classmethod
    def of(
        cls,
        problem: Problem,
        place: Int32,
        *,
        effort: str,
        seed: int | None = None,
        bound: int | None = None,
    ) -> Outcome:
        """The outcome that belongs to an assignment, with its figures counted.

        A place with a minimum and without students counts as closed. A team that is too small
        without a pin is no figure but a fault, which the checker names. Without a bound, the number
        of students who have a row or a pin is one.
        """
        place = place.astype(np.int32)
        rank = ranks(problem, place)
        taken = np.bincount(place[place != UNPLACED], minlength=problem.places)
        return cls(
            place=read_only(place),
            rank=read_only(rank),
            placed=int(np.count_nonzero(place != UNPLACED)),
            bound=_who_asks(problem) if bound is None else bound,
            rank_sum=int(rank.sum(dtype=np.int64)),
            profile=tuple(np.bincount(rank)[1:].tolist()),
            closed=tuple(np.flatnonzero((taken == 0) & (problem.minimum > 0)).tolist()),
            below_minimum=_below_minimum(problem, taken),
            fingerprint=outcome_fingerprint(problem, place, effort, seed),
            effort=effort,
            seed=seed,
        )


def ranks(problem: Problem, place: Int32) -> Int32:
    """The rank that each student gave the place where they sit: int32 (n), 0 where none."""
    rank = np.zeros(problem.students, dtype=np.int32)
    after = place[problem.tail_student] == problem.tail_place
    rank[problem.tail_student[after]] = problem.tail_rank
    own = place[problem.choice_student] == problem.choice_place
    rank[problem.choice_student[own]] = problem.choice_rank[own]
    return rank


def outcome_fingerprint(problem: Problem, place: Int32, effort: str, seed: int | None) -> str:
    """The fingerprint of this answer to this problem."""
    return fingerprint(
        {"problem": problem.fingerprint, "effort": effort, "seed": seed, "place": place}
    )


def _below_minimum(problem: Problem, taken: Int64) -> tuple[int, ...]:
    held_open = np.unique(problem.pin_place)
    return tuple(held_open[taken[held_open] < problem.minimum[held_open]].tolist())


def _who_asks(problem: Problem) -> int:
    asks = (np.diff(problem.choice_start) > 0) | (np.diff(problem.tail_start) > 0)
    return int(np.count_nonzero(asks | (problem.pinned_place >= 0)))
