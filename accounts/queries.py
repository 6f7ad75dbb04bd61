"""Reading the history, and people in order."""

from collections.abc import Iterable
from typing import TypeVar

from django.db.models import F, Func, QuerySet
from django.db.models.functions import Lower, Now

from accounts.models import HistoryEntry, Invitation


def history_of(subject: str, subject_id: int) -> QuerySet[HistoryEntry]:
    """The moves of one row, oldest first, with who did them."""
    return HistoryEntry.objects.filter(subject=subject, subject_id=subject_id).select_related(
        "actor"
    )


def last_moves(subject: str, ids: Iterable[int]) -> QuerySet[HistoryEntry]:
    """The latest move of each of these rows."""
    return (
        HistoryEntry.objects.filter(subject=subject, subject_id__in=ids)
        .order_by("subject_id", "-at", "-id")
        .distinct("subject_id")
    )


Asked = TypeVar("Asked", bound=Invitation)


def unanswered(invitations: QuerySet[Asked]) -> QuerySet[Asked]:
    """Neither accepted nor withdrawn, in time or not."""
    return invitations.filter(accepted_at=None, withdrawn_at=None)


def usable(invitations: QuerySet[Asked]) -> QuerySet[Asked]:
    """Those that may still be accepted, by the clock of the database."""
    return unanswered(invitations).filter(expires_at__gt=Now())


def alphabetical(column: str) -> Lower:
    """Sorts as people look for a word: "Ömer" between "Olaf" and "Osman", capitals or not."""
    return Lower(Func(F(column), function="unaccent"))
