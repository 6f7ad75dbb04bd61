"""Explanations, as codes and figures: why this place, why not that one, why none at all.

The words are made elsewhere. What is said here is true of the outcome as it stands, whoever made
it; for stable outcomes `Code.BLOCKING` does not occur.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Bool, Int32, Int64
from matching.engine.eligibility import Rule
from matching.engine.outcome import UNPLACED, Outcome
from matching.engine.problem import NO_OWNER, REFUSED, Problem


class Code(enum.StrEnum):
    """Why a student is, or is not, at a place."""

    PLACED_HERE = "placed_here"
    PINNED_HERE = "pinned_here"  # fixed beforehand
    PINNED_ELSEWHERE = "pinned_elsewhere"  # fixed beforehand, at another place
    NOT_ELIGIBLE = "not_eligible"  # a hard rule forbids it: see ``rules``
    BANNED = "banned"  # the pair was forbidden beforehand
    NOT_ACCEPTED = "not_accepted"  # the place does not rank the student
    NOT_RANKED = "not_ranked"  # the student did not ask for it, nor is it in the tail
    PREFERRED_ANOTHER = "preferred_another"  # the student has a place ranked at least as high
    CLOSED = "closed"  # the project does not start: too few would come
    NO_OPENINGS = "no_openings"  # there was no seat to divide, or pins hold all of them
    FULL_BETTER_CLAIMS = "full_better_claims"  # all who got it had a better priority
    FULL_EQUAL_CLAIMS = "full_equal_claims"  # equal claims, and not the lottery alone decided
    FULL_LOTTERY = "full_lottery"  # the last seats were drawn among equal priorities
    OWNER_FULL = "owner_full"  # the place has a seat left, but its owner takes nobody more
    BLOCKING = "blocking"  # the two would rather have each other: the outcome is not stable


class Change(enum.StrEnum):
    """What would have helped this student to this place.

    The first three are a condition: without them there is no way, and with them the claim has to
    be strong enough still. With each of the others, and everybody else where they are, the place
    would have taken this student. Solved anew, with effort ``quick``, openings are enough too: at a
    place, or at an owner whose place has seats for all who come first. Of a claim or a draw nobody
    can promise that, because whoever makes room may come back by another way.
    """

    RANK_IT = "rank_it"
    RANK_IT_HIGHER = "rank_it_higher"
    BE_ACCEPTED = "be_accepted"  # by a hard rule that is met, a ban that is lifted, or the place
    LARGER_TEAM = "larger_team"  # so many students more: ``missing``
    MORE_OPENINGS = "more_openings"  # so many seats more: ``waiting_before`` + 1
    BETTER_CLAIM = "better_claim"  # a priority below ``cutoff``, stronger than the weakest there
    BETTER_DRAW = "better_draw"  # better than the worst that got a seat with the same priority


class UnplacedCode(enum.StrEnum):
    """Why a student has no place."""

    EMPTY_LIST = "empty_list"  # ranked nothing
    NO_ELIGIBLE_CHOICE = "no_eligible_choice"  # every ranked place fails a hard rule
    ALL_FULL = "all_full"  # each eligible choice went to others, or does not start


@dataclass(frozen=True)
class Explanation:
    """The answer for one pair.

    rank      the rank that the student gave the place; None: not ranked, or not eligible
    in_tail   the place is in the student's tail, after the own list
    got       the rank of the place that the student has; None: unplaced, or pinned off the list
    priority  the place's priority number for the student, lower is better; None as ``rank``
    cutoff    the highest (worst) priority number that got a seat, at the place, or at its owner
              where that one is full; None while seats are free, or where pins hold all of them
    capacity, taken  seats to divide, and seats given
    missing   students whom a closed project lacked, if all who would rather be there came
    rivals    other students who sit here or would rather sit here than where they are
    waiting_before  others with a claim at least as strong who would rather sit here; where the
              owner is full, who would rather sit at any of its places with a free seat
    drawn_claims, drawn_seats  of all claims, those with exactly the cut-off priority, and how
              many of them got a seat: more claims than seats means that a lottery decided
    rules     the hard rules that the pair fails
    changes   what would have helped the student to come here
    """

    code: Code
    student: int
    place: int
    rank: int | None
    in_tail: bool
    got: int | None
    priority: int | None
    cutoff: int | None
    capacity: int
    taken: int
    missing: int
    rivals: int
    waiting_before: int
    drawn_claims: int
    drawn_seats: int
    rules: tuple[Rule, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Unplaced:
    """Why a student has no place: the code, and the answer for each place on the list."""

    code: UnplacedCode
    student: int
    choices: tuple[Explanation, ...]


@dataclass(frozen=True, eq=False)
class Standings:
    """How hard each place was fought for; int64 (m) each, but for the last five.

    taken         students who sit there
    claims        those, and the students who would rather sit there than where they are
    cutoff        the worst priority number among those who sit there; 0 where nobody does
    drawn_claims  the claims with exactly that priority
    drawn_seats   how many of these sit there
    pinned        those of ``taken`` who are pinned
    owner_load    students of the place's owner, over all its places
    owner_pinned  those of ``owner_load`` who are pinned
    owner_cutoff  the worst priority number among them
    closed        bool (m)
    queue         the priorities of those who would rather be there, ascending within each place,
                  int64; those of place j are ``queue[queue_start[j] : queue_start[j + 1]]``
    queue_start   int64 (m + 1)
    owner_queue   the priorities of those who would rather be at a place of an owner that has a free
                  seat and is open, each student once, ascending within each owner, int64
    owner_queue_start   int64 (L + 1), as ``queue_start``
    """

    taken: Int64
    claims: Int64
    cutoff: Int64
    drawn_claims: Int64
    drawn_seats: Int64
    pinned: Int64
    owner_load: Int64
    owner_pinned: Int64
    owner_cutoff: Int64
    closed: Bool
    queue: Int64
    queue_start: Int64
    owner_queue: Int64
    owner_queue_start: Int64


def standings(problem: Problem, outcome: Outcome) -> Standings:
    """Count for all places at once; with it an answer for a pair takes no more than a look at the
    student's list and a bisection. O(E log E)."""
    student = np.concatenate([problem.choice_student, problem.tail_student])
    place = np.concatenate([problem.choice_place, problem.tail_place])
    priority = np.concatenate([problem.choice_priority, problem.tail_priority]).astype(np.int64)
    tail = np.full(len(problem.tail_place), problem.tail_rank, dtype=np.int32)
    rank = np.concatenate([problem.choice_rank, tail])
    granted = (priority != REFUSED) & (problem.pinned_place[student] < 0) & ~_banned(problem)
    sits = (outcome.place[student] == place) & granted
    waits = granted & ~sits & ((outcome.rank[student] == 0) | (rank < outcome.rank[student]))
    cutoff = _worst(place[sits], priority[sits], problem.places)
    at_cutoff = priority == cutoff[place]
    taken = np.bincount(outcome.place[outcome.place != UNPLACED], minlength=problem.places)

    def per_place(rows: Bool) -> Int64:
        return np.bincount(place[rows], minlength=problem.places).astype(np.int64)

    owner = np.where(
        problem.owner == NO_OWNER, problem.owners + np.arange(problem.places), problem.owner
    )
    owners = problem.owners + problem.places
    load = np.bincount(owner, taken, owners).astype(np.int64)
    pinned = np.bincount(problem.pin_place, minlength=problem.places)
    owner_pinned = np.bincount(owner, pinned, owners).astype(np.int64)
    owner_cutoff = _worst(owner[place[sits]], priority[sits], owners)
    closed = np.zeros(problem.places, dtype=np.bool_)
    closed[list(outcome.closed)] = True
    waiting = np.flatnonzero(waits)
    waiting = waiting[np.lexsort((priority[waiting], place[waiting]))]
    has_seat = (taken < problem.capacity) & ~closed & (problem.owner != NO_OWNER)
    before_owner = waiting[has_seat[place[waiting]]]
    owner_queue, owner_queue_start = _queue(
        problem.owner[place[before_owner]],
        student[before_owner],
        priority[before_owner],
        problem.owners,
    )
    seated = per_place(sits) > 0
    return Standings(
        taken=taken.astype(np.int64),
        claims=taken + per_place(waits),
        cutoff=np.where(seated, cutoff, 0),
        drawn_claims=per_place((sits | waits) & at_cutoff),
        drawn_seats=per_place(sits & at_cutoff),
        pinned=pinned.astype(np.int64),
        owner_load=load[owner],
        owner_pinned=owner_pinned[owner],
        owner_cutoff=np.where(load > owner_pinned, owner_cutoff, 0)[owner],
        closed=closed,
        queue=priority[waiting],
        queue_start=np.concatenate([[0], np.cumsum(per_place(waits))]),
        owner_queue=owner_queue,
        owner_queue_start=owner_queue_start,
    )


def _queue(owner: Int32, student: Int32, priority: Int64, owners: int) -> tuple[Int64, Int64]:
    """The priorities before each owner, each student once, and where those of each begin."""
    once = np.lexsort((student, priority, owner))
    same = (np.diff(owner[once]) == 0) & (np.diff(student[once]) == 0)
    once = once[np.append(True, ~same)[: len(once)]]
    count = np.bincount(owner[once], minlength=owners)
    return priority[once], np.concatenate([[0], np.cumsum(count)])


def _worst(group: Int64, priority: Int64, size: int) -> Int64:
    worst = np.full(size, np.iinfo(np.int64).min)
    np.maximum.at(worst, group, priority)
    return worst


def _banned(problem: Problem) -> Bool:
    """Which rows of own lists and tails are banned pairs."""
    student = np.concatenate([problem.choice_student, problem.tail_student]).astype(np.int64)
    place = np.concatenate([problem.choice_place, problem.tail_place])
    ban = problem.ban_student.astype(np.int64) * max(1, problem.places) + problem.ban_place
    banned: Bool = np.isin(student * max(1, problem.places) + place, ban)
    return banned


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
    rank, priority, in_tail = _row(problem, student, place)
    got = int(outcome.rank[student]) or None
    code = _code(problem, outcome, student, place, failed, standing)
    cutoff = _cutoff(problem, place, standing)
    queue = _slice(standing.queue, standing.queue_start, place)
    claims_here = code in (Code.PLACED_HERE, Code.PINNED_HERE) or code in _WANTED
    before = 0
    if priority is not None and priority != REFUSED:
        seeks = queue
        if code is Code.OWNER_FULL:
            owner = int(problem.owner[place])
            seeks = _slice(standing.owner_queue, standing.owner_queue_start, owner)
        before = int(np.searchsorted(seeks, priority, side="right"))
    return Explanation(
        code=code,
        student=student,
        place=place,
        rank=rank,
        in_tail=in_tail,
        got=got,
        priority=None if priority == REFUSED else priority,
        cutoff=cutoff,
        capacity=int(problem.capacity[place]),
        taken=int(standing.taken[place]),
        missing=max(0, int(problem.minimum[place]) - len(queue)) if code is Code.CLOSED else 0,
        rivals=int(standing.claims[place]) - claims_here,
        waiting_before=max(0, before - (code in _WANTED)),
        drawn_claims=int(standing.drawn_claims[place]),
        drawn_seats=int(standing.drawn_seats[place]),
        rules=failed,
        changes=tuple(
            change
            for change in _CHANGES[code]
            if cutoff is not None or change is not Change.BETTER_CLAIM
        ),
    )


def _slice(queue: Int64, start: Int64, index: int) -> Int64:
    return queue[start[index] : start[index + 1]]


_WANTED = frozenset(
    {
        Code.CLOSED,
        Code.NO_OPENINGS,
        Code.FULL_BETTER_CLAIMS,
        Code.FULL_EQUAL_CLAIMS,
        Code.FULL_LOTTERY,
        Code.OWNER_FULL,
        Code.BLOCKING,
    }
)
_CHANGES = {
    Code.PLACED_HERE: (),
    Code.PINNED_HERE: (),
    Code.PINNED_ELSEWHERE: (),
    Code.NOT_ELIGIBLE: (Change.BE_ACCEPTED,),
    Code.BANNED: (Change.BE_ACCEPTED,),
    Code.NOT_ACCEPTED: (Change.BE_ACCEPTED,),
    Code.NOT_RANKED: (Change.RANK_IT,),
    Code.PREFERRED_ANOTHER: (Change.RANK_IT_HIGHER,),
    Code.CLOSED: (Change.LARGER_TEAM,),
    Code.NO_OPENINGS: (Change.MORE_OPENINGS,),
    Code.FULL_BETTER_CLAIMS: (Change.BETTER_CLAIM, Change.MORE_OPENINGS),
    Code.FULL_EQUAL_CLAIMS: (Change.BETTER_CLAIM, Change.MORE_OPENINGS),
    Code.FULL_LOTTERY: (Change.BETTER_DRAW, Change.MORE_OPENINGS),
    Code.OWNER_FULL: (Change.BETTER_CLAIM, Change.MORE_OPENINGS),
    Code.BLOCKING: (),
}


def _code(
    problem: Problem,
    outcome: Outcome,
    student: int,
    place: int,
    failed: tuple[Rule, ...],
    standing: Standings,
) -> Code:
    rank, priority, _ = _row(problem, student, place)
    here = int(outcome.place[student]) == place
    pinned = int(problem.pinned_place[student])
    if pinned >= 0:
        return Code.PINNED_HERE if pinned == place else Code.PINNED_ELSEWHERE
    if here:
        return Code.PLACED_HERE
    if failed:
        return Code.NOT_ELIGIBLE
    if np.any((problem.ban_student == student) & (problem.ban_place == place)):
        return Code.BANNED
    if rank is None or priority is None:
        return Code.NOT_RANKED
    if priority == REFUSED:
        return Code.NOT_ACCEPTED
    if outcome.place[student] != UNPLACED and outcome.rank[student] <= rank:
        return Code.PREFERRED_ANOTHER
    return _refusal(problem, outcome, student, place, priority, standing)


def _refusal(
    problem: Problem,
    outcome: Outcome,
    student: int,
    place: int,
    priority: int,
    standing: Standings,
) -> Code:
    """Why a place that the student wanted more than their own did not take them."""
    cutoff = _cutoff(problem, place, standing)
    if standing.closed[place]:
        return Code.CLOSED
    full = standing.taken[place] >= problem.capacity[place]
    if full and standing.pinned[place] >= problem.capacity[place]:
        return Code.NO_OPENINGS
    if not full:
        owner = problem.owner[place]
        own = outcome.place[student]
        moves = own != UNPLACED and problem.owner[own] == owner
        yields = cutoff is not None and priority < cutoff
        takes = moves or yields or not _owner_full(problem, place, standing)
        return Code.BLOCKING if takes else Code.OWNER_FULL
    if cutoff is None or priority < cutoff:
        return Code.BLOCKING
    if priority > cutoff:
        return Code.FULL_BETTER_CLAIMS
    return Code.FULL_LOTTERY if outcome.effort == "quick" else Code.FULL_EQUAL_CLAIMS


def _cutoff(problem: Problem, place: int, standing: Standings) -> int | None:
    """The priority that was needed here; None while place and owner have a free seat, or where
    nobody could have made room."""
    if 0 < problem.capacity[place] <= standing.taken[place]:
        return (
            int(standing.cutoff[place]) if standing.taken[place] > standing.pinned[place] else None
        )
    yields = standing.owner_load[place] > standing.owner_pinned[place]
    if yields and _owner_full(problem, place, standing):
        return int(standing.owner_cutoff[place])
    return None


def _owner_full(problem: Problem, place: int, standing: Standings) -> bool:
    owner = int(problem.owner[place])
    return owner != NO_OWNER and bool(standing.owner_load[place] >= problem.owner_capacity[owner])


def _row(problem: Problem, student: int, place: int) -> tuple[int | None, int | None, bool]:
    """Rank, priority and whether it is in the tail, where the student names the place."""
    start, end = int(problem.choice_start[student]), int(problem.choice_start[student + 1])
    own = np.flatnonzero(problem.choice_place[start:end] == place)
    if own.size:
        row = start + int(own[0])
        return int(problem.choice_rank[row]), int(problem.choice_priority[row]), False
    start, end = int(problem.tail_start[student]), int(problem.tail_start[student + 1])
    after = np.flatnonzero(problem.tail_place[start:end] == place)
    if after.size:
        return problem.tail_rank, int(problem.tail_priority[start + int(after[0])]), True
    return None, None, False


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
    rows = slice(int(problem.choice_start[student]), int(problem.choice_start[student + 1]))
    eligible = tuple(
        explain(problem, outcome, student, place, standing=standing)
        for place in problem.choice_place[rows].tolist()
    )
    forbidden = tuple(
        explain(problem, outcome, student, place, failed=rules, standing=standing)
        for place, rules in (struck or {}).items()
    )
    if any(one.code in _WANTED for one in eligible):
        code = UnplacedCode.ALL_FULL
    elif eligible or forbidden:
        code = UnplacedCode.NO_ELIGIBLE_CHOICE
    else:
        code = UnplacedCode.EMPTY_LIST
    return Unplaced(code=code, student=student, choices=eligible + forbidden)
