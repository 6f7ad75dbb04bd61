"""What a worker does for rounds and proposals. All may run twice, or many at once."""

from celery import shared_task
from django.utils import timezone

from matching.actions.ending import expire_due
from matching.actions.rounds import claim_run, execute


@shared_task
def take_up_runs() -> None:
    """Calculate every run that waits, also one whose worker went away."""
    while run := claim_run():
        execute(run, today=timezone.localdate())


@shared_task
def expire_proposals() -> None:
    """Close what was not answered in time."""
    expire_due()
