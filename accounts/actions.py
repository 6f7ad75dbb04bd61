"""What a person chooses for oneself; and who does what, so that the database can write it down."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import By, HistoryEntry, Invitation, User
from accounts.queries import unanswered, usable

# Where the session of somebody who is not signed in yet keeps the language that was chosen.
CHOSEN = "language"

_SETTINGS = ("move", "actor_kind", "actor", "reason", "at")


def _tell_database(values: tuple[str, ...]) -> None:
    """Set the guard's variables until the end of the transaction."""
    calls = ", ".join(f"set_config('topcentrum.{name}', %s, true)" for name in _SETTINGS)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}", values)


@contextmanager
def moving(move: str, *, by: By, reason: str = "", at: datetime | None = None) -> Iterator[None]:
    """Everything changed inside is the move `move`, done by `by`.

    The database refuses a change of state outside this context, and writes one history row for
    every row that moves inside it. Needs a transaction, as the variables live no longer than
    that. `at` dates the history row; None means now.

    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a move needs a transaction around it")
    kind = HistoryEntry.ActorKind.USER if isinstance(by, User) else HistoryEntry.ActorKind.CLOCK
    actor = str(by.pk) if isinstance(by, User) else ""
    _tell_database((move, kind, actor, reason, at.isoformat() if at else ""))
    yield
    # After an error the transaction is broken or rolled back, and the variables with it.
    _tell_database(("", "", "", "", ""))


def choose_language(user: User, language: str) -> None:
    """From here on pages and letters are in this language, on every device."""
    user.language = language
    user.save(update_fields=["language"])


def invited(email: str) -> User:
    """Who has this address; somebody new gets an account, into which a code from the mail leads."""
    found = User.objects.filter(email=email.lower()).first()
    if found is not None:
        return found
    user = User.objects.create_user(email)
    # Not proven yet: the first code from the mail does that.
    EmailAddress.objects.create(user=user, email=user.email, primary=True)
    return user


def last_day_to_accept() -> datetime:
    """Until when an invitation that is sent now can be accepted."""
    return timezone.now() + timedelta(days=settings.INVITATION_DAYS)


def use(invitation: Invitation) -> bool:
    """Accept it, once: False for whoever comes second, too late, or with a link from before."""
    rows = usable(type(invitation)._default_manager.all())
    mine = rows.filter(pk=invitation.pk, sending=invitation.sending)
    return bool(mine.update(accepted_at=Now()))


def renew(invitation: Invitation) -> bool:
    """Make a new link, with its full time; the one before ends. False when it was answered."""
    rows = unanswered(type(invitation)._default_manager.all()).filter(pk=invitation.pk)
    done = rows.update(sending=F("sending") + 1, expires_at=last_day_to_accept())
    invitation.refresh_from_db()
    return bool(done)


def withdraw(invitation: Invitation) -> bool:
    """End its link. False when it was answered."""
    rows = unanswered(type(invitation)._default_manager.all()).filter(pk=invitation.pk)
    return bool(rows.update(withdrawn_at=Now()))
