"""Put letters in the outbox. Nothing is sent here: delivery follows after the commit."""

import re
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template import Context
from django.template.engine import Engine
from django.template.loader import render_to_string
from django.utils import translation

from accounts.models import User
from notifications.bell import ring
from notifications.models import Letter

DELIVER = "notifications.tasks.deliver"


def write_letter(
    kind: str,
    *,
    key: str,
    to: User,
    context: Mapping[str, Any],
    url: str = "",
    reply_to: str = "",
    desk: str = "",
) -> None:
    """Write one letter to `to` from the templates in `letters/<kind>/`, in the transaction of the
    caller.

    `key` names the event; when a letter for it stands in the outbox already, nothing happens.
    `desk` is the slug of the school that answers for a letter about one of its students.
    A folder holds `subject.txt`, `body.txt` and, where there is something to do, `action.txt`:
    the words on the one button, which leads to `url`, a path in the portal. The HTML part is made
    from the same text, so that both parts always say the same. All of it is in the language of
    `to`: whatever in `context` is a text of ours has to be a lazy one.
    """
    known = {
        **context,
        "kind": kind,
        "person": to,
        "letter_url": settings.BASE_URL + url if url else "",
        "demo": settings.DEMO,
    }
    with translation.override(to.reads):
        known["subject"] = " ".join(_text(f"{kind}/subject", known).split())[:200]
        known["action"] = _text(f"{kind}/action", known).strip() if url else ""
        known["paragraphs"] = _paragraphs(_text(f"{kind}/body", known))
        text = _text("layout", known).strip() + "\n"
        html = render_to_string("letters/layout.html", known)
    put(
        Letter(
            key=f"{key}:{to.pk}",
            kind=kind,
            user=to,
            to=to.email,
            reply_to=reply_to,
            desk=desk,
            language=to.reads,
            subject=known["subject"],
            text=text,
            html=html,
        )
    )


def _text(name: str, known: Mapping[str, Any]) -> str:
    """Plain text, so nothing in it is escaped; the HTML layout escapes what it takes from it."""
    template = Engine.get_default().get_template(f"letters/{name}.txt")
    return template.render(Context(dict(known), autoescape=False))


def _paragraphs(body: str) -> list[list[str]]:
    """The text as paragraphs of lines; white space around lines means nothing. Lines that start
    with "- " are a list, which template tags between them do not tear apart."""
    found: list[list[str]] = []
    for block in re.split(r"\n\s*\n", body.strip()):
        lines = [line.strip() for line in block.splitlines() if line.strip()]
        if found and found[-1][-1].startswith("- ") and lines[0].startswith("- "):
            found[-1] += lines
        elif lines:
            found.append(lines)
    return found


def put(letter: Letter) -> None:
    """Put a finished letter in the outbox unless its key stands there, and wake a worker."""
    Letter.objects.bulk_create([letter], ignore_conflicts=True)
    ring(DELIVER)
