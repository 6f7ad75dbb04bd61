"""The seasons around a day, and moments within them."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

MONDAY, FRIDAY = 0, 4
SOONEST = timedelta(days=28)  # a season that starts sooner leaves no time for a round


@dataclass(frozen=True)
class Half:
    """A season of half a school year."""

    name: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True)
class Halves:
    """The seasons that a region knows, by what they are to the people in it."""

    past: tuple[Half, Half]
    running: Half | None
    target: Half


def halves_around(today: date) -> Halves:
    """The two seasons that ended last, the one that runs, and the one that places are sought for:
    the first that starts at least four weeks from now."""
    halves = [half for year in range(today.year - 2, today.year + 2) for half in _of(year)]
    ended = [half for half in halves if half.ends_on < today]
    running = [half for half in halves if half.starts_on <= today <= half.ends_on]
    coming = [half for half in halves if half.starts_on >= today + SOONEST]
    return Halves((ended[-2], ended[-1]), running[0] if running else None, coming[0])


def moment(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """A moment of that day, on the clocks of the region."""
    return datetime.combine(day, time(hour, minute), timezone.get_default_timezone())


def _of(year: int) -> tuple[Half, Half]:
    """The two seasons that start in `year`, in order."""
    return (
        Half(f"Voorjaar {year}", _first(MONDAY, year, 2), _first(FRIDAY, year, 7)),
        Half(f"Najaar {year}", _first(MONDAY, year, 9), _last(FRIDAY, year + 1, 1)),
    )


def _first(weekday: int, year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7)


def _last(weekday: int, year: int, month: int) -> date:
    last = date(year, month, calendar.monthrange(year, month)[1])
    return last - timedelta(days=(last.weekday() - weekday) % 7)
