"""Offers of the company Klikwerf, and proposals on them."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from companies.models import Offer
from matching.models import Proposal
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.matching import ProposalFactory

MakeOffer = Callable[..., Offer]
MakeProposal = Callable[..., Proposal]


@pytest.fixture
def at_klikwerf(cast: Cast) -> MakeOffer:
    """Makes a published offer of Klikwerf in the season of the cast."""

    def make(**fields: Any) -> Offer:
        offer: Offer = OfferFactory(
            **{"site": cast.klikwerf.sites.get(), "season": cast.season, **fields}
        )
        return offer

    return make


@pytest.fixture
def proposal(cast: Cast, at_klikwerf: MakeOffer) -> MakeProposal:
    """Makes a proposal for Bram at Klikwerf, unless something else is said."""

    def make(**fields: Any) -> Proposal:
        offer = fields.pop("offer", None) or at_klikwerf()
        made: Proposal = ProposalFactory(**{"student": cast.bram, "offer": offer, **fields})
        return made

    return make


@pytest.fixture
def today() -> date:
    """The day on which the test runs."""
    return timezone.localdate()
