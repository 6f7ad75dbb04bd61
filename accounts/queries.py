"""Reading the history."""

from django.db.models import QuerySet

from accounts.models import HistoryEntry


def history_of(subject: str, subject_id: int) -> QuerySet[HistoryEntry]:
    """The moves of one row, oldest first, with who did them."""
    return HistoryEntry.objects.filter(subject=subject, subject_id=subject_id).select_related(
        "actor"
    )
