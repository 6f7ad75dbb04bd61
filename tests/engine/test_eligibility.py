"""The hard rules one by one, on both sides of their boundary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from matching.engine import Candidates, Criterion, ProblemError, Rule, candidates
from matching.engine.geometry import road_km
from tests.engine.instances import DAY, offers, random_offers, random_students, students

WEIGHTS = dict.fromkeys(Criterion, 1.0)


def pair(
    student: dict[str, Any] | None = None, offer: dict[str, Any] | None = None
) -> tuple[Rule, ...]:
    """The rules that one student fails at one offer."""
    beside = candidates(students(**(student or {})), offers(**(offer or {})), weights=WEIGHTS)
    return beside.reasons(0, 0)


def test_the_unchanged_pair_is_eligible() -> None:
    assert pair() == ()


@pytest.mark.parametrize(("level", "failed"), [(2, True), (3, False), (4, False), (6, True)])
def test_level(level: int, failed: bool) -> None:
    assert (Rule.LEVEL in pair({"level": level})) is failed


@pytest.mark.parametrize(
    ("programme", "any_programme", "failed"),
    [(70, False, False), (30, False, True), (99, False, True), (1, False, True), (99, True, False)],
)
def test_programme(programme: int, any_programme: bool, failed: bool) -> None:
    rules = pair({"programme": programme}, {"any_programme": any_programme})
    assert rules == ((Rule.PROGRAMME,) if failed else ())


def test_without_any_named_programme_only_open_offers_pass() -> None:
    none: dict[str, Any] = {
        "programmes": np.zeros((1, 0), np.bool_),
        "programme_ids": np.zeros(0, np.int32),
    }
    assert pair(offer=none) == (Rule.PROGRAMME,)
    assert pair(offer={**none, "any_programme": True}) == ()


@pytest.mark.parametrize(
    ("crebo", "failed", "unchecked"),
    [
        (25_000, False, False),  # accredited
        (26_000, True, False),  # the code is there, but not at this site
        (24_999, True, False),  # a code that no site has
        (99_999, True, False),
        (0, False, False),  # hbo
        (-1, False, True),  # not known: never makes a student eligible nowhere
    ],
)
def test_accreditation(crebo: int, failed: bool, unchecked: bool) -> None:
    beside = candidates(students(crebo=crebo), offers(), weights=WEIGHTS)
    assert beside.reasons(0, 0) == ((Rule.ACCREDITATION,) if failed else ())
    assert bool(beside.uncheckable[0, 0]) is unchecked


def test_a_coordinators_confirmation_takes_the_mark_away_and_accredits_nothing() -> None:
    confirmed = offers(accreditation_confirmed=True)
    assert not candidates(students(crebo=-1), confirmed, weights=WEIGHTS).uncheckable.any()
    known = candidates(students(crebo=26_000), confirmed, weights=WEIGHTS)
    assert known.reasons(0, 0) == (Rule.ACCREDITATION,)


@pytest.mark.parametrize(
    ("days", "failed"),
    [
        (140, False),  # 20 weeks to the day
        (138, False),  # Monday to the Friday of the twentieth week
        (137, True),
        (1, True),
    ],
)
@pytest.mark.parametrize("who", ["student", "offer"])
def test_period_in_weeks(who: str, days: int, failed: bool) -> None:
    """20 weeks asked; the shorter of both sides decides."""
    change = {who: {"end": DAY + days - 1}}
    assert pair(**change) == ((Rule.PERIOD,) if failed else ())


def test_period_counts_the_overlap_and_not_the_lengths() -> None:
    assert pair({"start": DAY - 70, "end": DAY + 137}) == ()
    assert pair({"start": DAY - 70, "end": DAY + 136}) == (Rule.PERIOD,)
    assert pair({"start": DAY + 200, "end": DAY + 500}) == (Rule.PERIOD,)
    assert pair({"start": DAY - 500, "end": DAY - 1, "min_weeks": 1}) == (Rule.PERIOD,)
    assert pair({"start": DAY + 140, "end": DAY + 400, "min_weeks": 1}) == (Rule.PERIOD,)


@pytest.mark.parametrize(
    ("start", "end", "failed"),
    [(0, 139, False), (-1, 140, False), (1, 139, True), (0, 138, True), (300, 400, True)],
)
def test_period_without_weeks_is_the_whole_offer(start: int, end: int, failed: bool) -> None:
    rules = pair({"min_weeks": 0, "start": DAY + start, "end": DAY + end})
    assert rules == ((Rule.PERIOD,) if failed else ())


def test_a_project_is_shorter_than_the_weeks_that_a_programme_asks_for() -> None:
    """Eight weeks can never hold twenty: there the student has to be present throughout."""
    eight_weeks = {"end": DAY + 55}
    assert pair(offer=eight_weeks) == (Rule.PERIOD,)
    project = {**eight_weeks, "whole_period": True}
    assert pair(offer=project) == ()
    assert pair({"end": DAY + 55}, project) == ()
    assert pair({"end": DAY + 54}, project) == (Rule.PERIOD,)
    assert pair({"start": DAY + 1}, project) == (Rule.PERIOD,)


def test_period_at_the_ends_of_the_numbers() -> None:
    low, high = -(2**31), 2**31 - 1
    assert pair({"start": low, "end": high}, {"start": low, "end": high}) == ()
    assert pair({"start": high, "end": high}, {"start": low, "end": low}) == (Rule.PERIOD,)


@pytest.mark.parametrize(("days", "failed"), [(2, True), (3, False), (7, False)])
def test_days(days: int, failed: bool) -> None:
    assert pair({"days": days}) == ((Rule.DAYS,) if failed else ())


def test_distance_exactly_at_the_maximum_is_within() -> None:
    away: dict[str, Any] = {"lat": 52.6}
    km = candidates(students(), offers(**away), weights=WEIGHTS).km
    exact = 1.3 * 6371.0088 * np.radians(0.1)
    assert km[0, 0] == pytest.approx(exact, rel=1e-6)
    here, there = np.array([52.5]), np.array([52.6])
    at = float(road_km(here, np.array([6.1]), there, np.array([6.1]))[0, 0])
    assert pair({"max_km": at}, away) == ()
    assert pair({"max_km": np.nextafter(at, 0)}, away) == (Rule.DISTANCE,)
    assert pair({"max_km": 0.0}) == ()


@pytest.mark.parametrize(("school", "failed"), [(1, False), (2, True), (0, True)])
def test_earmark(school: int, failed: bool) -> None:
    assert pair({"school": school}, {"earmark": 1}) == ((Rule.EARMARK,) if failed else ())
    assert pair({"school": school}, {"earmark": -1}) == ()


def test_an_earmark_for_school_zero_is_an_earmark() -> None:
    assert pair({"school": 1}, {"earmark": 0}) == (Rule.EARMARK,)


def test_bans() -> None:
    beside = candidates(students(2), offers(2), banned=[(0, 1), (1, 0), (1, 0)], weights=WEIGHTS)
    assert beside.eligible.tolist() == [[True, False], [False, True]]
    assert beside.reasons(0, 1) == (Rule.BANNED,)
    assert beside.fails(Rule.BANNED).tolist() == [[False, True], [True, False]]


@pytest.mark.parametrize(
    ("banned", "message"),
    [
        ([(0, 2)], r"banned: row 0 holds \[0, 2\], below \[1, 1\] and not negative expected"),
        ([(0, 0), (-1, 0)], r"banned: row 1 holds \[-1, 0\]"),
        ([(0, 0, 0)], r"banned: pairs of whole numbers expected, int64 \(1, 3\) given"),
        ([(0.0, 0.5)], r"banned: pairs of whole numbers expected, float64"),
        ([0, 1], r"banned: pairs of whole numbers expected"),
    ],
)
def test_bad_bans_are_refused(banned: Any, message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        candidates(students(), offers(), banned=banned, weights=WEIGHTS)


def test_all_failed_rules_are_named_in_order() -> None:
    rules = pair(
        {"level": 2, "programme": 99, "crebo": 1, "min_weeks": 21, "days": 1, "school": 3},
        {"lat": 10.0, "earmark": 1},
    )
    assert rules == tuple(rule for rule in Rule if rule is not Rule.BANNED)


def expected(
    beside: tuple[Any, Any], i: int, j: int, km: float, banned: set[tuple[int, int]]
) -> set[Rule]:
    """The rules once more, in plain words for one pair."""
    s, o = beside
    named = {int(p) for p, there in zip(o.programme_ids, o.programmes[j], strict=True) if there}
    codes = {int(c) for c, there in zip(o.crebo_codes, o.accredited[j], strict=True) if there}
    first, last = max(int(s.start[i]), int(o.start[j])), min(int(s.end[i]), int(o.end[j]))
    if s.min_weeks[i] == 0 or o.whole_period[j]:
        period = s.start[i] <= o.start[j] and o.end[j] <= s.end[i]
    else:
        period = last - first + 1 >= 7 * int(s.min_weeks[i]) - 2
    met = {
        Rule.LEVEL: o.levels[j][s.level[i]],
        Rule.PROGRAMME: o.any_programme[j] or int(s.programme[i]) in named,
        Rule.ACCREDITATION: s.crebo[i] <= 0 or int(s.crebo[i]) in codes,
        Rule.PERIOD: period,
        Rule.DAYS: s.days[i] >= o.days_min[j],
        Rule.DISTANCE: km <= s.max_km[i],
        Rule.EARMARK: o.earmark[j] in (-1, s.school[i]),
        Rule.BANNED: (i, j) not in banned,
    }
    return {rule for rule, fine in met.items() if not fine}


@pytest.mark.parametrize("seed", range(4))
def test_all_pairs_at_once_are_what_each_pair_is_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    who, where = random_students(rng, 40), random_offers(rng, 30)
    banned = rng.integers(0, 30, (25, 2))
    beside: Candidates = candidates(who, where, banned=banned, weights=WEIGHTS)
    bans = {(int(i), int(j)) for i, j in banned}
    seen: set[Rule] = set()
    for i in range(40):
        for j in range(30):
            rules = expected((who, where), i, j, float(beside.km[i, j]), bans)
            assert set(beside.reasons(i, j)) == rules
            assert bool(beside.eligible[i, j]) is (not rules)
            unchecked = who.crebo[i] == -1 and not where.accreditation_confirmed[j]
            assert bool(beside.uncheckable[i, j]) is bool(unchecked)
            seen |= rules
    assert seen == set(Rule)
    assert beside.eligible.any()
