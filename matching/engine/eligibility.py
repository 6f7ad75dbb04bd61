"""The hard rules: which student may go to which offer at all, and if not, why not.

One function per rule. Each gives a mask of students by offers, bool (n, m): True where the rule
is met. No rule knows about another; `failed_rules` gathers them as bits.
"""

from __future__ import annotations

import enum

import numpy as np

from matching.engine.arrays import Bool, Float64, Int32, Int64, ProblemError, UInt16
from matching.engine.market import CREBO_NOT_NEEDED, CREBO_UNKNOWN, NO_EARMARK, Offers, Students


class Rule(enum.StrEnum):
    """A hard rule. Its value is what is stored; words for people are made elsewhere."""

    LEVEL = "level"
    PROGRAMME = "programme"
    ACCREDITATION = "accreditation"
    PERIOD = "period"
    DAYS = "days"
    DISTANCE = "distance"
    EARMARK = "earmark"
    BANNED = "banned"


RULES: tuple[Rule, ...] = tuple(Rule)

# A week of work ends on Friday: from a Monday to a Friday N weeks on is N weeks, although the
# calendar counts two days fewer than 7 N.
WEEKEND_DAYS = 2


def level_fits(students: Students, offers: Offers) -> Bool:
    """The offer welcomes the student's level."""
    return offers.levels.T[students.level]


def programme_fits(students: Students, offers: Offers) -> Bool:
    """The offer welcomes the student's programme by name, or every programme."""
    by_name = _by_code(students.programme, offers.programme_ids, offers.programmes)
    return np.logical_or(by_name, offers.any_programme[None, :])


def accreditation_fits(students: Students, offers: Offers) -> Bool:
    """An mbo student goes to a company that is accredited for the programme's crebo code.

    Without need of accreditation (hbo) every offer passes. So it does where the code is not
    known: nothing can be looked up then, and a gap in a code list must not leave a student
    without any offer. Those pairs are shown by `accreditation_unchecked`.
    """
    passes = _by_code(students.crebo, offers.crebo_codes, offers.accredited)
    passes[(students.crebo == CREBO_NOT_NEEDED) | (students.crebo == CREBO_UNKNOWN)] = True
    return passes


def accreditation_unchecked(students: Students, offers: Offers) -> Bool:
    """Where a coordinator still has to confirm the accreditation by hand; no rule, a mark."""
    unknown = np.equal(students.crebo, CREBO_UNKNOWN)
    return np.logical_and(unknown[:, None], np.logical_not(offers.accreditation_confirmed))


def period_fits(students: Students, offers: Offers) -> Bool:
    """Offer and availability overlap in as many weeks as the programme asks for.

    Where the programme names no number of weeks, or the offer wants its students there from the
    first to the last day, the offer's whole period has to lie within the availability. First and
    last day count; see `WEEKEND_DAYS`.
    """
    start = np.maximum(students.start[:, None], offers.start[None, :]).astype(np.int64)
    end = np.minimum(students.end[:, None], offers.end[None, :]).astype(np.int64)
    overlap = np.maximum(end - start + 1, 0)
    long_enough = (overlap + WEEKEND_DAYS) // 7 >= students.min_weeks[:, None]
    whole = (start == offers.start[None, :]) & (end == offers.end[None, :])
    asks_whole = (students.min_weeks == 0)[:, None] | offers.whole_period[None, :]
    fits: Bool = np.where(asks_whole, whole, long_enough)
    return fits


def days_fit(students: Students, offers: Offers) -> Bool:
    """The student is there on at least as many days a week as the offer needs."""
    return np.greater_equal(students.days[:, None], offers.days_min[None, :])


def distance_fits(students: Students, km: Float64) -> Bool:
    """The offer lies within the student's own maximum, by road; exactly at it is within."""
    return np.less_equal(km, students.max_km[:, None])


def earmark_fits(students: Students, offers: Offers) -> Bool:
    """The offer is for all schools, or for the student's."""
    own_school = np.equal(students.school[:, None], offers.earmark[None, :])
    return np.logical_or(own_school, np.equal(offers.earmark, NO_EARMARK))


def not_banned(shape: tuple[int, int], banned: Int64) -> Bool:
    """No person or earlier answer keeps the two apart. ``banned``: (k, 2) of student, offer.

    Raises ProblemError for a pair outside ``shape``.
    """
    outside = np.flatnonzero(((banned < 0) | (banned >= np.array(shape))).any(axis=1))
    if outside.size:
        row = int(outside[0])
        raise ProblemError(
            f"banned: row {row} holds {banned[row].tolist()}, "
            f"below {list(shape)} and not negative expected"
        )
    allowed = np.ones(shape, dtype=np.bool_)
    allowed[banned[:, 0], banned[:, 1]] = False
    return allowed


def failed_rules(students: Students, offers: Offers, km: Float64, banned: Int64) -> UInt16:
    """The rules that each pair fails, as bits: uint16 (n, m); bit k is ``RULES[k]``, 0 is none."""
    met = {
        Rule.LEVEL: level_fits(students, offers),
        Rule.PROGRAMME: programme_fits(students, offers),
        Rule.ACCREDITATION: accreditation_fits(students, offers),
        Rule.PERIOD: period_fits(students, offers),
        Rule.DAYS: days_fit(students, offers),
        Rule.DISTANCE: distance_fits(students, km),
        Rule.EARMARK: earmark_fits(students, offers),
        Rule.BANNED: not_banned(km.shape, banned),
    }
    failed = np.zeros(km.shape, dtype=np.uint16)
    for bit, rule in enumerate(RULES):
        failed |= (~met[rule]).astype(np.uint16) << np.uint16(bit)
    return failed


def _by_code(code: Int32, codes: Int32, table: Bool) -> Bool:
    """For each code its column of ``table`` (m, C), as a row; False where there is no column."""
    order = np.argsort(codes)
    at = np.searchsorted(codes, code, sorter=order)
    known = at < len(codes)
    column = np.zeros(len(code), dtype=np.int64)
    column[known] = order[at[known]]
    known[known] = codes[column[known]] == code[known]
    found = np.zeros((len(code), table.shape[0]), dtype=np.bool_)
    found[known] = table.T[column[known]]
    return found
