"""Candidates: every student beside every offer, with what speaks for it and what against.

Dense: time and memory follow the product of students and offers (about 40 bytes a pair). Where
that is too much, `nearby` finds the best of these pairs without the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import Bool, Float32, Int64, ProblemError, UInt16
from matching.engine.eligibility import RULES, Rule, accreditation_unchecked, failed_rules
from matching.engine.geometry import road_km
from matching.engine.market import Offers, Students
from matching.engine.scores import CRITERIA, Criterion, score_parts, weighted_mean


@dataclass(frozen=True, eq=False)
class Candidates:
    """All pairs of n students and m offers.

    eligible     bool (n, m)        no hard rule stands in the way
    failed       uint16 (n, m)      the rules that do, as bits; read with `reasons` or `fails`
    uncheckable  bool (n, m)        the accreditation could not be looked up, and no coordinator
                                    has confirmed it; says nothing about eligibility
    km           float32 (n, m)     estimated kilometres by road
    parts        float32 (n, m, C)  score per criterion, 0 to 1, in the order of `CRITERIA`
    score        float32 (n, m)     weighted mean of the parts, 0 to 1; also where not eligible
    """

    eligible: Bool
    failed: UInt16
    uncheckable: Bool
    km: Float32
    parts: Float32
    score: Float32

    def reasons(self, student: int, offer: int) -> tuple[Rule, ...]:
        """The rules that this pair fails, in the order of `RULES`; empty if it is eligible."""
        bits = int(self.failed[student, offer])
        return tuple(rule for k, rule in enumerate(RULES) if bits >> k & 1)

    def fails(self, rule: Rule) -> Bool:
        """Where this rule fails: bool (n, m)."""
        return (self.failed >> np.uint16(RULES.index(rule)) & np.uint16(1)).astype(np.bool_)

    def breakdown(self, student: int, offer: int) -> dict[Criterion, float]:
        """The score per criterion of one pair."""
        values = self.parts[student, offer].tolist()
        return dict(zip(CRITERIA, values, strict=True))


def candidates(
    students: Students,
    offers: Offers,
    *,
    banned: npt.ArrayLike | None = None,
    weights: Mapping[Criterion, float],
) -> Candidates:
    """Who could go where, and how well it would fit.

    banned   pairs (k, 2) of student and offer that a person or an earlier answer keeps apart
    weights  per criterion, 0 or more; what is missing does not count

    An offer without free seats stays a candidate: that it is full is the solver's business.

    Raises ProblemError for sets of skills of different size, pairs that do not exist, or weights
    that cannot be meant.
    """
    require_same_skills(students, offers)
    bans = ban_pairs(banned, (len(students), len(offers)))
    km = road_km(students.lat, students.lon, offers.lat, offers.lon)
    failed = failed_rules(students, offers, km, bans)
    parts = score_parts(students, offers, km)
    return Candidates(
        eligible=failed == 0,
        failed=failed,
        uncheckable=accreditation_unchecked(students, offers),
        km=km.astype(np.float32),
        parts=parts,
        score=weighted_mean(parts, weights),
    )


def beside_all_offers(
    students: Students,
    offers: Offers,
    student: int,
    *,
    banned: npt.ArrayLike | None = None,
    weights: Mapping[Criterion, float],
) -> Candidates:
    """One student beside every offer: `Candidates` of 1 student and m offers.

    It says for each offer why this student cannot go there, which a list of the best does not.
    This is the dense way on one row: time and memory follow the number of offers.

    Raises ProblemError as `candidates` does, and for a student who does not exist.
    """
    if not 0 <= student < len(students):
        raise ProblemError(f"student: {student}, 0 to {len(students) - 1} expected")
    bans = ban_pairs(banned, (len(students), len(offers)))
    own = bans[bans[:, 0] == student] * [0, 1]
    return candidates(students.only(student), offers, banned=own, weights=weights)


def require_same_skills(students: Students, offers: Offers) -> None:
    """Raises ProblemError where the two sides do not speak of equally many skills."""
    if students.skills.shape[1] != offers.skills.shape[1]:
        raise ProblemError(
            f"offers.skills: {offers.skills.shape[1]} skills, "
            f"{students.skills.shape[1]} expected (from students.skills)"
        )


def ban_pairs(banned: npt.ArrayLike | None, shape: tuple[int, int]) -> Int64:
    """The pairs as int64 (b, 2) of student and offer; none where ``banned`` is None or empty.

    Raises ProblemError for what is no pair of whole numbers, or lies outside ``shape``.
    """
    pairs = np.asarray([] if banned is None else banned)
    if pairs.size == 0:
        pairs = np.empty((0, 2), dtype=np.int64)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise ProblemError(
            f"banned: pairs of whole numbers expected, {pairs.dtype} {pairs.shape} given"
        )
    pairs = pairs.astype(np.int64)
    outside = np.flatnonzero(((pairs < 0) | (pairs >= np.array(shape))).any(axis=1))
    if outside.size:
        row = int(outside[0])
        raise ProblemError(
            f"banned: row {row} holds {pairs[row].tolist()}, "
            f"below {list(shape)} and not negative expected"
        )
    return pairs
