"""The life of an offer: every move of the table through its verb, nothing outside it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.actions import moving
from accounts.models import CLOCK, HistoryEntry, User
from companies import actions, states
from companies.actions import Refused
from companies.models import Offer
from companies.states import OFFER
from tests.companies.reading import last
from tests.factories.accounts import UserFactory
from tests.factories.companies import MemberFactory, OfferFactory
from tests.factories.education import SkillFactory

pytestmark = pytest.mark.django_db

STATES = list(Offer.State.values)

VERBS: dict[str, Callable[[Offer, User], object]] = {
    "submit": lambda offer, by: actions.submit_offer(offer, by=by),
    "return": lambda offer, by: actions.return_offer(offer, reason="Wie begeleidt?", by=by),
    "publish": lambda offer, by: actions.publish_offer(offer, by=by),
    "pause": lambda offer, by: actions.pause_offer(offer, by=by),
    "resume": lambda offer, by: actions.resume_offer(offer, by=by),
    "close": lambda offer, by: actions.close_offer(offer, reason="Klaar", by=by),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", VERBS)
def test_a_verb_moves_from_the_states_of_the_table_only(name: str, state: str) -> None:
    offer, by = OfferFactory(state=state), UserFactory()
    MemberFactory(company=offer.site.company)
    rows = HistoryEntry.objects.count()
    if OFFER.allows(name, state):
        VERBS[name](offer, by)
        target = next(move.target for move in OFFER.moves if move.name == name)
        assert Offer.objects.get(pk=offer.pk).state == offer.state == target
        assert (last(offer).move, last(offer).actor) == (name, by)
        assert HistoryEntry.objects.count() == rows + 1
    else:
        with pytest.raises(Refused) as refused:
            VERBS[name](offer, by)
        assert refused.value.code == "offer_moved_on"
        assert Offer.objects.get(pk=offer.pk).state == state
        assert HistoryEntry.objects.count() == rows


@pytest.mark.parametrize("state", STATES)
def test_the_database_refuses_every_step_outside_the_table(state: str) -> None:
    """Whatever the code says: all targets under all names, straight to the table."""
    allowed = set(OFFER.steps().split())
    offer = OfferFactory(state=state)
    for target in STATES:
        for name in {move.name for move in OFFER.moves} | {"", "verzonnen"}:
            step = f"{name}:{state}>{target}"
            assert _passes(offer, name, target) == (step in allowed), step


def _passes(offer: Offer, name: str, target: str) -> bool:
    """Whether the guard lets a step through; it is taken back at once."""
    try:
        with transaction.atomic(), moving(name, by=CLOCK):
            # Full only with all seats held: that constraint plays no part here.
            held = F("openings") if target == states.FILLED else 0
            Offer.objects.filter(pk=offer.pk).update(state=target, held=held)
            raise _Passed
    except _Passed:
        return True
    except IntegrityError as error:
        return "the table of moves" not in str(error)


class _Passed(Exception):
    """Takes the step back."""


@pytest.mark.parametrize("state", sorted(set(STATES) - {states.DRAFT}))
def test_an_offer_is_born_as_a_draft(state: str) -> None:
    like: Offer = OfferFactory(state=states.DRAFT)
    offer: Any = OfferFactory.build(state=state)
    offer.site, offer.season, offer.held = like.site, like.season, like.openings
    with (
        pytest.raises(IntegrityError, match="table of moves"),
        transaction.atomic(),
        moving("create", by=CLOCK),
    ):
        offer.save()


def test_a_change_of_state_without_a_move_is_refused() -> None:
    offer = OfferFactory(state=states.DRAFT)
    with pytest.raises(IntegrityError, match="table of moves"), transaction.atomic():
        Offer.objects.filter(pk=offer.pk).update(state=states.PUBLISHED)


@pytest.mark.parametrize("state", STATES)
def test_only_drafts_and_returned_offers_can_be_changed(state: str) -> None:
    offer, by = OfferFactory(state=state), UserFactory()
    skill = SkillFactory()
    if state in (states.DRAFT, states.RETURNED):
        actions.change_offer(offer, {"title": "Anders"}, skills=[skill], by=by)
        assert (offer.title, offer.state) == ("Anders", states.DRAFT)
        assert list(offer.skills.all()) == [skill]
        assert last(offer).move == ("revise" if state == states.RETURNED else "create")
    else:
        with pytest.raises(Refused):
            actions.change_offer(offer, {"title": "Anders"}, skills=[skill], by=by)
        offer.refresh_from_db()
        assert (offer.title == "Anders", offer.state) == (False, state)
        assert not offer.skills.exists()


def test_resuming_a_full_offer_fills_it_at_once() -> None:
    offer = OfferFactory(state=states.PAUSED, openings=2)
    Offer.objects.filter(pk=offer.pk).update(held=2)
    actions.resume_offer(offer, by=UserFactory())
    assert Offer.objects.get(pk=offer.pk).state == states.FILLED


def test_the_reason_for_returning_stays_until_it_is_handed_in_again() -> None:
    offer, by = OfferFactory(state=states.SUBMITTED), UserFactory()
    actions.return_offer(offer, reason="Wie begeleidt?", by=by)
    assert (offer.return_reason, last(offer).reason) == ("Wie begeleidt?", "Wie begeleidt?")
    actions.change_offer(offer, {"text": "Ank begeleidt."}, by=by)
    assert offer.return_reason == "Wie begeleidt?"
    actions.submit_offer(offer, by=by)
    assert offer.return_reason == ""


# --- What else the database holds ------------------------------------------------------------

DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"openings": 0}, "offer_has_an_opening"),
        ({"openings": 51}, "offer_has_an_opening"),
        ({"held": 2}, "offer_holds_no_more_than_its_openings"),
        ({"ends_on": F("starts_on")}, "offer_ends_after_it_starts"),
        ({"ends_on": F("starts_on") - DAY}, "offer_ends_after_it_starts"),
        ({"days_min": 5, "days_max": 4}, "offer_days_make_a_week"),
        ({"days_max": 6}, "offer_days_make_a_week"),
        ({"days_min": 0}, "offer_days_make_a_week"),
        ({"team_min": 1}, "offer_team_fits_its_openings"),
        ({"kind": "project"}, "offer_team_fits_its_openings"),
        ({"kind": "project", "team_min": 2}, "offer_team_fits_its_openings"),
        ({"earmarked_until": "2027-01-01"}, "offer_earmark_has_an_end"),
    ],
)
def test_the_database_refuses_an_impossible_offer(changes: dict[str, object], name: str) -> None:
    offer = OfferFactory(state=states.DRAFT)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Offer.objects.filter(pk=offer.pk).update(**changes)
