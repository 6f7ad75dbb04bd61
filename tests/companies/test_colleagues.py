"""Colleagues: asked by a link that works once and for one person; removed; let in on request."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings as portal
from django.core import signing
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from companies import actions
from companies.models import ColleagueInvitation, Company, Member
from notifications.models import Letter
from tests.accounts.keys import sign_in_by_mail
from tests.conftest import Cast, client_of
from tests.factories.accounts import UserFactory
from tests.factories.companies import MemberFactory
from tests.house.visitor import DIFFERS

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "noor@nieuw.example"


def page_of(company: Company) -> str:
    return reverse("companies:colleagues", args=[company.pk])


def invite(cast: Cast, email: str = NEW) -> ColleagueInvitation:
    """Carla asks somebody, on her page."""
    answer = client_of(cast.carla).post(page_of(cast.klikwerf), {"email": email})
    assert answer.status_code == 302
    return ColleagueInvitation.objects.latest("pk")


def link_in(letter: Letter) -> str:
    """Where the button of a letter leads."""
    [line] = [x for x in letter.text.splitlines() if x.startswith(portal.BASE_URL + "/uit")]
    return line.removeprefix(portal.BASE_URL)


def latest_link() -> str:
    return link_in(Letter.objects.filter(kind="colleague_invited").latest("pk"))


def members(company: Company) -> set[str]:
    return set(company.members.values_list("user__email", flat=True))


# --- the link --------------------------------------------------------------------------------


def test_from_letter_to_colleague(cast: Cast) -> None:
    """Somebody without an account: the link shows what is asked, a code from the mail signs in."""
    invite(cast)
    link = latest_link()
    visitor = Client()
    page = visitor.get(link)
    assert page.status_code == 200
    assert "Je bent uitgenodigd" in page.content.decode()
    assert NEW not in page.content.decode(), "whoever finds the link reads no address"
    assert visitor.post(link).status_code == 200, "without signing in nothing happens"
    assert NEW not in members(cast.klikwerf)
    noor = sign_in_by_mail(User.objects.get(email=NEW), then=link)
    assert noor.landed == link
    assert "Doe mee voor Klikwerf" in noor.get(link).content.decode()
    assert NEW not in members(cast.klikwerf), "looking changes nothing"
    done = noor.post(link)
    assert done["Location"] == reverse("matching:company", args=[cast.klikwerf.pk])
    assert noor.get(done["Location"]).status_code == 200
    assert not Member.objects.get(user__email=NEW).is_admin


def trouble_of(browser: Client, link: str) -> tuple[int, str]:
    """Status and heading; a form changes no more than a look."""
    before = Member.objects.count()
    page: Any = browser.get(link)
    browser.post(link)
    assert Member.objects.count() == before
    return page.status_code, page.content.decode()


def noor() -> Client:
    return client_of(User.objects.get(email=NEW))


def test_a_used_link_is_over(cast: Cast) -> None:
    invite(cast)
    link = latest_link()
    noor().post(link)
    assert NEW in members(cast.klikwerf)
    status, page = trouble_of(noor(), link)
    assert (status, "al gebruikt" in page) == (410, True)
    # Whoever was taken out does not come back by it.
    Member.objects.filter(user__email=NEW).delete()
    trouble_of(noor(), link)


def test_an_expired_link_says_so(cast: Cast) -> None:
    invitation = invite(cast)
    ColleagueInvitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    status, page = trouble_of(noor(), latest_link())
    assert (status, "verlopen" in page) == (410, True)
    with pytest.raises(actions.Refused, match="invitation_answered"):
        actions.accept_invitation(invitation, by=invitation.user)


def test_a_withdrawn_link_says_so(cast: Cast) -> None:
    invitation = invite(cast)
    withdraw = reverse("companies:withdraw", args=[cast.klikwerf.pk, invitation.pk])
    for _ in range(2):
        assert client_of(cast.carla).post(withdraw).status_code == 302
    status, page = trouble_of(noor(), latest_link())
    assert (status, "ingetrokken" in page) == (410, True)


def test_sending_again_makes_a_new_link_and_ends_the_old_one(cast: Cast) -> None:
    invitation = invite(cast)
    old = latest_link()
    again = reverse("companies:send_again", args=[cast.klikwerf.pk, invitation.pk])
    client_of(cast.carla).post(again)
    assert latest_link() != old
    status, page = trouble_of(noor(), old)
    assert (status, "nieuwere uitnodiging" in page) == (410, True)
    noor().post(latest_link())
    assert NEW in members(cast.klikwerf)


def test_asking_somebody_twice_is_sending_again(cast: Cast) -> None:
    invite(cast)
    assert invite(cast, NEW.upper()).sending == 2
    assert ColleagueInvitation.objects.count() == 1


def test_somebody_else_cannot_use_it(cast: Cast) -> None:
    invite(cast)
    status, page = trouble_of(client_of(cast.dirk), latest_link())
    assert (status, "voor iemand anders" in page) == (403, True)
    assert NEW not in page, "whom it is for is not told"


def test_a_link_that_was_tampered_with_opens_nothing(cast: Cast) -> None:
    invitation = invite(cast)
    link, browser = latest_link(), noor()
    forged = signing.dumps([invitation.pk, 1], salt="invitation.education.coordinatorinvitation")
    for other in (
        link[:-3] + "x/",
        link.replace("bedrijf/", "bedrijf/x"),
        reverse("companies:invitation", args=[forged]),
        reverse("companies:invitation", args=["x"]),
        reverse("companies:invitation", args=["é:1:2"]),
    ):
        status, page = trouble_of(browser, other)
        assert (status, "Deze link klopt niet" in page) == (404, True), other


def test_used_twice_at_once_it_works_once(cast: Cast) -> None:
    invitation = invite(cast)
    start = Barrier(8)

    def accept(_n: int) -> bool:
        start.wait()
        try:
            actions.accept_invitation(invitation, by=invitation.user)
        except actions.Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(accept, range(8))) == 1
    assert Member.objects.filter(user__email=NEW).count() == 1


# --- who may ---------------------------------------------------------------------------------


def test_only_an_administrator_asks_and_sees_who_was_asked(cast: Cast) -> None:
    invitation = invite(cast)
    piet = MemberFactory(company=cast.klikwerf, is_admin=False).user
    browser = client_of(piet)
    assert NEW not in browser.get(page_of(cast.klikwerf)).content.decode()
    keys = [cast.klikwerf.pk, invitation.pk]
    carla = Member.objects.get(user=cast.carla)
    for path in (
        page_of(cast.klikwerf),
        reverse("companies:send_again", args=keys),
        reverse("companies:withdraw", args=keys),
        reverse("companies:remove", args=[cast.klikwerf.pk, carla.pk]),
    ):
        assert browser.post(path, {"email": "x@y.example"}).status_code == 403
    assert ColleagueInvitation.objects.get().sending == 1
    assert client_of(cast.dirk).get(page_of(cast.klikwerf)).status_code == 404


def test_a_colleague_is_not_asked_again(cast: Cast) -> None:
    answer = client_of(cast.carla).post(page_of(cast.klikwerf), {"email": cast.carla.email})
    assert answer.status_code == 422
    assert "al van een collega" in answer.content.decode()


# --- leaving ---------------------------------------------------------------------------------


def remove(by: User, member: Member) -> None:
    path = reverse("companies:remove", args=[member.company.pk, member.pk])
    assert client_of(by).post(path).status_code == 302


def test_a_removed_colleague_is_out_at_once(cast: Cast) -> None:
    piet = MemberFactory(company=cast.klikwerf, is_admin=False)
    browser = client_of(piet.user)
    assert browser.get(page_of(cast.klikwerf)).status_code == 200
    remove(cast.carla, piet)
    assert browser.get(page_of(cast.klikwerf)).status_code == 404


def test_the_only_one_stays(cast: Cast) -> None:
    remove(cast.carla, Member.objects.get(user=cast.carla))
    assert members(cast.klikwerf) == {cast.carla.email}


def test_when_the_last_administrator_leaves_the_two_who_came_last_are_asked(cast: Cast) -> None:
    now = timezone.now()
    for days, name in ((9, "oud"), (1, "kort"), (2, "net")):
        user = UserFactory(email=f"{name}@klikwerf.example", last_login=now - timedelta(days=days))
        MemberFactory(company=cast.klikwerf, user=user, is_admin=False)
    remove(cast.carla, Member.objects.get(user=cast.carla))
    asked = Letter.objects.filter(kind="company_without_admin").values_list("to", flat=True)
    assert set(asked) == {"kort@klikwerf.example", "net@klikwerf.example"}
    take_over = reverse("companies:take_over", args=[cast.klikwerf.pk])
    for name in ("kort", "net"):  # the second one comes too late
        client_of(User.objects.get(email=f"{name}@klikwerf.example")).post(take_over)
    admins = Member.objects.filter(company=cast.klikwerf, is_admin=True)
    assert [one.user.email for one in admins] == ["kort@klikwerf.example"]


# --- asking to be let in ---------------------------------------------------------------------


def test_who_signs_up_a_company_that_is_there_can_ask_its_administrators(cast: Cast) -> None:
    cache.clear()
    form = {"email": NEW, "kvk": cast.klikwerf.kvk}
    sign_up = Client().get(reverse("account_signup")).content.decode()
    assert reverse("companies:ask_access") in sign_up
    known = Client().post(reverse("companies:ask_access"), form)
    unknown = Client().post(reverse("companies:ask_access"), {**form, "kvk": "99999999"})
    assert DIFFERS.sub(b"", known.content) == DIFFERS.sub(b"", unknown.content)
    assert "Carla" not in known.content.decode()
    letter = Letter.objects.get(kind="access_asked")
    assert letter.user == cast.carla
    [link] = [x for x in letter.text.splitlines() if x.startswith(portal.BASE_URL + "/bedrijf")]
    page = client_of(cast.carla).get(link.removeprefix(portal.BASE_URL))
    assert f'value="{NEW}"' in page.content.decode()
    assert Company.objects.filter(kvk=cast.klikwerf.kvk).count() == 1


def test_asking_often_is_one_letter_and_then_stops(cast: Cast) -> None:
    cache.clear()
    form = {"email": NEW, "kvk": cast.klikwerf.kvk}
    path = reverse("companies:ask_access")
    answers = [Client().post(path, form).status_code for _ in range(5)]
    assert answers == [200, 200, 200, 429, 429]
    assert Letter.objects.filter(kind="access_asked").count() == 1
