"""Sessions: how they begin, how long they last, how they end, and what a cookie may do."""

import time
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts.adapters import BEGAN, SEEN
from accounts.models import User
from companies.models import Member
from tests.accounts.keys import knows_address, sign_in_by_mail
from tests.conftest import Cast, client_of
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = reverse("cockpit:today")
LOGIN = reverse("account_login")
HOUR, DAY = 3600, 24 * 3600


def is_in(browser: Client) -> bool:
    """Whether this browser comes in."""
    answer: Any = browser.get(TODAY)
    return not answer.get("Location", "").startswith(LOGIN)


def ago(browser: Client, *, began: float, seen: float) -> None:
    """As if the session began and was last used so long ago."""
    session = browser.session
    session[BEGAN], session[SEEN] = time.time() - began, time.time() - seen
    session.save()


# --- how long --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "began", "seen", "stays"),
    [
        ("henk", 13 * DAY, 2 * DAY, True),
        ("henk", 14 * DAY + 60, 60, False),
        ("henk", 4 * DAY, 3 * DAY + 60, False),
        ("els", 11 * HOUR, HOUR, True),
        ("els", 12 * HOUR + 60, 60, False),
        ("els", 3 * HOUR, 2 * HOUR + 60, False),
        ("gerda", 3 * HOUR, 2 * HOUR + 60, False),
    ],
)
def test_a_session_ends_by_the_clock(
    cast: Cast, person: str, began: float, seen: float, stays: bool
) -> None:
    browser = client_of(getattr(cast, person))
    ago(browser, began=began, seen=seen)
    assert is_in(browser) is stays
    assert ("_auth_user_id" in browser.session) is stays


def test_using_it_keeps_a_session(cast: Cast) -> None:
    browser = client_of(cast.henk)
    ago(browser, began=4 * DAY, seen=2 * DAY)
    assert is_in(browser)
    assert time.time() - browser.session[SEEN] < 60
    assert time.time() - browser.session[BEGAN] > 3 * DAY


def test_a_session_without_clocks_is_over(cast: Cast) -> None:
    browser = client_of(cast.henk)
    session = browser.session
    del session[BEGAN]
    session.save()
    assert not is_in(browser)


@pytest.mark.parametrize(("seen", "writes"), [(0, False), (30, False), (90, True)])
def test_reading_writes_the_session_once_a_minute_at_most(
    cast: Cast, seen: float, writes: bool
) -> None:
    browser = client_of(cast.henk)
    ago(browser, began=HOUR, seen=seen)
    with CaptureQueriesContext(connection) as asked:
        browser.get(TODAY)
    assert any("UPDATE" in query["sql"] for query in asked.captured_queries) is writes


def test_whether_somebody_coordinates_a_school_is_read_with_the_user(cast: Cast) -> None:
    browser = client_of(cast.henk)
    with CaptureQueriesContext(connection) as asked:
        browser.get(TODAY)
    first = [query["sql"] for query in asked.captured_queries][1]
    assert "coordinates_a_school" in first


# --- how it begins and ends ------------------------------------------------------------------


def test_signing_in_gives_the_session_another_key() -> None:
    """Who planted a key before has nothing after."""
    user = knows_address(UserFactory())
    browser = Client()
    browser.get(LOGIN)
    browser.post(LOGIN, {"login": user.email})
    planted = browser.session.session_key
    assert planted
    found = sign_in_by_mail(user)
    assert found.session.session_key != planted
    assert found.session["_auth_user_id"] == str(user.pk)
    old = Client()
    old.cookies["sessionid"] = planted
    assert not is_in(old)


def test_a_shut_account_is_out_at_once(cast: Cast) -> None:
    browser = client_of(cast.carla)
    assert is_in(browser)
    User.objects.filter(pk=cast.carla.pk).update(is_active=False)
    assert not is_in(browser)


def test_who_is_no_member_any_more_finds_nothing_at_once(cast: Cast) -> None:
    browser = client_of(cast.carla)
    page = reverse("matching:company", args=[cast.klikwerf.pk])
    assert browser.get(page).status_code == 200
    Member.objects.filter(user=cast.carla).delete()
    assert browser.get(page).status_code == 404


def test_signing_out_empties_what_the_browser_kept(cast: Cast) -> None:
    browser = client_of(cast.henk)
    assert "Clear-Site-Data" not in browser.get(TODAY)
    answer = browser.post(reverse("account_logout"))
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not is_in(browser)
    assert "Clear-Site-Data" not in browser.get(LOGIN)


def test_a_session_that_ran_out_does_too(cast: Cast) -> None:
    browser = client_of(cast.henk)
    ago(browser, began=15 * DAY, seen=0)
    assert browser.get(TODAY)["Clear-Site-Data"] == '"cache", "storage"'


# --- one's own -------------------------------------------------------------------------------


def test_the_other_devices_are_listed_and_can_be_signed_out() -> None:
    user = knows_address(UserFactory())
    here, there = sign_in_by_mail(user), sign_in_by_mail(user)
    stranger = sign_in_by_mail(knows_address(UserFactory()))
    assert UserSession.objects.count() == 3
    page = here.get(reverse("usersessions_list"))
    assert page.content.decode().count("Ingelogd op") == 2
    assert page.content.decode().count("Dit apparaat") == 1
    here.post(reverse("usersessions_list"))
    assert [is_in(one) for one in (here, there, stranger)] == [True, False, True]


# --- under https -----------------------------------------------------------------------------


def test_under_https_the_cookies_belong_to_this_host_alone(
    settings: Settings, earnest: dict[str, Any]
) -> None:
    for name in (
        *("SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME"),
        *("CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS"),
        *("SECURE_HSTS_PRELOAD", "SECURE_SSL_REDIRECT", "SECURE_PROXY_SSL_HEADER"),
    ):
        setattr(settings, name, earnest[name])
    browser = Client(headers={"x-forwarded-proto": "https"})
    page = browser.get(LOGIN)
    answer = browser.post(LOGIN, {"login": "nobody@voorbeeld.example"})
    assert page["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    found = {**answer.cookies, **page.cookies}
    assert set(found) == {"__Host-session", "__Host-csrf"}
    for cookie in found.values():
        assert cookie["secure"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert (cookie["path"], cookie["domain"]) == ("/", "")


def test_under_https_plain_http_is_sent_on(settings: Settings, earnest: dict[str, Any]) -> None:
    settings.SECURE_SSL_REDIRECT = earnest["SECURE_SSL_REDIRECT"]
    answer = Client().get(LOGIN)
    assert answer.status_code == 301
    assert answer["Location"].startswith("https://")


# --- no way elsewhere ------------------------------------------------------------------------

ELSEWHERE = (
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "https:evil.example",
    "///evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    " //evil.example",
    "https://testserver@evil.example/",
    "https://testserver.evil.example/",
)


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_no_page_leads_elsewhere(cast: Cast, elsewhere: str) -> None:
    """Signed in already, signing out, and proving it once more."""
    inside = client_of(cast.henk)
    for answer in (
        inside.get(LOGIN, {"next": elsewhere}),
        inside.get(reverse("account_logout"), {"next": elsewhere}),
        inside.post(reverse("account_logout"), {"next": elsewhere}),
    ):
        assert "evil" not in answer.get("Location", "")
        assert not answer.get("Location", "/").startswith(("javascript", "data", "http"))


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_leads_nowhere_else(elsewhere: str) -> None:
    user = knows_address(UserFactory())
    browser = sign_in_by_mail(user, then=elsewhere)
    assert browser.session["_auth_user_id"] == str(user.pk)
    assert browser.landed == TODAY


def test_signing_in_leads_back_to_what_was_asked() -> None:
    """The control."""
    browser = sign_in_by_mail(knows_address(UserFactory()), then="/over/")
    assert browser.landed == "/over/"
