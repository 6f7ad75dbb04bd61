"""What a worker does for offers. May run twice, or many at once."""

from celery import shared_task
from django.utils import timezone

from companies import actions


@shared_task
def expire_offers() -> None:
    """End the offers whose period is over."""
    actions.expire_offers(today=timezone.localdate())
