"""The best offers per student: the same as the dense way, bit by bit, at less than its cost."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.engine.arrays import ProblemError
from matching.engine.geometry import road_km
from matching.engine.market import Offers, Students
from matching.engine.nearby import search
from matching.engine.nearby.search import best_candidates
from matching.engine.nearby.shortlist import Shortlist
from matching.engine.pairs import Candidates, beside_all_offers, candidates
from matching.engine.scores import CRITERIA, Criterion
from tests.engine.instances import (
    few,
    many,
    offers,
    random_offers,
    random_students,
    students,
)

ROOT = Path(__file__).parents[2]
ALL = dict.fromkeys(Criterion, 1.0)
# Few different scores, so that the order of the offers decides often.
TIED = {Criterion.DAYS: 1.0}
# Latitudes and longitudes between which people live.
WORLDS = {
    "town": (52.48, 52.52, 6.08, 6.12),
    "region": (52.3, 52.7, 5.9, 6.4),
    "globe": (-90.0, 90.0, -180.0, 180.0),
    "north pole": (89.8, 90.0, -180.0, 180.0),
    "south pole": (-90.0, -89.8, -180.0, 180.0),
    "date line": (-1.0, 1.0, 179.5, 180.5),
}


def world(
    seed: int, name: str, n: int, m: int, reach: float, *, easy: bool = False
) -> tuple[Students, Offers]:
    """Students and offers at random in one of the `WORLDS`; some live at the same spot.

    In an easy world distance is the only rule that anybody fails.
    """
    rng = np.random.default_rng(seed)
    south, north, west, east = WORLDS[name]

    def spots(rows: int) -> dict[str, Any]:
        lat, lon = rng.uniform(south, north, rows), rng.uniform(west, east, rows)
        shared = rng.random(rows) < 0.2
        lat[shared], lon[shared] = south, east
        return {"lat": lat, "lon": np.where(lon > 180, lon - 360, lon)}

    who, where = random_students(rng, n), random_offers(rng, m)
    if easy:
        who = students(n, skills=who.skills, wants=who.wants, days=who.days)
        where = offers(m, skills=where.skills, days_min=1, days_max=where.days_max)
    farthest = rng.choice([0.0, reach / 3, reach], n)
    return replace(who, max_km=farthest, **spots(n)), replace(where, **spots(m))


def rows_of_dense(dense: Candidates, student: int, k: int) -> np.ndarray:
    """The offers of one student as the dense way ranks them."""
    eligible = np.flatnonzero(dense.eligible[student])
    return eligible[np.lexsort((eligible, -dense.score[student, eligible]))][:k]


def assert_same(found: Shortlist, dense: Candidates, k: int) -> None:
    assert found.eligible.tolist() == dense.eligible.sum(axis=1).tolist()
    assert (found.start[0], found.start[-1]) == (0, len(found.offer))
    for student in range(len(found.eligible)):
        rows, best = found.rows(student), rows_of_dense(dense, student, k)
        assert found.offer[rows].tolist() == best.tolist()
        for name in ("score", "parts", "km", "uncheckable"):
            ours, theirs = getattr(found, name)[rows], getattr(dense, name)[student, best]
            assert ours.dtype == theirs.dtype
            assert ours.tobytes() == theirs.tobytes(), (student, name)


# --- the same as the dense way ---------------------------------------------------------------


@settings(many, max_examples=150)
@given(
    seed=st.integers(0, 2**32),
    name=st.sampled_from(sorted(WORLDS)),
    n=st.integers(0, 12),
    m=st.integers(0, 40),
    reach=st.sampled_from([5.0, 30.0, 300.0, 9_000.0, 26_000.0, 50_000.0]),
    k=st.sampled_from([1, 3, 1_000]),
    weights=st.sampled_from([ALL, TIED]),
    bans=st.integers(0, 40),
    easy=st.booleans(),
)
def test_it_is_the_same_as_the_dense_way(
    seed: int,
    name: str,
    n: int,
    m: int,
    reach: float,
    k: int,
    weights: dict[Criterion, float],
    bans: int,
    easy: bool,
) -> None:
    who, where = world(seed, name, n, m, reach, easy=easy)
    rng = np.random.default_rng(seed)
    banned = rng.integers(0, [n, m], (bans, 2)) if n and m else None
    found = best_candidates(who, where, k=k, weights=weights, banned=banned)
    assert_same(found, candidates(who, where, weights=weights, banned=banned), k)


@pytest.mark.parametrize("name", [*sorted(WORLDS), "antipodes"])
def test_nothing_is_lost_at_the_very_edge_of_the_reach(name: str) -> None:
    """Each student reaches exactly as far as one offer lies, or a hair less."""
    who, where = world(5, name if name in WORLDS else "globe", 60, 60, 100.0, easy=True)
    if name == "antipodes":
        aside = np.geomspace(1e-8, 10, 60)
        where = replace(
            where, lat=-who.lat + aside * np.sign(who.lat), lon=(who.lon + 360) % 360 - 180
        )
    exactly = np.diagonal(road_km(who.lat, who.lon, where.lat, where.lon)).copy()
    less = np.maximum(np.nextafter(exactly, -np.inf), 0)
    for farthest in (exactly, less):
        there = replace(who, max_km=farthest)
        found = best_candidates(there, where, k=60, weights=ALL)
        assert_same(found, candidates(there, where, weights=ALL), 60)


def test_who_would_go_anywhere_reaches_everything() -> None:
    who, where = world(4, "globe", 30, 50, 0.0, easy=True)
    for farthest in (26_021.0, 27_000.0, 40_000.0, 50_000.0):
        there = replace(who, max_km=np.full(30, farthest))
        found = best_candidates(there, where, k=1, weights=ALL)
        assert found.eligible.tolist() == [50] * 30


def test_every_rule_is_met_by_some_and_failed_by_others() -> None:
    """The worlds above try each rule: without any one of them more pairs would be eligible."""
    who, where = world(1, "region", 200, 200, 30.0)
    dense = candidates(who, where, weights=ALL, banned=np.argwhere(np.eye(200, dtype=np.bool_)))
    alone = [int((dense.failed == 1 << bit).sum()) for bit in range(8)]
    assert min(alone) > 0
    assert int(dense.eligible.sum()) > 100


@few
@given(seed=st.integers(0, 2**32), portion=st.integers(1, 30), homes=st.integers(1, 5))
def test_it_does_not_depend_on_the_size_of_a_portion(seed: int, portion: int, homes: int) -> None:
    who, where = world(seed, "region", 15, 40, 60.0)
    at_once = best_candidates(who, where, k=5, weights=TIED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "PORTION", portion)
        patch.setattr(search._Search, "homes_at_once", homes)
        in_portions = best_candidates(who, where, k=5, weights=TIED)
    for name in ("start", "offer", "score", "parts", "km", "uncheckable", "eligible", "examined"):
        assert np.array_equal(getattr(at_once, name), getattr(in_portions, name)), name


@pytest.mark.parametrize("skill_count", [0, 1, 64, 65, 200])
def test_any_number_of_skills(skill_count: int) -> None:
    rng = np.random.default_rng(skill_count)
    sets = rng.random((3, 20, skill_count)) < 0.4
    who = students(20, skill_count=skill_count, skills=sets[0], wants=sets[1])
    where = offers(20, skill_count=skill_count, skills=sets[2])
    found = best_candidates(who, where, k=20, weights=ALL)
    assert len(found.offer) == 400
    assert_same(found, candidates(who, where, weights=ALL), 20)


def test_no_programme_is_named() -> None:
    where = replace(
        offers(3),
        programmes=np.zeros((3, 0), np.bool_),
        programme_ids=np.zeros(0, np.int32),
        any_programme=np.array([True, False, True]),
    )
    found = best_candidates(students(), where, k=9, weights=ALL)
    assert found.offer.tolist() == [0, 2]
    assert_same(found, candidates(students(), where, weights=ALL), 9)


@pytest.mark.parametrize("codes", [0, 1, 7, 8, 15, 16])
def test_any_number_of_codes_and_one_that_nobody_has(codes: int) -> None:
    where = replace(
        offers(2),
        accredited=np.stack([np.ones(codes, np.bool_), np.arange(codes) % 2 == 0]),
        crebo_codes=np.arange(25_000, 25_000 + codes, dtype=np.int32),
        accreditation_confirmed=np.array([False, True]),
    )
    crebo = np.concatenate([[0, -1, 26_000], where.crebo_codes])
    who = students(len(crebo), crebo=crebo)
    found = best_candidates(who, where, k=9, weights=ALL)
    assert found.eligible.tolist() == [2, 2, 0, *(2 - code % 2 for code in range(codes))]
    assert found.uncheckable[:4].tolist() == [False, False, True, False]
    assert_same(found, candidates(who, where, weights=ALL), 9)


# --- the cost --------------------------------------------------------------------------------


def test_only_the_own_programme_nearby_is_looked_at() -> None:
    """Of 900 offers 30 are near, and a third of these is of the student's programme."""
    near = np.arange(900) % 30 == 0
    kinds = np.arange(900) // 30 % 3
    where = offers(
        900,
        lat=np.where(near, 52.5, 48.0),
        programmes=np.stack([kinds == 0, kinds == 1], axis=1),
        any_programme=np.zeros(900, np.bool_),
    )
    found = best_candidates(students(7), where, k=1, weights=ALL)
    assert found.eligible.tolist() == [10] * 7
    assert found.examined == 70


def test_memory_follows_the_eligible_pairs() -> None:
    """Four thousand by four thousand would be 16 MB for a single bit of an answer per pair."""
    who, where = world(3, "region", 4_000, 4_000, 5.0)
    best_candidates(who, where, k=5, weights=ALL)
    tracemalloc.start()
    found = best_candidates(who, where, k=5, weights=ALL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 4_000 < found.eligible.sum() < 100_000
    assert peak < 12_000_000


def test_a_portion_ends_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    scored = search._scored

    def counted(wanted: Any, homes: range, home: Any, site: Any, examined: int) -> Any:
        sizes.append(len(home))
        return scored(wanted, homes, home, site, examined)

    monkeypatch.setattr(search, "PORTION", 20)
    monkeypatch.setattr(search, "_scored", counted)
    found = best_candidates(students(9), offers(7), k=1, weights=ALL)
    assert sizes == [21, 21, 21]
    assert found.eligible.tolist() == [7] * 9


def test_without_a_compiler_it_is_the_same() -> None:
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "from tests.engine.test_nearby import digest; print(digest())"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert run.stdout.strip() == digest()


def digest() -> str:
    """All of a shortlist in a few letters."""
    who, where = world(2, "globe", 150, 150, 20_000.0)
    found = best_candidates(who, where, k=4, weights=ALL)
    assert len(found.offer) > 100
    arrays = (found.start, found.offer, found.score, found.parts, found.km, found.eligible)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


# --- what comes out, and what may not come in ------------------------------------------------


def test_rows_and_parts_can_be_read() -> None:
    who = students(2, skills=[[1, 0, 0], [1, 1, 0]], days=[5, 1])
    where = offers(2, skills=[[0, 1, 0], [1, 1, 0]])
    found = best_candidates(who, where, k=9, weights={Criterion.SKILLS: 1.0})
    assert found.student.tolist() == [0, 0]
    assert found.offer[found.rows(0)].tolist() == [1, 0]
    assert found.breakdown(0)[Criterion.SKILLS] == 0.5
    assert tuple(found.breakdown(0)) == CRITERIA
    assert found.rows(1) == slice(2, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"k": 0}, "k: 0, 1 or more expected"),
        ({"banned": [[0, 2]]}, r"banned: row 0 holds \[0, 2\], below \[3, 2\]"),
        ({"banned": [[0, 1], [-1, 0]]}, r"banned: row 1 holds \[-1, 0\]"),
        ({"banned": [[0.0, 1.0]]}, "banned: pairs of whole numbers expected, float64"),
        ({"banned": [0, 1]}, r"banned: pairs of whole numbers expected, int64 \(2,\)"),
        ({"weights": {}}, "weights: none is above 0"),
        ({"weights": {"charm": 1.0}}, "weights: 'charm' is no criterion"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], message: str) -> None:
    asked: dict[str, Any] = {"k": 1, "weights": ALL, "banned": None, **changes}
    with pytest.raises(ProblemError, match=message):
        best_candidates(students(3), offers(2), **asked)
    if "k" not in changes:
        del asked["k"]
        with pytest.raises(ProblemError, match=message):
            candidates(students(3), offers(2), **asked)


def test_different_sets_of_skills_are_refused() -> None:
    with pytest.raises(ProblemError, match=r"offers\.skills: 4 skills, 3 expected"):
        best_candidates(students(), offers(skill_count=4), k=1, weights=ALL)


# --- one student beside all offers -----------------------------------------------------------


@few
@given(seed=st.integers(0, 2**32), student=st.integers(0, 9))
def test_one_student_beside_all_offers_is_a_row_of_the_dense_way(seed: int, student: int) -> None:
    who, where = world(seed, "region", 10, 15, 40.0)
    banned = np.random.default_rng(seed).integers(0, [10, 15], (40, 2))
    dense = candidates(who, where, weights=ALL, banned=banned)
    alone = beside_all_offers(who, where, student, weights=ALL, banned=banned)
    for name in ("eligible", "failed", "uncheckable", "km", "parts", "score"):
        row = getattr(dense, name)[student : student + 1]
        assert getattr(alone, name).tobytes() == row.tobytes(), name


@pytest.mark.parametrize("student", [-1, 2])
def test_a_student_who_does_not_exist_is_refused(student: int) -> None:
    with pytest.raises(ProblemError, match=f"student: {student}, 0 to 1 expected"):
        beside_all_offers(students(2), offers(), student, weights=ALL)
