"""Sign-in mail stands in the outbox like every other letter; nothing is sent past it."""

import re
import subprocess
import sys

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from notifications.delivery import deliver_waiting
from notifications.models import Letter, Suppression
from notifications.outbox import DELIVER
from tests.factories.accounts import UserFactory
from tests.notifications.post_office import PostOffice


@pytest.fixture(autouse=True)
def _nobody_asked_before(transactional_db: None) -> None:
    """The limits on asking for codes are kept in a table that no test empties."""
    cache.clear()


def ask_for_code(email: str) -> None:
    """What somebody does who wants to sign in."""
    answer = Client().post(reverse("account_request_login_code"), {"email": email})
    assert answer.status_code == 302


def test_a_code_to_sign_in_is_a_letter_in_the_outbox(rung: list[str]) -> None:
    user = UserFactory(email="carla@voorbeeld.example")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    ask_for_code("Carla@Voorbeeld.example")
    letter = Letter.objects.get()
    assert letter.state == Letter.State.QUEUED
    assert (letter.user, letter.to, letter.kind) == (user, user.email, "login_code")
    [code] = re.findall(r"^([A-Z0-9]+(?:-[A-Z0-9]+)*)$", letter.text, flags=re.MULTILINE)
    assert code in letter.html
    assert rung == [DELIVER]
    assert mail.outbox == [], "sign-in mail went past the outbox"


def test_every_request_for_a_code_is_a_letter_of_its_own(rung: list[str]) -> None:
    user = UserFactory(email="carla@voorbeeld.example")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    ask_for_code(user.email)
    ask_for_code(user.email)
    first, second = Letter.objects.all()
    assert first.key != second.key
    assert first.text != second.text


def test_an_address_that_nobody_has_gets_a_letter_too(rung: list[str]) -> None:
    """The page says the same in both cases; only the letter says that there is no account."""
    ask_for_code("vreemd@voorbeeld.example")
    letter = Letter.objects.get()
    assert letter.user is None
    assert letter.to == "vreemd@voorbeeld.example"
    assert letter.kind == "unknown_account"


def test_a_sign_in_letter_arrives(rung: list[str], post_office: PostOffice) -> None:
    ask_for_code("vreemd@voorbeeld.example")
    assert deliver_waiting() == 1
    [arrived] = post_office.arrived
    assert arrived["To"] == "vreemd@voorbeeld.example"
    assert arrived.get_content_type() == "multipart/alternative"
    assert not connection.in_atomic_block


def test_a_wrong_code_comes_with_advice() -> None:
    user = UserFactory(email="carla@voorbeeld.example")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    browser = Client()
    browser.post(reverse("account_request_login_code"), {"email": user.email})
    page = browser.post(reverse("account_confirm_login_code"), {"code": "AAAA-AAAA"})
    assert "Typ hem over uit de nieuwste mail" in page.content.decode()


def test_a_process_that_asks_for_the_adapter_first_gets_it() -> None:
    """A worker does, when it checks the settings; the web has read the pages before."""
    first = "import django; django.setup(); import notifications.adapters"
    done = subprocess.run(
        [sys.executable, "-c", first], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("known", [True, False], ids=["an account", "a stranger"])
def test_whoever_asks_mail_for_an_address_that_bounced_is_told(
    rung: list[str], known: bool
) -> None:
    """The same with and without an account, so that nothing is said of that."""
    address = "weg@voorbeeld.example"
    if known:
        user = UserFactory(email=address)
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    Suppression.objects.create(address=address, trouble="550")
    browser = Client()
    page = browser.post(reverse("account_request_login_code"), {"email": address}, follow=True)
    assert "kwam eerder terug" in page.content.decode()


def test_sign_in_letters_are_sealed(rung: list[str]) -> None:
    ask_for_code("vreemd@voorbeeld.example")
    assert Letter.objects.get().sealed
