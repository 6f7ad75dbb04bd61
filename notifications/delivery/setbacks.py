"""What happens to a letter that could not be sent, and to the domain it goes to.

Trouble with a letter is that letter's: it waits longer each time, and after two days it has failed.
A domain that refuses time after time rests as a whole, and is tried with one letter now and then.
"""

import logging
import random
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Now

from notifications import states
from notifications.delivery import leasing
from notifications.delivery.posting import Outcome
from notifications.models import Letter, MailDomain

logger = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=4)
GIVE_UP_AFTER = timedelta(hours=48)
# So often a letter is sent that may have arrived already; then it rests as "perhaps arrived".
MOST_DOUBTS = 3
# So many refusals in a row are the domain's; fewer may be full mailboxes.
FAILURES_OF_A_DOMAIN = 3


def waiting_time(attempts: int) -> timedelta:
    """How long to wait after the given number of attempts: doubling, with jitter, bounded."""
    doubled = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
    return doubled * random.uniform(0.5, 1.0)  # noqa: S311 - spread, no secret


def note(letter: Letter, outcome: Outcome) -> None:
    """Write down what went wrong, and when to try again."""
    logger.warning("letter %s: %s", letter.pk, outcome.words)
    if outcome.doubt:
        _doubt(letter, outcome)
    elif outcome.is_final:
        _fail(letter, outcome)
    else:
        _postpone(letter, outcome)


def _doubt(letter: Letter, outcome: Outcome) -> None:
    """Nobody knows whether it was taken: twice is better than never, but not without end."""
    again = letter.doubts + 1 < MOST_DOUBTS
    leasing.record(
        letter,
        state=states.UNSURE,
        trouble=outcome.words,
        doubts=F("doubts") + 1,
        next_attempt_at=Now() + Value(waiting_time(letter.attempts)) if again else None,
    )


def _fail(letter: Letter, outcome: Outcome) -> None:
    with transaction.atomic():
        ours = leasing.record(
            letter, state=states.FAILED, trouble=outcome.words, next_attempt_at=None
        )
        if ours and outcome.says_no_such_address:
            leasing.suppress(letter, outcome.words)


def _postpone(letter: Letter, outcome: Outcome) -> None:
    given_up = Letter.objects.filter(
        pk=letter.pk, trying_since__lt=Now() - Value(GIVE_UP_AFTER)
    ).exists()
    leasing.record(
        letter,
        state=states.FAILED if given_up else states.RETRY,
        trouble=outcome.words,
        trying_since=Coalesce(F("trying_since"), Now()),
        next_attempt_at=None if given_up else Now() + Value(waiting_time(letter.attempts)),
    )
    _rest(letter.domain, outcome.words)


def _rest(domain: str, trouble: str) -> None:
    """One more refusal by this domain. From the third in a row on it rests, longer each time; when
    that has gone on for two days, what waited for it all that time has failed."""
    known, _new = MailDomain.objects.get_or_create(name=domain)
    over = known.failures + 1 - FAILURES_OF_A_DOMAIN
    MailDomain.objects.filter(name=domain).update(
        failures=F("failures") + 1,
        since=Coalesce(F("since"), Now()),
        until=Now() + Value(waiting_time(over + 1)) if over >= 0 else None,
    )
    two_days_ago = Now() - Value(GIVE_UP_AFTER)
    if MailDomain.objects.filter(name=domain, since__lt=two_days_ago).exists():
        Letter.objects.filter(
            Q(created_at__lt=two_days_ago), domain=domain, state__in=states.WAITING
        ).update(state=states.FAILED, trouble=trouble, next_attempt_at=None)


def troubled(domains: set[str]) -> dict[str, MailDomain]:
    """Those of the domains with which something was the matter."""
    return MailDomain.objects.in_bulk(domains)


def hold_back(domain: str) -> None:
    """It is slow: one letter at a time goes there from now on."""
    MailDomain.objects.update_or_create(name=domain, defaults={"slow": True})


def answers(domain: str, *, slow: bool) -> None:
    """It took a letter: its failures are forgotten, and that it was slow when it is not."""
    known = MailDomain.objects.filter(name=domain)
    if slow:
        known.update(failures=0, since=None, until=None)
    else:
        known.delete()
