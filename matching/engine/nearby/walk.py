"""The walk over the map: which offers a student could go to.

The map is that of the *zones algorithm* (Gray, Nieto-Santisteban and Szalay 2006, "The zones
algorithm for finding points-near-a-point or cross-matching spatial datasets", Microsoft Research
MSR-TR-2006-52): bands of equal latitude, and within each band the offers from west to east. What
lies within reach of a point is then one run of positions in each of a few bands, and bisection
finds its ends. Beside the map stand *inverted lists* (Zobel and Moffat 2006, "Inverted files for
text search engines", ACM Computing Surveys 38(2)): for each programme the positions of the offers
that welcome it by name, ascending, so that a run of the map is a run of the list as well.

Only whole numbers: the distance that is tested here is a chord in three dimensions, a little too
generous, so that nothing is lost; `fit` measures what passes.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import Int32, Int64
from matching.engine.jit import kernel

UInt8: TypeAlias = npt.NDArray[np.uint8]

# The columns of the table of offers; the first three are a point on the globe.
OFFER_X, OFFER_Y, OFFER_Z = 0, 1, 2
OFFER_START, OFFER_END = 3, 4
OFFER_EARMARK = 5
OFFER_WELCOMES = 6
OFFER_WHOLE = 7
OFFER_COLUMNS = 8

# The columns of the table of students.
SEEKER_X, SEEKER_Y, SEEKER_Z = 0, 1, 2
SEEKER_START, SEEKER_END = 3, 4
SEEKER_SCHOOL = 5
SEEKER_BRINGS = 6
SEEKER_DAYS_NEEDED = 7
SEEKER_REACH = 8
SEEKER_SOUTH_BAND, SEEKER_NORTH_BAND = 9, 10
SEEKER_WEST, SEEKER_EAST = 11, 12
SEEKER_PROGRAMME = 13
SEEKER_CREBO = 14
SEEKER_COLUMNS = 15

WHOLE_PERIOD = -1
FOR_ALL_SCHOOLS = -1


@kernel
def at_least(ascending: Int32, first: int, last: int, value: int) -> int:
    """The first position from ``first`` up to ``last`` whose number is ``value`` or more."""
    while first < last:
        middle = (first + last) >> 1
        if ascending[middle] < value:
            first = middle + 1
        else:
            last = middle
    return first


@kernel
def passes(seeker: Int64, offer: Int64, accredited: UInt8) -> bool:
    """Every hard rule but the programme, which the lists know, and the bans.

    One row of each table. All rules are asked, without a branch: which of them fails is so hard
    to foresee that a wrong guess of the processor would cost more than the question.
    """
    welcome = seeker[SEEKER_BRINGS] & ~offer[OFFER_WELCOMES] == 0
    earmark = offer[OFFER_EARMARK]
    own_school = (earmark == FOR_ALL_SCHOOLS) | (earmark == seeker[SEEKER_SCHOOL])
    x = seeker[SEEKER_X] - offer[OFFER_X]
    y = seeker[SEEKER_Y] - offer[OFFER_Y]
    z = seeker[SEEKER_Z] - offer[OFFER_Z]
    near = x * x + y * y + z * z <= seeker[SEEKER_REACH]
    start = max(seeker[SEEKER_START], offer[OFFER_START])
    end = min(seeker[SEEKER_END], offer[OFFER_END])
    whole = (start == offer[OFFER_START]) & (end == offer[OFFER_END])
    asks_whole = (seeker[SEEKER_DAYS_NEEDED] == WHOLE_PERIOD) | (offer[OFFER_WHOLE] != 0)
    in_time = whole if asks_whole else end - start + 1 >= seeker[SEEKER_DAYS_NEEDED]
    column = seeker[SEEKER_CREBO]
    known = accredited[column >> 3] >> (column & 7) & 1 != 0
    every: bool = welcome & own_school & near & in_time & known
    return every


@kernel
def walk(
    first: int,
    enough: int,
    seeker: Int64,
    offer: Int64,
    longitude: Int32,
    band_start: Int64,
    list_start: Int64,
    listed: Int32,
    accredited: UInt8,
    found: Int32,
    found_end: Int64,
) -> tuple[int, int]:
    """Collect the offers of one student after another, from ``first`` on, until they are enough.

    Writes the positions into ``found`` and, for each student, where they end in it into
    ``found_end``. Stops before the student at whom ``enough`` are there already; ``found`` has
    room for so many and all offers. Returns that student, and how many pairs were looked at.

    1. For each band within the student's reach, bisect for the run from west to east.
    2. For both lists, of the own programme and of the offers that welcome every programme, bisect
       for the run, and keep of it what `passes`.
    """
    every_programme = len(list_start) - 2
    count = examined = 0
    for s in range(first, len(seeker)):
        if count >= enough:
            return s, examined
        for band in range(seeker[s, SEEKER_SOUTH_BAND], seeker[s, SEEKER_NORTH_BAND] + 1):
            band_end = band_start[band + 1]
            west = at_least(longitude, band_start[band], band_end, seeker[s, SEEKER_WEST])
            east = at_least(longitude, west, band_end, seeker[s, SEEKER_EAST] + 1)
            for which in (seeker[s, SEEKER_PROGRAMME], every_programme):
                end = list_start[which + 1]
                at = at_least(listed, list_start[which], end, west)
                while at < end and listed[at] < east:
                    examined += 1
                    j = listed[at]
                    at += 1
                    # Written in any case, and written over if it does not count.
                    found[count] = j
                    count += passes(seeker[s], offer[j], accredited[j])
        found_end[s] = count
    return len(seeker), examined
