"""Guessing: how often somebody may try, also at once; and what an answer tells of an address."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from notifications.models import Letter
from tests.accounts.keys import code_now, knows_address, set_up_app, sign_in_by_mail
from tests.factories.accounts import UserFactory
from tests.house.visitor import DIFFERS

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE, THREADS = 100, 20
CODES_A_MINUTE = 3


@pytest.fixture(autouse=True)
def _nobody_tried_before() -> None:
    """The counts stand in a table that no test empties."""
    cache.clear()


def all_at_once(ask: Any) -> list[Any]:
    """What a hundred tries get that start together, twenty at a time."""
    start = Barrier(THREADS)

    def worker(first: int) -> list[Any]:
        start.wait()
        try:
            return [ask(n) for n in range(first, AT_ONCE, THREADS)]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [answer for part in pool.map(worker, range(THREADS)) for answer in part]


def test_a_hundred_requests_for_a_code_at_once_make_three_letters() -> None:
    user = knows_address(UserFactory())

    def ask(n: int) -> int:
        # From as many places as there are tries: the address itself is what is counted.
        browser = Client(REMOTE_ADDR=f"10.0.{n // 200}.{n % 200 + 1}")
        page = browser.post(reverse("account_request_login_code"), {"email": user.email})
        return page.status_code

    answers = all_at_once(ask)
    assert Letter.objects.filter(to=user.email).count() <= CODES_A_MINUTE
    assert Letter.objects.filter(to=user.email).exists()
    assert set(answers) <= {200, 302, 429}


def test_a_hundred_guesses_of_a_code_at_once_are_five() -> None:
    """Each from a browser of its own, at the step where the code of the app is asked."""
    user = knows_address(UserFactory())
    secret = set_up_app(sign_in_by_mail(user))
    browsers = [sign_in_by_mail(user) for _ in range(THREADS)]
    cache.clear()
    page = reverse("mfa_authenticate")

    def guess(n: int) -> str:
        answer = browsers[n % THREADS].post(page, {"code": f"{n:06}"})
        return "wrong" if "Dit klopt niet" in answer.content.decode() else "stopped"

    answers = all_at_once(guess)
    assert answers.count("wrong") <= 5
    # Also the right code has to wait now.
    browsers[0].post(page, {"code": code_now(secret)})
    assert "_auth_user_id" not in browsers[0].session


def test_counts_are_not_pushed_out_by_others() -> None:
    """The cache keeps three hundred entries by itself; whoever fills it would be free again."""
    user = knows_address(UserFactory())
    for _ in range(2 * CODES_A_MINUTE):
        Client().post(reverse("account_request_login_code"), {"email": user.email})
    sent = Letter.objects.count()
    assert 0 < sent <= CODES_A_MINUTE
    for n in range(400):
        cache.set(f"allauth:rl:filler:{n}", n, 60)
    Client().post(reverse("account_request_login_code"), {"email": user.email})
    assert Letter.objects.count() == sent


@pytest.mark.parametrize("name", ["account_request_login_code", "account_reset_password"])
def test_the_page_is_the_same_for_an_address_that_nobody_has(name: str) -> None:
    known = knows_address(UserFactory(email="anouk@voorbeeld.example"))
    pages = []
    for email in (known.email, "bram1@voorbeeld.example"):
        browser = Client()
        answer: Any = browser.post(reverse(name), {"email": email}, follow=True)
        page = DIFFERS.sub(b"", answer.content).replace(email.encode(), b"ADDRESS")
        pages.append((answer.redirect_chain, page))
    assert pages[0] == pages[1]
    assert Letter.objects.count() == 2
