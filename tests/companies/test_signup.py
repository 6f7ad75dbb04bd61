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


def code(to: str = "nieuw@winkel.example") -> str:
    """The code in the newest letter to an address."""
    letter = Letter.objects.filter(to=to).latest("pk")
    [found] = re.findall(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", letter.text)
    return str(found)


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
    answer = client.post(reverse("account_email_verification_sent"), {"code": code()})
    assert answer.status_code == 302
    first_offer = reverse("companies:offer_new", args=[Company.objects.get().pk, "stage"])
    assert answer["Location"] == first_offer, "what the steps promise"
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
    assert "Vraag hieronder toegang" in str(answer.context["form"].errors["kvk"])
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


def all_check_first(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """So many come; all have passed the check of the form before the first one saves."""
    all_checked = threading.Barrier(number)
    came: set[int] = set()
    register = signup_page._register

    def together(request: Any, form: Any) -> User:
        if threading.get_ident() not in came:
            came.add(threading.get_ident())
            all_checked.wait(timeout=20)
        return register(request, form)

    monkeypatch.setattr(signup_page, "_register", together)


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
    all_check_first(monkeypatch, THREADS)
    answers = at_once(*(attempt(email=f"p{n}@winkel.example") for n in range(THREADS)))
    assert sorted(answers) == [302] + [422] * (THREADS - 1)
    assert_one_of_each()


@pytest.mark.django_db(transaction=True)
def test_the_same_form_posted_at_once_is_one_signup(monkeypatch: pytest.MonkeyPatch) -> None:
    all_check_first(monkeypatch, THREADS)
    answers = at_once(*(attempt() for _ in range(THREADS)))
    assert set(answers) == {302}
    assert_one_of_each()
    assert not Letter.objects.filter(kind="account_already_exists").exists()


@pytest.mark.django_db(transaction=True)
def test_an_address_taken_meanwhile_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two companies race with one address: one is made, the other gets the same page."""
    all_check_first(monkeypatch, 2)
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


# --- Signing up again, before anybody proved the address --------------------------------------


def stop(client: Client) -> None:
    """The button below the code."""
    assert client.post(reverse("account_logout")).status_code == 302


@pytest.mark.parametrize("stops", [True, False])
def test_what_was_typed_last_counts_while_nobody_proved_the_address(stops: bool) -> None:
    """Also for whoever goes back to the form without stopping first."""
    postcode("7941")
    client = Client()
    sign_up(client, name="Nieuwe Winkle", kvk="12345679")
    if stops:
        stop(client)
    again = sign_up(client, postcode="7941")
    assert (again.status_code, again["Location"]) == (
        302,
        reverse("account_email_verification_sent"),
    )
    assert_one_of_each()
    company = Company.objects.get()
    assert (company.kvk, company.name) == ("12345678", "Nieuwe Winkel")
    assert [site.postcode_id for site in company.sites.all()] == ["7941"]
    kinds = set(Letter.objects.values_list("kind", flat=True))
    assert kinds == {"email_confirmation_signup"}, "a code, and not that there is an account"
    client.post(again["Location"], {"code": code()})
    assert int(client.session["_auth_user_id"]) == User.objects.get().pk


def test_the_same_form_again_needs_no_second_code() -> None:
    client = Client()
    first = sign_up(client)
    again = sign_up(client)
    assert again["Location"] == first["Location"]
    assert Letter.objects.count() == 1
    assert_one_of_each()
    stop(client)
    sign_up(client)
    assert Letter.objects.count() == 2, "the first code went with the session"


def test_who_awaits_a_code_finds_both_doors_open() -> None:
    """Nobody is led back to a code that will not come."""
    client = Client()
    sign_up(client)
    for door in ("account_login", "account_signup"):
        assert client.get(reverse(door)).status_code == 200
    UserFactory(email="bekend@winkel.example")
    other = Client()
    sign_up(other, email="bekend@winkel.example", kvk="87654321")
    assert other.get(reverse("account_login")).status_code == 200


@pytest.mark.parametrize("proof", ["confirmed", "came in", "by command"])
def test_an_address_that_was_proven_is_never_signed_up_again(proof: str) -> None:
    sign_up(name="Oud", kvk="12345679")
    if proof == "confirmed":
        EmailAddress.objects.update(verified=True)
    elif proof == "came in":
        User.objects.update(last_login=timezone.now())
    else:
        EmailAddress.objects.all().delete()
    answer = sign_up()
    assert (answer.status_code, answer["Location"]) == (
        302,
        reverse("account_email_verification_sent"),
    )
    assert Letter.objects.latest("pk").kind == "account_already_exists"
    assert [company.name for company in Company.objects.all()] == ["Oud"]


def test_an_address_proven_since_the_form_was_checked_is_not_signed_up_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_up(name="Oud", kvk="12345679")
    register = signup_page._register

    def too_late(request: Any, form: Any) -> User:
        EmailAddress.objects.update(verified=True)
        return register(request, form)

    monkeypatch.setattr(signup_page, "_register", too_late)
    assert sign_up().status_code == 302
    assert Letter.objects.latest("pk").kind == "account_already_exists"
    assert [company.name for company in Company.objects.all()] == ["Oud"]


def test_a_company_of_more_people_is_left_alone() -> None:
    """One of two who never came in signs up again: that is another company."""
    sign_up(name="Samen", kvk="12345679")
    colleague = UserFactory()
    EmailAddress.objects.create(user=colleague, email=colleague.email)
    MemberFactory(company=Company.objects.get(), user=colleague)
    sign_up()
    assert {company.name for company in Company.objects.all()} == {"Samen", "Nieuwe Winkel"}


def test_the_number_of_somebody_else_is_still_taken() -> None:
    sign_up(email="eerst@winkel.example")
    sign_up(kvk="12345679")
    answer = sign_up()
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["kvk"]


def test_who_lost_an_abandoned_company_signs_up_again() -> None:
    sign_up(email="verkeerd@winkel.example")
    age(Company.objects.get(), hours=2)
    sign_up()
    sign_up(email="verkeerd@winkel.example", kvk="12345679", name="Toch")
    assert Member.objects.get(company__name="Toch").user.email == "verkeerd@winkel.example"
