"""Whether an assignment of a contest is feasible and stable: from the definitions, on its own.

What comes back from the solver is looked at here before anyone believes it. Stability is that of
Cooper and Manlove (2018), "A 3/2-approximation algorithm for the student-project allocation
problem", SEA 2018.
"""

from __future__ import annotations

import numpy as np

from matching.engine.arrays import Bool, Int32, Int64
from matching.engine.contest import Contest

_LAST = np.iinfo(np.int64).max


def closed_places(contest: Contest, place: Int32) -> Bool:
    """The places that do not start: with a minimum, and nobody there: bool (m)."""
    taken = np.bincount(place[place >= 0], minlength=contest.places)
    closed: Bool = contest.hopeless | ((contest.needed > 0) & ~contest.held_open & (taken == 0))
    return closed


def feasible(contest: Contest, place: Int32) -> bool:
    """Whether everyone sits where they have a row, nothing is more than full, and every place that
    starts reaches its minimum, but for those that pins hold open."""
    if place.shape != (contest.students,) or np.any((place < -1) | (place >= contest.places)):
        return False
    here = contest.place == place[contest.student]
    taken = np.bincount(place[place >= 0], minlength=contest.places)
    load = np.bincount(contest.owner, taken, len(contest.owner_capacity))
    short = (taken > 0) & (taken < contest.needed) & ~contest.held_open
    return bool(
        np.count_nonzero(here) == np.count_nonzero(place >= 0)
        and np.all(taken <= contest.capacity)
        and np.all(load <= contest.owner_capacity)
        and not np.any(short)
    )


def blocking_rows(contest: Contest, place: Int32) -> Bool:
    """The rows whose student and place would rather have each other: bool (E).

    ``place``, int32 (n), is feasible.
    """
    student, there, priority = contest.student, contest.place, contest.priority
    here = there == place[student]
    owner = contest.owner[there]
    own_rank = np.full(contest.students, _LAST)
    own_rank[student[here]] = contest.rank[here]
    own_owner = np.full(contest.students, -1, dtype=np.int64)
    own_owner[student[here]] = owner[here]
    taken = np.bincount(there[here], minlength=contest.places)
    load = np.bincount(owner[here], minlength=len(contest.owner_capacity))
    worst_there = _worst(there[here], priority[here], contest.places)
    worst_owner = _worst(owner[here], priority[here], len(contest.owner_capacity))
    wished = contest.rank < own_rank[student]
    open_there = (contest.capacity > 0) & ~closed_places(contest, place)
    free = taken[there] < contest.capacity[there]
    owner_takes = (
        (load[owner] < contest.owner_capacity[owner])
        | (own_owner[student] == owner)
        | (worst_owner[owner] > priority)
    )
    pushes_out = worst_there[there] > priority
    blocking: Bool = wished & open_there[there] & np.where(free, owner_takes, pushes_out)
    return blocking


def merit(contest: Contest, place: Int32) -> tuple[int, ...]:
    """What a feasible assignment is worth, the smaller the better: students missing at places held
    open, students unplaced, sum of ranks, then how many sit at the worst rank, at the next, …"""
    taken = np.bincount(place[place >= 0], minlength=contest.places)
    missing = np.maximum(contest.needed - taken, 0)[contest.held_open].sum()
    rank = contest.rank[contest.place == place[contest.student]]
    profile = np.bincount(rank, minlength=int(contest.rank.max(initial=0)) + 1)
    return (
        int(missing),
        int(np.count_nonzero(place < 0)),
        int(rank.sum(dtype=np.int64)),
        *(int(count) for count in profile[::-1]),
    )


def _worst(key: Int32, priority: Int32, keys: int) -> Int64:
    worst = np.full(keys, np.iinfo(np.int64).min)
    np.maximum.at(worst, key, priority)
    return worst
