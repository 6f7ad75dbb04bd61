"""Kilometres and scores of pairs, where the dense way has them of whole tables.

The formulas are the very functions of `geometry` and `scores`, so that the results are the same to
the last bit. A compiled sine may differ in it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import Bool, Float32, Float64, Int8, Int32, Int64, UInt64
from matching.engine.geometry import ROAD_FACTOR, Points
from matching.engine.market import Offers, Students
from matching.engine.scores import CRITERIA, Criterion, agreement, nearness, share


@dataclass(frozen=True, eq=False)
class Fit:
    """What distance and scores are made of, for n students and m offers, each in an order chosen
    so that those who are measured together lie together.

    homes, sites          where they are
    max_km                float64 (n)    how far the student wants to travel
    skills, wants, asked  uint64 (W, n), (W, n), (W, m)  sets of skills, 64 in a word
    total                 float32 (m)    how many skills the offer asks for
    days, days_max        int8 (n), (m)  days per week
    """

    homes: Points
    sites: Points
    max_km: Float64
    skills: UInt64
    wants: UInt64
    asked: UInt64
    total: Float32
    days: Int8
    days_max: Int8

    @classmethod
    def of(cls, students: Students, tour: Int32, offers: Offers, order: Int32) -> Fit:
        """Of all students and all offers, in these orders."""
        asked = _words(offers.skills.take(order, axis=0))
        return cls(
            homes=Points.of(students.lat[tour], students.lon[tour]),
            sites=Points.of(offers.lat[order], offers.lon[order]),
            max_km=students.max_km[tour],
            skills=_words(students.skills.take(tour, axis=0)),
            wants=_words(students.wants.take(tour, axis=0)),
            asked=asked,
            total=np.bitwise_count(asked).sum(axis=0, dtype=np.float32),
            days=students.days[tour],
            days_max=offers.days_max[order],
        )

    def road_km(self, home: Int64, site: Int64) -> Float64:
        """`geometry.road_km` of E pairs of home and site: float64 (E)."""
        return self.homes.at(home).km_to(self.sites.at(site)) * ROAD_FACTOR

    def parts(self, home: Int64, site: Int64, km: Float64) -> Float32:
        """`scores.score_parts` of E pairs: float32 (E, C), in the order of `CRITERIA`."""
        asked, total = self.asked[:, site], self.total[site]
        parts = {
            Criterion.SKILLS: share(_common(self.skills[:, home], asked), total, of_nothing=1.0),
            Criterion.DISTANCE: nearness(km, self.max_km[home]),
            Criterion.LEARNING: share(_common(self.wants[:, home], asked), total, of_nothing=0.0),
            Criterion.DAYS: agreement(self.days[home], self.days_max[site]),
        }
        return np.stack([parts[criterion] for criterion in CRITERIA], axis=1)


def _common(own: UInt64, asked: UInt64) -> Float32:
    """How many skills two sets have in common: float32 (E), as a matrix product would count."""
    common = np.zeros(own.shape[1], dtype=np.float32)
    for word in range(len(asked)):
        common += np.bitwise_count(own[word] & asked[word])
    return common


def _words(sets: Bool) -> UInt64:
    """Sets of skills, bool (n, S), as words of 64: uint64 (⌈S / 64⌉, n)."""
    count = -(-sets.shape[1] // 64)
    octets = np.zeros((len(sets), count * 8), dtype=np.uint8)
    packed = np.packbits(sets, axis=1)
    octets[:, : packed.shape[1]] = packed
    words: npt.NDArray[np.uint64] = octets.view(np.uint64)
    return np.ascontiguousarray(words.T)
