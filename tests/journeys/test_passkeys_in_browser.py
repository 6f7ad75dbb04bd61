"""Passkeys in a real browser, with an authenticator made of software inside it."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import CDPSession, expect

from accounts.models import User
from notifications.models import Letter
from tests.accounts.keys import knows_address
from tests.factories.accounts import UserFactory
from tests.journeys.conftest import OpenWindow
from tests.journeys.window import Window

PHONE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
REGION = reverse("cockpit:region")


class Reader:
    """A fingerprint reader on the computer of one window."""

    def __init__(self, window: Window) -> None:
        self._browser: CDPSession = window.page.context.new_cdp_session(window.page)
        self._browser.send("WebAuthn.enable")
        added = self._browser.send("WebAuthn.addVirtualAuthenticator", {"options": PHONE})
        self._key = {"authenticatorId": added["authenticatorId"]}

    def knows_finger(self, yes: bool) -> None:
        """Whether the finger that touches it is that of its owner."""
        self._browser.send("WebAuthn.setUserVerified", {**self._key, "isUserVerified": yes})

    def take_out(self) -> None:
        """The next test finds none."""
        self._browser.send("WebAuthn.removeVirtualAuthenticator", self._key)
        self._browser.detach()


@pytest.fixture
def lead(transactional_db: None) -> User:
    """A project lead, who needs a second factor."""
    cache.clear()  # the limits on trying are kept in a table that no test empties
    return knows_address(UserFactory(name="Gerda Lead", email="gerda@lead.example", lead=True))


def sign_in_by_mail(browser: Window, user: User) -> None:
    """With the code from the letter."""
    browser.open(reverse("account_login")).fill("E-mail", user.email).press("Mail mij een code")
    letter = Letter.objects.filter(to=user.email, kind="login_code").latest("pk")
    [code] = re.findall(r"^([A-Z0-9]+(?:-[A-Z0-9]+)*)$", letter.text, flags=re.MULTILINE)
    browser.fill("Code", code).press("Ga verder")


def make_passkey(browser: Window) -> None:
    """From the page about signing in safely to the codes that are kept."""
    browser.open(reverse("mfa_index")).look()
    browser.follow("Maak een passkey").look()
    browser.fill("Naam van deze passkey", "Mijn laptop").press("Maak de passkey")
    browser.sees("Je herstelcodes").look()


def test_a_passkey_is_made_and_opens_the_door(window: OpenWindow, lead: User) -> None:
    browser = window()
    reader = Reader(browser)
    sign_in_by_mail(browser, lead)
    browser.open(REGION).sees("Daarom heb je een extra controle nodig")
    make_passkey(browser)
    assert Letter.objects.filter(kind="webauthn_added", to=lead.email).count() == 1
    browser.open(REGION)
    assert browser.page.url.endswith(REGION)

    # Next time the passkey alone is enough: the device asked for a finger.
    browser.page.context.clear_cookies()
    browser.open(reverse("account_login")).look().press("Log in met een passkey")
    browser.open(REGION)
    assert browser.page.url.endswith(REGION)
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None

    # After the code from the mail it is asked for, too.
    browser.page.context.clear_cookies()
    sign_in_by_mail(browser, lead)
    browser.sees("Nog één stap").look().press("Gebruik je passkey")
    browser.open(REGION)
    assert browser.page.url.endswith(REGION)
    reader.take_out()


def test_another_finger_opens_nothing(window: OpenWindow, lead: User) -> None:
    browser = window()
    reader = Reader(browser)
    sign_in_by_mail(browser, lead)
    make_passkey(browser)
    browser.page.context.clear_cookies()
    reader.knows_finger(False)
    browser.open(reverse("account_login"))
    browser.page.get_by_role("button", name="Log in met een passkey").click()
    expect(browser.page.get_by_role("alert")).to_contain_text("Dat lukte niet met een passkey")
    browser.look()
    assert browser.open(REGION).page.url.endswith(f"{reverse('account_login')}?next={REGION}")
    reader.take_out()


def test_a_passkey_gets_another_name_and_goes(window: OpenWindow, lead: User) -> None:
    browser = window()
    reader = Reader(browser)
    sign_in_by_mail(browser, lead)
    make_passkey(browser)
    browser.open(reverse("mfa_list_webauthn")).sees("Mijn laptop", "Nog niet gebruikt").look()
    browser.follow("Andere naam").look().fill("Naam van deze passkey", "Oude laptop")
    browser.press("Bewaar").sees("Oude laptop")
    browser.follow("Verwijder").sees("Wil je “Oude laptop” verwijderen?").look()
    browser.press("Verwijder")
    assert not Authenticator.objects.exists()
    assert Letter.objects.filter(kind="webauthn_removed", to=lead.email).count() == 1
    browser.open(REGION).sees("Daarom heb je een extra controle nodig")
    reader.take_out()


def test_an_app_with_codes_is_set_up(window: OpenWindow, lead: User) -> None:
    browser = window()
    sign_in_by_mail(browser, lead)
    browser.open(reverse("mfa_activate_totp")).look().unfold("Lukt scannen niet?").look()
    browser.fill("Code uit de app", "12").press("Zet aan")
    browser.sees("Dit klopt niet").look()
