"""A member corrects what was said of the company at signing up."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from companies import actions, states
from companies.actions import Refused
from companies.models import Accreditation, Company, Offer
from tests.companies.reading import said, title
from tests.conftest import Cast, client_of
from tests.factories.companies import MemberFactory, OfferFactory, SiteFactory
from tests.factories.geo import postcode


@pytest.fixture
def carla(cast: Cast) -> Client:
    return client_of(cast.carla)


def url_of(company: Company) -> str:
    return reverse("companies:details", args=[company.pk])


def known_of(company: Company) -> tuple[str, str, list[str]]:
    company.refresh_from_db()
    places = company.sites.order_by("pk").values_list("postcode", flat=True)
    return company.kvk, company.name, list(places)


RIGHT = {"name": "Klikwerf Noord", "kvk": "87654321", "postcode": "7941 AB"}


@pytest.mark.parametrize("state", ["", *states.UNPUBLISHED])
def test_all_can_be_corrected_until_something_is_published(
    cast: Cast, carla: Client, state: str
) -> None:
    postcode("7941")
    offer = OfferFactory(site=cast.klikwerf.sites.get(), state=state) if state else None
    page = carla.get(url_of(cast.klikwerf))
    assert page.context["form"]["name"].value() == cast.klikwerf.name
    answer = carla.post(url_of(cast.klikwerf), RIGHT, follow=True)
    assert ("success", "De gegevens van je bedrijf zijn bewaard.") in said(answer)
    assert known_of(cast.klikwerf) == ("87654321", "Klikwerf Noord", ["7941"])
    if offer:
        offer.refresh_from_db()
        assert offer.site.postcode_id == "7941", "a draft goes along"


PUBLISHED = [state for state in Offer.State.values if state not in states.UNPUBLISHED]


@pytest.mark.parametrize("state", PUBLISHED)
def test_number_and_postcode_stand_fast_once_something_was_published(
    cast: Cast, carla: Client, state: str
) -> None:
    """Whatever is posted: schools looked the company up, and students chose by distance."""
    postcode("7941")
    OfferFactory(site=cast.klikwerf.sites.get(), state=state)
    kvk, _name, places = known_of(cast.klikwerf)
    page = carla.get(url_of(cast.klikwerf)).content.decode()
    assert page.count("disabled") == 2
    assert carla.post(url_of(cast.klikwerf), RIGHT).status_code == 302
    assert known_of(cast.klikwerf) == (kvk, "Klikwerf Noord", places)


def test_what_is_published_meanwhile_stands_fast_too(cast: Cast) -> None:
    postcode("7941")
    OfferFactory(site=cast.klikwerf.sites.get())
    before = known_of(cast.klikwerf)
    for changes in ({"kvk": "87654321"}, {"postcode": postcode("7941")}):
        same: Any = {
            "kvk": cast.klikwerf.kvk,
            "name": "Nieuw",
            "postcode": cast.klikwerf.sites.get().postcode,
        }
        with pytest.raises(Refused, match="company_is_known"):
            actions.change_company(cast.klikwerf, **(same | changes))
        assert known_of(cast.klikwerf) == before


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("kvk", "1234567"),
        ("kvk", "abcdefgh"),
        ("kvk", "123456789012"),
        ("postcode", "1234"),
        ("name", " "),
        ("name", "x" * 121),
        ("name", "a\x00b"),
    ],
)
def test_bad_input_changes_nothing_and_is_kept(
    cast: Cast, carla: Client, field: str, typed: str
) -> None:
    postcode("7941")
    before = known_of(cast.klikwerf)
    answer = carla.post(url_of(cast.klikwerf), {**RIGHT, field: typed})
    assert answer.status_code == 422
    assert title(answer).startswith("Fout: ")
    assert list(answer.context["form"].errors) == [field]
    assert answer.context["form"][field].value() == typed
    assert known_of(cast.klikwerf) == before


def test_the_number_of_another_company_is_taken(cast: Cast, carla: Client) -> None:
    postcode("7941")
    taken = {**RIGHT, "kvk": cast.rival.kvk}
    answer = carla.post(url_of(cast.klikwerf), taken)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["kvk"]
    own = {**RIGHT, "kvk": cast.klikwerf.kvk}
    assert carla.post(url_of(cast.klikwerf), own).status_code == 302


def test_a_number_taken_since_the_form_was_checked_is_told(
    cast: Cast, carla: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    postcode("7941")
    monkeypatch.setattr("companies.forms.signup.is_registered", lambda *_a, **_k: False)
    answer = carla.post(url_of(cast.klikwerf), {**RIGHT, "kvk": cast.rival.kvk})
    assert answer.status_code == 422
    assert "doet al mee" in str(answer.context["form"].errors["kvk"])


def test_an_abandoned_company_gives_its_number(cast: Cast, carla: Client) -> None:
    postcode("7941")
    member = MemberFactory(company=SiteFactory(company__kvk="87654321").company)
    EmailAddress.objects.create(user=member.user, email=member.user.email)
    Company.objects.filter(pk=member.company_id).update(
        created_at=timezone.now() - timedelta(hours=2)
    )
    assert carla.post(url_of(cast.klikwerf), RIGHT).status_code == 302
    assert known_of(cast.klikwerf)[0] == "87654321"


def test_a_place_that_the_company_has_already_becomes_the_only_one(
    cast: Cast, carla: Client
) -> None:
    there = SiteFactory(company=cast.klikwerf, postcode=postcode("7941"))
    here = OfferFactory(site=cast.klikwerf.sites.exclude(pk=there.pk).get(), state=states.DRAFT)
    carla.post(url_of(cast.klikwerf), RIGHT)
    here.refresh_from_db()
    assert here.site == there
    assert known_of(cast.klikwerf)[2] == ["7941"]


@pytest.mark.parametrize("field", ["kvk", "postcode", "name"])
def test_what_was_looked_up_of_another_number_or_place_counts_no_more(
    cast: Cast, carla: Client, field: str
) -> None:
    postcode("7941")
    Accreditation.objects.create(
        site=cast.klikwerf.sites.get(),
        crebo="25998",
        status=Accreditation.Status.ACCREDITED,
        checked_on=timezone.localdate(),
        source="het register",
    )
    same = {"name": cast.klikwerf.name, "kvk": cast.klikwerf.kvk, "postcode": "8011"}
    carla.post(url_of(cast.klikwerf), {**same, field: RIGHT[field]})
    assert Accreditation.objects.exists() == (field == "name")


def test_the_start_of_a_company_leads_there(cast: Cast, carla: Client) -> None:
    start = carla.get(reverse("matching:company", args=[cast.klikwerf.pk]))
    assert url_of(cast.klikwerf) in start.content.decode()


@pytest.mark.parametrize(("typed", "kept"), [("3", 3), ("", None), ("500", 500)])
def test_a_company_says_how_many_students_it_guides_at_once(
    cast: Cast, carla: Client, typed: str, kept: int | None
) -> None:
    postcode("7941")
    Company.objects.filter(pk=cast.klikwerf.pk).update(guides_at_most=7)
    page = carla.get(url_of(cast.klikwerf))
    assert page.context["form"]["guides_at_most"].value() == 7
    assert "Hoeveel studenten kun je tegelijk begeleiden?" in page.content.decode()
    assert carla.post(url_of(cast.klikwerf), {**RIGHT, "guides_at_most": typed}).status_code == 302
    cast.klikwerf.refresh_from_db()
    assert cast.klikwerf.guides_at_most == kept


@pytest.mark.parametrize("typed", ["0", "-1", "501", "2,5", "veel", "9" * 400, "1\x00"])
def test_a_number_of_students_that_cannot_be_meant_is_refused(
    cast: Cast, carla: Client, typed: str
) -> None:
    postcode("7941")
    answer = carla.post(url_of(cast.klikwerf), {**RIGHT, "guides_at_most": typed})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["guides_at_most"]
    cast.klikwerf.refresh_from_db()
    assert cast.klikwerf.guides_at_most is None
