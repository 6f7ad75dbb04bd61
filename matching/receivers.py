"""What happens here when something happens in a room below."""

from collections.abc import Collection
from typing import Any

from django.dispatch import receiver

from accounts.models import By
from companies.models import Offer
from companies.signals import offer_closing
from matching.actions.ending import withdraw_all_of, withdraw_all_on
from students.signals import students_leaving


@receiver(offer_closing)
def withdraw_proposals(*, offer: Offer, by: By, reason: str, **_: Any) -> None:
    """A closed offer takes its open proposals along, in the same transaction."""
    withdraw_all_on(offer, code="offer_closed", by=by, reason=reason)


@receiver(students_leaving)
def withdraw_proposals_of(*, student_ids: Collection[int], by: By, **_: Any) -> None:
    """Whoever leaves school gives up the open proposals, in the same transaction."""
    withdraw_all_of(student_ids, code="student_left", by=by)
