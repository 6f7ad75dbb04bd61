"""Which seasons there are around a day."""

from datetime import date

import pytest

from topcentrum.demo.region.calendar import halves_around


@pytest.mark.parametrize(
    ("today", "target", "running", "past"),
    [
        (date(2026, 11, 23), "Voorjaar 2027", "Najaar 2026", ("Najaar 2025", "Voorjaar 2026")),
        # Exactly four weeks before the start is soon enough, a day later is not.
        (date(2027, 1, 4), "Voorjaar 2027", "Najaar 2026", ("Najaar 2025", "Voorjaar 2026")),
        (date(2027, 1, 5), "Najaar 2027", "Najaar 2026", ("Najaar 2025", "Voorjaar 2026")),
        # The last day of a season, the weekend between two, the first day.
        (date(2027, 1, 29), "Najaar 2027", "Najaar 2026", ("Najaar 2025", "Voorjaar 2026")),
        (date(2027, 1, 30), "Najaar 2027", None, ("Voorjaar 2026", "Najaar 2026")),
        (date(2027, 2, 1), "Najaar 2027", "Voorjaar 2027", ("Voorjaar 2026", "Najaar 2026")),
        # The summer, and a leap day.
        (date(2026, 8, 1), "Najaar 2026", None, ("Najaar 2025", "Voorjaar 2026")),
        (date(2028, 2, 29), "Najaar 2028", "Voorjaar 2028", ("Voorjaar 2027", "Najaar 2027")),
    ],
)
def test_seasons_around_a_day(
    today: date, target: str, running: str | None, past: tuple[str, str]
) -> None:
    halves = halves_around(today)
    assert halves.target.name == target
    assert (halves.running.name if halves.running else None) == running
    assert tuple(half.name for half in halves.past) == past


def test_seasons_run_from_a_monday_to_a_friday() -> None:
    halves = halves_around(date(2026, 11, 23))
    assert (halves.target.starts_on, halves.target.ends_on) == (date(2027, 2, 1), date(2027, 7, 2))
    autumn = halves.past[0]
    assert (autumn.starts_on, autumn.ends_on) == (date(2025, 9, 1), date(2026, 1, 30))
