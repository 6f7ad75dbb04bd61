"""The queue of a coordinator: order, tabs, search, pages, and a fixed number of queries."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from companies import states
from companies.models import Company, Offer
from tests.conftest import Cast, client_of
from tests.factories.companies import OfferFactory, SiteFactory
from tests.factories.education import ProgrammeFactory, SkillFactory

TABS = ["submitted", "published", "all"]


@pytest.fixture
def els(cast: Cast) -> Client:
    return client_of(cast.els)


def queue(client: Client, **asked: Any) -> list[Offer]:
    page = client.get(reverse("companies:school_offers", args=["deltion"]), asked)
    assert page.status_code == 200
    return list(page.context["page"])


def hand_in(title: str, days_ago: int, state: str = states.SUBMITTED, **fields: Any) -> Offer:
    then = timezone.now() - timedelta(days=days_ago)
    return OfferFactory(title=title, state=state, submitted_at=then, published_at=then, **fields)


def test_the_oldest_waits_longest_and_comes_first(els: Client) -> None:
    for title, days in (("b", 2), ("a", 9), ("c", 1)):
        hand_in(title, days)
    assert [offer.title for offer in queue(els)] == ["a", "b", "c"]
    assert [offer.title for offer in queue(els, tab="all")] == ["c", "b", "a"]


def test_tabs_show_their_own_and_count(els: Client) -> None:
    for state in Offer.State.values:
        hand_in(state, 1, state=state)
    assert [offer.title for offer in queue(els)] == [states.SUBMITTED]
    assert [offer.title for offer in queue(els, tab="published")] == [states.PUBLISHED]
    handed_in = set(Offer.State.values) - {states.DRAFT}
    assert {offer.title for offer in queue(els, tab="all")} == handed_in
    page = els.get(reverse("companies:school_offers", args=["deltion"]))
    assert [tab["count"] for tab in page.context["tabs"]] == [1, 1, len(handed_in)]


def test_search_finds_companies_and_titles(els: Client) -> None:
    site = SiteFactory(company__name="Sokkenschuur")
    hand_in("Stagiair webteksten", 1, site=site)
    hand_in("Stagiair video", 2)
    assert [offer.title for offer in queue(els, q="sokken")] == ["Stagiair webteksten"]
    assert [offer.title for offer in queue(els, q="VIDEO")] == ["Stagiair video"]
    assert len(queue(els, q="stagiair")) == 2
    assert queue(els, q="100%") == []
    assert queue(els, q="_") == []


@pytest.mark.parametrize(
    "asked",
    [
        {"q": "\x00"},
        {"q": "x" * 5000},
        {"tab": "\x00"},
        {"tab": "drafts"},
        {"page": "0"},
        {"page": "-1"},
        {"page": str(2**63)},
        {"page": "\x00"},
        {"page": "NaN"},
    ],
)
def test_an_odd_address_shows_a_page(els: Client, asked: dict[str, Any]) -> None:
    offer = hand_in("a", 1)
    assert queue(els, **asked) == [offer]


def test_pages_of_25_keep_the_search(els: Client) -> None:
    site = SiteFactory()
    for n in range(27):
        hand_in(f"Plek {n}", 40 - n, site=site)
    assert len(queue(els)) == 25
    second = els.get(
        reverse("companies:school_offers", args=["deltion"]), {"page": "2", "q": "plek"}
    )
    assert [offer.title for offer in second.context["page"]] == ["Plek 25", "Plek 26"]
    assert "?page=1&amp;q=plek" in second.content.decode()


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "Je bent bij"),
        ({"tab": "published"}, "Nog geen aanbod"),
        ({"q": "zoek"}, "Niets gevonden voor “zoek”"),
    ],
)
def test_an_empty_list_says_what_next(els: Client, asked: dict[str, Any], told: str) -> None:
    page = els.get(reverse("companies:school_offers", args=["deltion"]), asked)
    assert told in page.content.decode()


def test_a_search_without_luck_points_to_the_other_tabs(els: Client) -> None:
    hand_in("Stagiair video", 1, state=states.PUBLISHED)
    page = els.get(reverse("companies:school_offers", args=["deltion"]), {"q": "video"})
    assert "?q=video&amp;tab=all" in page.content.decode()


def queries_of(client: Client, url: str, **asked: str) -> int:
    client.get(url, asked)
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert client.get(url, asked).status_code == 200
    return len(found)


def full_offer(company: Company, state: str) -> Offer:
    """With all that a page may show of it."""
    return OfferFactory(
        site=company.sites.get(),
        state=state,
        skills=[SkillFactory(), SkillFactory()],
        programmes=[ProgrammeFactory(mbo=True), ProgrammeFactory()],
    )


@pytest.mark.parametrize("tab", TABS)
def test_the_queue_takes_as_many_queries_for_three_as_for_one(
    cast: Cast, els: Client, tab: str
) -> None:
    url = reverse("companies:school_offers", args=["deltion"])
    state = states.PUBLISHED if tab == "published" else states.SUBMITTED
    full_offer(cast.klikwerf, state)
    one = queries_of(els, url, tab=tab)
    for _ in range(2):
        full_offer(SiteFactory().company, state)
    assert queries_of(els, url, tab=tab) == one


def test_pages_of_one_offer_take_as_many_queries_with_more_to_show(cast: Cast) -> None:
    small = OfferFactory(site=cast.klikwerf.sites.get())
    large = OfferFactory(site=cast.klikwerf.sites.get())
    large.skills.set([SkillFactory() for _ in range(8)])
    small.skills.set([SkillFactory()])
    large.programmes.set([ProgrammeFactory() for _ in range(5)])
    small.programmes.set([ProgrammeFactory()])
    carla, els = client_of(cast.carla), client_of(cast.els)
    for client, name, first in (
        (carla, "offer", cast.klikwerf.pk), (els, "review", "deltion"),
    ):  # fmt: skip
        counts = {
            queries_of(client, reverse(f"companies:{name}", args=[first, offer.pk]))
            for offer in (small, large)
        }
        assert len(counts) == 1, name
