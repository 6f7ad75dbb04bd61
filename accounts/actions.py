"""What a person chooses for oneself; and who does what, so that the database can write it down."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection

from accounts.models import By, HistoryEntry, User

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
