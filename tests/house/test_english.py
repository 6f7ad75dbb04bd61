"""In English nothing is left in Dutch, on any page of the table of doors."""

import re
from collections.abc import Iterator
from inspect import unwrap

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker

from accounts.models import User
from education.models import Season
from tests import conftest
from tests.conftest import client_of
from tests.house.doors import TABLE, Door
from tests.house.english import Reader, dutch_in
from tests.house.scene import Scene, build_scene
from tests.house.visitor import quietly

pytestmark = pytest.mark.django_db

ENGLISH = "en-GB,en;q=0.9"
IN_THEIR_OWN_LANGUAGE = {
    "cockpit:style",  # invented content, which is the same for everybody
    "matching:letter",  # letters as they were sent, and their subjects
    "matching:letter_formatted",
    "matching:letters",
}
IN_THE_FILE = re.compile(r"lijst\.(?:csv|example)|^\s*Opleiding(?: \d+)?\s*$")


@pytest.fixture(scope="module")
def scene(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """The region of the doors, in which everybody reads English."""
    make_cast = unwrap(conftest.cast)
    with quietly(), django_db_blocker.unblock(), transaction.atomic():
        found = build_scene(make_cast(None))
        User.objects.update(language="en")
        for n, season in enumerate(Season.objects.all()):
            Season.objects.filter(pk=season.pk).update(name=f"Voorjaar {2027 + n}")
        yield found
        transaction.set_rollback(True)


def browser(scene: Scene, person: str) -> Client:
    """A browser of this person, which asks for English."""
    user = scene.people[person]
    client = client_of(user) if user else Client()
    client.raise_request_exception = False
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = ENGLISH
    return client


def pages(scene: Scene, door: Door) -> Iterator[tuple[str, str]]:
    """(what, page) of what the first person who gets in sees there; of an empty form too."""
    path = door.path(scene)
    for method, answers in (("GET", door.get), ("POST", door.post)):
        wanted = (200,) if method == "GET" else (200, 422)
        for person in [one for one, status in answers.items() if status in wanted][:1]:
            client = browser(scene, person)
            with transaction.atomic():
                answer = client.get(path) if method == "GET" else client.post(path)
                transaction.set_rollback(True)
            if "html" in answer.get("Content-Type", ""):
                yield f"{door}: {method} by {person}", answer.content.decode()


def words_of(page: str) -> list[str]:
    """What is read there, without what stands in the file that a school sent."""
    return [IN_THE_FILE.sub("", words) for words in Reader(page).words]


def test_no_page_has_dutch_left_in_it(scene: Scene) -> None:
    seen = {
        what: page
        for door in TABLE
        if door.name not in IN_THEIR_OWN_LANGUAGE
        for what, page in pages(scene, door)
    }
    assert len(seen) > 70, "the walk sees too little to prove anything"
    assert [what for what, page in seen.items() if '<html lang="en">' not in page] == []
    found = {what: dutch_in(words_of(page)) for what, page in seen.items()}
    assert {what: words for what, words in found.items() if words} == {}


@pytest.mark.parametrize("path", ["/nergens/", "/cockpit/"])
def test_no_error_page_has_dutch_left_in_it(scene: Scene, path: str) -> None:
    page = browser(scene, "anouk").get(path).content.decode()
    assert dutch_in(Reader(page).words) == []
    assert "This page does not exist" in page


def test_in_dutch_the_same_pages_are_full_of_it(scene: Scene) -> None:
    """The control."""
    client = browser(scene, "nobody")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "nl"
    page = client.get("/").content.decode()
    assert len(dutch_in(Reader(page.replace('<html lang="nl">', "<html>")).words)) > 10


@pytest.mark.parametrize(
    "planted",
    [
        "<p>Kies een plek</p>",
        '<p lang="en">Choose</p> nog een',
        '<img alt="De winkel">',
        '<div data-text-show="Toon het"></div>',
        '<meta name="description" content="Stages in de regio">',
        '<p lang="nl">Dag <span lang="en">het</span></p>',
        "<title>Jouw lijst</title>",
    ],
)
def test_a_word_of_dutch_is_found(planted: str) -> None:
    assert len(dutch_in(Reader(f'<html lang="en">{planted}</html>').words)) == 1


def test_what_is_said_to_be_dutch_is_fine() -> None:
    page = '<html lang="en"><p lang="nl">Een <b>de</b><br> het</p><p>Kanarie-Een</p></html>'
    assert dutch_in(Reader(page).words) == []
