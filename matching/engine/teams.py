"""Which projects start: those that reach their minimum, closing the emptiest first.

For the effort ``quick``. The search (`search`) weighs closing and opening beside all else, and the
exact effort decides it by integer programming.
"""

from __future__ import annotations

import numpy as np

from matching.engine.arrays import Bool, Float64, Int32, UInt64
from matching.engine.asking import accepted
from matching.engine.contest import Contest

# Above so many teams in want, more than one is closed at a time, and none is tried again.
MANY = 64


def accepted_with_teams(contest: Contest, place_number: UInt64) -> tuple[Int32, Bool]:
    """Deferred acceptance over the projects that start: place int32 (n), closed bool (m).

    1. Ask and accept. If every open project has its minimum, go on with 3.
    2. Close the project with the smallest share of its minimum, and repeat 1 from scratch.
    3. Open the closed ones again, each in turn: where all have their minimum then, and more
       students are placed, it stays open.

    A heuristic: the best set of projects is hard to find (Kamiyama 2013, "A note on the serial
    dictatorship with project closures", Operations Research Letters 41). Where no minimum is
    missed, it is deferred acceptance alone.
    """
    closed = contest.hopeless.copy()
    while True:
        place = accepted(contest.without(closed), place_number)
        share = _shares(contest, place, closed)
        wanting = np.flatnonzero(share < 1)
        if not wanting.size:
            break
        order = wanting[np.lexsort((place_number[wanting], share[wanting]))]
        closed[order[: max(1, len(order) // MANY)]] = True
    again = np.flatnonzero(closed & ~contest.hopeless)
    if len(again) > MANY:
        return place, closed
    for project in again[np.argsort(place_number[again])]:
        closed[project] = False
        other = accepted(contest.without(closed), place_number)
        better = np.count_nonzero(other >= 0) > np.count_nonzero(place >= 0)
        if better and not np.any(_shares(contest, other, closed) < 1):
            place = other
        else:
            closed[project] = True
    return place, closed


def _shares(contest: Contest, place: Int32, closed: Bool) -> Float64:
    """How much of its minimum each project has; 1 where it has enough, is closed, or held open."""
    taken = np.bincount(place[place >= 0], minlength=contest.places)
    short = (taken < contest.needed) & ~closed & ~contest.held_open
    return np.where(short, taken / np.maximum(contest.needed, 1), 1.0)
