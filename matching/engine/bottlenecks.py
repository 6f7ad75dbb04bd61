"""Where there are too few openings, whoever is preferred, and what more of them would bring.

A set of students is sure to leave somebody unplaced if together they ask only for places with
fewer openings than they are many: this is Hall's condition, violated. The largest assignments
violate it at the same spot, whichever of them is taken. Its parts, by what a residual graph (see
`flow`) reaches:

* the *over-demanded* part: what unplaced students reach. Everybody there competes for too few
  openings. It falls apart into *crowds* that have no place in common (see `crowds`);
* the *slack* part: the places from which a free seat can be reached. One opening less there would
  cost nobody a place;
* the rest, where students and openings are exactly as many.

Pinned seats are no openings. Minimums play no part: a team that has too few is not closed here.

Source: Hall (1935), "On representatives of subsets", Journal of the London Mathematical Society
10; Dulmage and Mendelsohn (1958), "Coverings of bipartite graphs", Canadian Journal of Mathematics
10; Ford and Fulkerson (1956) for the cut, see `flow`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np

from matching.engine.arrays import Bool, Int8, Int32, Int64, ProblemError, read_only
from matching.engine.contest import Contest
from matching.engine.crowds import Crowd, crowds
from matching.engine.flow import CAPACITY, FAR, Network, distances, maximise, network_of
from matching.engine.openings import competition, useful_openings
from matching.engine.outcome import UNPLACED, Outcome
from matching.engine.problem import Problem


class Cause(IntEnum):
    """Why an outcome leaves a student unplaced, who asks for a place."""

    # Placed, or asks for nothing that could be granted.
    NONE = 0
    # However the others move, somebody would lose a place for this student.
    OPENINGS = 1
    # There would be room if a project had not been closed for want of students.
    CLOSED = 2
    # There is room if others move on; preferences and priorities do not let them.
    STABILITY = 3


@dataclass(frozen=True, eq=False)
class Bottlenecks:
    """What `bottlenecks` finds. n students, m places.

    bound             at most so many students have a place in any assignment, pins included
    largest           int32 (n): the place of each student in one such assignment, −1 is unplaced
    crowds            the largest shortage first, then by the first student. Students outside have
                      a place in every largest assignment
    crowd_of_student  int32 (n): index of the crowd, −1 is none
    crowd_of_place    int32 (m): the same for places
    gain              int32 (m, openings): how many more students could be placed with 1, 2, …
                      more openings at each place: seats there, and as much more room at its owner.
                      Each opening places one more or none, and a later one never more than an
                      earlier one. At a place that is closed from the beginning, as if it were open
                      with these openings alone
    slack             bool (m): one opening less would cost nobody a place: some largest assignment
                      leaves one unused there
    surplus           int32 (m): seats above the number of students who ask for the place: nobody
                      could fill them
    cause             int8 (n): the `Cause` for each student whom the given outcome leaves unplaced;
                      `Cause.NONE` everywhere where none is given
    problem, contest  what all this was found in
    """

    bound: int
    largest: Int32
    crowds: tuple[Crowd, ...]
    crowd_of_student: Int32
    crowd_of_place: Int32
    gain: Int32
    slack: Bool
    surplus: Int32
    cause: Int8
    problem: Problem = field(repr=False)
    contest: Contest = field(repr=False)

    @property
    def shortage(self) -> int:
        """How many students ask for a place and have none in any largest assignment."""
        return sum(crowd.shortage for crowd in self.crowds)

    def gain_of_kind(self, accepts: Bool | tuple[Int64, Int32], *, openings: int = 3) -> Int32:
        """How many more students could be placed by new places of each kind.

        A kind is known by the students who would accept such a place, and be accepted there, listed
        or not: bool (kinds, n); or, where that would be large, a pair of int64 (kinds + 1), where
        each kind begins and ends, and int32, its students. Pinned students stay where they are.

        Returns int32 (kinds, openings): the gain by 1, 2, … new openings of this kind, each kind
        by itself. A new place is put into the residual graph without a seat; then it is as with
        openings at other places, and nothing is solved again.

        Raises ProblemError where the students are not those of the problem, or stand twice.
        """
        contest = _with_kinds(self.contest, *self._takers(accepts))
        free = np.where(self.problem.pinned_place >= 0, UNPLACED, self.largest)
        network = network_of(contest, free.astype(np.int32))
        reach, reached = competition(network)
        limit = np.full(contest.places, openings, dtype=np.int32)
        limit[: self.contest.places] = 0
        useful = useful_openings(network, reach, reached, limit)
        return _gains(useful[self.contest.places :], openings)

    def _takers(self, accepts: Bool | tuple[Int64, Int32]) -> tuple[Int64, Int32]:
        """Where each kind begins and ends, and the students who are free to accept it."""
        n = self.problem.students
        if isinstance(accepts, tuple):
            start, student = accepts
            if start[0] != 0 or start[-1] != len(student) or np.any(np.diff(start) < 0):
                raise ProblemError("kinds: starts that do not run from 0 to the number of students")
            if np.any((student < 0) | (student >= n)):
                raise ProblemError(f"kinds: a student who does not exist (there are {n})")
            kind = np.repeat(np.arange(len(start) - 1), np.diff(start))
        else:
            if accepts.ndim != 2 or accepts.shape[1] != n or accepts.dtype != np.bool_:
                raise ProblemError(f"kinds: bool (kinds, {n}) expected, {accepts.shape} given")
            kind, row = np.nonzero(accepts)
            student, start = row.astype(np.int32), np.arange(len(accepts) + 1)
        if len(np.unique(kind * n + student)) < len(student):
            raise ProblemError("kinds: a student stands twice in one kind")
        free = self.problem.pinned_place[student] < 0
        count = np.bincount(kind[free], minlength=len(start) - 1)
        return np.append(0, np.cumsum(count)), student[free]


def bottlenecks(
    problem: Problem, outcome: Outcome | None = None, *, openings: int = 3
) -> Bottlenecks:
    """Where there are too few openings, and what 1 to ``openings`` more of them would bring.

    1. Find a largest assignment by maximum flow, beginning with the outcome where there is one.
    2. Search from the unplaced students: what they reach in the residual graph is the over-demanded
       part, and its connected components are the crowds.
    3. Search backwards from the free seats: what reaches them is the slack part.
    4. Move students into further openings at each place of the over-demanded part (`openings`).

    With an outcome, its unplaced students get a `Cause`, from a search backwards from the seats
    that it leaves free.

    Raises ProblemError where the outcome is not an assignment within lists and capacities, or
    where ``openings`` is below 1.
    """
    if openings < 1:
        raise ProblemError(f"bottlenecks: {openings} openings, 1 or more expected")
    contest = Contest.of(problem, None)
    n, m = contest.students, contest.places
    network = network_of(contest, _unpinned(problem, outcome))
    cause = np.zeros(n, dtype=np.int8) if outcome is None else _causes(network, outcome.closed)
    maximise(network)
    reach, reached = competition(network)
    found, crowd = crowds(network, reach)
    shortage = np.array([one.shortage for one in found] + [openings], dtype=np.int32)
    limit = np.minimum(shortage[crowd[n : n + m]], openings)
    useful = useful_openings(network, reach, reached, limit)
    pinned = problem.pinned_place
    return Bottlenecks(
        bound=int(np.count_nonzero((network.seated != UNPLACED) | (pinned >= 0))),
        largest=read_only(np.where(pinned >= 0, pinned, network.seated)),
        crowds=found,
        crowd_of_student=read_only(crowd[:n]),
        crowd_of_place=read_only(crowd[n : n + m]),
        gain=read_only(_gains(useful, openings)),
        slack=read_only(_reaches_seat(network)[n : n + m]),
        surplus=read_only(
            np.maximum(contest.capacity - np.diff(network.asked), 0).astype(np.int32)
        ),
        cause=read_only(cause),
        problem=problem,
        contest=contest,
    )


def _unpinned(problem: Problem, outcome: Outcome | None) -> Int32 | None:
    """Where the outcome puts those who are not pinned."""
    if outcome is None:
        return None
    if outcome.place.shape != (problem.students,):
        raise ProblemError(
            f"outcome.place: {len(outcome.place)} students, {problem.students} expected"
        )
    if any(not 0 <= place < problem.places for place in outcome.closed):
        raise ProblemError(f"outcome.closed: a place of 0 to {problem.places - 1} expected")
    return np.where(problem.pinned_place >= 0, UNPLACED, outcome.place).astype(np.int32)


def _gains(useful: Int32, openings: int) -> Int32:
    """The gain by 1, 2, … openings, where the first so many are of use: int32 (…, openings)."""
    number = np.arange(1, openings + 1, dtype=np.int32)
    return np.minimum(number, useful[:, np.newaxis])


def _reaches_seat(network: Network) -> Bool:
    """From which nodes a free seat can be reached: bool (nodes)."""
    distance = np.empty(network.nodes, dtype=np.int32)
    distances(network, distance, np.empty(network.nodes, dtype=np.int32), to_all=True)
    reaches: Bool = distance != FAR
    return reaches


def _causes(network: Network, closed: tuple[int, ...]) -> Int8:
    """Why the students are unplaced who are, with these places closed: int8 (n)."""
    n = len(network.seated)
    at_all = _reaches_seat(network)[:n]
    capacity = network.seats[list(closed), CAPACITY]
    network.seats[list(closed), CAPACITY] = 0
    at_open = _reaches_seat(network)[:n]
    network.seats[list(closed), CAPACITY] = capacity
    cause = np.full(n, Cause.OPENINGS, dtype=np.int8)
    cause[at_all] = Cause.CLOSED
    cause[at_open] = Cause.STABILITY
    cause[(network.seated != UNPLACED) | (np.diff(network.start) == 0)] = Cause.NONE
    return cause


def _with_kinds(contest: Contest, first: Int64, student: Int32) -> Contest:
    """The contest with one more place for each kind, that has no seat and an owner of its own.

    The students of a kind, which begin and end at ``first``, get a row for its place. Its rank and
    priority are of no account here.
    """
    kinds = len(first) - 1
    kind = np.repeat(np.arange(kinds, dtype=np.int32), np.diff(first))
    order = np.argsort(student, kind="stable")
    at = contest.start[student[order] + 1]
    more = np.bincount(student, minlength=contest.students)
    none = np.zeros(kinds, dtype=np.int32)
    owners = len(contest.owner_capacity) + np.arange(kinds, dtype=np.int32)
    return replace(
        contest,
        start=contest.start + np.append(0, np.cumsum(more)),
        place=np.insert(contest.place, at, contest.places + kind[order]),
        rank=np.insert(contest.rank, at, 0),
        priority=np.insert(contest.priority, at, 0),
        capacity=np.append(contest.capacity, none),
        needed=np.append(contest.needed, none),
        owner=np.append(contest.owner, owners),
        owner_capacity=np.append(contest.owner_capacity, none),
        held_open=np.append(contest.held_open, none > 0),
        hopeless=np.append(contest.hopeless, none > 0),
    )
