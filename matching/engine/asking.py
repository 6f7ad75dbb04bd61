"""Deferred acceptance as a compiled kernel: students ask one by one.

The same result as `acceptance.acceptance_in_rounds`, in the order of McVitie and Wilson (1971),
"The stable marriage problem", Communications of the ACM 14: a student who is refused asks on at
once, and the order in which students take their turn does not change the result.
"""

from __future__ import annotations

from functools import cached_property

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
    return Asking(contest, place_number).assignment()


class Asking:
    """The same, for a contest whose places close one after another.

    After `close` only those who sat there ask on. What was refused before stays refused: with a
    place less, everybody asks at least as many places as before, and who loses to some claims
    loses to more of them too. So the result is that of `accepted` without the closed places.

    Except where the closed place had students, and its owner has sent somebody away for want of
    room: that may have been for the sake of these students. ``behind`` counts such closings since
    all was last asked anew with `begin`; while it is 0, the result is exact.
    """

    def __init__(self, contest: Contest, place_number: UInt64) -> None:
        tied = bool(_tied_with_next(contest).any())
        order = asking_order(contest, place_number) if tied else np.empty(0, dtype=np.int64)
        self._rows = (contest.start, contest.place, contest.priority, contest.lottery, order)
        asked = np.bincount(contest.place, minlength=contest.places)
        self._seats = np.minimum(contest.capacity, asked).astype(np.int32)
        self._alone = not contest.shared.any()
        self._contest = contest
        self.begin(np.zeros(contest.places, dtype=np.bool_))

    def begin(self, closed: Bool) -> None:
        """From scratch, with these places closed, bool (m)."""
        self.closed: Bool = closed.copy()
        self.behind = 0
        self._asks, self._students = _set_out(*self._rows)
        self._places = _empty_places(np.where(closed, 0, self._seats).astype(np.int32))
        self._seat = np.empty((int(self._places[-1:, _LAST].sum()), 2), dtype=np.int64)
        self._room = self._contest.owner_capacity.astype(np.int64)
        self._sent_away = np.zeros(len(self._room), dtype=np.bool_)
        self._ask_on(np.arange(self._contest.students, dtype=np.int32))

    def close(self, places: Int64) -> None:
        """Close these places too; whoever sits there asks on."""
        taken, owner = self.taken[places], self._contest.owner[places]
        self.behind += int(np.count_nonzero(self._sent_away[owner] & (taken > 0)))
        self.closed[places] = True
        np.add.at(self._room, owner, taken)
        self._ask_on(_emptied(self._places, self._seat, places))

    @property
    def taken(self) -> Int64:
        """How many each place holds: int64 (m)."""
        taken: Int64 = self._places[:, _FREE] - self._places[:, _FIRST]
        return taken

    def assignment(self) -> Int32:
        """Where each student sits: int32 (n), −1 is unplaced."""
        return _seated(self._places, self._seat, self._contest.students)

    def _ask_on(self, free: Int32) -> None:
        """Steps 2 to 5 for these students."""
        tables = (self._asks, self._students, self._contest.lottery, self._places, self._seat)
        if self._alone:
            _places_alone(*tables, free)
        else:
            _places_of_owners(*tables, free, *self._owners, self._room, self._sent_away)

    @cached_property
    def _owners(self) -> tuple[Int32, Int32, Int64]:
        """The owner of each place, the places by owner, and where those of each owner begin."""
        owner = self._contest.owner
        by_owner = np.argsort(owner, kind="stable").astype(np.int32)
        first = np.searchsorted(owner[by_owner], np.arange(len(self._room) + 1))
        return owner, by_owner, first


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
def _emptied(places: Int64, seat: Int64, closing: Int64) -> Int32:
    """Take their seats from places that close; who sat there."""
    students = 0
    for j in closing:
        students += places[j, _FREE] - places[j, _FIRST]
    free = np.empty(students, np.int32)
    found = 0
    for j in closing:
        for i in range(places[j, _FIRST], places[j, _FREE]):
            free[found] = seat[i, _WHO]
            found += 1
        places[j, _WEAKEST] = _NOBODY
        places[j, _FREE] = places[j, _LAST] = places[j, _FIRST]
    return free


@kernel
def _set_out(
    start: Int64, place: Int32, priority: Int32, draw: UInt64, order: Int64
) -> tuple[Int64, Int64]:
    """What each row asks, int64 (E), in the order of asking: priority and place in one number;
    and the table of students before anybody asked."""
    asks = np.empty(len(place), np.int64)
    for i in range(len(place)):
        row = i if len(order) == 0 else order[i]
        asks[i] = (np.int64(priority[row]) << 32) | place[row]
    students = np.empty((len(start) - 1, 4), np.int64)
    for i in range(len(students)):
        students[i, _NEXT] = start[i]
        students[i, _END] = start[i + 1]
        students[i, _LUCK] = np.int64(draw[i] >> np.uint64(32))
    return asks, students


@kernel
def _places_alone(
    asks: Int64, students: Int64, draw: UInt64, places: Int64, seat: Int64, free: Int32
) -> None:
    """Steps 2 to 5 where every place owns itself.

    One number per place, the key of the weakest claim that it holds, turns most students away
    without another look. Who is let go waits for the next turn: so one student's rows can be
    fetched while those of the one before are still being read.
    """
    turn, let_go = free.copy(), np.empty(len(free), np.int32)
    waiting = len(free)
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
    asks: Int64,
    students: Int64,
    draw: UInt64,
    places: Int64,
    seat: Int64,
    free: Int32,
    owner: Int32,
    by_owner: Int32,
    first_place: Int64,
    room: Int64,
    sent_away: Bool,
) -> None:
    """Steps 2 to 5 where owners limit what their places hold together; ``sent_away`` notes which
    of them had no room for somebody."""
    for newcomer in free:
        who = newcomer
        while students[who, _NEXT] < students[who, _END]:
            ask = asks[students[who, _NEXT]]
            students[who, _NEXT] += 1
            j = ask & np.int64(0xFFFFFFFF)
            key = ((ask >> 32) << 32) | students[who, _LUCK]
            low, end, yields = places[j, _FIRST], places[j, _FREE], j
            if end < places[j, _LAST]:
                if room[owner[j]] > 0:
                    _sift_up(seat, draw, low, end, key, who)
                    places[j, _FREE] += 1
                    room[owner[j]] -= 1
                    break
                sent_away[owner[j]] = True
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
