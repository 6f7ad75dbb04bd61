"""Two languages: who reads which, how to switch, and how dates and numbers look."""

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from allauth.core.context import request_context
from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.contrib.sessions.backends.db import SessionStore
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format, time_format

from accounts.actions import choose_language
from accounts.models import User
from companies.reasons import closing_reason, closing_words
from education.models import Season
from education.queries import skills_by_category
from notifications.adapters import AccountAdapter
from notifications.models import Letter
from tests.conftest import client_of
from tests.factories.accounts import UserFactory
from tests.factories.companies import OfferFactory
from tests.factories.education import ProgrammeFactory, SkillFactory

pytestmark = pytest.mark.django_db

HOME = reverse("cockpit:home")
SWITCH = reverse("accounts:language")
DUTCH, ENGLISH = "Ga naar de inhoud", "Go to the content"


def page(browser: Client, path: str = HOME, **headers: str) -> str:
    """What somebody reads there."""
    return browser.get(path, headers=headers).content.decode()


def choose(browser: Client, language: str, **headers: str) -> str:
    """Press the switch; where that leads."""
    answer = browser.post(SWITCH, {"language": language}, headers=headers)
    assert answer.status_code == 302
    return str(answer["Location"])


# --- who reads which -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("", "nl"),
        ("nl-NL,nl;q=0.9,en;q=0.8", "nl"),
        ("en-US,en;q=0.9", "en"),
        ("en-GB", "en"),
        ("de-DE,en;q=0.5", "en"),
        ("fy,de", "nl"),
        ("*;q=x", "nl"),
    ],
)
def test_a_newcomer_reads_what_the_browser_asks_for(wanted: str, language: str) -> None:
    answer = Client().get(HOME, headers={"accept-language": wanted})
    assert f'<html lang="{language}">' in answer.content.decode()
    assert answer["Content-Language"] == language


def test_what_somebody_chose_counts_more_than_the_browser() -> None:
    browser = Client()
    choose(browser, "nl")
    assert DUTCH in page(browser, **{"accept-language": "en"})
    choose(browser, "en")
    assert ENGLISH in page(browser, **{"accept-language": "nl"})


def test_the_switch_shows_the_other_language_in_that_language() -> None:
    switch = re.compile(r'<button[^>]*value="(\w\w)"\s+lang="(\w\w)">(\w+)</button>')
    assert switch.findall(page(Client())) == [("en", "en", "English")]
    english = page(Client(), **{"accept-language": "en"})
    assert switch.findall(english) == [("nl", "nl", "Nederlands")]


def test_an_answer_is_kept_apart_by_what_its_language_follows_from() -> None:
    varies = {word.strip() for word in Client().get(HOME)["Vary"].split(",")}
    assert varies >= {"Accept-Language", "Cookie"}


def test_whoever_is_signed_in_reads_the_same_on_every_device() -> None:
    user = UserFactory()
    choose(client_of(user), "en")
    user.refresh_from_db()
    assert user.language == "en"
    assert ENGLISH in page(client_of(user), **{"accept-language": "nl"})


def test_one_does_not_leave_a_language_to_the_next(client: Client) -> None:
    """Both are answered by one thread."""
    english = UserFactory(language="en")
    assert ENGLISH in page(client_of(english))
    assert DUTCH in page(client)
    assert client.get(HOME, headers={"content-type": "text/plain; charset=hex"}).status_code == 400
    assert page(client, **{"content-type": "text/plain; charset=hex"}).count('lang="nl"') > 0


def test_an_error_page_is_in_the_language_of_the_reader() -> None:
    english = page(Client(), "/nergens/", **{"accept-language": "en"})
    assert "This page does not exist" in english
    refused = page(Client(), **{"accept-language": "en", "content-type": "a/b; charset=hex"})
    assert '<html lang="en">' in refused
    assert "We could not read this" in refused


# --- the switch ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("came_from", "leads_to"),
    [
        ("http://testserver/over/?a=1", "http://testserver/over/?a=1"),
        ("https://elders.example/", "/"),
        ("http://testserver.elders.example/", "/"),
        ("//elders.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_it_comes_back_to_the_page_and_never_leads_elsewhere(came_from: str, leads_to: str) -> None:
    assert choose(Client(), "en", referer=came_from) == leads_to


@pytest.mark.parametrize("language", ["", "de", "xx", "en-gb", "../en", "nl" * 300, "e\0n"])
def test_a_language_that_there_is_not_changes_nothing(language: str) -> None:
    user = UserFactory(language="en")
    choose(client_of(user), language)
    user.refresh_from_db()
    assert user.language == "en"
    assert ENGLISH in page(client_of(user))


def test_it_takes_only_a_form_of_our_own_page() -> None:
    assert Client().get(SWITCH).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(SWITCH, {"language": "en"}).status_code == 403


# --- at the door -----------------------------------------------------------------------------


def come_in(user: User, *, chosen: str = "", reading: str = "nl") -> User:
    """Sign in as allauth does it, after reading the door in some language."""
    request = RequestFactory().post("/")
    request.session = SessionStore()
    request.user = user
    if chosen:
        request.session["language"] = chosen
    with translation.override(reading), request_context(request):
        AccountAdapter(request).login(request, user)
    user.refresh_from_db()
    return user


def test_who_comes_in_for_the_first_time_keeps_reading_the_same() -> None:
    assert come_in(UserFactory(), reading="en").language == "en"


def test_who_chose_once_keeps_it_whatever_the_door_was_read_in() -> None:
    assert come_in(UserFactory(language="nl"), reading="en").language == "nl"


def test_who_chooses_at_the_door_changes_it() -> None:
    assert come_in(UserFactory(language="nl"), chosen="en").language == "en"


@pytest.mark.parametrize(
    ("known", "chosen", "subject"),
    [
        ("", "", "Your login code"),
        ("nl", "", "Je inlogcode"),
        ("nl", "en", "Your login code"),
        ("en", "", "Your login code"),
    ],
)
def test_a_code_comes_in_the_language_of_its_reader(known: str, chosen: str, subject: str) -> None:
    """The door is read in English here."""
    user = UserFactory(language=known)
    browser = Client(headers={"accept-language": "en"})
    if chosen:
        choose(browser, chosen)
    browser.post(reverse("account_request_login_code"), {"email": user.email})
    letter = Letter.objects.get()
    assert letter.subject == subject
    assert letter.language == ("en" if subject == "Your login code" else "nl")
    assert f'<html lang="{letter.language}">' in letter.html


# --- dates, numbers, names -------------------------------------------------------------------

DAY = date(2026, 11, 28)
NOON = datetime(2026, 11, 28, 17, 5, tzinfo=ZoneInfo("Europe/Amsterdam"))


@pytest.mark.parametrize(
    ("language", "day", "time", "number", "fraction"),
    [
        ("nl", "28 november 2026", "17.05", "12.345", "12.345,6"),
        ("en", "28 November 2026", "17:05", "12,345", "12,345.6"),
    ],
)
def test_dates_and_numbers_look_as_people_write_them(
    language: str, day: str, time: str, number: str, fraction: str
) -> None:
    with translation.override(language):
        assert date_format(DAY) == date_format(DAY, "j F Y") == day
        assert time_format(NOON.time()) == time
        assert intcomma(12345) == number
        shown = Template("{{ x|floatformat:'1g' }}").render(Context({"x": 12345.6}))
        assert shown == fraction


@pytest.mark.parametrize(
    ("language", "said"), [("nl", "€ 1.250 per maand"), ("en", "€ 1,250 per month")]
)
def test_an_amount_is_easy_to_read(language: str, said: str) -> None:
    offer = OfferFactory(allowance=1250)
    with translation.override(language):
        assert said in render_to_string("companies/_facts.html", {"offer": offer, "levels": ""})


def test_a_day_that_is_typed_is_read_with_the_day_first() -> None:
    with translation.override("en"):
        assert settings.FORMAT_MODULE_PATH == ["topcentrum.formats"]
        assert date_format(DAY, "SHORT_DATE_FORMAT") == "28/11/2026"


def test_programmes_have_names_in_both() -> None:
    programme = ProgrammeFactory.build(name_nl="Verkoop", name_en="Sales", school=None)
    assert str(programme) == "Verkoop"
    with translation.override("en"):
        assert str(programme) == "Sales"


@pytest.mark.parametrize(
    ("name", "english"),
    [
        ("Voorjaar 2027", "Spring 2027"),
        ("Najaar 2026", "Autumn 2026"),
        ("Voorjaar", "Spring"),
        ("Zomerschool", "Zomerschool"),
    ],
)
def test_a_season_that_follows_the_year_has_a_name_in_both(name: str, english: str) -> None:
    assert str(Season(name=name)) == name
    with translation.override("en"):
        assert str(Season(name=name)) == english


def test_skills_stand_in_the_order_of_the_language() -> None:
    SkillFactory(label_nl="Zeilen", label_en="boating", category="klant")
    SkillFactory(label_nl="Afwassen", label_en="washing up", category="klant")
    [(group, choices)] = skills_by_category()
    assert (group, [label for _key, label in choices]) == ("Klanten", ["Afwassen", "Zeilen"])
    with translation.override("en"):
        [(group, choices)] = skills_by_category()
        assert (group, [label for _key, label in choices]) == (
            "Customers",
            ["Boating", "Washing up"],
        )


def test_a_reason_that_is_kept_is_read_by_each_in_a_language_of_their_own() -> None:
    with translation.override("en"):
        kept = closing_reason("work_gone", "Sorry!")
    assert kept == "Het werk gaat niet door. Sorry!"
    assert closing_words(kept) == kept
    with translation.override("en"):
        assert closing_words(kept) == "The work is not going ahead. Sorry!"
        assert closing_words("Het werk gaat niet door") == "The work is not going ahead"
        assert closing_words("Het werk gaat niet doorgaan") == "Het werk gaat niet doorgaan"
        assert closing_words("") == ""


def test_a_choice_is_kept() -> None:
    user = UserFactory()
    assert user.reads == "nl"
    choose_language(user, "en")
    assert User.objects.get(pk=user.pk).reads == "en"
