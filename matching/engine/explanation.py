"""Explanations, as codes and figures: why this place, why not that one, why none at all.

The words are made elsewhere. What is said here is true of the outcome as it stands, whoever made
it; for stable outcomes `Code.BLOCKING` does not occur.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Int64
from matching.engine.eligibility import Rule
from matching.engine.outcome import UNPLACED, Outcome
from matching.engine.problem import Problem


class Code(enum.StrEnum):
    """Why a student is, or is not, at a place."""

    PLACED_HERE = "placed_here"
    NOT_ELIGIBLE = "not_eligible"  # a hard rule forbids it: see ``rules``
    NOT_RANKED = "not_ranked"  # the student did not ask for it
    PREFERRED_ANOTHER = "preferred_another"  # the student has a place ranked at least as high
    NO_OPENINGS = "no_openings"  # there was no free seat to divide
    FULL_BETTER_CLAIMS = "full_better_claims"  # all who got it had a better priority
    FULL_LOTTERY = "full_lottery"  # the last seats were drawn among equal priorities
    BLOCKING = "blocking"  # the two would rather have each other: the outcome is not stable


class UnplacedCode(enum.StrEnum):
    """Why a student has no place."""

    EMPTY_LIST = "empty_list"  # ranked nothing
    NO_ELIGIBLE_CHOICE = "no_eligible_choice"  # every ranked place fails a hard rule
    ALL_FULL = "all_full"  # each eligible choice went to others


@dataclass(frozen=True)
class Explanation:
    """The answer for one pair.

    rank      the rank that the student gave the place; None: not ranked, or not eligible
    got       the rank of the place that the student has; None: unplaced
    priority  the place's priority number for the student, lower is better; None as ``rank``
    cutoff    the highest (worst) priority number that got a seat; None while seats are free
    capacity, taken  seats to divide, and seats given
    rivals    other students who sit here or would rather sit here than where they are
    drawn_claims, drawn_seats  of all claims, those with exactly the cut-off priority, and how
              many of them got a seat: more claims than seats means that a lottery decided
    rules     the hard rules that the pair fails
    """

    code: Code
    student: int
    place: int
    rank: int | None
    got: int | None
    priority: int | None
    cutoff: int | None
    capacity: int
    taken: int
    rivals: int
    drawn_claims: int
    drawn_seats: int
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Unplaced:
    """Why a student has no place, with an explanation per choice, best rank first."""

    code: UnplacedCode
    student: int
    choices: tuple[Explanation, ...]


@dataclass(frozen=True, eq=False)
class Standings:
    """How hard each place was fought for; int64 (m) each.

    taken         students who sit there
    claims        those, and the students who would rather sit there than where they are
    cutoff        the worst priority number among those who sit there; 0 where nobody does
    drawn_claims  the claims with exactly that priority
    drawn_seats   how many of these sit there
    """

    taken: Int64
    claims: Int64
    cutoff: Int64
    drawn_claims: Int64
    drawn_seats: Int64


def standings(problem: Problem, outcome: Outcome) -> Standings:
    """Count for all places at once; hand it to `explain` when many pairs are asked. O(E)."""
    student, place = problem.choice_student, problem.choice_place
    sits = outcome.place[student] == place
    unplaced = outcome.place[student] == UNPLACED
    claims = sits | unplaced | (problem.choice_rank < outcome.rank[student])
    cutoff = np.full(problem.places, np.iinfo(np.int64).min)
    np.maximum.at(cutoff, place[sits], problem.choice_priority[sits])
    at_cutoff = problem.choice_priority == cutoff[place]

    def per_place(rows: np.ndarray) -> Int64:
        return np.bincount(place[rows], minlength=problem.places).astype(np.int64)

    taken = per_place(sits)
    return Standings(
        taken=taken,
        claims=per_place(claims),
        cutoff=np.where(taken > 0, cutoff, 0),
        drawn_claims=per_place(claims & at_cutoff),
        drawn_seats=per_place(sits & at_cutoff),
    )


def explain(
    problem: Problem,
    outcome: Outcome,
    student: int,
    place: int,
    *,
    failed: tuple[Rule, ...] = (),
    standing: Standings | None = None,
) -> Explanation:
    """Why this student is, or is not, at this place.

    failed    the hard rules that the pair fails, from `Candidates.reasons`
    standing  from `standings`, to spare the counting when many pairs are asked

    Raises IndexError for a student or place that does not exist.
    """
    if not (0 <= student < problem.students and 0 <= place < problem.places):
        raise IndexError(f"no pair ({student}, {place}) in this problem")
    standing = standing or standings(problem, outcome)
    row = _choice(problem, student, place)
    sits = int(outcome.place[student]) == place
    got = int(outcome.rank[student]) if outcome.place[student] != UNPLACED else None
    rank = None if row is None else int(problem.choice_rank[row])
    priority = None if row is None else int(problem.choice_priority[row])
    capacity, taken = int(problem.capacity[place]), int(standing.taken[place])
    cutoff = int(standing.cutoff[place]) if 0 < capacity <= taken else None
    own_claim = rank is not None and (sits or got is None or rank < got)

    if sits:
        code = Code.PLACED_HERE
    elif failed:
        code = Code.NOT_ELIGIBLE
    elif rank is None or priority is None:
        code = Code.NOT_RANKED
    elif got is not None and got <= rank:
        code = Code.PREFERRED_ANOTHER
    else:
        code = _refusal(capacity, cutoff, priority)
    return Explanation(
        code=code,
        student=student,
        place=place,
        rank=rank,
        got=got,
        priority=priority,
        cutoff=cutoff,
        capacity=capacity,
        taken=taken,
        rivals=int(standing.claims[place]) - own_claim,
        drawn_claims=int(standing.drawn_claims[place]),
        drawn_seats=int(standing.drawn_seats[place]),
        rules=failed,
    )


def unplaced_reason(
    problem: Problem,
    outcome: Outcome,
    student: int,
    *,
    struck: Mapping[int, tuple[Rule, ...]] | None = None,
    standing: Standings | None = None,
) -> Unplaced:
    """Why this student has no place.

    struck  places that the student ranked but that were left out of the problem, with the hard
            rules that they fail

    Raises ValueError if the student has a place.
    """
    if outcome.place[student] != UNPLACED:
        raise ValueError(f"{problem.student_name(student)} has a place")
    standing = standing or standings(problem, outcome)
    rows = range(int(problem.choice_start[student]), int(problem.choice_start[student + 1]))
    eligible = tuple(
        explain(problem, outcome, student, int(problem.choice_place[row]), standing=standing)
        for row in rows
    )
    forbidden = tuple(
        explain(problem, outcome, student, place, failed=rules, standing=standing)
        for place, rules in (struck or {}).items()
    )
    if eligible:
        code = UnplacedCode.ALL_FULL
    elif forbidden:
        code = UnplacedCode.NO_ELIGIBLE_CHOICE
    else:
        code = UnplacedCode.EMPTY_LIST
    return Unplaced(code=code, student=student, choices=eligible + forbidden)


def _refusal(capacity: int, cutoff: int | None, priority: int) -> Code:
    """Why a place that the student wanted more than their own did not take them."""
    if capacity == 0:
        return Code.NO_OPENINGS
    if cutoff is None or priority < cutoff:
        return Code.BLOCKING
    return Code.FULL_LOTTERY if priority == cutoff else Code.FULL_BETTER_CLAIMS


def _choice(problem: Problem, student: int, place: int) -> int | None:
    """The row in which the student names the place, or None."""
    start, end = int(problem.choice_start[student]), int(problem.choice_start[student + 1])
    found = np.flatnonzero(problem.choice_place[start:end] == place)
    return start + int(found[0]) if found.size else None
