"""The life of an offer, on one screen."""

from accounts.states import Lifecycle, Move

DRAFT = "draft"
SUBMITTED = "submitted"
RETURNED = "returned"
PUBLISHED = "published"
PAUSED = "paused"
FILLED = "filled"
CLOSED = "closed"
EXPIRED = "expired"

UNPUBLISHED = (DRAFT, SUBMITTED, RETURNED)  # no student ever saw it
LIVE = (PUBLISHED, PAUSED, FILLED)  # students may hold proposals on it

OFFER = Lifecycle(
    subject="companies.offer",
    moves=(
        Move("create", (), DRAFT),
        Move("submit", (DRAFT,), SUBMITTED),
        Move("return", (SUBMITTED,), RETURNED),
        Move("revise", (RETURNED,), DRAFT),
        Move("publish", (SUBMITTED,), PUBLISHED),
        Move("pause", (PUBLISHED,), PAUSED),
        Move("resume", (PAUSED,), PUBLISHED),
        Move("fill", (PUBLISHED,), FILLED),
        Move("free", (FILLED,), PUBLISHED),
        Move("close", LIVE, CLOSED),
        Move("expire", LIVE, EXPIRED),
    ),
)
