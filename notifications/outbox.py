"""Put letters in the outbox. Nothing is sent here: delivery follows after the commit."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import User
from notifications.bell import ring
from notifications.models import Letter

DELIVER = "notifications.tasks.deliver"


def write_letter(
    kind: str, *, key: str, to: User, context: Mapping[str, Any], reply_to: str = ""
) -> None:
    """Write one letter to `to` from the templates in `letters/<kind>/`, in the transaction of the
    caller.

    `key` names the event; when a letter for it stands in the outbox already, nothing happens.
    The templates know `context`, `person` (the receiver) and `base_url`.
    """
    known = {**context, "person": to, "base_url": settings.BASE_URL}
    with translation.override(settings.LANGUAGE_CODE):
        subject = " ".join(render_to_string(f"letters/{kind}/subject.txt", known).split())
        known["subject"] = subject
        text = render_to_string(f"letters/{kind}/body.txt", known).strip() + "\n"
        html = render_to_string(f"letters/{kind}/body.html", known)
    put(
        Letter(
            key=f"{key}:{to.pk}",
            kind=kind,
            user=to,
            to=to.email,
            reply_to=reply_to,
            subject=subject[:200],
            text=text,
            html=html,
        )
    )


def put(letter: Letter) -> None:
    """Put a finished letter in the outbox unless its key stands there, and wake a worker."""
    Letter.objects.bulk_create([letter], ignore_conflicts=True)
    ring(DELIVER)
