"""Deferred acceptance: students ask, places hold the best claims, nobody is final until the end.

Source: Gale and Shapley (1962), "College admissions and the stability of marriage", American
Mathematical Monthly 69(1). With owners over places: Abraham, Irving and Manlove (2007), "Two
algorithms for the student-project allocation problem", Journal of Discrete Algorithms 5(1). Ties
broken beforehand: Irving, Manlove and Scott (2000), "The hospitals/residents problem with ties",
SWAT 2000. That no student gains by ranking untruthfully: Roth (1982), "The economics of
matching", Mathematics of Operations Research 7(4).
"""

from __future__ import annotations

import numpy as np

from matching.engine.arrays import Bool, Int32, Int64, UInt64
from matching.engine.contest import Contest
from matching.engine.lottery import pair_draws
from matching.engine.outcome import UNPLACED


def acceptance_in_rounds(contest: Contest, place_number: UInt64) -> Int32:
    """The student-optimal stable assignment once ties are broken: int32 (n), −1 is unplaced.

    1. Break the ties on both sides (`asking_order`, `claim_order`). All students are free.
    2. Every free student who has a choice left asks the best of these.
    3. Every place keeps its strongest claims, old and new, up to its capacity; of what its places
       kept, every owner keeps the strongest up to its own. Who is not kept is free again.
    4. Repeat 2 and 3 until no free student has a choice left. What is held becomes final.

    Places and owners together choose as a laminar matroid does, greedily, so it does not matter
    how many ask at once (Abraham, Irving and Manlove 2007): `asking.accepted` lets them ask one by
    one, and gets the same. Each choice is asked at most once.
    """
    order = asking_order(contest, place_number)
    claim = claim_order(contest)
    asked = contest.start[:-1].copy()
    held = np.full(contest.students, -1, dtype=np.int64)
    while True:
        free = np.flatnonzero((held < 0) & (asked < contest.start[1:]))
        if not free.size:
            break
        held[free] = order[asked[free]]
        asked[free] += 1
        _let_go(contest, claim, held)
    assignment = np.full(contest.students, UNPLACED, dtype=np.int32)
    sits = held >= 0
    assignment[sits] = contest.place[held[sits]]
    return assignment


def _let_go(contest: Contest, claim: Int64, held: Int64) -> None:
    """Free all who are not among the strongest at their place, then at its owner."""
    for group, room in (
        (contest.place, contest.capacity),
        (contest.owner[contest.place], contest.owner_capacity),
    ):
        holders = np.flatnonzero(held >= 0)
        row = held[holders]
        held[holders[_beyond(group[row], claim[row], room)]] = -1


def _beyond(group: Int32, claim: Int64, room: Int32) -> Bool:
    """Which members stand outside the ``room`` strongest of their group: bool, as ``group``."""
    by_claim = np.lexsort((claim, group))
    ordered = group[by_claim]
    first = np.searchsorted(ordered, ordered, side="left")
    beyond = np.empty(len(group), dtype=np.bool_)
    beyond[by_claim] = np.arange(len(group)) - first >= room[ordered]
    return beyond


def asking_order(contest: Contest, place_number: UInt64) -> Int64:
    """The rows of each student in the order in which they are asked: int64 (E).

    By rank. Within a tie group, first where the student's claim is better (there a refusal is
    less likely), then by a draw for the pair. None of these looks at the order of the input.
    """
    order = np.arange(len(contest.place))
    tied = np.zeros(len(order), dtype=np.bool_)
    again = (contest.student[1:] == contest.student[:-1]) & (contest.rank[1:] == contest.rank[:-1])
    tied[1:] |= again
    tied[:-1] |= again
    rows = np.flatnonzero(tied)
    draw = pair_draws(contest.lottery[contest.student[rows]], place_number[contest.place[rows]])
    keys = (draw, contest.priority[rows], contest.rank[rows], contest.student[rows])
    order[rows] = rows[np.lexsort(keys)]
    return order


def claim_order(contest: Contest) -> Int64:
    """How strong the claim behind each row is: int64 (E), 0 is the strongest, all different.

    By the place's priority; equal priorities by the student's lottery number.
    """
    order = np.empty(len(contest.place), dtype=np.int64)
    order[np.lexsort((contest.lottery[contest.student], contest.priority))] = np.arange(len(order))
    return order
