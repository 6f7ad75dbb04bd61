"""The checker: is this outcome what it says, and is it stable?

Written from the definitions, on its own: it shares no line with any solver, so that one mistake
cannot hide another. Tests use it, and so does every live round, before anything is stored.

Stability with ties is weak stability: Irving, Manlove and Scott (2000), "The hospitals/residents
problem with ties", SWAT 2000.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Bool, Int64
from matching.engine.outcome import UNPLACED, Outcome, outcome_fingerprint
from matching.engine.problem import Problem


@dataclass(frozen=True)
class Verdict:
    """What the checker found.

    ok              no problem and no blocking pair
    problems        sentences, each naming student, place or figure
    blocking_pairs  (student, place) who would both rather have each other
    below_minimum   the places whose team is smaller than its minimum, as the checker counts
    """

    ok: bool
    problems: tuple[str, ...]
    blocking_pairs: tuple[tuple[int, int], ...]
    below_minimum: tuple[int, ...]


def verify(problem: Problem, outcome: Outcome) -> Verdict:
    """Check an outcome against its problem.

    1. Shape: one place and one rank per student, each place exists or is −1.
    2. Feasible: everyone is at a place on their own list; no place holds more than its seats.
    3. Stable: there is no *blocking pair*, a student and a place where the student is unplaced or
       ranks this place strictly better than their own, and the place has a free seat or holds a
       student of strictly worse priority.
    4. Drawn fairly (effort ``quick`` only, whose promise it is): nobody lost a place to a student
       of equal priority with a worse lottery number.
    5. Counted right: ranks, placed, rank sum, profile, teams below their minimum, fingerprint.

    A malformed outcome gives a verdict, never an exception; if step 1 fails the rest is skipped.
    """
    malformed = _shape_problems(problem, outcome)
    if malformed:
        return Verdict(ok=False, problems=malformed, blocking_pairs=(), below_minimum=())
    seated = _Seating(problem, outcome)
    problems = (
        *_feasibility_problems(problem, outcome, seated),
        *_lottery_problems(problem, outcome, seated),
        *_count_problems(problem, outcome, seated),
    )
    blocking_pairs = _blocking_pairs(problem, seated)
    return Verdict(
        ok=not problems and not blocking_pairs,
        problems=problems,
        blocking_pairs=blocking_pairs,
        below_minimum=seated.below_minimum,
    )


class _Seating:
    """Who sits where, by the checker's own count.

    own         bool (E)   the choices at which their student sits
    own_rank    int64 (n)  the rank of it; the largest number where a student has none
    taken       int64 (m)  students per place
    worst       int64 (m)  the highest priority number among those who sit there
    """

    def __init__(self, problem: Problem, outcome: Outcome) -> None:
        largest = np.iinfo(np.int64).max
        student, place = problem.choice_student, problem.choice_place
        self.own: Bool = outcome.place[student] == place
        self.own_rank: Int64 = np.full(problem.students, largest)
        self.own_rank[student[self.own]] = problem.choice_rank[self.own]
        self.taken: Int64 = np.zeros(problem.places, dtype=np.int64)
        np.add.at(self.taken, outcome.place[outcome.place != UNPLACED], 1)
        self.worst: Int64 = np.full(problem.places, np.iinfo(np.int64).min)
        np.maximum.at(self.worst, place[self.own], problem.choice_priority[self.own])
        short = (self.taken > 0) & (self.taken < problem.minimum)
        self.below_minimum: tuple[int, ...] = tuple(np.flatnonzero(short).tolist())

    def wished(self, problem: Problem) -> Bool:
        """The choices that their student ranks strictly better than where they sit: bool (E)."""
        return problem.choice_rank < self.own_rank[problem.choice_student]


def _shape_problems(problem: Problem, outcome: Outcome) -> tuple[str, ...]:
    for name, array in (("place", outcome.place), ("rank", outcome.rank)):
        if not isinstance(array, np.ndarray) or array.dtype != np.int32:
            return (f"{name}: an array of int32 expected",)
        if array.shape != (problem.students,):
            return (f"{name}: shape {array.shape}, ({problem.students},) expected",)
    wrong = np.flatnonzero((outcome.place < UNPLACED) | (outcome.place >= problem.places))
    return tuple(
        f"{problem.student_name(int(i))}: place {outcome.place[i]} does not exist" for i in wrong
    )


def _feasibility_problems(problem: Problem, outcome: Outcome, seated: _Seating) -> tuple[str, ...]:
    on_list = np.zeros(problem.students, dtype=np.bool_)
    on_list[problem.choice_student[seated.own]] = True
    off_list = np.flatnonzero((outcome.place != UNPLACED) & ~on_list)
    too_full = np.flatnonzero(seated.taken > problem.capacity)
    return (
        *(
            f"{problem.student_name(int(i))}: {problem.place_name(int(outcome.place[i]))} "
            "is not on the list"
            for i in off_list
        ),
        *(
            f"{problem.place_name(int(j))}: {seated.taken[j]} students, "
            f"capacity {problem.capacity[j]}"
            for j in too_full
        ),
    )


def _blocking_pairs(problem: Problem, seated: _Seating) -> tuple[tuple[int, int], ...]:
    place = problem.choice_place
    free_seat = seated.taken[place] < problem.capacity[place]
    holds_worse = problem.choice_priority < seated.worst[place]
    # Without seats a place cannot want anybody, not even instead of a student who is there wrongly.
    has_seats = problem.capacity[place] > 0
    blocking = seated.wished(problem) & has_seats & (free_seat | holds_worse)
    students, places = problem.choice_student[blocking], place[blocking]
    return tuple(zip(students.tolist(), places.tolist(), strict=True))


def _lottery_problems(problem: Problem, outcome: Outcome, seated: _Seating) -> tuple[str, ...]:
    if outcome.effort != "quick":
        return ()
    place, draw = problem.choice_place, problem.lottery[problem.choice_student]
    last = seated.own & (problem.choice_priority == seated.worst[place])
    worst_draw = np.zeros(problem.places, dtype=np.uint64)
    np.maximum.at(worst_draw, place[last], draw[last])
    passed_over = (
        seated.wished(problem)
        & (seated.taken[place] > 0)
        & (problem.choice_priority == seated.worst[place])
        & (draw < worst_draw[place])
    )
    return tuple(
        f"{problem.student_name(int(problem.choice_student[row]))}: lost "
        f"{problem.place_name(int(place[row]))} to an equal claim with a worse draw"
        for row in np.flatnonzero(passed_over)
    )


def _count_problems(problem: Problem, outcome: Outcome, seated: _Seating) -> tuple[str, ...]:
    sits = seated.own_rank != np.iinfo(np.int64).max
    rank = np.where(sits, seated.own_rank, 0)
    found = [
        f"{problem.student_name(int(i))}: rank {outcome.rank[i]}, {rank[i]} counted"
        for i in np.flatnonzero(outcome.rank != rank)
    ]
    profile = tuple(
        int(np.count_nonzero(rank == r)) for r in range(1, int(rank.max(initial=0)) + 1)
    )
    figures = (
        ("placed", outcome.placed, int(np.count_nonzero(outcome.place != UNPLACED))),
        ("rank_sum", outcome.rank_sum, int(rank.sum())),
        ("profile", outcome.profile, profile),
        ("below_minimum", outcome.below_minimum, seated.below_minimum),
        (
            "fingerprint",
            outcome.fingerprint,
            outcome_fingerprint(problem, outcome.place, outcome.rank, outcome.effort, outcome.seed),
        ),
    )
    for name, said, counted in figures:
        if said != counted:
            found.append(f"{name}: {said}, {counted} counted")
    return tuple(found)
