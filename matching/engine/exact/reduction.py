"""Which rows can be in a stable assignment at all: the others are left out before anything is
solved.

Three rules, repeated until none applies. Each is safe in both directions: a row that it leaves out
is in no stable assignment, and in no assignment that is stable without the row does its pair block.
So the stable assignments are the same before and after, and the rules may be used one after the
other.

*Sure* is a place that no minimum can close. Row (s, p) has a claim of priority l on place p of
owner k.

1. **Guaranteed.** p is sure; of the other students fewer than p has seats have a claim up to l on
   p, and fewer than k has seats can be at k with a claim up to l. Then s is at p or at a place that
   s ranks no worse: otherwise (s, p) would block, since neither p nor k can be full of such claims.
   Rows that s ranks worse than p go.
2. **Taken.** D are students who rank p alone first and have a claim better than l; D holds as many
   as p has seats. Then s is never at p: one of D would be elsewhere, prefer p, and have a better
   claim than s, who sits at p and so at k. Nor does (s, p) ever block: if all of D are at p, it is
   full of better claims; a student of D elsewhere does not block only if p, or k in which s then is
   not, is full of claims better than l.
3. **Taken together.** For each sure place q of k, count the students who rank q alone first and
   have a claim better than l, up to the seats of q. If the counts make up the seats of k, no row of
   priority l at k is ever used: at each q either these students sit there, or q is full of claims
   better than l, or k is; so at least as many seats as counted are taken by better claims.

A place whose minimum is above its seats, or above the number of its rows, never opens: its rows go
first.

Rules 1 and 2 without owners are those of Irving and Manlove (2009), "Finding large stable
matchings", ACM Journal of Experimental Algorithmics 14, section 5, there said of hospitals that
offer and residents who apply; Delorme, García, Gondzio, Kalcsics, Manlove and Pettersson (2019),
"Mathematical models for stable matching problems with ties and incomplete lists", European Journal
of Operational Research 277, show what they are worth. The owners are added here.
"""

from __future__ import annotations

import numpy as np

from matching.engine.arrays import Bool, Int32, Int64
from matching.engine.contest import Contest

_NEVER = np.iinfo(np.int64).max


def possible_rows(contest: Contest) -> Bool:
    """The rows that may be in a stable assignment: bool (E). The others never are."""
    return _Reduction(contest).run()


class _Reduction:
    """Rows by student, place and owner, sorted once; ``live`` is what is left of them.

    by_place   int64 (E)  rows by place, best claim first
    by_owner   int64 (E)  rows by owner, best claim first, those of one student together
    """

    def __init__(self, contest: Contest) -> None:
        self.contest = contest
        self.student = contest.student.astype(np.int64)
        self.place = contest.place.astype(np.int64)
        self.owner = contest.owner.astype(np.int64)[self.place]
        self.priority = contest.priority.astype(np.int64)
        self.capacity = np.minimum(contest.capacity, contest.owner_capacity[contest.owner])
        self.sure = (contest.needed == 0) | contest.held_open
        self.by_place = np.lexsort((self.priority, self.place))
        self.by_owner = np.lexsort((self.student, self.priority, self.owner))
        self.live: Bool = self.capacity[self.place] > 0

    def run(self) -> Bool:
        """Apply the rules until nothing changes: bool (E)."""
        before = -1
        while before != np.count_nonzero(self.live):
            before = int(np.count_nonzero(self.live))
            self._never_open()
            self._guaranteed()
            self._taken()
        return self.live

    def _never_open(self) -> None:
        rows = np.bincount(self.place[self.live], minlength=self.contest.places)
        possible = np.minimum(rows, self.capacity) >= self.contest.needed
        self.live &= (self.sure | possible)[self.place]

    def _guaranteed(self) -> None:
        """Rule 1. How many others can be at k: no more than ask there, nor than its places seat."""
        at_place = self.by_place[self.live[self.by_place]]
        place = self.place[at_place]
        position = _position(place)
        claims = np.zeros(len(self.live), dtype=np.int64)
        claims[at_place] = _up_to_ties(np.ones_like(at_place), place, self.priority[at_place])
        seated = np.zeros(len(self.live), dtype=np.int64)
        seated[at_place] = position < self.capacity[place]
        at_owner = self.by_owner[self.live[self.by_owner]]
        owner, priority = self.owner[at_owner], self.priority[at_owner]
        new = _changes(owner, self.student[at_owner]).astype(np.int64)
        students = np.zeros(len(self.live), dtype=np.int64)
        students[at_owner] = np.minimum(
            _up_to_ties(new, owner, priority), _up_to_ties(seated[at_owner], owner, priority)
        )
        # Both counts hold the row's own student, who is no rival: hence "up to" and not "below".
        certain = (
            self.live
            & self.sure[self.place]
            & (claims <= self.capacity[self.place])
            & (students <= self.contest.owner_capacity[self.owner])
        )
        limit = np.full(self.contest.students, _NEVER)
        np.minimum.at(limit, self.student[certain], self.contest.rank[certain])
        self.live &= self.contest.rank <= limit[self.student]

    def _taken(self) -> None:
        """Rules 2 and 3, each as a limit: rows with a worse priority go."""
        rows = np.flatnonzero(self.live)
        best = np.full(self.contest.students, _NEVER)
        np.minimum.at(best, self.student[rows], self.contest.rank[rows])
        first = self.live & (self.contest.rank == best[self.student])
        alone = np.bincount(self.student[first], minlength=self.contest.students) == 1
        first &= alone[self.student]
        at_place = self.by_place[first[self.by_place]]
        place = self.place[at_place]
        position = _position(place)
        last = position == self.capacity[place] - 1
        place_limit = np.full(self.contest.places, _NEVER)
        place_limit[place[last]] = self.priority[at_place[last]]
        counted = np.zeros(len(self.live), dtype=np.bool_)
        counted[at_place] = (position < self.capacity[place]) & self.sure[place]
        at_owner = self.by_owner[counted[self.by_owner]]
        owner = self.owner[at_owner]
        last = _position(owner) == self.contest.owner_capacity[owner] - 1
        owner_limit = np.full(len(self.contest.owner_capacity), _NEVER)
        owner_limit[owner[last]] = self.priority[at_owner[last]]
        self.live &= self.priority <= place_limit[self.place]
        self.live &= self.priority <= owner_limit[self.owner]


def _changes(*columns: Int64 | Int32) -> Bool:
    """Where a row differs from the one before in any column; the first row does: bool (rows)."""
    changes = np.zeros(len(columns[0]), dtype=np.bool_)
    changes[:1] = True
    for column in columns:
        changes[1:] |= column[1:] != column[:-1]
    return changes


def _position(key: Int64) -> Int64:
    """The position of each row among those of its key, from 0; keys stand together."""
    rows = np.arange(len(key), dtype=np.int64)
    position: Int64 = rows - np.maximum.accumulate(np.where(_changes(key), rows, 0))
    return position


def _up_to_ties(weight: Int64, key: Int64, priority: Int64) -> Int64:
    """The weight of each key up to each row's priority, ties included: int64 (rows).

    Rows are sorted by key and priority.
    """
    if not len(key):
        return weight
    total = np.concatenate([[0], np.cumsum(weight)])
    rows = np.arange(len(key), dtype=np.int64)
    begin = np.maximum.accumulate(np.where(_changes(key), rows, 0))
    tie = np.flatnonzero(_changes(key, priority))
    end = np.append(tie[1:], len(key))[np.cumsum(_changes(key, priority)) - 1]
    up_to: Int64 = total[end] - total[begin]
    return up_to
