"""Offers of the company Klikwerf, proposals on them, a round of Windesheim, and browsers."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from companies.models import Offer
from matching.actions import rounds
from matching.models import Proposal, Round, Run
from tests.conftest import Cast, client_of
from tests.factories.companies import OfferFactory
from tests.factories.matching import ProposalFactory

MakeOffer = Callable[..., Offer]
MakeProposal = Callable[..., Proposal]
Calculate = Callable[..., Run]


@pytest.fixture(autouse=True)
def _one_transaction_around_all(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a test runs inside one transaction, no other isolation level can be set."""
    mark = request.node.get_closest_marker("django_db")
    own_transactions = mark is not None and mark.kwargs.get("transaction")
    if not own_transactions and "transactional_db" not in request.fixturenames:
        monkeypatch.setattr(rounds, "repeatable_read", nullcontext)


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


@pytest.fixture
def round_(cast: Cast) -> Round:
    """An open round of Windesheim."""
    return rounds.create_round(cast.season, cast.windesheim, by=cast.frits)


@pytest.fixture
def calculate(round_: Round, today: date) -> Calculate:
    """Runs a round from click to stored proposals, as a worker does."""

    def run(of: Round | None = None) -> Run:
        rounds.start_run(of or round_, by=round_.created_by)
        claimed = rounds.claim_run()
        assert claimed is not None
        rounds.execute(claimed, today=today)
        claimed.refresh_from_db()
        return claimed

    return run


@pytest.fixture
def bram(cast: Cast) -> Client:
    """The browser of Bram, a student."""
    return client_of(cast.bram.user)


@pytest.fixture
def carla(cast: Cast) -> Client:
    """The browser of Carla, of the company Klikwerf."""
    return client_of(cast.carla)


@pytest.fixture
def frits(cast: Cast) -> Client:
    """The browser of Frits, who coordinates Windesheim."""
    return client_of(cast.frits)
