"""What a worker does for rounds and proposals. All may run twice, or many at once."""

from celery import shared_task
from django.utils import timezone

from matching.actions.ending import (
    expire_due,
    remind_who_must_choose,
    withdraw_teams_that_cannot_begin,
)
from matching.actions.rounds import claim_run, execute


@shared_task
def take_up_runs() -> None:
    """Calculate every run that waits, also one whose worker went away."""
    while run := claim_run():
        execute(run, today=timezone.localdate())


@shared_task
def expire_proposals() -> None:
    """Close what was not answered in time, and what nobody decided on."""
    expire_due()
    withdraw_teams_that_cannot_begin(today=timezone.localdate())
    remind_who_must_choose()
