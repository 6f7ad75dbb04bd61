"""Which projects start: those that reach their minimum, closing the emptiest first.

For the effort ``quick``. The search (`search`) weighs closing and opening beside all else, and the
exact effort decides it by integer programming.
"""

from __future__ import annotations

import numpy as np

from matching.engine.arrays import Bool, Float64, Int32, Int64, UInt64
from matching.engine.asking import Asking
from matching.engine.contest import Contest

# Above so many teams in want, more than one is closed at a time, and none is tried again.
MANY = 64
# All is asked anew once the closings that `Asking` cannot follow exactly are more than one for so
# many teams in want; up to so many teams, after each.
PATIENCE = 16
# None is tried again either where so many rows would be asked for it: that takes a second or so.
MOST_ROWS = 8_000_000


def accepted_with_teams(contest: Contest, place_number: UInt64) -> tuple[Int32, Bool]:
    """Deferred acceptance over the projects that start: place int32 (n), closed bool (m).

    1. Ask and accept. If every open project has its minimum, go on with 3.
    2. Close the project with the smallest share of its minimum; its students ask on. Repeat 1.
    3. Open the closed ones again, each in turn: where all have their minimum then, and more
       students are placed, it stays open.

    A heuristic: the best set of projects is hard to find (Kamiyama 2013, "A note on the serial
    dictatorship with project closures", Operations Research Letters 41). Where no minimum is
    missed, it is deferred acceptance alone.
    """
    asking = Asking(contest.without(contest.hopeless), place_number)
    while True:
        share = _shares(contest, asking)
        wanting = np.flatnonzero(share < 1)
        if asking.behind > len(wanting) // PATIENCE:
            asking.begin(asking.closed)
            continue
        if not wanting.size:
            break
        order = wanting[np.lexsort((place_number[wanting], share[wanting]))]
        asking.close(order[: max(1, len(order) // MANY)])
    again = np.flatnonzero(asking.closed)
    if len(again) <= MANY and len(again) * len(contest.place) <= MOST_ROWS:
        _open_again(contest, asking, again[np.argsort(place_number[again])])
    return asking.assignment(), asking.closed | contest.hopeless


def _open_again(contest: Contest, asking: Asking, projects: Int64) -> None:
    """Step 3."""
    closed, placed = asking.closed, asking.taken.sum()
    for project in projects:
        fewer = closed.copy()
        fewer[project] = False
        asking.begin(fewer)
        if asking.taken.sum() > placed and not np.any(_shares(contest, asking) < 1):
            closed, placed = fewer, asking.taken.sum()
    asking.begin(closed)


def _shares(contest: Contest, asking: Asking) -> Float64:
    """How much of its minimum each project has; 1 where it has enough, is closed, or held open."""
    taken = asking.taken
    short = (taken < contest.needed) & ~asking.closed & ~contest.held_open & ~contest.hopeless
    return np.where(short, taken / np.maximum(contest.needed, 1), 1.0)
