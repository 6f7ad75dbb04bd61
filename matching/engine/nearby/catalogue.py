"""The offers in the order of the map, and the students who look through them.

Each hard rule is reduced to whole numbers that `walk` can compare. The reductions of level,
programme, accreditation, period, days and earmark are exact. That of the distance is generous by
a few centimetres: it only spares the measuring of what is far away.

Source of the map: see `walk`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Bool, Float64, Int8, Int32, Int64
from matching.engine.eligibility import WEEKEND_DAYS
from matching.engine.geometry import EARTH_RADIUS_KM, ROAD_FACTOR
from matching.engine.market import CREBO_NOT_NEEDED, CREBO_UNKNOWN, LEVELS, Offers, Students
from matching.engine.nearby import walk
from matching.engine.nearby.walk import UInt8

# The globe has this radius where its points are whole numbers: 6 mm each. The square of a chord,
# at most (2 radii)², still fits into 63 bits.
GLOBE = 2**30
# Degrees of longitude as whole numbers that fit into 32 bits: about 1 cm each.
PER_DEGREE = 2**23
# In radians, and as a share of the reach: a few millimetres, and far more than the rounding of a
# distance.
SLACK = 1e-9
# Rounding moves each end of a chord by at most half the diagonal of a unit cube.
CHORD_SLACK = 4
# In degrees, about a kilometre, so that a reach of nothing does not make the map endless.
LEAST_HEIGHT = 0.01

_DAYS = 7


@dataclass(frozen=True, eq=False)
class Catalogue:
    """m offers in B bands from south to north, in each band from west to east.

    order        int32 (m)      the offer at each position
    table        int64 (m, …)   what the rules compare, by position; columns in `walk`
    accredited   uint8 (m, …)   a bit per crebo code, by position, and one more that is always set
    longitude    int32 (m)      by position, in units of 1 / `PER_DEGREE` degree
    band_start   int64 (B + 1)  first position of each band
    list_start   int64 (P + 3)  first entry of each list: one per programme, one that is empty, and
                                one of the offers that welcome every programme
    listed       int32          positions, ascending within each list
    south        degrees of latitude at which the lowest band begins
    height       degrees of latitude of each band
    """

    order: Int32
    table: Int64
    accredited: UInt8
    longitude: Int32
    band_start: Int64
    list_start: Int64
    listed: Int32
    south: float
    height: float

    @classmethod
    def of(cls, offers: Offers, height: float) -> Catalogue:
        """The catalogue of these offers, with bands of ``height`` degrees."""
        south = float(offers.lat.min(initial=90))
        band = _band(offers.lat, south, height)
        order = np.lexsort((offers.lon, band)).astype(np.int32)
        per_band = np.bincount(band, minlength=1)
        list_start, listed = _lists(offers, order)
        return cls(
            order=order,
            table=_table(offers, order),
            accredited=_accredited(offers, order),
            longitude=_whole(offers.lon[order]).astype(np.int32),
            band_start=np.concatenate([[0], np.cumsum(per_band)]),
            list_start=list_start,
            listed=listed,
            south=south,
            height=height,
        )


def band_height(students: Students) -> float:
    """A height that suits most students, in degrees: the usual reach.

    Lower bands follow the circle of the reach more closely, and take more bisections.
    """
    if not len(students):
        return 180.0
    return max(float(np.degrees(np.median(reach(students)))), LEAST_HEIGHT)


def reach(students: Students) -> Float64:
    """How far each student wants to travel as the crow flies, generously: float64 (n), radians.

    At most π, the other side of the globe. The arcsine of a distance is less exact there, but the
    chord hardly changes.
    """
    far = students.max_km / (ROAD_FACTOR * EARTH_RADIUS_KM)
    return np.minimum(far * (1 + SLACK) + SLACK, np.pi)


def tour(students: Students, catalogue: Catalogue) -> Int32:
    """An order in which neighbours follow one another: int32 (n).

    They look at the same offers, which are still in the processor's cache then.
    """
    band = _band(students.lat, catalogue.south, catalogue.height)
    return np.lexsort((students.lon, band)).astype(np.int32)


def seekers(students: Students, offers: Offers, catalogue: Catalogue) -> Int64:
    """What the rules compare, by student: int64 (n, …); the columns stand in `walk`."""
    far = reach(students)
    # (overlap + WEEKEND_DAYS) // 7 ≥ weeks, solved for the overlap.
    needed = 7 * students.min_weeks.astype(np.int64) - WEEKEND_DAYS
    chord = 2 * GLOBE * np.sin(far / 2) + CHORD_SLACK
    programme = _column(students.programme, offers.programme_ids)
    unasked = (students.crebo == CREBO_NOT_NEEDED) | (students.crebo == CREBO_UNKNOWN)
    crebo = np.where(unasked, len(offers.crebo_codes), _column(students.crebo, offers.crebo_codes))

    table = np.empty((len(students), walk.SEEKER_COLUMNS), dtype=np.int64)
    table[:, walk.SEEKER_X : walk.SEEKER_Z + 1] = _points(students.lat, students.lon)
    table[:, walk.SEEKER_START] = students.start
    table[:, walk.SEEKER_END] = students.end
    table[:, walk.SEEKER_SCHOOL] = students.school
    table[:, walk.SEEKER_BRINGS] = _brings(students.level, students.days)
    table[:, walk.SEEKER_DAYS_NEEDED] = np.where(needed < 0, walk.WHOLE_PERIOD, needed)
    table[:, walk.SEEKER_REACH] = np.floor(chord).astype(np.int64) ** 2
    table[:, [walk.SEEKER_SOUTH_BAND, walk.SEEKER_NORTH_BAND]] = _bands(students, far, catalogue)
    table[:, [walk.SEEKER_WEST, walk.SEEKER_EAST]] = _longitudes(students, far)
    table[:, walk.SEEKER_PROGRAMME] = np.where(programme < 0, len(offers.programme_ids), programme)
    table[:, walk.SEEKER_CREBO] = crebo
    # A code for which nobody is accredited: no band, and the walk is over before it begins.
    table[crebo < 0, walk.SEEKER_NORTH_BAND] = -1
    return table


def _table(offers: Offers, order: Int32) -> Int64:
    table = np.empty((len(order), walk.OFFER_COLUMNS), dtype=np.int64)
    table[:, walk.OFFER_X : walk.OFFER_Z + 1] = _points(offers.lat[order], offers.lon[order])
    table[:, walk.OFFER_START] = offers.start[order]
    table[:, walk.OFFER_END] = offers.end[order]
    table[:, walk.OFFER_EARMARK] = offers.earmark[order]
    table[:, walk.OFFER_WELCOMES] = _welcomes(offers)[order]
    table[:, walk.OFFER_WHOLE] = offers.whole_period[order]
    return table


def _welcomes(offers: Offers) -> Int64:
    """A bit for each level and each number of days that an offer welcomes: int64 (m)."""
    days = offers.days_min[:, None] <= np.arange(1, _DAYS + 1)
    bits = np.concatenate([offers.levels, days], axis=1)
    packed: Int64 = bits @ (1 << np.arange(LEVELS + _DAYS, dtype=np.int64))
    return packed


def _brings(level: Int8, days: Int8) -> Int64:
    """The bits that an offer has to have: int64 (n)."""
    one = np.int64(1)
    return (one << level.astype(np.int64)) | (one << (days.astype(np.int64) + LEVELS - 1))


def _accredited(offers: Offers, order: Int32) -> UInt8:
    always = np.ones((len(order), 1), dtype=np.bool_)
    bits = np.concatenate([offers.accredited.take(order, axis=0), always], axis=1)
    return np.packbits(bits, axis=1, bitorder="little")


def _lists(offers: Offers, order: Int32) -> tuple[Int64, Int32]:
    """The positions of the offers that welcome each programme by name, none, and every one."""
    named: Bool = offers.programmes & ~offers.any_programme[:, None]
    position, programme = np.nonzero(named.take(order, axis=0))
    everywhere = np.flatnonzero(offers.any_programme[order])
    # Stable, so that the positions stay ascending within each programme. Small numbers are sorted
    # by their digits, which is quicker.
    small = np.min_scalar_type(len(offers.programme_ids))
    by_programme = np.argsort(programme.astype(small), kind="stable")
    length = np.zeros(len(offers.programme_ids) + 2, dtype=np.int64)
    length[:-2] = np.bincount(programme, minlength=len(offers.programme_ids))
    length[-1] = len(everywhere)
    listed = np.concatenate([position[by_programme], everywhere]).astype(np.int32)
    return np.concatenate([[0], np.cumsum(length)]), listed


def _points(lat: Float64, lon: Float64) -> Int64:
    """Points of a globe with radius `GLOBE`: int64 (n, 3)."""
    phi, lam = np.radians(lat), np.radians(lon)
    xyz = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)
    whole: Int64 = np.rint(GLOBE * xyz).astype(np.int64)
    return whole


def _band(lat: Float64, south: float, height: float) -> Int64:
    return np.floor((lat - south) / height).astype(np.int64)


def _bands(students: Students, far: Float64, catalogue: Catalogue) -> Int64:
    """The lowest and the highest band within reach, both included: int64 (n, 2)."""
    degrees = np.degrees(far)
    low = _band(students.lat - degrees, catalogue.south, catalogue.height)
    high = _band(students.lat + degrees, catalogue.south, catalogue.height)
    bands = len(catalogue.band_start) - 1
    return np.stack([np.maximum(low, 0), np.minimum(high, bands - 1)], axis=1)


def _longitudes(students: Students, far: Float64) -> Int64:
    """The westernmost and easternmost longitude within reach, both included: int64 (n, 2).

    The meridians that touch a circle of angular radius ρ around latitude φ are
    arcsin(sin ρ / cos φ) away. Where the circle holds a pole, or the run would cross the date line,
    it is all longitudes: that happens to few, and costs them nothing but time.
    """
    phi = np.radians(students.lat)
    away = np.full(len(students), 360.0)
    no_pole = np.abs(phi) + far < np.pi / 2 - SLACK
    sine = np.sin(far[no_pole]) / np.cos(phi[no_pole])
    away[no_pole] = np.degrees(np.arcsin(np.minimum(sine, 1)))
    west, east = students.lon - away, students.lon + away
    crossing = (west < -180) | (east > 180)
    west[crossing], east[crossing] = -180, 180
    return np.stack([_whole(west), _whole(east)], axis=1)


def _whole(longitude: Float64) -> Int64:
    return np.floor(longitude * PER_DEGREE).astype(np.int64)


def _column(code: Int32, codes: Int32) -> Int64:
    """The column in which each code stands: int64 (n), −1 where in none. The codes all differ."""
    if not len(codes):
        return np.full(len(code), -1, dtype=np.int64)
    order = np.argsort(codes)
    after = np.searchsorted(codes, code, sorter=order)
    column = order[np.minimum(after, len(codes) - 1)]
    return np.where(codes[column] == code, column, -1)
