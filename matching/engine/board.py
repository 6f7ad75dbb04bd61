"""The board of the local search: who sits where, and how a disturbed assignment becomes stable.

Two processes make it stable again. *Seekers* are students without a place who ask down their list,
as in deferred acceptance: they take a free seat, or the seat of a strictly weaker claim, or, when
chance says so, that of an equal one; who has to make room seeks on. *Vacancies* are owners with
room: the strongest claim that would rather be there moves up, and leaves a vacancy elsewhere.
Source of the idea: Roth and Vande Vate (1990), "Random paths to stability in two-sided matching",
Econometrica 58(6); Blum, Roth and Rothblum (1997), "Vacancy chains and equilibration in
senior-level labor markets", Journal of Economic Theory 76(2).

The board is a handful of tables of whole numbers, because each array more costs the compiler time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.engine.arrays import Int32, Int64, UInt64
from matching.engine.contest import Contest
from matching.engine.jit import Number, Truth, kernel


class Board(NamedTuple):
    """The tables; their columns are named below.

    row      int64 (E, 4)      place, rank, level and student of each row; the level is the
                               priority among the claims on the same owner, from 0 without gaps
    student  int64 (n + 1, 7)  first row, the row at which the student sits, and marks
    place    int64 (m, 8)      owner, seats, students, first seat, students needed; seats and
                               students needed while open; whether pins keep it open
    owner    int64 (L + 1, 5)  room, students, first place, first claim, whether it waits
    seat     int64             student per seat; a place has as many as it could fill
    places   int64 (m)         places by owner
    claims   int64 (E)         rows by owner, strongest first
    profile  int64 (ranks + 1) students per rank
    work     int64 (4, ·)      stacks: seekers, owners with room, students touched by this step,
                               students without a place
    tally    int64             counts, see below
    luck     uint64 (1)        state of the generator: Vigna (2016), xorshift64*
    """

    row: Int64
    student: Int64
    place: Int64
    owner: Int64
    seat: Int64
    places: Int64
    claims: Int64
    profile: Int64
    work: Int64
    tally: Int64
    luck: UInt64


# Numbers of numpy and not of Python: the compiler makes one version for all of these, where it
# would make one for every single number of Python that it meets as an argument.
_N = [np.int64(i) for i in range(9)]
PLACE, RANK, LEVEL, WHO = _N[:4]
FIRST_ROW, AT, POSITION, TOUCHED_IN, TIED_IN, BEFORE, SEEKS = _N[:7]
OWNER, SEATS, TAKEN, FIRST_SEAT, NEEDED, OPEN_SEATS, OPEN_NEEDED, HELD = _N[:8]
ROOM, LOAD, FIRST_PLACE, FIRST_CLAIM, WAITS = _N[:5]
SEEKERS, VACANCIES, TOUCHED, UNPLACED = _N[:4]
# Counts. The first four are the heights of the stacks of the same number. MISSING are the students
# whom open teams still need; HELD_MISSING, next to it, those of teams that pins keep open.
RANK_SUM, MISSING, HELD_MISSING, STEP, EFFORT = _N[4:9]
COUNTS = 9

FREE, NOBODY = np.int64(-1), np.int64(-2)
ZERO, PER_CENT = np.int64(0), np.int64(100)
YES, NO = np.bool_(True), np.bool_(False)

# The factor of xorshift64*, 0x2545F4914F6CDD1D, in halves.
_FACTOR_HIGH, _FACTOR_LOW = np.uint64(0x2545F491), np.uint64(0x4F6CDD1D)
_HALF, _HALF_BITS = np.uint64(2**32 - 1), np.uint64(32)


def set_up(contest: Contest, luck: int) -> Board:
    """An empty board, all places open; ``luck``, from 1 to 2^64 − 1, begins the random numbers.

    The contest must be in an order that does not come from the input: equal draws of luck lead to
    equal steps only on equal boards.
    """
    n, m, owners = contest.students, contest.places, len(contest.owner_capacity)
    seats = np.minimum(contest.capacity, np.bincount(contest.place, minlength=m))
    row = np.empty((len(contest.place), 4), dtype=np.int64)
    row[:, PLACE], row[:, RANK] = contest.place, contest.rank
    row[:, WHO] = contest.student
    row_owner = contest.owner[contest.place]
    claims = np.lexsort((contest.student, contest.priority, row_owner))
    row[claims, LEVEL] = _levels(row_owner[claims], contest.priority[claims])
    student = np.zeros((n + 1, 7), dtype=np.int64)
    student[:, FIRST_ROW] = contest.start
    student[:, AT] = -1
    place = np.zeros((m, 8), dtype=np.int64)
    needed = np.where(contest.hopeless, 0, contest.needed)
    place[:, OWNER], place[:, SEATS], place[:, OPEN_SEATS] = contest.owner, seats, seats
    place[:, FIRST_SEAT] = np.cumsum(seats) - seats
    place[:, NEEDED], place[:, OPEN_NEEDED], place[:, HELD] = needed, needed, contest.held_open
    owner = np.zeros((owners + 1, 5), dtype=np.int64)
    owner[:owners, ROOM] = contest.owner_capacity
    places = np.argsort(contest.owner, kind="stable")
    numbers = np.arange(owners + 1)
    owner[:, FIRST_PLACE] = np.searchsorted(contest.owner[places], numbers)
    owner[:, FIRST_CLAIM] = np.searchsorted(row_owner[claims], numbers)
    work = np.zeros((4, max(n, owners) + 1), dtype=np.int64)
    asking = np.flatnonzero(np.diff(contest.start))
    work[UNPLACED, : len(asking)] = asking
    student[asking, POSITION] = np.arange(len(asking))
    tally = np.zeros(COUNTS, dtype=np.int64)
    tally[UNPLACED] = len(asking)
    tally[MISSING] = needed[~contest.held_open].sum()
    tally[HELD_MISSING] = needed[contest.held_open].sum()
    return Board(
        row=row,
        student=student,
        place=place,
        owner=owner,
        seat=np.zeros(int(seats.sum()) + 1, dtype=np.int64),
        places=places.astype(np.int64),
        claims=claims.astype(np.int64),
        profile=np.zeros(int(contest.rank.max(initial=0)) + 1, dtype=np.int64),
        work=work,
        tally=tally,
        luck=np.array([luck], dtype=np.uint64),
    )


def _levels(owner: Int32, priority: Int32) -> Int64:
    """Priorities of claims, sorted by owner and priority, as numbers from 0 without gaps."""
    new_owner = np.concatenate([[True], owner[1:] != owner[:-1]])[: len(owner)]
    up = np.concatenate([[False], priority[1:] != priority[:-1]])[: len(owner)] | new_owner
    level = np.cumsum(up)
    first = np.maximum.accumulate(np.where(new_owner, level, 0))
    return level - first


@kernel
def draw(b: Board, below: Number) -> Number:
    """A random whole number from 0 to ``below`` − 1."""
    x = b.luck[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    b.luck[0] = x
    # The upper half of x times the factor, modulo 2^64, by halves: no product is too large for 64
    # bits, so that it is the same, and as silent, where nothing is compiled.
    low, high = x & _HALF, x >> _HALF_BITS
    upper = ((low * _FACTOR_LOW) >> _HALF_BITS) + ((high * _FACTOR_LOW) & _HALF)
    upper = (upper + ((low * _FACTOR_HIGH) & _HALF)) & _HALF
    return np.int64(upper >> np.uint64(1)) % below


@kernel
def push(b: Board, stack: Number, item: Number) -> None:
    """Put an item on a stack."""
    b.work[stack, b.tally[stack]] = item
    b.tally[stack] += 1


@kernel
def seek(b: Board, s: Number) -> None:
    """The student will ask down the list, once however often this is said."""
    if b.student[s, SEEKS] == 0:
        b.student[s, SEEKS] = 1
        push(b, SEEKERS, s)


@kernel
def vacate(b: Board, k: Number) -> None:
    """The owner will look who would rather be there, once however often this is said."""
    if b.owner[k, WAITS] == 0:
        b.owner[k, WAITS] = 1
        push(b, VACANCIES, k)


@kernel
def leave(b: Board, s: Number) -> None:
    """The student gets up; nobody takes the seat yet."""
    e = b.student[s, AT]
    p = b.row[e, PLACE]
    last = b.place[p, TAKEN] - 1
    first = b.place[p, FIRST_SEAT]
    mover = b.seat[first + last]
    b.seat[first + b.student[s, POSITION]] = mover
    b.student[mover, POSITION] = b.student[s, POSITION]
    b.place[p, TAKEN] = last
    b.owner[b.place[p, OWNER], LOAD] -= 1
    b.student[s, AT] = FREE
    b.student[s, POSITION] = b.tally[UNPLACED]
    push(b, UNPLACED, s)
    b.tally[RANK_SUM] -= b.row[e, RANK]
    b.profile[b.row[e, RANK]] -= 1
    if last < b.place[p, NEEDED]:
        b.tally[MISSING + b.place[p, HELD]] += 1


@kernel
def sit(b: Board, s: Number, e: Number) -> None:
    """The student takes a free seat at the place of the row."""
    p = b.row[e, PLACE]
    taken = b.place[p, TAKEN]
    b.tally[UNPLACED] -= 1
    mover = b.work[UNPLACED, b.tally[UNPLACED]]
    b.work[UNPLACED, b.student[s, POSITION]] = mover
    b.student[mover, POSITION] = b.student[s, POSITION]
    b.seat[b.place[p, FIRST_SEAT] + taken] = s
    b.student[s, POSITION] = taken
    b.place[p, TAKEN] = taken + 1
    b.owner[b.place[p, OWNER], LOAD] += 1
    b.student[s, AT] = e
    b.tally[RANK_SUM] += b.row[e, RANK]
    b.profile[b.row[e, RANK]] += 1
    if taken < b.place[p, NEEDED]:
        b.tally[MISSING + b.place[p, HELD]] -= 1


@kernel
def touch(b: Board, s: Number) -> None:
    """Remember where the student sat before this step, so that it can be taken back."""
    if b.student[s, TOUCHED_IN] != b.tally[STEP]:
        b.student[s, TOUCHED_IN] = b.tally[STEP]
        b.student[s, BEFORE] = b.student[s, AT]
        push(b, TOUCHED, s)


@kernel
def weakest(
    b: Board, first: Number, last: Number, listed: Truth, level: Number, spare: Truth
) -> Number:
    """A student with the weakest claim, if it is no stronger than ``level``; else NOBODY.

    The students are those of the places ``b.places[first:last]``, or, not ``listed``, of the
    place ``first``. Among equally weak ones a draw decides. An equal claim that has moved already
    in this step does not move again when ``spare``: so every step ends.
    """
    worst, found, equals = level - 1, NOBODY, 0
    for i in range(first, last):
        p = b.places[i] if listed else i
        begin = b.place[p, FIRST_SEAT]
        end = begin + b.place[p, TAKEN]
        b.tally[EFFORT] += end - begin
        for k in range(begin, end):
            s = b.seat[k]
            theirs = b.row[b.student[s, AT], LEVEL]
            if theirs < worst:
                continue
            if theirs > worst:
                worst, found, equals = theirs, NOBODY, 0
            movable = theirs > level or not spare or b.student[s, TIED_IN] != b.tally[STEP]
            if theirs >= level and movable:
                equals += 1
                if equals == 1 or draw(b, equals) == 0:
                    found = s
    return found


@kernel
def yields(b: Board, s: Number, e: Number) -> Number:
    """Who makes room for the student at the place of the row: FREE, NOBODY, or a student whose
    claim is weaker or equal."""
    p = b.row[e, PLACE]
    k = b.place[p, OWNER]
    b.tally[EFFORT] += 1
    if b.place[p, TAKEN] >= b.place[p, SEATS]:
        return weakest(b, p, p + 1, NO, b.row[e, LEVEL], YES)
    at = b.student[s, AT]
    stays = at >= 0 and b.place[b.row[at, PLACE], OWNER] == k
    if stays or b.owner[k, LOAD] < b.owner[k, ROOM]:
        return FREE
    first, last = b.owner[k, FIRST_PLACE], b.owner[k + 1, FIRST_PLACE]
    return weakest(b, first, last, YES, b.row[e, LEVEL], YES)


@kernel
def take_seat(b: Board, s: Number, e: Number, loser: Number, tie: Truth) -> None:
    """The student moves to the place of the row; the loser, if any, makes room and seeks."""
    touch(b, s)
    if b.student[s, AT] >= 0:
        vacate(b, b.place[b.row[b.student[s, AT], PLACE], OWNER])
        leave(b, s)
    if loser >= 0:
        touch(b, loser)
        left = b.row[b.student[loser, AT], PLACE]
        leave(b, loser)
        seek(b, loser)
        if tie:
            b.student[loser, TIED_IN] = b.tally[STEP]
        if left != b.row[e, PLACE]:
            vacate(b, b.place[left, OWNER])
    sit(b, s, e)
    if tie:
        b.student[s, TIED_IN] = b.tally[STEP]
        k = b.place[b.row[e, PLACE], OWNER]
        if b.owner[k + 1, FIRST_PLACE] - b.owner[k, FIRST_PLACE] > 1:
            # Now with the owner, the student may have a free seat there that they like better.
            seek(b, s)


@kernel
def _best_claim(b: Board, k: Number) -> Number:
    """The row of the strongest claim on a free seat of the owner, of somebody who would rather be
    there; −1 where there is none. Among equals a draw decides."""
    found, level, equals = NOBODY, 0, 0
    room = b.owner[k, LOAD] < b.owner[k, ROOM]
    limit = FREE
    if not room:
        first, last = b.owner[k, FIRST_PLACE], b.owner[k + 1, FIRST_PLACE]
        loser = weakest(b, first, last, YES, ZERO, NO)
        if loser >= 0:
            limit = b.row[b.student[loser, AT], LEVEL]
    for i in range(b.owner[k, FIRST_CLAIM], b.owner[k + 1, FIRST_CLAIM]):
        e = b.claims[i]
        if found >= 0 and b.row[e, LEVEL] > level:
            break
        b.tally[EFFORT] += 1
        p = b.row[e, PLACE]
        if b.place[p, TAKEN] >= b.place[p, SEATS]:
            continue
        at = b.student[b.row[e, WHO], AT]
        if at >= 0 and b.row[at, RANK] <= b.row[e, RANK]:
            continue
        stays = at >= 0 and b.place[b.row[at, PLACE], OWNER] == k
        if room or stays or b.row[e, LEVEL] < limit:
            level = b.row[e, LEVEL]
            equals += 1
            if equals == 1 or draw(b, equals) == 0:
                found = e
    return found


@kernel
def _fill_vacancies(b: Board, limit: Number) -> None:
    """Let the strongest claims move up until no owner that waits has any."""
    while b.tally[VACANCIES] > 0:
        b.tally[VACANCIES] -= 1
        k = b.work[VACANCIES, b.tally[VACANCIES]]
        e = _best_claim(b, k)
        while e >= 0 and b.tally[EFFORT] < limit:
            s = b.row[e, WHO]
            at = b.student[s, AT]
            stays = at >= 0 and b.place[b.row[at, PLACE], OWNER] == k
            loser: Number = NOBODY
            if not stays and b.owner[k, LOAD] >= b.owner[k, ROOM]:
                first, last = b.owner[k, FIRST_PLACE], b.owner[k + 1, FIRST_PLACE]
                loser = weakest(b, first, last, YES, ZERO, NO)
            # Still marked as one that waits, k does not go on the stack again meanwhile.
            take_seat(b, s, e, loser, NO)
            e = _best_claim(b, k)
        b.owner[k, WAITS] = 0


@kernel
def _ask(b: Board, s: Number, chance: Number) -> None:
    """The student asks down the list, as far as the present seat, and takes the first seat that
    somebody yields: a free one before a weaker claim's, and an equal claim's by chance."""
    at = b.student[s, AT]
    best: Number = NOBODY
    loser: Number = NOBODY
    kind, equals = 3, 0
    for e in range(b.student[s, FIRST_ROW], b.student[s + 1, FIRST_ROW]):
        rank = b.row[e, RANK]
        if (at >= 0 and rank >= b.row[at, RANK]) or (best >= 0 and rank > b.row[best, RANK]):
            break
        found = yields(b, s, e)
        if found == NOBODY:
            continue
        how = 0
        if found >= 0:
            how = 1 if b.row[b.student[found, AT], LEVEL] > b.row[e, LEVEL] else 2
            if how == 2 and draw(b, PER_CENT) >= chance:
                continue
        if how < kind:
            best, loser, kind, equals = e, found, how, 1
        elif how == kind:
            equals += 1
            if draw(b, equals) == 0:
                best, loser = e, found
    if best >= 0:
        take_seat(b, s, best, loser, kind == 2)


@kernel
def settle(b: Board, chance: Number, most: Number) -> Truth:
    """Let seekers ask and vacancies fill until nobody moves: then the assignment is stable.

    ``chance``, in per cent, is how often a seeker pushes out an equal claim. False, with the
    board in disorder, where it took more than ``most`` effort: paths to stability may be long.
    """
    limit = b.tally[EFFORT] + most
    while b.tally[SEEKERS] > 0 or b.tally[VACANCIES] > 0:
        _fill_vacancies(b, limit)
        if b.tally[EFFORT] >= limit:
            return False
        if b.tally[SEEKERS] > 0:
            b.tally[SEEKERS] -= 1
            s = b.work[SEEKERS, b.tally[SEEKERS]]
            b.student[s, SEEKS] = 0
            _ask(b, s, chance)
    return True


@kernel
def flip(b: Board, p: Number) -> None:
    """Close the place, whose students seek on, or open it again."""
    if b.place[p, SEATS] > 0:
        while b.place[p, TAKEN] > 0:
            s = b.seat[b.place[p, FIRST_SEAT]]
            touch(b, s)
            leave(b, s)
            seek(b, s)
    set_open(b, p, b.place[p, SEATS] == 0)
    vacate(b, b.place[p, OWNER])


@kernel
def set_open(b: Board, p: Number, is_open: Truth) -> None:
    """Open or close a place where nobody sits."""
    b.tally[MISSING + b.place[p, HELD]] -= b.place[p, NEEDED]
    b.place[p, SEATS] = b.place[p, OPEN_SEATS] if is_open else 0
    b.place[p, NEEDED] = b.place[p, OPEN_NEEDED] if is_open else 0
    b.tally[MISSING + b.place[p, HELD]] += b.place[p, NEEDED]


@kernel
def take_back(b: Board, flipped: Number, other: Number) -> None:
    """Undo this step: everybody who moved goes back to where they sat, and the two places that
    were opened or closed, −1 for none, are again what they were."""
    while b.tally[SEEKERS] > 0:
        b.tally[SEEKERS] -= 1
        b.student[b.work[SEEKERS, b.tally[SEEKERS]], SEEKS] = 0
    while b.tally[VACANCIES] > 0:
        b.tally[VACANCIES] -= 1
        b.owner[b.work[VACANCIES, b.tally[VACANCIES]], WAITS] = 0
    for i in range(b.tally[TOUCHED]):
        s = b.work[TOUCHED, i]
        if b.student[s, AT] >= 0:
            leave(b, s)
    # Whoever sits there now came in this step, or left in it: nobody sits there any more.
    if flipped >= 0:
        set_open(b, flipped, b.place[flipped, SEATS] == 0)
    if other >= 0:
        set_open(b, other, b.place[other, SEATS] == 0)
    for i in range(b.tally[TOUCHED]):
        s = b.work[TOUCHED, i]
        if b.student[s, BEFORE] >= 0:
            sit(b, s, b.student[s, BEFORE])
