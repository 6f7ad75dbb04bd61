"""What these tests read back from the database: seats, history, letters."""

from typing import Any

from django.db.models import Model

from accounts.models import User
from accounts.queries import history_of
from companies.models import Offer
from matching.models import Proposal
from notifications.models import Letter

Step = tuple[str, str, str]


def seats(offer: Offer) -> tuple[str, int]:
    """State and held seats of an offer, which must be as many as proposals that hold one."""
    offer.refresh_from_db()
    counted = Proposal.objects.filter(offer=offer, holds_seat=True).count()
    assert offer.held == counted, f"{offer.held} seats held, by {counted} proposals"
    return offer.state, offer.held


def state_of(row: Model) -> str:
    """The state as it stands in the database."""
    return str(type(row)._default_manager.values_list("state", flat=True).get(pk=row.pk))


def now_of(proposal: Proposal) -> dict[str, Any]:
    """All columns of a proposal, for "nothing has changed"."""
    return dict(Proposal.objects.values().get(pk=proposal.pk))


def steps_of(row: Model) -> list[Step]:
    """(move, from, to) of a row, oldest first."""
    return [(h.move, h.from_state, h.to_state) for h in _history(row)]


def last_step(row: Model) -> tuple[str, str, str, User | None, str]:
    """(move, from, to, who, why) of the last move of a row; nobody is the clock."""
    last = list(_history(row))[-1]
    assert (last.actor is None) == (last.actor_kind == "clock")
    return last.move, last.from_state, last.to_state, last.actor, last.reason


def _history(row: Model) -> Any:
    subject = f"{row._meta.app_label}.{row._meta.model_name}"
    return history_of(subject, row.pk).order_by("pk")


def letters() -> list[tuple[str, str]]:
    """(kind, to whom) of every letter in the outbox, sorted; a letter that came twice is twice."""
    return sorted(Letter.objects.order_by("pk").values_list("kind", "to"))
