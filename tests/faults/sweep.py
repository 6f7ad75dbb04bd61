"""What the clock does: look for work, whatever was rung."""

from datetime import timedelta

from django.db.models import F
from django.db.models.functions import Now

from notifications.delivery import LEASE
from notifications.models import Letter
from notifications.outbox import DELIVER
from tests.faults.processes import Broker
from tests.services.waiting import until

State = Letter.State


def sweep(broker: Broker) -> None:
    """Send the task as beat does."""
    broker.app().send_task(DELIVER, expires=30)


def leases_run_out() -> None:
    """As if a minute has passed since the worker went away."""
    Letter.objects.filter(state=State.LEASED).update(
        leased_until=F("leased_until") - LEASE - timedelta(seconds=1)
    )


def waiting_is_over() -> None:
    """As if the time until the next attempt has passed."""
    Letter.objects.filter(state__in=[State.RETRY, State.UNSURE]).update(next_attempt_at=Now())


def how_many(state: str) -> int:
    """Letters in this state."""
    return Letter.objects.filter(state=state).count()


def all_sent(*, seconds: float = 20) -> None:
    """Wait until every letter is sent."""
    until(
        lambda: not Letter.objects.exclude(state=State.SENT).exists(),
        seconds=seconds,
        what="all letters are sent",
    )
