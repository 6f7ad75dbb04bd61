"""Stable improvement cycles: students who trade places, so that all get what they rank higher.

Deferred acceptance breaks ties before anybody asks, and that costs students better places which
no claim would have forbidden. Such losses show as cycles, and trading along them brings the
assignment to one that is stable and that no other stable assignment improves for all.
Source: Erdil and Ergin (2008), "What's the matter with tie-breaking? Improving efficiency in
school choice", American Economic Review 98(3).
"""

from __future__ import annotations

import numpy as np

from matching.engine.arrays import Int32, Int64
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
    while True:
        own_rank = _own_ranks(contest.start, contest.place, contest.rank, place)
        best = _best_claims(*rows, own_rank, owner, len(contest.owner_capacity))
        order = np.argsort(place, kind="stable").astype(np.int32)
        first = np.searchsorted(place[order], np.arange(contest.places + 1))
        if _trade(*rows, own_rank, owner, free, best, order, first, place) == 0:
            return place


@kernel
def _own_ranks(start: Int64, place: Int32, rank: Int32, own: Int32) -> Int32:
    """The rank of each student's place; of those without one, worse than any."""
    ranks = np.full(len(own), _NONE, np.int32)
    for s in range(len(own)):
        for e in range(start[s], start[s + 1]):
            if place[e] == own[s]:
                ranks[s] = rank[e]
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
    start: Int64, place: Int32, rank: Int32, owner: Int32, free: Int32, s: int, row: int
) -> bool:
    """Whether another place of the same owner has a free seat that the student ranks higher."""
    for e in range(start[s], row):
        p = place[e]
        if free[p] and rank[e] < rank[row] and owner[p] == owner[place[row]]:
            return True
    return False


@kernel
def _trade(  # noqa: C901 - one depth-first search
    start: Int64,
    place: Int32,
    rank: Int32,
    priority: Int32,
    own_rank: Int32,
    owner: Int32,
    free: Int32,
    best: Int32,
    order: Int32,
    first: Int64,
    own: Int32,
) -> int:
    """Find cycles that have no place in common, move along them, and count the moves.

    A search in depth from each place. ``at`` and ``row`` are where the search of a place stands
    among its students and their rows, so that each arrow is looked at once.
    """
    m = len(first) - 1
    state = np.zeros(m, np.int8)  # 0 not seen, 1 on the path, 2 done
    at = first[:-1].copy()
    row = np.full(m, -1, np.int64)
    path = np.empty(m, np.int64)
    moves = 0
    for root in range(m):
        if state[root] != 0:
            continue
        depth = 0
        path[0] = root
        state[root] = 1
        while depth >= 0:
            q = path[depth]
            target = -1
            while at[q] < first[q + 1]:
                s = order[at[q]]
                e = start[s] if row[q] < 0 else row[q] + 1
                while e < start[s + 1] and rank[e] < own_rank[s]:
                    p = place[e]
                    if (
                        priority[e] == best[p]
                        and state[p] != 2
                        and (
                            owner[p] < 0 or not _would_rather(start, place, rank, owner, free, s, e)
                        )
                    ):
                        target = p
                        break
                    e += 1
                if target >= 0:
                    row[q] = e
                    break
                at[q] += 1
                row[q] = -1
            if target < 0:
                state[q] = 2
                depth -= 1
            elif state[target] == 0:
                state[target] = 1
                depth += 1
                path[depth] = target
            else:
                while True:
                    p = path[depth]
                    own[order[at[p]]] = place[row[p]]
                    moves += 1
                    state[p] = 2
                    depth -= 1
                    if p == target:
                        break
    return moves
