"""What a worker does for rosters. May run twice, or many at once."""

from celery import shared_task

from students import actions


@shared_task
def forget_uploads() -> None:
    """Forget files with students that nobody took over within a day."""
    actions.forget_uploads()
