"""Send what stands in the outbox: claim a batch, send, record, with a lease on every letter.

A worker that dies between sending and recording leaves a lease that runs out; another sends the
letter again with the same Message-ID. Exactly once is impossible over SMTP; lost is worse than
twice.

Trouble with a letter is that letter's: it waits longer each time, and after two days it has failed.
Trouble with the mail server itself (away, hanging, our password wrong) says nothing about any
letter: all wait a little, none fails, and this run ends.
"""

import hashlib
import logging
import random
import smtplib
import uuid
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from notifications.models import Letter

logger = logging.getLogger(__name__)

BATCH = 50
LEASE = timedelta(seconds=60)  # longer than one letter takes; renewed before each
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=4)
GIVE_UP_AFTER = timedelta(hours=48)
MOST_BROKEN_IN_A_ROW = 2


def deliver_waiting() -> int:
    """Send letters until none is due or the mail server is away; returns how many were sent."""
    sent = 0
    while letters := claim():
        try:
            for letter in _send_batch(letters):
                _record(letter, state=Letter.State.SENT, sent_at=Now(), trouble="")
                sent += 1
        except _ServerAwayError as away:
            _put_back(letters, str(away))
            break
    return sent


def claim(limit: int = BATCH) -> list[Letter]:
    """Lease up to `limit` letters that are due, or whose lease ran out, oldest first."""
    token = uuid.uuid4()
    due = Q(state__in=["queued", "retry"], next_attempt_at__lte=Now())
    left_behind = Q(state="leased", leased_until__lt=Now())
    with transaction.atomic():
        ids = list(
            Letter.objects.select_for_update(skip_locked=True)
            .filter(due | left_behind)
            .order_by("next_attempt_at", "pk")
            .values_list("pk", flat=True)[:limit]
        )
        Letter.objects.filter(pk__in=ids).update(
            state=Letter.State.LEASED,
            lease_token=token,
            leased_until=Now() + Value(LEASE),
            attempts=F("attempts") + 1,
        )
    ours = Letter.objects.filter(pk__in=ids, lease_token=token)
    return list(ours.order_by("next_attempt_at", "pk"))


def message_id(letter: Letter) -> str:
    """The same for every attempt at the same letter, so that receivers can drop a repeat."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}@{domain}>"


def _message(letter: Letter, connection: BaseEmailBackend) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        to=[letter.to],
        reply_to=[letter.reply_to] if letter.reply_to else None,
        headers={"Message-ID": message_id(letter), "Auto-Submitted": "auto-generated"},
        connection=connection,
    )
    if letter.html:
        message.attach_alternative(letter.html, "text/html")
    return message


class _ServerAwayError(Exception):
    """The mail server cannot be reached or does not let us in."""


def _send_batch(letters: list[Letter]) -> Iterator[Letter]:
    """Send over one connection and yield each letter that was taken; after an error the next
    letter gets a fresh connection.

    Raises _ServerAwayError when there is no connection, or when it broke twice in a row.
    """
    connection = get_connection()
    broke = 0
    try:
        for letter in filter(_still_ours, letters):
            _open(connection)
            error = _send(letter, connection)
            if error is None:
                yield letter
            else:
                _drop(connection)
                _record_trouble(letter, error)
            broke = broke + 1 if error and _is_of_connection(error) else 0
            if broke == MOST_BROKEN_IN_A_ROW:
                raise _ServerAwayError(_words(error))
    finally:
        _drop(connection)


def _send(letter: Letter, connection: BaseEmailBackend) -> Exception | None:
    """Hand one letter over; None, or what went wrong. Whatever that is: one letter that cannot be
    sent must not keep the others waiting."""
    try:
        if not connection.send_messages([_message(letter, connection)]):
            raise ValueError("the letter has no address")
    except Exception as error:
        return error
    return None


def _open(connection: BaseEmailBackend) -> None:
    try:
        connection.open()
    except Exception as error:
        raise _ServerAwayError(_words(error)) from error


def _is_of_connection(error: Exception) -> bool:
    """Whether the connection broke or timed out; smtplib's other errors are answers."""
    if isinstance(error, smtplib.SMTPException):
        return isinstance(error, smtplib.SMTPServerDisconnected)
    return isinstance(error, OSError)


def _put_back(letters: list[Letter], trouble: str) -> None:
    """Let go of what was leased but not tried. It waits a little; this is no attempt."""
    logger.warning("the mail server is away: %s", trouble)
    for letter in letters:
        _record(
            letter,
            state=Letter.State.RETRY,
            trouble=trouble,
            attempts=F("attempts") - 1,
            next_attempt_at=Now() + Value(waiting_time(1)),
        )


def _still_ours(letter: Letter) -> bool:
    """Renew the lease just before sending; False when it ran out and another may have it."""
    return bool(
        Letter.objects.filter(
            pk=letter.pk, lease_token=letter.lease_token, leased_until__gt=Now()
        ).update(leased_until=Now() + Value(LEASE))
    )


def _drop(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (smtplib.SMTPException, OSError):
        logger.debug("the connection was closed already")


def _record(letter: Letter, **changes: object) -> None:
    """Write the result, unless the lease has passed to another worker."""
    Letter.objects.filter(pk=letter.pk, lease_token=letter.lease_token).update(
        lease_token=None, leased_until=None, **changes
    )


def _is_final(error: Exception) -> bool:
    """Whether the receiving side will say the same tomorrow: a 5xx answer, or a letter that
    cannot be written down as mail."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return bool(codes) and all(code >= 500 for code in codes)
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code >= 500
    return isinstance(error, ValueError)


def waiting_time(attempts: int) -> timedelta:
    """How long to wait after the given number of attempts: doubling, with jitter, bounded."""
    doubled = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
    return doubled * random.uniform(0.5, 1.0)  # noqa: S311 - spread, no secret


def _words(error: Exception | None) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _record_trouble(letter: Letter, error: Exception) -> None:
    too_old = Letter.objects.filter(
        pk=letter.pk, created_at__lt=Now() - Value(GIVE_UP_AFTER)
    ).exists()
    trouble = _words(error)
    logger.warning("letter %s: %s", letter.pk, trouble)
    if _is_final(error) or too_old:
        _record(letter, state=Letter.State.FAILED, trouble=trouble)
    else:
        _record(
            letter,
            state=Letter.State.RETRY,
            trouble=trouble,
            next_attempt_at=Now() + Value(waiting_time(letter.attempts)),
        )
