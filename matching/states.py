"""The lives of a proposal and of a run of a round, each on one screen."""

from accounts.states import Lifecycle, Move

PROPOSED = "proposed"
APPROVED = "approved"
OFFERED = "offered"
AGREED = "agreed"
DROPPED = "dropped"
SUPERSEDED = "superseded"
DECLINED = "declined"
EXPIRED = "expired"
WITHDRAWN = "withdrawn"
CANCELLED = "cancelled"

OPEN = (PROPOSED, APPROVED, OFFERED)
TAKEN = (APPROVED, OFFERED, AGREED)  # a round leaves the student out

PROPOSAL = Lifecycle(
    subject="matching.proposal",
    moves=(
        Move("propose", (), PROPOSED),
        Move("approve", (PROPOSED,), APPROVED),
        Move("undo", (APPROVED,), PROPOSED),
        Move("release", (APPROVED,), OFFERED),
        Move("drop", (PROPOSED,), DROPPED),
        Move("supersede", (PROPOSED,), SUPERSEDED),
        Move("accept", (OFFERED,), OFFERED),  # one side did
        Move("accept", (OFFERED,), AGREED),  # both sides did
        Move("decline", (OFFERED,), DECLINED),
        Move("expire", (OFFERED,), EXPIRED),
        Move("withdraw", OPEN, WITHDRAWN),
        Move("reopen", (AGREED,), OFFERED),
        Move("cancel", (AGREED,), CANCELLED),
    ),
)

QUEUED = "queued"
RUNNING = "running"
DONE = "done"
FAILED = "failed"

UNDER_WAY = (QUEUED, RUNNING)

RUN = Lifecycle(
    subject="matching.run",
    moves=(
        Move("queue", (), QUEUED),
        Move("claim", (QUEUED,), RUNNING),
        Move("finish", (RUNNING,), DONE),
        Move("requeue", (RUNNING,), QUEUED),  # its worker went away
        Move("fail", (RUNNING,), FAILED),
    ),
)
