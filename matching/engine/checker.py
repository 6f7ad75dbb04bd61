"""The checker: is this outcome what it says, and is it stable?

Written from the definitions, on its own: it shares no line with any solver, nor with what solvers
see (`contest`), so that one mistake cannot hide another. Tests use it, and so does every live
round, before anything is stored.

Stability is that of Cooper and Manlove (2018), "A 3/2-approximation algorithm for the
student-project allocation problem", SEA 2018: weak stability with ties, over open places. A pinned
student blocks nothing, and a pinned seat does not yield.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matching.engine.arrays import Bool, Int32, Int64, UInt64
from matching.engine.outcome import UNPLACED, Outcome, outcome_fingerprint
from matching.engine.problem import NO_OWNER, REFUSED, Problem

_NEVER = np.iinfo(np.int64).max
# Long lists of the same complaint help nobody.
_MOST_OF_A_KIND = 100


@dataclass(frozen=True)
class Verdict:
    """What the checker found.

    ok              no problem and no blocking pair
    problems        sentences, each naming student, place, owner or figure
    blocking_pairs  (student, place) who would both rather have each other; open places only
    below_minimum   the pinned places whose team is smaller than its minimum
    """

    ok: bool
    problems: tuple[str, ...]
    blocking_pairs: tuple[tuple[int, int], ...]
    below_minimum: tuple[int, ...]


def verify(problem: Problem, outcome: Outcome) -> Verdict:
    """Check an outcome against its problem.

    1. Shape: one place and one rank per student, each place exists or is −1.
    2. Feasible: pins are kept; everyone else is at a place of their own list or tail that accepts
       them and is not forbidden; no place and no owner holds more than its seats.
    3. Teams: a closed place has a minimum, no pin and nobody; an open one has its minimum, or
       pins, and is then named.
    4. Stable: there is no *blocking pair*, a student and an open place where the student is
       unplaced or ranks it strictly better than their own, and (a) place and owner have a free
       seat, or (b) the place has one, the owner is full, and the student already is with that
       owner or stands strictly higher than somebody there, or (c) the place is full and the
       student stands strictly higher than somebody there.
    5. Drawn fairly (effort ``quick`` only, whose promise it is): no pair blocks when equal claims
       are ordered by lottery.
    6. Counted right: ranks, placed, bound, rank sum, profile, closed, teams below their minimum,
       fingerprint.

    A malformed outcome gives a verdict, never an exception; if step 1 fails the rest is skipped.
    """
    malformed = _shape_problems(problem, outcome)
    if malformed:
        return Verdict(ok=False, problems=malformed, blocking_pairs=(), below_minimum=())
    seated = _Seating(problem, outcome)
    blocking_pairs = _blocking_pairs(seated, None)
    problems = (
        *_feasibility_problems(seated),
        *_team_problems(seated),
        *_lottery_problems(seated, blocking_pairs),
        *_count_problems(seated),
    )
    return Verdict(
        ok=not problems and not blocking_pairs,
        problems=problems,
        blocking_pairs=blocking_pairs,
        below_minimum=tuple(np.flatnonzero(seated.below & seated.pinned_open).tolist()),
    )


class _Seating:
    """Who sits where, by the checker's own count; own list and tail together are rows.

    student, place, rank, priority   of each row
    own         bool            the rows at which their student sits
    own_rank    int64 (n)       the rank of it; `_NEVER` where a student has none
    free        bool (n)        students who are not pinned
    taken       int64 (m)       students per place
    load        int64 (L + m)   students per owner; place j alone is owner L + j
    """

    def __init__(self, problem: Problem, outcome: Outcome) -> None:
        self.problem, self.outcome = problem, outcome
        self.student, self.place, self.rank, self.priority = _rows(problem)
        self.own: Bool = outcome.place[self.student] == self.place
        self.own_rank: Int64 = np.full(problem.students, _NEVER)
        self.own_rank[self.student[self.own]] = self.rank[self.own]
        self.free: Bool = np.ones(problem.students, dtype=np.bool_)
        self.free[problem.pin_student] = False
        self.owner: Int64 = np.where(
            problem.owner == NO_OWNER,
            problem.owners + np.arange(problem.places),
            problem.owner,
        )
        room = [problem.owner_capacity, problem.capacity]
        self.room: Int64 = np.concatenate(room).astype(np.int64)
        sits = outcome.place[outcome.place != UNPLACED]
        self.taken: Int64 = np.bincount(sits, minlength=problem.places)
        self.load: Int64 = np.bincount(self.owner[sits], minlength=len(self.room))
        self.pinned_open: Bool = np.zeros(problem.places, dtype=np.bool_)
        self.pinned_open[problem.pin_place] = True
        self.below: Bool = (self.taken < problem.minimum) & (self.taken + self.pinned_open > 0)
        self.closed: Bool = np.zeros(problem.places, dtype=np.bool_)
        self.closed[list(outcome.closed)] = True

    @cached_property
    def forbidden(self) -> Bool:
        """The rows of pairs that may not be: refused or banned."""
        forbidden: Bool = self.priority == REFUSED
        if len(self.problem.ban_student):
            places = self.problem.places
            banned = self.problem.ban_student.astype(np.int64) * places + self.problem.ban_place
            forbidden |= np.isin(self.student.astype(np.int64) * places + self.place, banned)
        return forbidden


def _rows(problem: Problem) -> tuple[Int32, Int32, Int32, Int32]:
    if not len(problem.tail_place):
        return (
            problem.choice_student,
            problem.choice_place,
            problem.choice_rank,
            problem.choice_priority,
        )
    last = problem.choice_rank.max(initial=0) + 1
    return (
        np.concatenate([problem.choice_student, problem.tail_student]),
        np.concatenate([problem.choice_place, problem.tail_place]),
        np.concatenate([problem.choice_rank, np.full(len(problem.tail_place), last, np.int32)]),
        np.concatenate([problem.choice_priority, problem.tail_priority]),
    )


def _shape_problems(problem: Problem, outcome: Outcome) -> tuple[str, ...]:
    for name, array in (("place", outcome.place), ("rank", outcome.rank)):
        if not isinstance(array, np.ndarray) or array.dtype != np.int32:
            return (f"{name}: an array of int32 expected",)
        if array.shape != (problem.students,):
            return (f"{name}: shape {array.shape}, ({problem.students},) expected",)
    for name, places in (("closed", outcome.closed), ("below_minimum", outcome.below_minimum)):
        if any(not 0 <= place < problem.places for place in places):
            return (f"{name}: names a place that does not exist",)
        if list(places) != sorted(set(places)):
            return (f"{name}: {places}, ascending and each once expected",)
    wrong = np.flatnonzero((outcome.place < UNPLACED) | (outcome.place >= problem.places))
    return tuple(
        f"{problem.student_name(int(i))}: place {outcome.place[i]} does not exist"
        for i in wrong[:_MOST_OF_A_KIND]
    )


def _feasibility_problems(seated: _Seating) -> list[str]:
    problem, outcome = seated.problem, seated.outcome
    found = []
    for student, place in zip(
        problem.pin_student.tolist(), problem.pin_place.tolist(), strict=True
    ):
        if outcome.place[student] != place:
            found.append(
                f"{problem.student_name(student)}: not at {problem.place_name(place)}, as pinned"
            )
    allowed = np.zeros(problem.students, dtype=np.bool_)
    allowed[seated.student[seated.own & ~seated.forbidden]] = True
    wrong = np.flatnonzero((outcome.place != UNPLACED) & ~allowed & seated.free)
    for i in wrong[:_MOST_OF_A_KIND]:
        place = problem.place_name(int(outcome.place[i]))
        on_list = bool(np.any(seated.own & (seated.student == i)))
        why = "is forbidden or does not accept them" if on_list else "is not on the list"
        found.append(f"{problem.student_name(int(i))}: {place} {why}")
    for j in np.flatnonzero(seated.taken > problem.capacity):
        found.append(
            f"{problem.place_name(int(j))}: {seated.taken[j]} students, "
            f"capacity {problem.capacity[j]}"
        )
    for k in np.flatnonzero(seated.load[: problem.owners] > problem.owner_capacity):
        found.append(
            f"{problem.owner_name(int(k))}: {seated.load[k]} students, "
            f"capacity {problem.owner_capacity[k]}"
        )
    return found


def _team_problems(seated: _Seating) -> list[str]:
    problem = seated.problem
    found = []
    for j in np.flatnonzero(seated.closed):
        name = problem.place_name(int(j))
        if problem.minimum[j] == 0:
            found.append(f"{name}: closed, but it has no minimum")
        if seated.taken[j] > 0 or seated.pinned_open[j]:
            found.append(f"{name}: closed, but somebody is there")
    too_small = (seated.taken < problem.minimum) & ~seated.closed & ~seated.pinned_open
    for j in np.flatnonzero(too_small):
        found.append(
            f"{problem.place_name(int(j))}: open with {seated.taken[j]} students, "
            f"minimum {problem.minimum[j]}"
        )
    return found


def _blocking_pairs(seated: _Seating, draw: UInt64 | None) -> tuple[tuple[int, int], ...]:
    """The pairs that block; with ``draw``, as if equal claims were ordered by it."""
    outcome = seated.outcome
    needed, draw_needed, own_only = _entrance(seated, draw)
    wanted_rank = np.where(seated.free, seated.own_rank, 0)
    rows = np.flatnonzero(seated.rank < wanted_rank[seated.student])
    student, place, priority = seated.student[rows], seated.place[rows], seated.priority[rows]
    blocking = priority < needed[place]
    if draw is not None:
        blocking |= (priority == needed[place]) & (draw[student] < draw_needed[place])
    if own_only.any():
        own = outcome.place[student]
        blocking |= own_only[place] & (own != UNPLACED) & (seated.owner[own] == seated.owner[place])
    rows = rows[blocking & ~seated.forbidden[rows]]
    return tuple(zip(seated.student[rows].tolist(), seated.place[rows].tolist(), strict=True))


def _entrance(seated: _Seating, draw: UInt64 | None) -> tuple[Int64, UInt64, Bool]:
    """What it takes to get into each place, from those who are there and not pinned.

    A priority below the first, or equal to it and a draw below the second; and whether the place
    has a seat for which its owner takes nobody new, so that those with the owner can move there.
    """
    problem = seated.problem
    sits = np.flatnonzero(seated.own & seated.free[seated.student])
    priority, student, at = seated.priority[sits], seated.student[sits], seated.place[sits]
    in_place = _worst(at, priority, student, problem.places, draw)
    in_owner = _worst(seated.owner[at], priority, student, len(seated.room), draw)
    place_full = seated.taken >= problem.capacity
    owner_full = (seated.load >= seated.room)[seated.owner]
    needed = np.where(place_full, in_place[0], in_owner[0][seated.owner])
    draw_needed = np.where(place_full, in_place[1], in_owner[1][seated.owner])
    needed[~place_full & ~owner_full] = REFUSED
    shut = (problem.capacity == 0) | seated.closed
    needed[shut] = np.iinfo(np.int64).min
    return needed, draw_needed, ~place_full & owner_full & ~shut


def _worst(
    group: Int64 | Int32, priority: Int32, student: Int32, size: int, draw: UInt64 | None
) -> tuple[Int64, UInt64]:
    """Per group the highest priority number, and the highest draw with it; the lowest numbers
    there are where nobody sits."""
    worst = np.full(size, np.iinfo(np.int64).min)
    np.maximum.at(worst, group, priority)
    worst_draw = np.zeros(size, dtype=np.uint64)
    if draw is not None:
        last = np.flatnonzero(priority == worst[group])
        np.maximum.at(worst_draw, group[last], draw[student[last]])
    return worst, worst_draw


def _lottery_problems(seated: _Seating, blocking_pairs: tuple[tuple[int, int], ...]) -> list[str]:
    problem, outcome = seated.problem, seated.outcome
    if outcome.effort != "quick":
        return []
    unfair = set(_blocking_pairs(seated, problem.drawn(outcome.seed))) - set(blocking_pairs)
    return [
        f"{problem.student_name(student)}: lost {problem.place_name(place)} to an equal claim "
        "with a worse draw"
        for student, place in sorted(unfair)[:_MOST_OF_A_KIND]
    ]


def _count_problems(seated: _Seating) -> list[str]:
    problem, outcome = seated.problem, seated.outcome
    rank = np.where(seated.own_rank == _NEVER, 0, seated.own_rank)
    found = [
        f"{problem.student_name(int(i))}: rank {outcome.rank[i]}, {rank[i]} counted"
        for i in np.flatnonzero(outcome.rank != rank)[:_MOST_OF_A_KIND]
    ]
    placed = int(np.count_nonzero(outcome.place != UNPLACED))
    if outcome.bound < placed:
        found.append(f"bound: {outcome.bound}, but {placed} are placed")
    fingerprint = outcome_fingerprint(problem, outcome.place, outcome.effort, outcome.seed)
    profile = np.bincount(rank)[1:].tolist() if len(rank) else []
    figures = (
        ("placed", outcome.placed, placed),
        ("rank_sum", outcome.rank_sum, int(rank.sum())),
        ("profile", outcome.profile, tuple(profile)),
        (
            "below_minimum",
            outcome.below_minimum,
            tuple(np.flatnonzero(seated.below & seated.pinned_open).tolist()),
        ),
        ("fingerprint", outcome.fingerprint, fingerprint),
    )
    found += [
        f"{name}: {said}, {counted} counted" for name, said, counted in figures if said != counted
    ]
    return found
