"""Coordinators are asked by the project lead, and begin with a second factor."""

from datetime import timedelta

import pytest
from django.conf import settings as portal
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from education.access import is_coordinator
from education.models import CoordinatorInvitation
from notifications.models import Letter
from tests.accounts.keys import set_up_app, sign_in_by_mail
from tests.conftest import Cast, client_of

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "sam@nieuw.example"
PAGE = reverse("education:coordinators")


def invite(cast: Cast, email: str = NEW) -> str:
    """Gerda asks somebody for Deltion; the link of the letter."""
    form = {"school": cast.deltion.pk, "email": email}
    assert client_of(cast.gerda).post(PAGE, form).status_code == 302
    letter = Letter.objects.filter(kind="coordinator_invited").latest("pk")
    [line] = [x for x in letter.text.splitlines() if x.startswith(portal.BASE_URL + "/uit")]
    return line.removeprefix(portal.BASE_URL)


def test_from_letter_to_coordinator(cast: Cast) -> None:
    link = invite(cast)
    assert Client().get(link).status_code == 200
    sam = User.objects.get(email=NEW)
    browser = sign_in_by_mail(sam, then=link)
    assert browser.landed == link
    browser.get(link)
    assert not is_coordinator(sam, cast.deltion), "looking changes nothing"
    browser.post(link)
    assert is_coordinator(sam, cast.deltion)
    school = reverse("matching:school", args=["deltion"])
    assert browser.get(school)["Location"] == reverse("mfa_index"), "not before a second factor"
    set_up_app(browser)
    assert browser.get(school).status_code == 200


@pytest.mark.parametrize("how", ["used", "expired", "withdrawn", "renewed", "foreign"])
def test_a_link_that_is_over_appoints_nobody(cast: Cast, how: str) -> None:
    link, lead = invite(cast), client_of(cast.gerda)
    asked = CoordinatorInvitation.objects.get()
    browser = client_of(cast.henk if how == "foreign" else asked.user)
    if how == "used":
        CoordinatorInvitation.objects.update(accepted_at=timezone.now())
    elif how == "expired":
        CoordinatorInvitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    elif how == "withdrawn":
        lead.post(reverse("education:withdraw", args=[asked.pk]))
    elif how == "renewed":
        lead.post(reverse("education:send_again", args=[asked.pk]))
    assert browser.get(link).status_code == (403 if how == "foreign" else 410)
    browser.post(link)
    assert not is_coordinator(asked.user)
    assert not is_coordinator(cast.henk)


def test_a_link_for_a_company_is_none_for_a_school(cast: Cast) -> None:
    link = invite(cast)
    assert client_of(cast.henk).get(link.replace("/school/", "/bedrijf/")).status_code == 404


def test_only_the_lead_asks(cast: Cast) -> None:
    form = {"school": cast.deltion.pk, "email": NEW}
    for person in (cast.els, cast.carla, cast.henk):
        assert client_of(person).post(PAGE, form).status_code == 404
    assert not CoordinatorInvitation.objects.exists()


def test_a_coordinator_of_the_school_is_not_asked_again(cast: Cast) -> None:
    form = {"school": cast.deltion.pk, "email": cast.els.email}
    answer = client_of(cast.gerda).post(PAGE, form)
    assert answer.status_code == 422
    assert "al van een coördinator" in answer.content.decode()
