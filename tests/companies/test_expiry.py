"""An offer whose period is over ends by the clock."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import HistoryEntry
from companies.actions import expire_offers
from companies.models import Offer
from matching.models import Proposal
from notifications.models import Letter
from tests.factories.companies import MemberFactory, OfferFactory
from tests.factories.matching import ProposalFactory

pytestmark = pytest.mark.django_db


def test_only_live_offers_whose_last_day_has_passed_expire() -> None:
    offer = OfferFactory()
    draft = OfferFactory(state="draft")
    assert expire_offers(today=offer.ends_on) == []
    assert expire_offers(today=offer.ends_on + timedelta(days=1)) == [offer]
    offer.refresh_from_db()
    draft.refresh_from_db()
    assert (offer.state, draft.state) == ("expired", "draft")


def test_a_second_time_does_nothing_more() -> None:
    offer = OfferFactory()
    MemberFactory(company=offer.site.company)
    later = offer.ends_on + timedelta(days=1)
    for _ in range(2):
        expire_offers(today=later)
    assert Letter.objects.filter(kind="offer_expired").count() == 1
    moves = HistoryEntry.objects.filter(subject="companies.offer", subject_id=offer.pk)
    assert moves.filter(move="expire", actor_kind="clock").count() == 1


def test_open_proposals_are_withdrawn_and_agreed_ones_stay() -> None:
    offer = OfferFactory(openings=2)
    waiting = ProposalFactory(offer=offer, state="offered")
    agreed = ProposalFactory(offer=offer, state="agreed")
    expire_offers(today=timezone.localdate() + timedelta(days=400))
    states = {p.pk: p.state for p in Proposal.objects.all()}
    assert states == {waiting.pk: "withdrawn", agreed.pk: "agreed"}
    assert Offer.objects.get(pk=offer.pk).held == 1
