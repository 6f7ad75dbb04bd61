"""A company registers itself: user and company together, one company per KvK number."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from companies.actions import register_company
from companies.models import Company, Member, Site
from companies.views import signup as signup_page
from companies.views.signup import CompanySignup
from notifications.models import Letter
from tests.companies.reading import title
from tests.factories.accounts import UserFactory
from tests.factories.companies import MemberFactory, OfferFactory, SiteFactory
from tests.factories.geo import postcode
from tests.notifications.threads import at_once

THREADS = 16


@pytest.fixture(autouse=True)
def _place(db: None, settings: Settings) -> None:
    """Zwolle exists; all threads come from one address, so no limits per address."""
    settings.ACCOUNT_RATE_LIMITS = False
    postcode()


def sign_up(client: Client | None = None, /, **changes: str) -> Any:
    posted = {
        "email": "nieuw@winkel.example",
        "kvk": "12345678",
        "name": "Nieuwe Winkel",
        "postcode": "8011 AB",
        **changes,
    }
    return (client or Client()).post(reverse("account_signup"), posted)


def test_the_address_of_allauth_leads_to_our_page() -> None:
    view: Any = resolve(reverse("account_signup")).func
    assert view.view_class is CompanySignup


def test_the_page_asks_four_things_and_no_password() -> None:
    page = Client().get(reverse("account_signup"))
    assert page.status_code == 200
    assert list(page.context["form"].fields) == ["email", "kvk", "name", "postcode"]


def test_a_company_comes_with_its_first_member() -> None:
    answer = sign_up()
    assert answer.status_code == 302
    company = Company.objects.get(kvk="12345678")
    assert company.name == "Nieuwe Winkel"
    assert [site.postcode_id for site in company.sites.all()] == ["8011"]
    member = Member.objects.get(company=company)
    assert member.is_admin
    assert member.user.email == "nieuw@winkel.example"
    assert not member.user.has_usable_password()


def test_the_code_from_the_letter_opens_the_door() -> None:
    client = Client()
    sign_up(client)
    letter = Letter.objects.get(to="nieuw@winkel.example")
    codes = re.findall(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", letter.text)
    assert codes, letter.text
    answer = client.post(reverse("account_email_verification_sent"), {"code": codes[0]})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("cockpit:today")
    user = User.objects.get()
    assert int(client.session["_auth_user_id"]) == user.pk
    assert EmailAddress.objects.get(user=user).verified


@pytest.mark.parametrize(
    ("field", "typed"),
    [("kvk", "1234567"), ("kvk", "abcdefgh"), ("postcode", "1234"), ("name", " "), ("email", "x")],
)
def test_bad_input_makes_nothing_and_is_kept(field: str, typed: str) -> None:
    answer = sign_up(**{field: typed})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert title(answer).startswith("Fout: ")
    assert answer.context["form"][field].value() == typed
    assert not User.objects.exists()
    assert not Company.objects.exists()


def test_a_registered_company_is_never_made_twice() -> None:
    MemberFactory(company=SiteFactory(company__kvk="12345678").company)
    answer = sign_up()
    assert answer.status_code == 422
    assert "Vraag je collega" in str(answer.context["form"].errors["kvk"])
    assert Company.objects.count() == 1
    assert not User.objects.filter(email="nieuw@winkel.example").exists()


def test_a_known_address_gets_the_same_page_and_no_company() -> None:
    """Nobody can find out by signing up who has an account; the letter differs, the page not."""
    fresh = sign_up()
    UserFactory(email="bekend@winkel.example")
    known = sign_up(email="Bekend@winkel.example", kvk="87654321")
    assert (known.status_code, known["Location"]) == (fresh.status_code, fresh["Location"])
    assert not Company.objects.filter(kvk="87654321").exists()
    assert User.objects.filter(email="bekend@winkel.example").count() == 1
    assert Letter.objects.get(to="bekend@winkel.example").kind == "account_already_exists"


# --- Who comes at the same time --------------------------------------------------------------


def attempt(**changes: str) -> Callable[[], int]:
    return lambda: sign_up(**changes).status_code


@pytest.mark.django_db(transaction=True)
def test_sixteen_at_once_make_one_company() -> None:
    answers = at_once(*(attempt(email=f"p{n}@winkel.example") for n in range(THREADS)))
    assert sorted(answers) == [302] + [422] * (THREADS - 1)
    assert_one_of_each()


@pytest.mark.django_db(transaction=True)
def test_who_is_beaten_after_the_check_gets_a_form_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """All have passed the check of the form before the first one saves."""
    all_checked = threading.Barrier(THREADS)
    register = signup_page._register

    def together(request: Any, form: Any) -> User:
        all_checked.wait(timeout=20)
        return register(request, form)

    monkeypatch.setattr(signup_page, "_register", together)
    answers = at_once(*(attempt(email=f"p{n}@winkel.example") for n in range(THREADS)))
    assert sorted(answers) == [302] + [422] * (THREADS - 1)
    assert_one_of_each()


@pytest.mark.django_db(transaction=True)
def test_the_same_form_posted_at_once_is_one_signup(monkeypatch: pytest.MonkeyPatch) -> None:
    all_checked = threading.Barrier(THREADS)
    register = signup_page._register

    def together(request: Any, form: Any) -> User:
        all_checked.wait(timeout=20)
        return register(request, form)

    monkeypatch.setattr(signup_page, "_register", together)
    answers = at_once(*(attempt() for _ in range(THREADS)))
    assert set(answers) <= {302, 422}
    assert_one_of_each()


@pytest.mark.django_db(transaction=True)
def test_an_address_taken_meanwhile_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two companies race with one address: one is made, the other gets the same page."""
    both_checked = threading.Barrier(2)
    register = signup_page._register

    def together(request: Any, form: Any) -> User:
        both_checked.wait(timeout=20)
        return register(request, form)

    monkeypatch.setattr(signup_page, "_register", together)
    answers = at_once(attempt(kvk="11111111"), attempt(kvk="22222222"))
    assert answers == [302, 302]
    assert_one_of_each()


@pytest.mark.django_db(transaction=True)
def test_the_naive_way_makes_users_without_a_company() -> None:
    """The control: check first, then save in two steps, and the race leaves halves behind."""
    all_checked = threading.Barrier(THREADS)

    def naive(n: int) -> Callable[[], str]:
        def run() -> str:
            free = not Company.objects.filter(kvk="12345678").exists()
            all_checked.wait(timeout=20)
            assert free
            user = User.objects.create_user(f"p{n}@winkel.example")
            try:
                register_company(kvk="12345678", name="N", postcode=postcode(), by=user)
            except Exception as error:
                return type(error).__name__
            return ""

        return run

    answers = at_once(*(naive(n) for n in range(THREADS)))
    assert answers.count("IntegrityError") == THREADS - 1
    with pytest.raises(AssertionError):
        assert_one_of_each()


def assert_one_of_each() -> None:
    assert Company.objects.count() == 1
    assert Site.objects.count() == 1
    assert Member.objects.count() == 1
    assert User.objects.count() == 1
    assert EmailAddress.objects.count() == 1


# --- A sign-up that nobody finished ----------------------------------------------------------


def age(company: Company, **ago: float) -> None:
    Company.objects.filter(pk=company.pk).update(created_at=timezone.now() - timedelta(**ago))


def test_an_unconfirmed_company_gives_way_after_a_while() -> None:
    """One mistyped address must not block a company for good."""
    sign_up(email="verkeerd@winkel.example", name="Oud")
    assert sign_up().status_code == 422
    age(Company.objects.get(), hours=2)
    assert sign_up().status_code == 302
    company = Company.objects.get()
    assert company.name == "Nieuwe Winkel"
    assert [member.user.email for member in company.members.all()] == ["nieuw@winkel.example"]


@pytest.mark.parametrize("sign", ["confirmed", "came in", "offers", "by invitation", "no members"])
def test_a_company_with_any_sign_of_life_stays(sign: str) -> None:
    sign_up(email="eerst@winkel.example")
    company = Company.objects.get()
    user = User.objects.get()
    if sign == "confirmed":
        EmailAddress.objects.update(verified=True)
    elif sign == "came in":
        User.objects.filter(pk=user.pk).update(last_login=timezone.now())
    elif sign == "offers":
        OfferFactory(site=company.sites.get())
    elif sign == "by invitation":
        MemberFactory(company=company)
    else:
        Member.objects.all().delete()
    age(company, days=9)
    assert sign_up().status_code == 422
    assert Company.objects.get().pk == company.pk


@pytest.mark.django_db(transaction=True)
def test_an_unconfirmed_company_gives_way_once() -> None:
    sign_up(email="verkeerd@winkel.example")
    age(Company.objects.get(), hours=2)
    connection.close()
    answers = at_once(*(attempt(email=f"p{n}@winkel.example") for n in range(THREADS)))
    assert sorted(answers) == [302] + [422] * (THREADS - 1)
    assert Company.objects.count() == 1
    assert Member.objects.count() == 1
    assert User.objects.count() == 2
