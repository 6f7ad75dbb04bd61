"""Pages of letters, newest first, however many there are."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from notifications.models import Letter

PER_PAGE = 25


@dataclass(frozen=True)
class LettersPage:
    """Some letters, and where the next page begins; empty when this is the last."""

    letters: list[Letter]
    older: str


def letters_page(letters: QuerySet[Letter], *, before: str = "") -> LettersPage:
    """The letters that come after the place `before`, which an earlier page named as `older`.

    The place is that of the last letter shown and not a number, so that nothing is counted off,
    and a letter that comes meanwhile moves nothing. A place that is none begins at the newest.
    """
    if place := _read(before):
        at, key = place
        letters = letters.filter(Q(created_at__lt=at) | Q(pk__lt=key), created_at__lte=at)
    found = list(letters.order_by("-created_at", "-pk")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    older = f"{shown[-1].created_at.isoformat()}_{shown[-1].pk}" if len(found) > PER_PAGE else ""
    return LettersPage(shown, older)


def _read(place: str) -> tuple[datetime, int] | None:
    at, _line, key = place.partition("_")
    try:
        when = datetime.fromisoformat(at)
        return (when, int(key)) if when.tzinfo and 0 < int(key) < 2**63 else None
    except ValueError:
        return None


def count_states(letters: QuerySet[Letter]) -> dict[str, int]:
    """How many letters there are in each state that occurs."""
    rows = letters.order_by().values_list("state").annotate(number=Count("pk"))
    return dict(rows.order_by("state"))
