"""Who has which letter: claim a batch fairly, keep it, write down what came of it.

A lease ends on the database's clock. It is renewed before a letter is handed over and while it is
on its way, so it is short: whoever dies is missed within seconds, however slow a mail server is.
"""

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Now

from notifications import states
from notifications.models import Letter, Suppression

BATCH = 50
LEASE = timedelta(seconds=20)

# Hops over the index from one waiting domain to the next, leaves out those that rest, and takes the
# oldest letters of each in turn. A slow domain has at most one letter on its way, over all workers.
_CLAIM = """
WITH RECURSIVE waiting AS (
    (SELECT domain FROM notifications_letter
     WHERE state IN ('queued', 'retry', 'unsure') AND next_attempt_at <= statement_timestamp()
     ORDER BY domain LIMIT 1)
    UNION ALL
    SELECT (SELECT further.domain FROM notifications_letter further
            WHERE further.state IN ('queued', 'retry', 'unsure')
              AND further.next_attempt_at <= statement_timestamp()
              AND further.domain > waiting.domain
            ORDER BY further.domain LIMIT 1)
    FROM waiting WHERE waiting.domain IS NOT NULL
), chosen AS (
    SELECT waiting.domain, coalesce(trouble.slow, false) AS slow
    FROM waiting LEFT JOIN notifications_maildomain trouble ON trouble.name = waiting.domain
    WHERE waiting.domain IS NOT NULL
      AND (trouble.until IS NULL OR trouble.until <= statement_timestamp())
      AND NOT (coalesce(trouble.slow, false) AND EXISTS (
          SELECT FROM notifications_letter busy
          WHERE busy.state = 'leased' AND busy.domain = waiting.domain))
    ORDER BY random() LIMIT %(most)s
), mine AS (
    SELECT oldest.id FROM chosen CROSS JOIN LATERAL (
        SELECT id FROM notifications_letter
        WHERE domain = chosen.domain
          AND state IN ('queued', 'retry', 'unsure') AND next_attempt_at <= statement_timestamp()
        ORDER BY next_attempt_at, id
        LIMIT CASE WHEN chosen.slow THEN 1
                   ELSE ceil(%(most)s::numeric / (SELECT count(*) FROM chosen)) END
        FOR UPDATE SKIP LOCKED
    ) AS oldest
    LIMIT %(most)s
)
UPDATE notifications_letter SET
    state = 'leased',
    lease_token = %(token)s,
    leased_until = statement_timestamp() + %(lease)s,
    attempts = attempts + 1
WHERE id IN (SELECT id FROM mine)
"""


def claim(limit: int = BATCH) -> list[Letter]:
    """Lease up to `limit` letters that are due: of every domain its oldest, in turn."""
    _take_up_what_was_left_behind()
    token = uuid.uuid4()
    with connection.cursor() as cursor:
        wanted: dict[str, Any] = {"most": limit, "token": token, "lease": LEASE}
        cursor.execute(_CLAIM, wanted)
        if not cursor.rowcount:
            return []
    ours = Letter.objects.filter(state=states.LEASED, lease_token=token)
    return _in_turn(_set_aside(list(ours.order_by("next_attempt_at", "pk"))))


def _take_up_what_was_left_behind() -> None:
    """Letters whose worker is gone wait again; their attempt has counted. A lease that ends later
    than any lease can was written before the clock was put back."""
    gone = Q(leased_until__lt=Now()) | Q(leased_until__gt=Now() + Value(2 * LEASE))
    with transaction.atomic():
        left_behind = (
            Letter.objects.select_for_update(skip_locked=True)
            .filter(gone, state=states.LEASED)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        if keys := list(left_behind):
            Letter.objects.filter(pk__in=keys).update(
                state=states.RETRY, next_attempt_at=Now(), lease_token=None, leased_until=None
            )


def _set_aside(letters: list[Letter]) -> list[Letter]:
    """The letters without those to addresses that bounced before; these come to rest."""
    addresses = {letter.to.lower() for letter in letters}
    bounced = set(
        Suppression.objects.filter(address__in=addresses).values_list("address", flat=True)
    )
    for letter in letters:
        if letter.to.lower() in bounced:
            record(letter, state=states.SUPPRESSED, next_attempt_at=None)
    return [letter for letter in letters if letter.to.lower() not in bounced]


def _in_turn(letters: list[Letter]) -> list[Letter]:
    """The first of each domain, then the second of each, and so on."""
    seen: dict[str, int] = {}
    turns = []
    for letter in letters:
        seen[letter.domain] = seen.get(letter.domain, 0) + 1
        turns.append((seen[letter.domain], letter))
    return [letter for _turn, letter in sorted(turns, key=lambda pair: pair[0])]


def keep(letter: Letter) -> bool:
    """Renew the lease just before sending; False when it ran out, also when nobody took the letter
    yet: somebody may do so any moment."""
    still_ours = Letter.objects.filter(
        pk=letter.pk, lease_token=letter.lease_token, leased_until__gt=Now()
    )
    return bool(still_ours.update(leased_until=Now() + Value(LEASE)))


def keep_all(letters: Iterable[Letter]) -> None:
    """Renew the leases that are still ours."""
    tokens = {letter.pk: letter.lease_token for letter in letters}
    Letter.objects.filter(
        pk__in=tokens, lease_token__in=set(tokens.values()), leased_until__gt=Now()
    ).update(leased_until=Now() + Value(LEASE))


def record(letter: Letter, **changes: object) -> bool:
    """Write the result, unless the lease has passed to another worker; whether it was ours."""
    return bool(
        Letter.objects.filter(pk=letter.pk, lease_token=letter.lease_token).update(
            lease_token=None, leased_until=None, **changes
        )
    )


def put_back(letters: Iterable[Letter], *, wait: timedelta, trouble: str = "") -> None:
    """Let go of what was leased and not tried. It waits a little; this is no attempt."""
    for letter in letters:
        record(
            letter,
            state=states.RETRY,
            trouble=trouble,
            attempts=F("attempts") - 1,
            next_attempt_at=Now() + Value(wait),
        )


def suppress(letter: Letter, trouble: str) -> None:
    """Send nothing to this address until a person says so."""
    Suppression.objects.get_or_create(
        address=letter.to.lower(), defaults={"letter": letter, "trouble": trouble}
    )
