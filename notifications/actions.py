"""What people do with the outbox, and which clock is on duty."""

import uuid
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models.functions import Now

from accounts.actions import moving
from accounts.models import User
from notifications import states
from notifications.bell import ring
from notifications.models import Letter, Suppression
from notifications.outbox import DELIVER

CLOCK = "clock"


@transaction.atomic
def send_again(letter: Letter, *, by: User) -> bool:
    """Put a letter in the queue that came to rest or waits long, as if it were new; whether it was
    still possible.

    An address that was held back counts as right again: whoever presses has looked at it.
    """
    with moving("again", by=by):
        moved = Letter.objects.filter(
            pk=letter.pk, state__in=states.LETTER.sources("again")
        ).update(
            state=states.QUEUED,
            attempts=0,
            doubts=0,
            trying_since=None,
            next_attempt_at=Now(),
            trouble="",
        )
    if moved:
        Suppression.objects.filter(address=letter.to.lower()).delete()
        ring(DELIVER)
    return bool(moved)


@transaction.atomic
def withdraw(letter: Letter, *, by: User) -> bool:
    """Keep a letter from leaving, unless a worker has it already; whether it was still possible."""
    with moving("withdraw", by=by):
        moved = Letter.objects.filter(
            pk=letter.pk, state__in=states.LETTER.sources("withdraw")
        ).update(state=states.WITHDRAWN, next_attempt_at=None)
    return bool(moved)


def keep_watch(holder: uuid.UUID, *, hold: timedelta) -> bool:
    """Whether `holder` is the clock on duty, for `hold` from now on by the database's clock. Of any
    number who ask at once, one is; when it stops asking, the next."""
    wanted: dict[str, Any] = {"name": CLOCK, "holder": holder, "hold": hold}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_watch (name, holder, until)"
            " VALUES (%(name)s, %(holder)s, statement_timestamp() + %(hold)s)"
            " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until"
            " WHERE notifications_watch.holder = excluded.holder"
            " OR notifications_watch.until < statement_timestamp()"
            " OR notifications_watch.until > statement_timestamp() + 2 * %(hold)s",
            wanted,
        )
        return bool(cursor.rowcount)
