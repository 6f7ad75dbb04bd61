"""What the tests of offers share: what happened last, and what a page says."""

import re
from typing import Any

from accounts.models import HistoryEntry
from accounts.queries import history_of
from companies.models import Offer
from companies.states import OFFER


def last(offer: Offer) -> HistoryEntry:
    """The newest move of an offer."""
    entry = history_of(OFFER.subject, offer.pk).last()
    assert entry is not None
    return entry


def moves(offer: Offer) -> list[str]:
    """The names of all moves of an offer, oldest first."""
    return [entry.move for entry in history_of(OFFER.subject, offer.pk)]


def said(page: Any) -> list[tuple[str, str]]:
    """Tone and words of the messages on a page. Not for pages that threads fetched: the test
    client mixes up their contexts."""
    return [(m.level_tag, str(m)) for m in page.context["messages"]]


def title(page: Any) -> str:
    """What the tab of a browser says."""
    found = re.search(r"<title>(.*?)</title>", page.content.decode(), re.DOTALL)
    return " ".join(found[1].split()) if found else ""
