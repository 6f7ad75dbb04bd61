"""A second factor: who has to show one, how it is set up, and what opens nothing."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as portal
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.adapters import SecondFactorAdapter
from accounts.models import User
from education.models import StaffMember
from notifications.models import Letter
from tests.accounts.keys import code_now, knows_address, set_up_app, sign_in_by_mail
from tests.conftest import Cast, client_of
from tests.factories.accounts import UserFactory
from tests.factories.education import StaffFactory

pytestmark = pytest.mark.django_db(transaction=True)
TODAY = reverse("cockpit:today")
SETUP = reverse("mfa_index")


@pytest.fixture
def els(cast: Cast) -> User:
    """A coordinator without a second factor."""
    return knows_address(cast.els)


def with_one_factor(user: User) -> Client:
    """A session that was opened with a mailbox alone."""
    browser = Client()
    browser.force_login(user, backend=portal.AUTHENTICATION_BACKENDS[0])
    return browser


def where(answer: Any) -> str:
    """Where this answer leads."""
    return str(answer.get("Location", ""))


# --- who has to ------------------------------------------------------------------------------


@pytest.mark.parametrize("person", ["els", "gerda"])
def test_whoever_decides_over_others_sees_no_page_before_setting_one_up(
    cast: Cast, person: str
) -> None:
    browser = with_one_factor(getattr(cast, person))
    school = reverse("matching:school", args=["deltion"])
    for path in (TODAY, school, reverse("cockpit:region"), reverse("students:profile")):
        assert where(browser.get(path)) == SETUP
    page = browser.get(SETUP)
    assert "Daarom heb je een extra controle nodig" in page.content.decode()
    assert "Deltion" not in page.content.decode(), "the menu leads nowhere yet"


def test_a_form_is_taken_no_more_than_a_page_is_shown(cast: Cast) -> None:
    browser = with_one_factor(cast.els)
    answer = browser.post(reverse("matching:rounds", args=["deltion"]), {})
    assert where(answer) == SETUP


@pytest.mark.parametrize("person", ["henk", "carla"])
def test_whoever_does_not_decide_is_only_offered_one(cast: Cast, person: str) -> None:
    browser = with_one_factor(getattr(cast, person))
    assert where(browser.get(TODAY)) != SETUP
    assert "Maak inloggen veiliger" in browser.get(reverse("account_email")).content.decode()
    assert "Daarom heb je" not in browser.get(SETUP).content.decode()


def test_who_becomes_a_coordinator_is_asked_at_the_next_request(cast: Cast) -> None:
    browser = with_one_factor(cast.henk)
    assert browser.get(TODAY).status_code == 200
    role = StaffFactory(school=cast.deltion, user=cast.henk)
    assert where(browser.get(TODAY)) == SETUP
    role.role = StaffMember.Role.TUTOR
    role.save()
    assert browser.get(TODAY).status_code == 200


def test_the_way_out_stays_open(cast: Cast) -> None:
    browser = with_one_factor(cast.els)
    browser.post(reverse("account_logout"))
    assert "_auth_user_id" not in browser.session


def test_taking_out_the_lock_is_seen(cast: Cast, settings: Settings) -> None:
    """The control."""
    lock = "topcentrum.signed_in.SecondFactorIsAsked"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != lock]
    assert where(with_one_factor(cast.els).get(TODAY)) != SETUP


# --- an app with codes -----------------------------------------------------------------------


def test_setting_up_an_app_opens_the_door_and_shows_codes_to_keep(els: User) -> None:
    browser = sign_in_by_mail(els)
    set_up_app(browser)
    codes = browser.get(reverse("mfa_view_recovery_codes"))
    assert len(codes.context["unused_codes"]) == 10
    assert where(browser.get(TODAY)) == reverse("matching:school", args=["deltion"])
    letter = Letter.objects.get(kind="totp_activated")
    assert (letter.to, letter.user) == (els.email, els)
    assert "Was jij dit niet?" in letter.text


def test_a_wrong_first_code_sets_up_nothing(els: User) -> None:
    browser = sign_in_by_mail(els)
    secret = browser.get(reverse("mfa_activate_totp")).context["form"].secret
    wrong = code_now(secret, steps=99)
    page = browser.post(reverse("mfa_activate_totp"), {"code": wrong})
    assert "Dit klopt niet" in page.content.decode()
    assert not Authenticator.objects.exists()
    assert where(browser.get(TODAY)) == SETUP


def test_at_the_next_sign_in_the_code_of_the_app_is_asked(els: User) -> None:
    secret = set_up_app(sign_in_by_mail(els))
    browser = sign_in_by_mail(els)
    assert where(browser.get(TODAY)).startswith(reverse("account_login"))
    page = browser.get(reverse("mfa_authenticate"))
    assert "Nog één stap" in page.content.decode()
    assert "Gebruik je passkey" not in page.content.decode()
    wrong = browser.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert "Dit klopt niet" in wrong.content.decode()
    browser.post(reverse("mfa_authenticate"), {"code": code_now(secret)})
    assert where(browser.get(TODAY)) == reverse("matching:school", args=["deltion"])


def test_a_code_opens_once(els: User) -> None:
    secret = set_up_app(sign_in_by_mail(els))
    first, second = sign_in_by_mail(els), sign_in_by_mail(els)
    cache.clear()
    code = {"code": code_now(secret, steps=1)}
    first.post(reverse("mfa_authenticate"), code)
    second.post(reverse("mfa_authenticate"), code)
    assert "_auth_user_id" in first.session
    assert "_auth_user_id" not in second.session


def test_a_code_to_keep_opens_once_too(els: User) -> None:
    browser = sign_in_by_mail(els)
    set_up_app(browser)
    code = browser.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][3]
    for opens in (True, False):
        browser = sign_in_by_mail(els)
        browser.post(reverse("mfa_authenticate"), {"code": code})
        assert ("_auth_user_id" in browser.session) is opens


def test_a_session_from_before_the_app_shows_it_first(els: User) -> None:
    elsewhere = with_one_factor(els)
    secret = set_up_app(sign_in_by_mail(els))
    asked = elsewhere.get(reverse("matching:school", args=["deltion"]))
    assert where(asked).startswith(reverse("mfa_reauthenticate"))
    cache.clear()
    back = elsewhere.post(where(asked), {"code": code_now(secret, steps=1)})
    assert where(back) == reverse("matching:school", args=["deltion"])
    assert elsewhere.get(where(back)).status_code == 200


def test_whoever_takes_the_last_factor_away_is_back_at_the_start(els: User) -> None:
    browser = sign_in_by_mail(els)
    set_up_app(browser)
    browser.post(reverse("mfa_deactivate_totp"))
    assert not Authenticator.objects.exists()
    assert where(browser.get(TODAY)) == SETUP
    assert Letter.objects.filter(kind="totp_deactivated", to=els.email).exists()


def test_taking_a_factor_away_asks_for_it_once_more(els: User) -> None:
    """Somebody left a session open, on a computer that others use."""
    set_up_app(sign_in_by_mail(els))
    stolen = client_of(els)
    session = stolen.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 3600
    session.save()
    answer = stolen.post(reverse("mfa_deactivate_totp"))
    assert where(answer).startswith(reverse("mfa_reauthenticate"))
    assert Authenticator.objects.count() == 2


# --- how it is kept --------------------------------------------------------------------------


def test_the_secret_does_not_lie_open_in_the_database(els: User) -> None:
    secret = set_up_app(sign_in_by_mail(els))
    app = Authenticator.objects.get(type="totp")
    assert secret not in str(app.data)
    assert SecondFactorAdapter().decrypt(app.data["secret"]) == secret


def test_an_older_secret_of_the_portal_still_opens_it(settings: Settings) -> None:
    closed = SecondFactorAdapter().encrypt("ABC")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", [settings.SECRET_KEY]
    assert SecondFactorAdapter().decrypt(closed) == "ABC"


def test_with_that_secret_lost_no_code_fits_and_nothing_breaks(
    els: User, settings: Settings
) -> None:
    secret = set_up_app(sign_in_by_mail(els))
    settings.SECRET_KEY = "another"
    browser = sign_in_by_mail(els)
    for code in (code_now(secret), code_now(""), "123456"):
        page = browser.post(reverse("mfa_authenticate"), {"code": code})
        assert page.status_code == 200
    assert "_auth_user_id" not in browser.session


# --- the door of the demo --------------------------------------------------------------------


def through_the_door(user: User) -> Client:
    """What the demo's door leaves in a session."""
    browser = with_one_factor(user)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "demo", "at": 0}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    return browser


def test_in_the_demo_its_door_counts_for_a_second_factor(cast: Cast, settings: Settings) -> None:
    settings.DEMO = True
    assert through_the_door(cast.els).get(TODAY).status_code == 302
    assert where(through_the_door(cast.els).get(TODAY)) != SETUP
    assert where(with_one_factor(cast.els).get(TODAY)) == SETUP, "other sessions are asked"


def test_outside_the_demo_it_counts_for_nothing(cast: Cast) -> None:
    assert where(through_the_door(cast.els).get(TODAY)) == SETUP


def test_the_proof_of_one_person_is_not_that_of_another(cast: Cast) -> None:
    browser = client_of(cast.frits)
    session = browser.session
    records = session["account_authentication_methods"], str(cast.frits.pk)
    other = with_one_factor(cast.els)
    session = other.session
    session["account_authentication_methods"] = records[0]
    session["account_authentication_methods_user"] = records[1]
    session.save()
    assert where(other.get(TODAY)) == SETUP


# --- what is not a passkey -------------------------------------------------------------------

INSIDE = {"clientDataJSON": "", "authenticatorData": "", "signature": "", "attestationObject": ""}
WHOLE = {"id": "AA", "rawId": "AA", "type": "public-key", "response": INSIDE}
HANDLES: list[object] = [1, None, "", "AA", "é", "MQ", {}, 2**70]
ODD = [
    *("", "{}", "[]", "null", "1", '"x"', "{", '{"id": 1}', '{"response": {"userHandle": 1}}'),
    json.dumps({**WHOLE, "response": None}),
    *(json.dumps({**WHOLE, "response": {**INSIDE, "userHandle": one}}) for one in HANDLES),
]


@pytest.mark.parametrize("credential", ODD)
def test_what_is_no_passkey_opens_nothing(credential: str) -> None:
    cache.clear()
    browser = Client()
    login = reverse("mfa_login_webauthn")
    browser.get(login, headers={"accept": "application/json"})
    answer = browser.post(login, {"credential": credential})
    assert answer.status_code == 302
    assert where(answer) == reverse("account_login")
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize("credential", ODD)
def test_what_is_no_passkey_is_not_kept(credential: str) -> None:
    browser = with_one_factor(knows_address(UserFactory()))
    assert browser.get(reverse("mfa_add_webauthn")).status_code == 200
    page = browser.post(reverse("mfa_add_webauthn"), {"credential": credential, "name": "x"})
    assert page.status_code == 200
    assert not Authenticator.objects.exists()
