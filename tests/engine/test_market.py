"""Students and offers at the door: bad columns are refused, with field and row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from matching.engine import ProblemError
from tests.engine.instances import offers, students

BAD_STUDENTS: list[tuple[dict[str, Any], str]] = [
    ({"level": [4, 0]}, "students.level: row 1 holds 0, 1 to 6 expected"),
    ({"level": [7, 4]}, "students.level: row 0 holds 7, 1 to 6 expected"),
    ({"crebo": [0, -2]}, "students.crebo: row 1 holds -2"),
    ({"school": [-1, 0]}, "students.school: row 0 holds -1"),
    ({"min_weeks": [-1, 0]}, "students.min_weeks: row 0 holds -1, 0 to 520 expected"),
    ({"days": [0, 4]}, "students.days: row 0 holds 0, 1 to 7 expected"),
    ({"days": [4, 8]}, "students.days: row 1 holds 8, 1 to 7 expected"),
    ({"lat": [52.0, np.nan]}, "students.lat: row 1 holds nan, -90 to 90 expected"),
    ({"lon": [181.0, 6.0]}, "students.lon: row 0 holds 181.0, -180 to 180 expected"),
    ({"max_km": [np.inf, 6.0]}, "students.max_km: row 0 holds inf"),
    ({"max_km": [5.0, -0.1]}, "students.max_km: row 1 holds -0.1"),
    ({"end": [20_000, 19_999]}, "students: row 1 has start 20000 above end 19999"),
    ({"days": [4, 4, 4]}, "students.days: length 3 along axis 0, 2 expected"),
    ({"wants": np.zeros((2, 4), np.bool_)}, "students.wants: length 4 along axis 1, 3 expected"),
    ({"skills": np.zeros((2, 3), np.int8)}, "students.skills: bool expected, int8 given"),
]

BAD_OFFERS: list[tuple[dict[str, Any], str]] = [
    ({"levels": np.zeros((2, 6), np.bool_)}, "offers.levels: length 6 along axis 1, 7 expected"),
    ({"programme_ids": [70, 70]}, "offers.programme_ids: rows 0 and 1 both hold 70"),
    ({"programme_ids": [70]}, "offers.programme_ids: length 1 along axis 0, 2 expected"),
    ({"crebo_codes": [25_000, 25_000]}, "offers.crebo_codes: rows 0 and 1 both hold 25000"),
    ({"crebo_codes": [25_000, 0]}, "offers.crebo_codes: row 1 holds 0, 1 to"),
    ({"days_min": [0, 3]}, "offers.days_min: row 0 holds 0, 1 to 7 expected"),
    ({"days_min": [3, 6]}, "offers: row 1 has days_min 6 above days_max 5"),
    ({"lat": [np.nan, 52.0]}, "offers.lat: row 0 holds nan"),
    ({"capacity": [1, -1]}, "offers.capacity: row 1 holds -1"),
    ({"minimum": [0, 3]}, "offers: row 1 has minimum 3 above capacity 2"),
    ({"earmark": [-2, 1]}, "offers.earmark: row 0 holds -2"),
    ({"start": [20_000, 20_140]}, "offers: row 1 has start 20140 above end 20139"),
    ({"any_programme": None}, "offers.any_programme: an array expected, "),
]


@pytest.mark.parametrize(("changes", "message"), BAD_STUDENTS)
def test_bad_students_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError) as caught:
        students(2, **changes)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(("changes", "message"), BAD_OFFERS)
def test_bad_offers_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError) as caught:
        offers(2, **changes)
    assert str(caught.value).startswith(message)


def test_tables_know_their_length_and_may_be_empty() -> None:
    assert (len(students(3)), len(offers(2)), len(students(0)), len(offers(0))) == (3, 2, 0, 0)
