"""A coordinator publishes an offer or sends it back; two who do so at once."""

from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from companies import states
from companies.actions import publish_offer, record_accreditations
from companies.models import Accreditation, Offer
from companies.queries import crebos_to_check, with_accreditation
from education.models import School
from notifications.models import Letter
from tests.companies.reading import last, moves, said, title
from tests.conftest import Cast, client_of
from tests.factories.companies import OfferFactory, SiteFactory
from tests.factories.education import ProgrammeFactory, StaffFactory
from tests.factories.geo import postcode
from tests.notifications.threads import at_once

TODAY = timezone.localdate


def url_of(name: str, offer: Offer, school: School) -> str:
    return reverse(f"companies:{name}", args=[school.slug, offer.pk])


@pytest.fixture
def els(cast: Cast) -> Client:
    return client_of(cast.els)


@pytest.fixture
def submitted(cast: Cast) -> Offer:
    return OfferFactory(
        site=cast.klikwerf.sites.get(), state=states.SUBMITTED, levels=[6], title="Stagiair data"
    )


def test_publishing_lets_students_in_and_writes_to_the_company(
    cast: Cast, els: Client, submitted: Offer
) -> None:
    page = els.post(url_of("publish", submitted, cast.deltion), follow=True)
    submitted.refresh_from_db()
    assert submitted.state == states.PUBLISHED
    assert submitted.published_at is not None
    assert submitted.accreditation_confirmed_at is None
    assert [tone for tone, _ in said(page)] == ["success"]
    letter = Letter.objects.get()
    assert (letter.kind, letter.user) == ("offer_published", cast.carla)
    assert "Stagiair data" in letter.text + letter.subject
    assert last(submitted).actor == cast.els


def test_the_letter_says_who_cannot_get_the_place_yet(
    cast: Cast, els: Client, submitted: Offer
) -> None:
    """What the page says too: the company can do something about it."""
    programme = ProgrammeFactory(mbo=True, name_nl="Ondernemer retail")
    Offer.objects.filter(pk=submitted.pk).update(levels=[4, 6])
    els.post(url_of("publish", submitted, cast.deltion), {"crebos": ["anders"]})
    letter = Letter.objects.get()
    for text in (letter.text, letter.html):
        words = " ".join(text.split())
        assert "wacht nog op erkenning. Mbo-studenten van" in words
        assert programme.name_nl in words
    Letter.objects.all().delete()
    checked = OfferFactory(site=submitted.site, state=states.SUBMITTED, levels=[4])
    codes = [code for code, _name in crebos_to_check(checked, today=TODAY())]
    els.post(url_of("publish", checked, cast.deltion), {"crebos": codes})
    assert "erkenning" not in Letter.objects.get().text


def test_returning_needs_a_reason_that_reaches_the_company(
    cast: Cast, els: Client, submitted: Offer
) -> None:
    url = url_of("return", submitted, cast.deltion)
    answer = els.post(url, {"reason": " "})
    assert answer.status_code == 422
    assert "Het bedrijf leest dit in een mail" in answer.content.decode()
    assert title(answer) == "Fout: Beoordeel: Stagiair data · Topcentrum"
    els.post(url, {"reason": "Wie begeleidt de student?"})
    submitted.refresh_from_db()
    assert (submitted.state, submitted.return_reason) == (
        states.RETURNED,
        "Wie begeleidt de student?",
    )
    letter = Letter.objects.get()
    assert (letter.kind, letter.user, letter.reply_to) == (
        "offer_returned",
        cast.carla,
        cast.els.email,
    )
    assert "Wie begeleidt de student?" in letter.text
    assert last(submitted).reason == "Wie begeleidt de student?"


@pytest.mark.parametrize("reason", ["a\x00b", "x" * 1001, ""])
def test_a_bad_reason_moves_nothing(cast: Cast, els: Client, submitted: Offer, reason: str) -> None:
    answer = els.post(url_of("return", submitted, cast.deltion), {"reason": reason})
    assert answer.status_code == 422
    submitted.refresh_from_db()
    assert submitted.state == states.SUBMITTED
    assert not Letter.objects.exists()


def test_the_page_reads_like_the_offer_and_names_the_company(
    cast: Cast, els: Client, submitted: Offer
) -> None:
    page = els.get(url_of("review", submitted, cast.deltion)).content.decode()
    for words in (
        submitted.title, submitted.text, cast.klikwerf.kvk, cast.carla.email, "Publiceer",
    ):  # fmt: skip
        assert words in page


@pytest.mark.parametrize("state", sorted(set(Offer.State.values) - {states.DRAFT}))
def test_only_a_submitted_offer_asks_for_a_decision(cast: Cast, els: Client, state: str) -> None:
    offer = OfferFactory(site=cast.klikwerf.sites.get(), state=state)
    page = els.get(url_of("review", offer, cast.deltion)).content.decode()
    for name in ("publish", "return"):
        assert (f'action="{url_of(name, offer, cast.deltion)}"' in page) == (
            state == states.SUBMITTED
        )


# --- Accreditation ---------------------------------------------------------------------------


@pytest.fixture
def for_mbo(cast: Cast) -> Offer:
    """Open to level 4: Anouk's programme (crebo 25998) and one whose code is not known."""
    ProgrammeFactory(mbo_unknown=True, school=cast.deltion, name_nl="E-commerce specialist")
    ProgrammeFactory(mbo=True, level=2, code="25999", school=cast.deltion)
    return OfferFactory(site=cast.klikwerf.sites.get(), state=states.SUBMITTED, levels=[4, 6])


@pytest.fixture
def published(cast: Cast, for_mbo: Offer) -> Offer:
    publish_offer(for_mbo, by=cast.els)
    return for_mbo


def test_the_page_asks_for_the_codes_to_check(cast: Cast, els: Client, for_mbo: Offer) -> None:
    page = els.get(url_of("review", for_mbo, cast.deltion)).content.decode()
    assert 'value="25998"' in page
    assert 'value="25999"' not in page, "level 2 is not asked for"
    assert "E-commerce specialist" in page
    assert "stagemarkt.nl" in page


def test_what_was_looked_up_is_written_down(cast: Cast, els: Client, for_mbo: Offer) -> None:
    posted = {"crebos": ["25998", "99999", "\x00"], "unknown": "on"}
    page = els.post(url_of("publish", for_mbo, cast.deltion), posted, follow=True)
    row = Accreditation.objects.get()
    assert (row.crebo, row.status, row.checked_on) == ("25998", "accredited", TODAY())
    assert row.source == str(cast.els)
    for_mbo.refresh_from_db()
    assert for_mbo.accreditation_confirmed_at is not None
    assert [tone for tone, _ in said(page)] == ["success"]
    page = els.get(url_of("review", for_mbo, cast.deltion))
    assert "wacht op erkenning" not in page.content.decode()


def test_publishing_without_accreditation_says_what_it_waits_for(
    cast: Cast, els: Client, for_mbo: Offer
) -> None:
    page = els.post(url_of("publish", for_mbo, cast.deltion), follow=True)
    for_mbo.refresh_from_db()
    assert for_mbo.state == states.PUBLISHED
    (_, _published), (tone, words) = said(page)
    assert (tone, "Wacht op erkenning: mbo-studenten van" in words) == ("warning", True)
    assert cast.anouk.programme.name_nl in words
    review = els.get(url_of("review", for_mbo, cast.deltion)).content.decode()
    assert "mbo-studenten kunnen deze plek nog niet krijgen" in review
    queue = els.get(reverse("companies:school_offers", args=["deltion"]), {"tab": "published"})
    assert "wacht op erkenning" in queue.content.decode()


def test_accreditation_can_be_added_after_publishing(
    cast: Cast, els: Client, for_mbo: Offer
) -> None:
    els.post(url_of("publish", for_mbo, cast.deltion))
    url = url_of("accredit", for_mbo, cast.deltion)
    for _ in range(2):
        els.post(url, {"crebos": ["25998"], "unknown": "on"})
    for_mbo.refresh_from_db()
    assert for_mbo.accreditation_confirmed_at is not None
    assert Accreditation.objects.count() == 1
    assert crebos_to_check(for_mbo, today=TODAY()) == []


YESTERDAY = timedelta(days=-1)


@pytest.mark.parametrize(
    ("known", "waits"),
    [
        ({}, False),
        ({"valid_until": timedelta()}, False),
        ({"valid_until": YESTERDAY}, True),
        ({"status": "ended"}, True),
        ({"status": "pending"}, True),
        ({"crebo": "25999"}, True),
    ],
)
@pytest.mark.parametrize("chosen", [True, False])
def test_list_and_page_agree_on_who_waits(
    cast: Cast, published: Offer, known: dict[str, Any], waits: bool, chosen: bool
) -> None:
    if chosen:
        published.programmes.set([cast.anouk.programme, cast.bram.programme])
    if "valid_until" in known:
        known = {"valid_until": TODAY() + known["valid_until"]}
    row = {"crebo": "25998", "status": "accredited", "checked_on": TODAY(), "source": "test"}
    Accreditation.objects.create(site=published.site, **{**row, **known})
    listed: Any = with_accreditation(Offer.objects.filter(pk=published.pk), today=TODAY()).get()
    assert listed.waits is waits
    assert bool(crebos_to_check(published, today=TODAY())) is waits


def test_only_the_chosen_programmes_count(cast: Cast, published: Offer) -> None:
    """Level 4 is on the list, but the offer is for an hbo programme alone."""
    published.programmes.set([cast.bram.programme])
    listed: Any = with_accreditation(Offer.objects.all(), today=TODAY()).get()
    assert listed.waits is False
    assert crebos_to_check(published, today=TODAY()) == []


def test_another_site_is_another_accreditation(cast: Cast, published: Offer) -> None:
    other = SiteFactory(company=cast.klikwerf, postcode=postcode("7941"))
    record_accreditations(other, ["25998"], today=TODAY(), by=cast.els)
    listed: Any = with_accreditation(Offer.objects.all(), today=TODAY()).get()
    assert listed.waits is True
    assert [code for code, _ in crebos_to_check(published, today=TODAY())] == ["25998"]


def test_who_is_not_published_waits_for_something_else(for_mbo: Offer) -> None:
    listed: Any = with_accreditation(Offer.objects.all(), today=TODAY()).get()
    assert listed.waits is False


def test_hbo_never_waits(cast: Cast, submitted: Offer) -> None:
    publish_offer(submitted, by=cast.els)
    listed: Any = with_accreditation(Offer.objects.all(), today=TODAY()).get()
    assert listed.waits is False
    assert crebos_to_check(submitted, today=TODAY()) == []


# --- Kept for a school -----------------------------------------------------------------------


@pytest.mark.parametrize(("until", "status"), [(0, 403), (30, 403), (-1, 302)])
@pytest.mark.parametrize("name", ["publish", "return", "accredit"])
def test_an_offer_kept_for_another_school_is_read_not_decided(
    cast: Cast, els: Client, name: str, until: int, status: int
) -> None:
    offer = OfferFactory(
        site=cast.klikwerf.sites.get(),
        state=states.SUBMITTED,
        earmarked_for=cast.windesheim,
        earmarked_until=TODAY() + timedelta(days=until),
    )
    page = els.get(url_of("review", offer, cast.deltion))
    assert page.status_code == 200
    assert ("bewaard voor studenten van Windesheim" in page.content.decode()) == (status == 403)
    answer = els.post(url_of(name, offer, cast.deltion), {"reason": "Waarom?"})
    assert answer.status_code == status
    offer.refresh_from_db()
    assert (offer.state == states.SUBMITTED) == (status == 403 or name == "accredit")


def test_its_own_coordinator_decides(cast: Cast) -> None:
    offer = OfferFactory(
        state=states.SUBMITTED,
        earmarked_for=cast.windesheim,
        earmarked_until=TODAY() + timedelta(days=30),
    )
    client_of(cast.frits).post(url_of("publish", offer, cast.windesheim))
    offer.refresh_from_db()
    assert offer.state == states.PUBLISHED


# --- Two at once -----------------------------------------------------------------------------


def test_the_second_coordinator_reads_what_happened(
    cast: Cast, els: Client, submitted: Offer
) -> None:
    client_of(cast.frits).post(url_of("return", submitted, cast.windesheim), {"reason": "Te kort."})
    page = els.post(url_of("publish", submitted, cast.deltion), follow=True)
    assert page.status_code == 200
    assert said(page) == [
        (
            "warning",
            "Frits Kanarie-Zes heeft “Stagiair data” net teruggestuurd: “Te kort.” "
            "Jouw keuze is niet bewaard.",
        )
    ]
    submitted.refresh_from_db()
    assert submitted.state == states.RETURNED


def test_another_decision_of_ones_own_comes_too_late(
    cast: Cast, els: Client, submitted: Offer
) -> None:
    """Two tabs of one coordinator: the second button does nothing, and says so."""
    els.post(url_of("publish", submitted, cast.deltion))
    url = url_of("return", submitted, cast.deltion)
    page = els.post(url, {"reason": "Te kort."}, follow=True)
    assert said(page)[-1][0] == "warning"
    submitted.refresh_from_db()
    assert submitted.state == states.PUBLISHED


@pytest.mark.parametrize("name", ["publish", "return"])
def test_the_same_decision_twice_is_one(
    cast: Cast, els: Client, submitted: Offer, name: str
) -> None:
    url = url_of(name, submitted, cast.deltion)
    first = els.post(url, {"reason": "Te kort."}, follow=True)
    second = els.post(url, {"reason": "Te kort."}, follow=True)
    assert said(first) == said(second)
    assert Letter.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_coordinators_at_once(cast: Cast) -> None:
    """One publishes, the other sends back, at the same moment, many times over."""
    els, frits = client_of(cast.els), client_of(cast.frits)
    outcomes = set()
    for _ in range(12):
        offer = OfferFactory(site=cast.klikwerf.sites.get(), state=states.SUBMITTED, levels=[6])
        ours, theirs = (
            url_of("publish", offer, cast.deltion),
            url_of("return", offer, cast.windesheim),
        )

        def publish(url: str = ours) -> Any:
            return els.post(url, follow=True)

        def send_back(url: str = theirs) -> Any:
            return frits.post(url, {"reason": "Te kort."}, follow=True)

        pages = at_once(publish, send_back)
        assert [page.status_code for page in pages] == [200, 200]
        warned = ["Jouw keuze is niet bewaard" in page.content.decode() for page in pages]
        assert sorted(warned) == [False, True]
        offer.refresh_from_db()
        outcomes.add(offer.state)
        assert Letter.objects.filter(key__contains=f":{offer.pk}:").count() == 1
        assert len(moves(offer)) == 3
    assert outcomes <= {states.PUBLISHED, states.RETURNED}


@pytest.mark.django_db(transaction=True)
def test_the_naive_way_lets_both_win(cast: Cast) -> None:
    """The control: look first, write without a condition, and both are told that it worked."""
    offer = OfferFactory(state=states.SUBMITTED)
    looked = Barrier(2)

    def naive(reason: str) -> bool:
        if Offer.objects.get(pk=offer.pk).state != states.SUBMITTED:
            return False
        looked.wait(timeout=20)
        Offer.objects.filter(pk=offer.pk).update(return_reason=reason)
        return True

    assert at_once(lambda: naive("Els"), lambda: naive("Frits")) == [True, True]


def test_a_tutor_of_the_school_decides_nothing(cast: Cast, submitted: Offer) -> None:
    tutor = StaffFactory(school=cast.deltion, role="tutor").user
    client = client_of(tutor)
    assert client.get(url_of("review", submitted, cast.deltion)).status_code == 403
    assert client.post(url_of("publish", submitted, cast.deltion)).status_code == 403
