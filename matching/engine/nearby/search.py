"""The best offers of every student, at a cost that follows the eligible pairs.

1. The offers are put on a map (`Catalogue`), the rules into whole numbers.
2. The compiled `walk` collects, for one student after another, what passes all rules, the distance
   a little generously.
3. When enough are together, numpy measures and scores them as the dense way does (`Fit`), drops
   what is banned or a few centimetres too far, sorts, and cuts after k for each student.

Memory: the catalogue, what is returned, and one portion of pairs; never students times offers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import Bool, Float32, Int32, Int64, ProblemError
from matching.engine.market import CREBO_UNKNOWN, Offers, Students
from matching.engine.nearby.catalogue import Catalogue, band_height, seekers, tour
from matching.engine.nearby.fit import Fit
from matching.engine.nearby.shortlist import Shortlist
from matching.engine.nearby.walk import walk
from matching.engine.pairs import ban_pairs, require_same_skills
from matching.engine.scores import Criterion, weighted_mean

# Pairs that are measured at once: their intermediate results stay in the processor's cache.
PORTION = 1 << 16

# A score from 0 to 1, as bits: the order of the bits is that of the numbers.
_ONE = int(np.float32(1).view(np.int32))
_SCORE_BITS = _ONE.bit_length()


@dataclass(frozen=True, eq=False)
class _Search:
    """What the search reads, prepared once. Students stand in the order of the tour."""

    students: Students
    offers: Offers
    k: int
    weights: Mapping[Criterion, float]
    bans: Int64
    tour: Int32
    seeker: Int64
    catalogue: Catalogue
    fit: Fit

    @property
    def offer_bits(self) -> int:
        """So many bits hold the index of any offer."""
        return len(self.offers).bit_length()

    @property
    def homes_at_once(self) -> int:
        """So many students that their number, a score and an offer fit into 63 bits."""
        return 1 << (63 - _SCORE_BITS - self.offer_bits)


@dataclass(frozen=True, eq=False)
class _Portion:
    """The best offers of some students who follow one another in the tour; as in `Shortlist`."""

    length: Int64
    offer: Int32
    score: Float32
    parts: Float32
    km: Float32
    uncheckable: Bool
    eligible: Int64
    examined: int


def best_candidates(
    students: Students,
    offers: Offers,
    *,
    k: int,
    weights: Mapping[Criterion, float],
    banned: npt.ArrayLike | None = None,
) -> Shortlist:
    """The ``k`` best eligible offers of each student, the best first.

    k        1 or more
    weights  per criterion, 0 or more; what is missing does not count
    banned   pairs (b, 2) of student and offer that a person or an earlier answer keeps apart

    The same to the last bit as `pairs.candidates`: of each of its rows the eligible pairs, sorted
    by score and then by offer, cut at k. An offer without free seats stays a candidate here too.

    Raises ProblemError where `pairs.candidates` does, and for a k below 1.
    """
    if k < 1:
        raise ProblemError(f"k: {k}, 1 or more expected")
    require_same_skills(students, offers)
    bans = ban_pairs(banned, (len(students), len(offers)))
    catalogue = Catalogue.of(offers, band_height(students))
    order = tour(students, catalogue)
    search = _Search(
        students=students,
        offers=offers,
        k=k,
        weights=weights,
        bans=np.unique(bans[:, 0] * len(offers) + bans[:, 1]),
        tour=order,
        seeker=seekers(students, offers, catalogue)[order],
        catalogue=catalogue,
        fit=Fit.of(students, order, offers, catalogue.order),
    )
    return _together(order, list(_portions(search)))


def _portions(search: _Search) -> Iterator[_Portion]:
    """Walk until a portion is full, score it, walk on."""
    catalogue = search.catalogue
    found = np.empty(PORTION + len(search.offers), dtype=np.int32)
    found_end = np.empty(len(search.tour), dtype=np.int64)
    first = 0
    while True:
        after, examined = walk(
            first,
            PORTION,
            search.seeker[: first + search.homes_at_once],
            catalogue.table,
            catalogue.longitude,
            catalogue.band_start,
            catalogue.list_start,
            catalogue.listed,
            catalogue.accredited,
            found,
            found_end,
        )
        length = np.diff(found_end[first:after], prepend=0)
        home = np.repeat(np.arange(first, after), length)
        site = found[: len(home)].astype(np.int64)
        yield _scored(search, range(first, after), home, site, examined)
        if after == len(search.tour):
            return
        first = after


def _scored(search: _Search, homes: range, home: Int64, site: Int64, examined: int) -> _Portion:
    """Measure, drop what is too far or banned, score, and keep the best of each student."""
    fit, order = search.fit, search.catalogue.order
    km = fit.road_km(home, site)
    kept = km <= fit.max_km[home]
    if len(search.bans):
        pair = search.tour[home].astype(np.int64) * len(order) + order[site]
        kept &= ~_among(search.bans, pair)
    if not kept.all():
        home, site, km = home[kept], site[kept], km[kept]
    offer = order[site]
    parts = fit.parts(home, site, km)
    score = weighted_mean(parts[None], search.weights)[0]
    eligible = np.bincount(home - homes.start, minlength=len(homes))
    best = _best(search, home - homes.start, eligible, score, offer)
    unknown = search.students.crebo[search.tour[home[best]]] == CREBO_UNKNOWN
    return _Portion(
        length=np.minimum(eligible, search.k),
        offer=offer[best],
        score=score[best],
        parts=parts.take(best, axis=0),
        km=km[best].astype(np.float32),
        uncheckable=unknown & ~search.offers.accreditation_confirmed[offer[best]],
        eligible=eligible,
        examined=examined,
    )


def _best(search: _Search, home: Int64, eligible: Int64, score: Float32, offer: Int32) -> Int64:
    """The rows to keep, at most k for each home: by home, falling score, and offer.

    The three are packed into one number, because numpy sorts numbers many times faster than rows.
    """
    worse = _ONE - score.view(np.int32)
    ordered = np.argsort((home << _SCORE_BITS | worse) << search.offer_bits | offer)
    # The homes came in order, so that sorting moves no row to another home.
    rank = np.arange(len(home)) - _starts(eligible)[home]
    return ordered[rank < search.k]


def _together(order: Int32, portions: list[_Portion]) -> Shortlist:
    """The portions behind one another, and the students back in their own order."""
    position = np.argsort(order)
    on_tour = np.concatenate([portion.length for portion in portions])
    length = on_tour[position]
    start = _starts(length)
    # The rows of a student stand together already; they only move as a whole.
    row = np.arange(start[-1]) + np.repeat(_starts(on_tour)[position] - start[:-1], length)
    return Shortlist(
        start=start,
        offer=np.concatenate([portion.offer for portion in portions])[row],
        score=np.concatenate([portion.score for portion in portions])[row],
        parts=np.concatenate([portion.parts for portion in portions]).take(row, axis=0),
        km=np.concatenate([portion.km for portion in portions])[row],
        uncheckable=np.concatenate([portion.uncheckable for portion in portions])[row],
        eligible=np.concatenate([portion.eligible for portion in portions])[position],
        examined=sum(portion.examined for portion in portions),
    )


def _starts(length: Int64) -> Int64:
    return np.concatenate([[0], np.cumsum(length)])


def _among(ascending: Int64, asked: Int64) -> Bool:
    """Which of the asked numbers stand among the ascending ones, of which there is at least one."""
    at = np.minimum(np.searchsorted(ascending, asked), len(ascending) - 1)
    among: Bool = ascending[at] == asked
    return among
