"""What a worker does for the outbox."""

from celery import shared_task

from notifications.delivery import deliver_waiting


@shared_task
def deliver() -> None:
    """Send every letter that is due. Rung after a commit and by the clock; any number of these
    may run at once."""
    deliver_waiting()
