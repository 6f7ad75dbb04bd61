"""Stable improvement cycles: students who trade places, so that all get what they rank higher.

Deferred acceptance breaks ties before anybody asks, and that costs students better places which
no claim would have forbidden. Such losses show as cycles, and trading along them brings the
assignment to one that is stable and that no other stable assignment improves for all.
Source: Erdil and Ergin (2008), "What's the matter with tie-breaking? Improving efficiency in
school choice", American Economic Review 98(3).
"""

from __future__ import annotations

import numpy as np

from matching.engine.arrays import Bool, Int32, Int64
from matching.engine.contest import Contest
from matching.engine.jit import kernel

_NONE = 2**31 - 1


def traded(contest: Contest, place: Int32) -> Int32:
    """A stable assignment without stable improvement cycles, from a stable one: int32 (n).

    1. A student *wants* each place that they rank strictly above their own. At each place those
       count who have the best claim of all who want it; at an owner with several places, of all
       who want any of these.
    2. Draw an arrow from the place of each who counts to the place where they count.
    3. Along every cycle, each student moves on to the next place. Nobody with a better claim
       wanted it, so nobody blocks, and every place has as many students as before.
    4. Repeat from 1, for what those who moved want has become less, until there is no cycle.

    At an owner with several places one thing more could block: a student who comes to it, and
    would rather have a free seat at another of its places. Such arrows are left out.

    Each pass takes O(E); every pass but the last improves a student.
    """
    place = place.copy()
    shared = contest.shared
    owner = np.where(shared, contest.owner, -1).astype(np.int32)
    seats = np.bincount(place[place >= 0], minlength=contest.places)
    free = (seats < contest.capacity) & shared
    rows = (contest.start, contest.place, contest.rank, contest.priority)
    own_rank = _own_ranks(contest.start, contest.place, contest.rank, place)
    while True:
        best = _best_claims(*rows, own_rank, owner, len(contest.owner_capacity))
        arrow, first = _arrows(*rows, own_rank, owner, free, best, place)
        if _trade(contest.place, contest.rank, arrow, first, own_rank, place) == 0:
            return place


@kernel
def _own_ranks(start: Int64, place: Int32, rank: Int32, own: Int32) -> Int32:
    """The rank of each student's place; of those without one, worse than any."""
    ranks = np.full(len(own), _NONE, np.int32)
    for s in range(len(own)):
        for e in range(start[s], start[s + 1]):
            if place[e] == own[s]:
                ranks[s] = rank[e]
                break
    return ranks


@kernel
def _best_claims(
    start: Int64,
    place: Int32,
    rank: Int32,
    priority: Int32,
    own_rank: Int32,
    owner: Int32,
    owners: int,
) -> Int32:
    """The best priority of those who want each place, or any place of its owner."""
    m = len(owner)
    best = np.full(m, _NONE, np.int32)
    best_of_owner = np.full(owners, _NONE, np.int32)
    for s in range(len(own_rank)):
        for e in range(start[s], start[s + 1]):
            if rank[e] >= own_rank[s]:
                break
            k = owner[place[e]]
            if k < 0:
                best[place[e]] = min(best[place[e]], priority[e])
            else:
                best_of_owner[k] = min(best_of_owner[k], priority[e])
    for p in range(m):
        if owner[p] >= 0:
            best[p] = best_of_owner[owner[p]]
    return best


@kernel
def _would_rather(
    start: Int64, place: Int32, rank: Int32, owner: Int32, free: Bool, s: int, row: int
) -> bool:
    """Whether another place of the same owner has a free seat that the student ranks higher."""
    for e in range(start[s], row):
        p = place[e]
        if free[p] and rank[e] < rank[row] and owner[p] == owner[place[row]]:
            return True
    return False


@kernel
def _arrows(  # noqa: C901 - counted first, then drawn, by the same walk
    start: Int64,
    place: Int32,
    rank: Int32,
    priority: Int32,
    own_rank: Int32,
    owner: Int32,
    free: Bool,
    best: Int32,
    own: Int32,
) -> tuple[Int64, Int64]:
    """The arrows from each place: row and student, int64 (arrows, 2), and where those of a place
    begin, int64 (m + 1)."""
    m = len(owner)
    first = np.zeros(m + 1, np.int64)
    arrow = np.empty((0, 2), np.int64)
    for draws in range(2):
        for s in range(len(own)):
            if own[s] < 0:
                continue
            for e in range(start[s], start[s + 1]):
                if rank[e] >= own_rank[s]:
                    break
                p = place[e]
                if priority[e] != best[p]:
                    continue
                if owner[p] >= 0 and _would_rather(start, place, rank, owner, free, s, e):
                    continue
                if draws:
                    first[own[s]] -= 1
                    arrow[first[own[s]], 0] = e
                    arrow[first[own[s]], 1] = s
                else:
                    first[own[s]] += 1
        if not draws:
            for p in range(m):
                first[p + 1] += first[p]
            arrow = np.empty((first[m], 2), np.int64)
    return arrow, first


@kernel
def _trade(
    place: Int32, rank: Int32, arrow: Int64, first: Int64, own_rank: Int32, own: Int32
) -> int:
    """Find cycles that have no place in common, move along them, and count the moves.

    A search in depth from each place; ``at`` is the arrow at which the search of a place stands,
    so that each is looked at once.
    """
    m = len(first) - 1
    state = np.zeros(m, np.int8)  # 0 not seen, 1 on the path, 2 done
    at = first[:-1] - 1
    path = np.empty(m, np.int64)
    moves = 0
    for root in range(m):
        depth = -1
        if state[root] == 0:
            depth = 0
            path[0] = root
            state[root] = 1
        while depth >= 0:
            q = path[depth]
            at[q] += 1
            if at[q] == first[q + 1]:
                state[q] = 2
                depth -= 1
                continue
            target = place[arrow[at[q], 0]]
            if state[target] == 0:
                state[target] = 1
                depth += 1
                path[depth] = target
            elif state[target] == 1:
                # The path from the target to here, and the arrow back, are a cycle.
                while state[target] == 1:
                    p = path[depth]
                    e, s = arrow[at[p]]
                    own[s], own_rank[s] = place[e], rank[e]
                    state[p] = 2
                    moves += 1
                    depth -= 1
    return moves
