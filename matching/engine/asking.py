"""Deferred acceptance as a compiled kernel: students ask one by one.

The same result as `acceptance.acceptance_in_rounds`, in the order of McVitie and Wilson (1971),
"The stable marriage problem", Communications of the ACM 14: a student who is refused asks on at
once, and the order in which students take their turn does not change the result.
"""

from __future__ import annotations

import numpy as np

from matching.engine.acceptance import asking_order
from matching.engine.arrays import Bool, Int32, Int64, UInt64
from matching.engine.contest import Contest
from matching.engine.jit import Number, Truth, kernel


def accepted(contest: Contest, place_number: UInt64) -> Int32:
    """The student-optimal stable assignment once ties are broken: int32 (n), −1 is unplaced.

    1. All students are free, all seats are empty.
    2. As long as a free student has a choice left that was not asked yet, the student asks the
       best of these.
    3. The place has an empty seat, and its owner has room: it holds the student for the time
       being.
    4. The place is full: the weakest of those whom it holds, the newcomer included, is free
       again. The place has a seat and the owner is full: the weakest at all the owner's places is.
    5. When no free student has a choice left, what is held becomes final.

    Each choice is asked at most once: O(E log of the largest capacity); with owners, times the
    number of places of an owner in step 4.
    """
    tied = bool(_tied_with_next(contest).any())
    order = asking_order(contest, place_number) if tied else np.empty(0, dtype=np.int64)
    seats = np.minimum(contest.capacity, np.bincount(contest.place, minlength=contest.places))
    rows = (contest.start, contest.place, contest.priority, contest.lottery, order)
    if not contest.shared.any():
        return _places_alone(*rows, seats)
    by_owner = np.argsort(contest.owner, kind="stable").astype(np.int32)
    first_place = np.searchsorted(
        contest.owner[by_owner], np.arange(len(contest.owner_capacity) + 1)
    )
    owners = (contest.owner, contest.owner_capacity, by_owner, first_place)
    return _places_of_owners(*rows, seats, *owners)


def _tied_with_next(contest: Contest) -> Bool:
    """Rows that their student likes as much as the next one: bool (E − 1)."""
    same: Bool = contest.rank[1:] == contest.rank[:-1]
    firsts = contest.start[1:-1]
    same[firsts[(firsts > 0) & (firsts < len(contest.rank))] - 1] = False
    return same


# What a place with a free seat, and one without any seat, has for its weakest claim.
_ANYBODY = 2**63 - 1
_NOBODY = -(2**63)
# Columns. A claim is a key and its student; a key is the priority before half of the draw.
_KEY, _WHO = 0, 1
# A student: the next row to ask, the end of the rows, half of the draw.
_NEXT, _END, _LUCK = 0, 1, 2
# A place: the key of its weakest claim once it is full, its first seat, the first free one, the
# end of its seats. What one look needs lies together, in one line of the cache.
_WEAKEST, _FIRST, _FREE, _LAST = 0, 1, 2, 3


@kernel
def _weaker(key: Number, who: Number, other_key: Number, other: Number, draw: UInt64) -> Truth:
    """Whether the first claim yields to the second: by key, and then by the whole draw."""
    return key > other_key or (key == other_key and draw[who] > draw[other])


@kernel
def _sift_down(
    seat: Int64, draw: UInt64, low: Number, high: Number, key: Number, who: Number
) -> None:
    """Put a claim in place of the weakest, on top of the heap in the seats [low, high)."""
    hole = low
    while True:
        child = low + 2 * (hole - low) + 1
        if child >= high:
            break
        right = child + 1
        if right < high and _weaker(
            seat[right, _KEY], seat[right, _WHO], seat[child, _KEY], seat[child, _WHO], draw
        ):
            child = right
        if not _weaker(seat[child, _KEY], seat[child, _WHO], key, who, draw):
            break
        seat[hole, _KEY] = seat[child, _KEY]
        seat[hole, _WHO] = seat[child, _WHO]
        hole = child
    seat[hole, _KEY] = key
    seat[hole, _WHO] = who


@kernel
def _sift_up(seat: Int64, draw: UInt64, low: Number, end: Number, key: Number, who: Number) -> None:
    """Add a claim to the heap in the seats [low, end), which grows by one."""
    hole = end
    while hole > low:
        parent = low + ((hole - low - 1) >> 1)
        if not _weaker(key, who, seat[parent, _KEY], seat[parent, _WHO], draw):
            break
        seat[hole, _KEY] = seat[parent, _KEY]
        seat[hole, _WHO] = seat[parent, _WHO]
        hole = parent
    seat[hole, _KEY] = key
    seat[hole, _WHO] = who


@kernel
def _empty_places(seats: Int32) -> Int64:
    """The table of places before anybody asked."""
    table = np.empty((len(seats), 4), np.int64)
    end = 0
    for j in range(len(seats)):
        table[j, _WEAKEST] = _ANYBODY if seats[j] > 0 else _NOBODY
        table[j, _FIRST] = end
        table[j, _FREE] = end
        end += seats[j]
        table[j, _LAST] = end
    return table


@kernel
def _seated(places: Int64, seat: Int64, n: Number) -> Int32:
    """From who holds which seat to where each student sits."""
    assignment = np.full(n, -1, np.int32)
    for j in range(len(places)):
        for i in range(places[j, _FIRST], places[j, _FREE]):
            assignment[seat[i, _WHO]] = j
    return assignment


@kernel
def _places_alone(
    start: Int64, place: Int32, priority: Int32, draw: UInt64, order: Int64, seats: Int32
) -> Int32:
    """Steps 1 to 5 where every place owns itself.

    One number per place, the key of the weakest claim that it holds, turns most students away
    without another look. Who is let go waits for the next turn: so one student's rows can be
    fetched while those of the one before are still being read.
    """
    n = len(start) - 1
    asks = np.empty(len(place), np.int64)
    for i in range(len(place)):
        row = i if len(order) == 0 else order[i]
        asks[i] = (np.int64(priority[row]) << 32) | place[row]
    students = np.empty((n, 4), np.int64)
    turn, let_go = np.empty(n, np.int32), np.empty(n, np.int32)
    for i in range(n):
        students[i, _NEXT] = start[i]
        students[i, _END] = start[i + 1]
        students[i, _LUCK] = np.int64(draw[i] >> np.uint64(32))
        turn[i] = i
    places = _empty_places(seats)
    seat = np.empty((seats.sum(), 2), np.int64)
    waiting = n
    while waiting > 0:
        again = 0
        for i in range(waiting):
            who = turn[i]
            at, luck = students[who, _NEXT], students[who, _LUCK]
            while at < students[who, _END]:
                j = asks[at] & np.int64(0xFFFFFFFF)
                key = ((asks[at] >> 32) << 32) | luck
                at += 1
                if key > places[j, _WEAKEST]:
                    continue
                low, end = places[j, _FIRST], places[j, _FREE]
                if end < places[j, _LAST]:
                    _sift_up(seat, draw, low, end, key, who)
                    places[j, _FREE] = end + 1
                elif _weaker(seat[low, _KEY], seat[low, _WHO], key, who, draw):
                    let_go[again] = seat[low, _WHO]
                    again += 1
                    _sift_down(seat, draw, low, end, key, who)
                else:
                    continue
                if places[j, _FREE] == places[j, _LAST]:
                    places[j, _WEAKEST] = seat[low, _KEY]
                break
            students[who, _NEXT] = at
        turn, let_go = let_go, turn
        waiting = again
    return _seated(places, seat, n)


@kernel
def _weakest_place(
    k: Number, by_owner: Int32, first_place: Int64, places: Int64, seat: Int64, draw: UInt64
) -> Number:
    """Which place of an owner holds its weakest claim; −1 where none holds any."""
    found, best = -1, 0
    for i in range(first_place[k], first_place[k + 1]):
        top = places[by_owner[i], _FIRST]
        if places[by_owner[i], _FREE] > top and (
            found < 0
            or _weaker(seat[top, _KEY], seat[top, _WHO], seat[best, _KEY], seat[best, _WHO], draw)
        ):
            found, best = by_owner[i], top
    return found


@kernel
def _places_of_owners(
    start: Int64,
    place: Int32,
    priority: Int32,
    draw: UInt64,
    order: Int64,
    seats: Int32,
    owner: Int32,
    owner_capacity: Int32,
    by_owner: Int32,
    first_place: Int64,
) -> Int32:
    """Steps 1 to 5 where owners limit what their places hold together."""
    n = len(start) - 1
    asked = start[:-1].copy()
    places = _empty_places(seats)
    seat = np.empty((seats.sum(), 2), np.int64)
    room = owner_capacity.copy()
    for newcomer in range(n):
        who = newcomer
        while asked[who] < start[who + 1]:
            row = asked[who] if len(order) == 0 else order[asked[who]]
            asked[who] += 1
            j = place[row]
            key = (np.int64(priority[row]) << 32) | np.int64(draw[who] >> np.uint64(32))
            low, end, yields = places[j, _FIRST], places[j, _FREE], j
            if end < places[j, _LAST]:
                if room[owner[j]] > 0:
                    _sift_up(seat, draw, low, end, key, who)
                    places[j, _FREE] += 1
                    room[owner[j]] -= 1
                    break
                yields = _weakest_place(owner[j], by_owner, first_place, places, seat, draw)
            if yields < 0 or places[yields, _FIRST] == places[yields, _FREE]:
                continue
            top = places[yields, _FIRST]
            let_go = seat[top, _WHO]
            if not _weaker(seat[top, _KEY], let_go, key, who, draw):
                continue
            if yields == j:
                _sift_down(seat, draw, low, end, key, who)
            else:
                places[yields, _FREE] -= 1
                last = places[yields, _FREE]
                _sift_down(seat, draw, top, last, seat[last, _KEY], seat[last, _WHO])
                _sift_up(seat, draw, low, end, key, who)
                places[j, _FREE] += 1
            who = let_go
    return _seated(places, seat, n)
