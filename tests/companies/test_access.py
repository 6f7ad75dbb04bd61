"""Doors: strangers find nothing, members act for their own company, coordinators for schools."""

import pytest
from django.test import Client
from django.urls import reverse

from companies import states
from companies.models import Offer
from companies.queries import offers_visible_to
from tests.conftest import Cast, client_of
from tests.factories.companies import MemberFactory, OfferFactory
from tests.factories.education import StaffFactory

COMPANY_GET = ["offer", "offer_edit"]
COMPANY_POST = ["offer_edit", "offer_submit", "offer_pause", "offer_resume", "offer_close"]
SCHOOL_POST = ["publish", "return", "accredit"]
STRANGERS = ["dirk", "els", "frits", "gerda", "henk", "anouk"]
NO_COORDINATORS = ["carla", "dirk", "frits", "gerda", "henk", "anouk"]


def client_named(cast: Cast, name: str) -> Client:
    person = getattr(cast, name)
    return client_of(person.user if name in ("anouk", "bram") else person)


@pytest.fixture
def offer(cast: Cast) -> Offer:
    return OfferFactory(site=cast.klikwerf.sites.get(), state=states.SUBMITTED)


@pytest.mark.parametrize("name", STRANGERS)
def test_a_company_is_closed_to_strangers(cast: Cast, offer: Offer, name: str) -> None:
    client, ours = client_named(cast, name), cast.klikwerf.pk
    for kind in ("stage", "opdracht"):
        url = reverse("companies:offer_new", args=[ours, kind])
        assert client.get(url).status_code == 404
        assert client.post(url, {"title": "x"}).status_code == 404
    for page in COMPANY_GET:
        url = reverse(f"companies:{page}", args=[ours, offer.pk])
        assert client.get(url).status_code == 404
    for page in COMPANY_POST:
        url = reverse(f"companies:{page}", args=[ours, offer.pk])
        assert client.post(url, {"reason": "found"}).status_code == 404
    offer.refresh_from_db()
    assert offer.state == states.SUBMITTED


def test_an_offer_is_found_under_its_own_company_only(cast: Cast, offer: Offer) -> None:
    """Also by somebody who acts for both companies."""
    MemberFactory(company=cast.rival, user=cast.carla)
    carla = client_of(cast.carla)
    assert (
        carla.get(reverse("companies:offer", args=[cast.klikwerf.pk, offer.pk])).status_code == 200
    )
    assert carla.get(reverse("companies:offer", args=[cast.rival.pk, offer.pk])).status_code == 404


@pytest.mark.parametrize("name", NO_COORDINATORS)
def test_a_school_is_closed_to_whoever_is_no_coordinator_of_it(
    cast: Cast, offer: Offer, name: str
) -> None:
    client = client_named(cast, name)
    assert client.get(reverse("companies:school_offers", args=["deltion"])).status_code == 404
    assert client.get(reverse("companies:review", args=["deltion", offer.pk])).status_code == 404
    for page in SCHOOL_POST:
        url = reverse(f"companies:{page}", args=["deltion", offer.pk])
        assert client.post(url, {"reason": "x"}).status_code == 404
    offer.refresh_from_db()
    assert offer.state == states.SUBMITTED


def test_a_tutor_is_inside_without_the_right(cast: Cast, offer: Offer) -> None:
    client = client_of(StaffFactory(school=cast.deltion, role="tutor").user)
    assert client.get(reverse("companies:school_offers", args=["deltion"])).status_code == 403
    assert client.get(reverse("companies:review", args=["deltion", offer.pk])).status_code == 403
    for page in SCHOOL_POST:
        url = reverse(f"companies:{page}", args=["deltion", offer.pk])
        assert client.post(url, {"reason": "x"}).status_code == 403


def test_a_coordinator_sees_no_drafts(cast: Cast) -> None:
    draft = OfferFactory(site=cast.klikwerf.sites.get(), state=states.DRAFT, title="Geheim plan")
    els = client_of(cast.els)
    assert els.get(reverse("companies:review", args=["deltion", draft.pk])).status_code == 404
    for tab in ("submitted", "published", "all"):
        page = els.get(reverse("companies:school_offers", args=["deltion"]), {"tab": tab})
        assert "Geheim plan" not in page.content.decode()


def test_who_is_both_sees_drafts_at_the_company_only(cast: Cast) -> None:
    draft = OfferFactory(site=cast.klikwerf.sites.get(), state=states.DRAFT)
    MemberFactory(company=cast.klikwerf, user=cast.els)
    els = client_of(cast.els)
    assert els.get(reverse("companies:offer", args=[cast.klikwerf.pk, draft.pk])).status_code == 200
    assert els.get(reverse("companies:review", args=["deltion", draft.pk])).status_code == 404


@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**30])
def test_numbers_that_nobody_has_are_not_found(cast: Cast, offer: Offer, number: int) -> None:
    carla, els = client_of(cast.carla), client_of(cast.els)
    ours = cast.klikwerf.pk
    for args in ([number, offer.pk], [ours, number]):
        assert carla.get(reverse("companies:offer", args=args)).status_code == 404
    assert carla.get(reverse("companies:offer_new", args=[number, "stage"])).status_code == 404
    assert els.get(reverse("companies:review", args=["deltion", number])).status_code == 404


def test_foreign_and_missing_answer_alike(cast: Cast, offer: Offer) -> None:
    dirk = client_of(cast.dirk)
    foreign = dirk.get(reverse("companies:offer", args=[cast.klikwerf.pk, offer.pk]))
    missing = dirk.get(reverse("companies:offer", args=[999_999, 999_999]))
    assert (foreign.status_code, len(foreign.content)) == (404, len(missing.content))


def test_nobody_gets_in_without_signing_in(cast: Cast, offer: Offer) -> None:
    for url in (
        reverse("companies:offer", args=[cast.klikwerf.pk, offer.pk]),
        reverse("companies:review", args=["deltion", offer.pk]),
    ):
        assert Client().get(url)["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("carla", {"ours draft", "ours in"}),
        ("dirk", {"theirs draft", "theirs in"}),
        ("els", {"ours in", "theirs in"}),
        ("gerda", {"ours in", "theirs in"}),
        ("henk", set()),
        ("anouk", set()),
    ],
)
def test_who_sees_which_offers(cast: Cast, name: str, seen: set[str]) -> None:
    for whose, company in (("ours", cast.klikwerf), ("theirs", cast.rival)):
        site = company.sites.get()
        OfferFactory(title=f"{whose} draft", site=site, state=states.DRAFT)
        OfferFactory(title=f"{whose} in", site=site, state=states.SUBMITTED)
    person = getattr(cast, name)
    user = person.user if name == "anouk" else person
    assert [o.title for o in offers_visible_to(user).order_by("title")] == sorted(seen)
