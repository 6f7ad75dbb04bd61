"""The life of a letter, on one screen.

What people do has a name and goes into the history; what workers do is far too much for that, and
is told by the row itself (attempts, trouble, when it was sent). The database holds both tables.
"""

from accounts.states import Lifecycle, Move

QUEUED = "queued"
LEASED = "leased"
SENT = "sent"
RETRY = "retry"
UNSURE = "unsure"  # handed over whole, but the connection broke before the answer
FAILED = "failed"
SUPPRESSED = "suppressed"  # its address bounced before
WITHDRAWN = "withdrawn"

WAITING = (QUEUED, RETRY, UNSURE)  # a worker may take it when its time has come

WORKERS = (
    Move("lease", WAITING, LEASED),
    Move("send", (LEASED,), SENT),
    Move("postpone", (LEASED,), RETRY),
    Move("doubt", (LEASED,), UNSURE),
    Move("fail", (LEASED, *WAITING), FAILED),  # while it waits: its domain is dead for too long
    Move("suppress", (LEASED,), SUPPRESSED),
)

# Into these two states only people bring a letter.
LETTER = Lifecycle(
    subject="notifications.letter",
    moves=(
        Move("again", (RETRY, UNSURE, FAILED, SUPPRESSED), QUEUED),
        Move("withdraw", (QUEUED, RETRY), WITHDRAWN),
    ),
)


def steps_of_workers() -> str:
    """Their table as the database's guard reads it: "from>to", separated by spaces."""
    return " ".join(f"{source}>{move.target}" for move in WORKERS for source in move.sources)
