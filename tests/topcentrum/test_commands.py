"""The commands with which a portal begins."""

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import User
from education.access import is_coordinator
from education.models import Programme, Season, Skill
from geo.models import Municipality, Postcode
from notifications.models import Letter
from tests.factories.education import SchoolFactory


@pytest.mark.django_db
def test_reference_is_loaded_and_loaded_again() -> None:
    call_command("load_reference", verbosity=0)
    first = [m.objects.count() for m in (Postcode, Municipality, Programme, Skill)]
    zwolle = Postcode.objects.get(pc4="8011")
    call_command("load_reference", verbosity=0)
    assert [m.objects.count() for m in (Postcode, Municipality, Programme, Skill)] == first
    assert first == [4070, 22, 16, 180]
    assert zwolle.municipality is not None
    assert zwolle.municipality.name == "Zwolle"
    assert Postcode.objects.get(pc4="1011").municipality is None


@pytest.mark.django_db
def test_reference_heals_a_changed_row() -> None:
    call_command("load_reference", verbosity=0)
    Postcode.objects.filter(pc4="8011").update(place="Elders")
    call_command("load_reference", verbosity=0)
    assert Postcode.objects.get(pc4="8011").place == "Zwolle"


@pytest.mark.django_db
def test_an_appointed_coordinator_can_sign_in_by_code() -> None:
    school = SchoolFactory(slug="deltion")
    call_command("appoint", "Els@School.example", "--coordinator", "deltion", "--name", "Els")
    user = User.objects.get(email="els@school.example")
    assert is_coordinator(user, school)
    assert not user.is_project_lead
    Client().post("/account/login/code/", {"email": "els@school.example"})
    assert Letter.objects.filter(to="els@school.example").count() == 1


@pytest.mark.django_db
def test_appointing_twice_changes_nothing() -> None:
    for _ in range(2):
        call_command("appoint", "gerda@lead.example", "--lead")
    assert User.objects.get().is_project_lead


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["geen-adres", "--lead"], "not an e-mail address"),
        (["a@b.example", "--coordinator", "nergens"], "There is no school"),
    ],
)
def test_a_wrong_appointment_says_what_to_do(arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("appoint", *arguments)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_a_season_opens_once() -> None:
    call_command("open_season", "Voorjaar 2031", "2031-02-03", "2031-07-04")
    assert Season.objects.get().lottery_secret
    with pytest.raises(CommandError, match="already"):
        call_command("open_season", "Voorjaar 2031", "2031-02-03", "2031-07-04")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "last", "words"),
    [("2031-07-04", "2031-02-03", "after the first"), ("3 feb", "2031-07-04", "not a date")],
)
def test_a_wrong_season_says_what_to_do(first: str, last: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("open_season", "Voorjaar 2031", first, last)
    assert not Season.objects.exists()
