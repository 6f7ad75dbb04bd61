"""Generated instances: as their parameters say, and the same on every run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import Problem, ProblemError
from matching.engine.generating import LOCAL_SHARE, OWNER_SHARE, generate
from tests.engine.instances import few

PLAIN: dict[str, Any] = {"students": 400, "choices": 5, "places": 100, "seed": 3}


def plain(**changes: Any) -> Problem:
    return generate(**{**PLAIN, **changes})


def lists(problem: Problem) -> np.ndarray:
    return problem.choice_place.reshape(problem.students, -1)


def test_the_same_parameters_make_the_same_instance() -> None:
    everything = {
        "popularity": 0.7,
        "regions": 4,
        "ties": 0.3,
        "place_ties": 0.3,
        "owners": 12,
        "minimums": 0.5,
        "seats_per_student": 1.3,
        "tail": 3,
    }
    assert plain(**everything).fingerprint == plain(**everything).fingerprint
    others = [{**everything, key: 0} for key in everything if key != "regions"]
    others += [{**everything, "regions": 1}, {**everything, "seed": 4}, {**everything, "ids": True}]
    prints = {plain(**other).fingerprint for other in (everything, *others)}
    assert len(prints) == len(others) + 1


def test_this_instance_stays_as_it_is() -> None:
    """Figures that others measured on an instance hold for the same instance only."""
    problem = generate(3, 2, 4, ties=0.5, place_ties=0.5, owners=2, minimums=1.0, tail=1, seed=1)
    assert problem.choice_place.tolist() == [1, 2, 2, 3, 2, 0]
    assert problem.choice_rank.tolist() == [1, 2, 1, 1, 1, 1]
    assert problem.choice_priority.tolist() == [1, 1, 2, 0, 0, 0]
    assert problem.capacity.tolist() == [1, 1, 1, 0]
    assert plain(tail=2, owners=9, regions=3).fingerprint == (
        "3174bbe0f26b7a5301cf7bf446926767bc91962e7bfe81611d239d7356d58364"
    )


def test_lists_are_of_the_length_asked_and_name_no_place_twice() -> None:
    problem = plain(tail=4)
    rows = np.hstack([lists(problem), problem.tail_place.reshape(400, 4)])
    assert rows.shape == (400, 9)
    assert all(len(set(row)) == 9 for row in rows.tolist())


@pytest.mark.parametrize("regions", [1, 7])
def test_lists_of_all_places_there_are(regions: int) -> None:
    problem = generate(50, 30, 20, tail=5, regions=regions, popularity=3.0)
    assert np.sort(lists(problem), axis=1).tolist() == [list(range(20))] * 50
    assert len(problem.tail_place) == 0


@few
@given(
    st.integers(0, 12), st.integers(0, 6), st.integers(0, 12), st.integers(0, 4), st.integers(0, 99)
)
def test_small_ones_are_sound_whatever_their_size(
    students: int, choices: int, places: int, tail: int, seed: int
) -> None:
    problem = generate(
        students,
        choices,
        places,
        ties=0.5,
        place_ties=0.5,
        regions=max(1, places // 3),
        owners=places // 2,
        minimums=1.0,
        seats_per_student=2.0,
        tail=tail,
        seed=seed,
    )
    assert len(problem.choice_place) == students * min(choices, places)
    assert len(problem.tail_place) == students * min(tail, places - min(choices, places))


def test_popularity_is_a_power_law() -> None:
    evenly, steeply = (
        np.sort(np.bincount(plain(popularity=exponent, students=4000).choice_place))[::-1]
        for exponent in (0.0, 1.0)
    )
    # Evenly, each place is drawn 200 times, give or take; by the first power, and with no place
    # drawn twice for one student, the first about twice as often as the third or fourth.
    assert 240 > evenly[0] > evenly[-1] > 160
    assert 1.5 < steeply[0] / steeply[3] < 3.5
    assert 5 < steeply[4] / steeply[49] < 12


def test_most_choices_are_within_a_region() -> None:
    problem = plain(students=2000, regions=2, popularity=0.0)
    together = np.zeros((100, 100))
    for row in lists(problem):
        together[np.ix_(row, row)] += 1
    # Two places stand on one list more often if they are in one region: sort them by the first.
    near = np.sort(together[0])[::-1]
    share = near[:50].sum() / near.sum()
    inside = LOCAL_SHARE + (1 - LOCAL_SHARE) / 2
    assert abs(share - (inside**2 + (1 - inside) ** 2)) < 0.08
    alone = plain(students=2000, popularity=0.0)
    assert np.corrcoef(np.bincount(lists(alone)[:, 0]), np.bincount(lists(alone)[:, 4]))[0, 1] < 0.5


@pytest.mark.parametrize(("ties", "share"), [(0.0, 0.0), (0.4, 0.4), (1.0, 1.0)])
def test_choices_tie_as_often_as_asked(ties: float, share: float) -> None:
    rank = plain(students=2000, ties=ties).choice_rank.reshape(2000, 5)
    assert np.all(rank[:, 0] == 1)
    step = np.diff(rank, axis=1)
    assert set(np.unique(step)) <= {0, 1}
    assert np.mean(step == 0) == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize(("place_ties", "share"), [(0.0, 0.0), (0.4, 0.4), (1.0, 1.0)])
@pytest.mark.parametrize("owners", [0, 20])
def test_students_tie_at_places_as_often_as_asked(
    place_ties: float, share: float, owners: int
) -> None:
    problem = plain(students=2000, place_ties=place_ties, owners=owners, tail=2)
    place = np.concatenate([problem.choice_place, problem.tail_place])
    decides = place if not owners else problem.owner[place]
    priority = np.concatenate([problem.choice_priority, problem.tail_priority])
    student = np.concatenate([problem.choice_student, problem.tail_student])
    tied = several = 0
    for one in np.unique(decides):
        rows = decides == one
        levels = np.sort([priority[rows & (student == s)][0] for s in np.unique(student[rows])])
        assert levels[0] == 0
        assert set(np.diff(levels)) <= {0, 1}
        tied += int(np.count_nonzero(np.diff(levels) == 0))
        several += len(levels) - 1
    assert tied / several == pytest.approx(share, abs=0.03)


def test_the_tastes_of_both_sides_are_independent() -> None:
    problem = plain(students=4000, place_ties=0.0)
    standing = problem.choice_priority / np.bincount(problem.choice_place)[problem.choice_place]
    assert abs(np.corrcoef(standing, problem.choice_rank)[0, 1]) < 0.03
    assert abs(np.corrcoef(standing, problem.choice_student)[0, 1]) < 0.03
    assert abs(standing.mean() - 0.5) < 0.02


def test_more_ties_leave_the_lists_and_seats_as_they_are() -> None:
    one, other = plain(ties=0.1, place_ties=0.2), plain(ties=0.9, place_ties=0.8)
    for name in ("choice_place", "capacity", "minimum"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


@pytest.mark.parametrize(("per_student", "seats"), [(0.1, 40), (1.25, 500), (0.0, 0)])
def test_there_are_as_many_seats_as_asked(per_student: float, seats: int) -> None:
    capacity = plain(seats_per_student=per_student).capacity
    assert capacity.sum() == seats
    assert capacity.min() == (1 if seats >= 100 else 0)


def test_owners_cannot_fill_all_their_places() -> None:
    problem = plain(owners=20, seats_per_student=2.0)
    assert np.bincount(problem.owner).tolist() == [5] * 20
    seats = np.bincount(problem.owner, problem.capacity)
    assert np.all(problem.owner_capacity == np.floor(OWNER_SHARE * seats))
    largest = [problem.capacity[problem.owner == one].max() for one in range(20)]
    assert np.all(problem.owner_capacity >= largest)
    alone = plain(owners=100)
    assert alone.owner_capacity.tolist() == alone.capacity[np.argsort(alone.owner)].tolist()


def test_so_many_places_have_a_minimum_that_they_can_reach() -> None:
    problem = plain(places=2000, minimums=0.3, seats_per_student=20.0)
    has_one = problem.minimum > 0
    assert np.mean(has_one) == pytest.approx(0.3, abs=0.05)
    assert problem.minimum[has_one].min() == 2
    assert np.any(problem.minimum == problem.capacity)
    assert plain(minimums=1.0, seats_per_student=0.25).minimum.max() == 0


def test_ids_are_counted_from_one() -> None:
    problem = generate(2, 1, 3, owners=1, ids=True)
    assert problem.student_ids == ("s1", "s2")
    assert problem.place_ids == ("p1", "p2", "p3")
    assert problem.owner_ids == ("c1",)
    assert generate(2, 1, 3).student_ids is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"students": -1}, "students: -1, 0 to"),
        ({"choices": -1}, "choices: -1, 0 to"),
        ({"places": -1}, "places: -1, 0 to"),
        ({"regions": 0}, "regions: 0, 1 to 100 expected"),
        ({"regions": 101}, "regions: 101, 1 to 100 expected"),
        ({"owners": 101}, "owners: 101, 0 to 100 expected"),
        ({"tail": -1}, "tail: -1, 0 to"),
        ({"seed": -1}, "seed: -1, 0 to"),
        ({"popularity": -0.5}, "popularity: -0.5, 0 to 10 expected"),
        ({"ties": 1.5}, "ties: 1.5, 0 to 1 expected"),
        ({"place_ties": float("nan")}, "place_ties: nan, 0 to 1 expected"),
        ({"minimums": float("inf")}, "minimums: inf, 0 to 1 expected"),
        ({"seats_per_student": -1}, "seats_per_student: -1, 0 to"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        plain(**changes)
