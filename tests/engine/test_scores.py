"""The criteria by hand, their sum, and what may never make a fit worse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import (
    CRITERIA,
    Criterion,
    ProblemError,
    candidates,
    priorities_from_scores,
)
from matching.engine.geometry import great_circle_km, road_km
from tests.engine.instances import few, many, offers, random_offers, random_students, students

EQUAL = dict.fromkeys(Criterion, 1.0)


def part(criterion: Criterion, student: dict[str, Any], offer: dict[str, Any]) -> float:
    beside = candidates(students(**student), offers(**offer), weights=EQUAL)
    return beside.breakdown(0, 0)[criterion]


@pytest.mark.parametrize(
    ("own", "asked", "skills", "learning"),
    [
        ([1, 1, 0], [1, 1, 0], 1, 1),
        ([1, 0, 0], [1, 1, 0], 1 / 2, 1 / 2),
        ([0, 0, 1], [1, 1, 0], 0, 0),
        ([1, 1, 1], [0, 1, 0], 1, 1),
        ([1, 0, 1], [1, 1, 1], 2 / 3, 2 / 3),
        ([1, 1, 1], [0, 0, 0], 1, 0),  # nothing asked: nothing is missing, nothing to learn
    ],
)
def test_skills_and_learning(
    own: list[int], asked: list[int], skills: float, learning: float
) -> None:
    offer = {"skills": [asked]}
    assert part(Criterion.SKILLS, {"skills": [own]}, offer) == pytest.approx(skills)
    assert part(Criterion.SKILLS, {"wants": [own]}, offer) == (0 if any(asked) else 1)
    assert part(Criterion.LEARNING, {"wants": [own]}, offer) == pytest.approx(learning)
    assert part(Criterion.LEARNING, {"skills": [own]}, offer) == 0


@pytest.mark.parametrize(
    ("days", "least", "most", "score"),
    [(4, 4, 4, 1), (5, 3, 5, 1), (3, 3, 5, 3 / 5), (5, 2, 3, 3 / 5), (2, 1, 1, 1 / 2)],
)
def test_days(days: int, least: int, most: int, score: float) -> None:
    offer = {"days_min": least, "days_max": most}
    assert part(Criterion.DAYS, {"days": days}, offer) == pytest.approx(score)


def test_distance_falls_in_a_straight_line_to_the_students_own_maximum() -> None:
    away: dict[str, Any] = {"lat": 52.6}
    km = float(candidates(students(), offers(**away), weights=EQUAL).km[0, 0])
    assert part(Criterion.DISTANCE, {}, {}) == 1
    assert part(Criterion.DISTANCE, {"max_km": 4 * km}, away) == pytest.approx(3 / 4)
    assert part(Criterion.DISTANCE, {"max_km": 2 * km}, away) == pytest.approx(1 / 2)
    assert part(Criterion.DISTANCE, {"max_km": km / 2}, away) == 0
    assert part(Criterion.DISTANCE, {"max_km": 0.0}, away) == 0
    assert part(Criterion.DISTANCE, {"max_km": 0.0}, {}) == 1


def test_the_score_is_the_weighted_mean() -> None:
    student: dict[str, Any] = {"skills": [[1, 0, 0]], "wants": [[0, 0, 1]], "days": 4}
    offer: dict[str, Any] = {"skills": [[1, 1, 1]], "days_max": 5}
    weights = {Criterion.SKILLS: 3.0, Criterion.LEARNING: 1.0, Criterion.DAYS: 2.0}
    beside = candidates(students(**student), offers(**offer), weights=weights)
    assert beside.score[0, 0] == pytest.approx((3 / 3 + 1 / 3 + 2 * 4 / 5) / 6)
    assert beside.score.dtype == beside.parts.dtype == beside.km.dtype == np.float32
    assert beside.parts.shape == (1, 1, len(CRITERIA))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({}, "weights: none is above 0"),
        ({Criterion.SKILLS: 0.0}, "weights: none is above 0"),
        ({Criterion.SKILLS: -1.0}, "weights: skills weighs -1.0, 0 or more expected"),
        ({Criterion.SKILLS: math.nan}, "weights: skills weighs nan"),
        ({Criterion.SKILLS: math.inf}, "weights: skills weighs inf"),
        ({"charm": 1.0}, "weights: 'charm' is no criterion"),
    ],
)
def test_bad_weights_are_refused(weights: dict[Any, float], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        candidates(students(), offers(), weights=weights)


def test_different_sets_of_skills_are_refused() -> None:
    with pytest.raises(ProblemError, match=r"offers\.skills: 4 skills, 3 expected"):
        candidates(students(), offers(skill_count=4), weights=EQUAL)


@few
@given(st.integers(0, 2**32), st.lists(st.floats(0, 10), min_size=4, max_size=4))
def test_never_outside_0_to_1_and_never_worse_for_more_skills(
    seed: int, weights: list[float]
) -> None:
    rng = np.random.default_rng(seed)
    who, where = random_students(rng, 8), random_offers(rng, 8)
    weighted = dict(zip(Criterion, weights, strict=True))
    if not sum(weights) > 0:
        weighted = EQUAL
    before = candidates(who, where, weights=weighted)
    assert ((before.parts >= 0) & (before.parts <= 1)).all()
    assert ((before.score >= 0) & (before.score <= 1)).all()

    more = {name: getattr(who, name) for name in who.__dataclass_fields__}
    more["skills"] = who.skills | (rng.random(who.skills.shape) < 0.4)
    more["wants"] = who.wants | (rng.random(who.wants.shape) < 0.4)
    more["max_km"] = who.max_km + rng.uniform(0, 5, len(who))
    after = candidates(students(len(who), **more), where, weights=weighted)
    assert (after.score >= before.score).all()


def test_nobody_and_nothing_have_no_pairs() -> None:
    for rows, columns in ((0, 0), (2, 0), (0, 3)):
        beside = candidates(students(rows), offers(columns), weights=EQUAL)
        assert beside.score.shape == beside.failed.shape == (rows, columns)
    assert candidates(students(skill_count=0), offers(skill_count=0), weights=EQUAL).eligible.all()


@pytest.mark.parametrize(
    ("score", "priority"),
    [(1.0, 0), (0.951, 0), (0.95, 1), (0.9, 2), (0.5, 10), (0.049, 19), (0.0, 19)],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bands(score: float, priority: int, dtype: type) -> None:
    found = priorities_from_scores(np.array([score], dtype))
    assert found.tolist() == [priority]
    assert found.dtype == np.int32


def test_bands_keep_the_shape_and_one_band_is_one_tie() -> None:
    scores = np.linspace(0, 1, 6).reshape(2, 3)
    assert priorities_from_scores(scores).shape == (2, 3)
    assert not priorities_from_scores(scores, bands=1).any()


@pytest.mark.parametrize("score", [-0.001, 1.001, math.nan, math.inf])
def test_a_score_outside_0_to_1_has_no_band(score: float) -> None:
    with pytest.raises(ProblemError, match=r"score: .* 0 to 1 expected"):
        priorities_from_scores(np.array([0.5, score]))


def test_less_than_one_band_is_refused() -> None:
    with pytest.raises(ProblemError, match="bands: 0, 1 or more expected"):
        priorities_from_scores(np.array([0.5]), bands=0)


@many
@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.integers(1, 100))
def test_a_better_score_never_has_a_worse_priority(scores: list[float], bands: int) -> None:
    ordered = np.sort(np.array(scores))
    assert (np.diff(priorities_from_scores(ordered, bands=bands)) <= 0).all()


def km(a: tuple[float, float], b: tuple[float, float]) -> float:
    columns = [np.array([x]) for x in (*a, *b)]
    return float(great_circle_km(*columns)[0, 0])


def test_known_distances() -> None:
    """Zwolle to Enschede station, and quarter and half of the globe."""
    assert km((52.5050, 6.0917), (52.2225, 6.8900)) == pytest.approx(62.6, abs=0.3)
    assert km((0, 0), (0, 90)) == pytest.approx(math.pi / 2 * 6371.0088)
    assert km((90, 0), (-90, 77)) == pytest.approx(math.pi * 6371.0088)
    assert km((0, 179.5), (0, -179.5)) == pytest.approx(math.radians(1) * 6371.0088)
    assert km((52.5, 6.1), (52.5, 6.1)) == 0


def test_opposite_ends_of_the_globe_are_a_number() -> None:
    """Here rounding takes the haversine above 1, where an arcsine has no value."""
    assert km((-82.62, -177.03), (82.62, 2.97)) == pytest.approx(math.pi * 6371.0088)


@many
@given(*[st.tuples(st.floats(-90, 90), st.floats(-180, 180)) for _ in range(2)])
def test_distance_against_the_chord(a: tuple[float, float], b: tuple[float, float]) -> None:
    """A second method: the straight line through the globe, from its three coordinates."""

    def point(lat: float, lon: float) -> np.ndarray:
        phi, lam = math.radians(lat), math.radians(lon)
        return np.array(
            [math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)]
        )

    chord = float(np.linalg.norm(point(*a) - point(*b)))
    around = 2 * math.asin(min(1.0, chord / 2)) * 6371.0088
    assert km(a, b) == pytest.approx(around, abs=0.5)
    assert km(a, b) == pytest.approx(km(b, a), abs=1e-9)


def test_nan_stays_where_it_is() -> None:
    lat = np.array([52.5, np.nan])
    found = road_km(lat, np.array([6.1, 6.1]), np.array([52.5, 52.6]), np.array([6.1, 6.1]))
    assert np.isnan(found).tolist() == [[False, False], [True, True]]
