"""What a worker does for the outbox."""

from celery import shared_task

from notifications.bell import ring
from notifications.delivery import deliver_waiting
from notifications.outbox import DELIVER


@shared_task
def deliver() -> None:
    """Send every letter that is due. Rung after a commit and by the clock; any number of these
    may run at once."""
    deliver_waiting(call_next=lambda: ring(DELIVER))
