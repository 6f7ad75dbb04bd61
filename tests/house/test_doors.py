"""Doors: everybody finds behind every address what the written table says, and nothing else.

The scene is made once and never changed: each visit is taken back.
"""

import runpy
from collections.abc import Iterator
from inspect import unwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings as portal
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from pytest_django import DjangoDbBlocker, Settings

from companies.models import Company
from education.models import School
from matching.models import Proposal
from matching.views import company as company_views
from notifications.models import Letter
from tests import conftest
from tests.conftest import client_of
from tests.house.doors import DEMO_TABLE, LOGIN, PUBLIC, READERS, TABLE, Door
from tests.house.scene import PEOPLE, Scene, build_scene
from tests.house.visitor import Visitor, Walk, differences, patterns, quietly, walk
from topcentrum import urls

pytestmark = pytest.mark.django_db

TOO_BIG = 2**63
NOBODY_HAS = 10**9


@pytest.fixture(scope="module")
def visitor(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Visitor]:
    """Somebody in the scene; all tests of this module share it."""
    make_cast = unwrap(conftest.cast)
    with quietly(), django_db_blocker.unblock(), transaction.atomic():
        yield Visitor(build_scene(make_cast(None)))
        transaction.set_rollback(True)


@pytest.fixture
def scene(visitor: Visitor) -> Scene:
    return visitor.scene


@pytest.fixture(scope="module")
def walks(visitor: Visitor) -> dict[str, Walk]:
    """What each person saw of the portal."""
    return {person: walk(visitor, person) for person in PEOPLE}


# --- the table -------------------------------------------------------------------------------


def names(doors: tuple[Door, ...]) -> set[str]:
    return {door.name for door in doors}


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert {name for name, _route, _entry in patterns()} == names(TABLE)


def test_everybody_finds_behind_every_door_what_the_table_says(visitor: Visitor) -> None:
    assert differences(visitor, TABLE) == []


def test_no_door_opens_by_a_method_that_it_does_not_have(visitor: Visitor) -> None:
    """Allauth's forms take a PUT for a POST; they stand in the table as such."""
    found = []
    for door in {door.name: door for door in TABLE}.values():
        if door.name.startswith("account_") or door.name == "companies:signup":
            continue
        for person in ("nobody", "henk", "anouk", "carla", "els"):
            shut = LOGIN if person == "nobody" and door.name not in PUBLIC else 405
            for method in ("PUT", "DELETE"):
                got = visitor.visit(person, method, door.path(visitor.scene))
                if got.status != shut or got.changed:
                    found.append(f"{door}: {method} by {person} gives {got.status}")
    assert found == []


def test_the_head_of_a_page_is_not_easier_to_get_than_the_page(visitor: Visitor) -> None:
    found = []
    for door in {door.name: door for door in TABLE}.values():
        for person in ("nobody", "henk", "anouk"):
            got = visitor.visit(person, "HEAD", door.path(visitor.scene))
            if got.status not in (door.get[person], 405) or got.body:
                found.append(f"{door}: HEAD by {person} gives {got.status}")
    assert found == []


def test_no_form_of_another_site_is_taken(visitor: Visitor) -> None:
    """Whoever may do something does it from our own pages only."""
    tried = 0
    for door in TABLE:
        person = next((p for p in PEOPLE[1:] if door.opens_for(p, "POST")), None)
        if person is None:
            continue
        with visitor.without_token():
            got = visitor.visit(
                person, "POST", door.path(visitor.scene), door.filled_in(visitor.scene)
            )
        assert (got.status, got.changed) == (403, frozenset()), str(door)
        tried += 1
    assert tried > 30


def test_only_the_listed_pages_are_public() -> None:
    """All others are shut by the middleware, whatever their view forgets."""
    assert "django.contrib.auth.middleware.LoginRequiredMiddleware" in portal.MIDDLEWARE
    open_ = {
        name
        for name, _r, entry in patterns()
        if not getattr(entry.callback, "login_required", True)
    }
    assert open_ == PUBLIC
    assert {door.name for door in TABLE if door.get["nobody"] == 200} <= PUBLIC


# --- foreign is missing ----------------------------------------------------------------------


def missing(door: Door, scene: Scene, key: object) -> str:
    """The same address with the key of an object that is not there."""
    words = door.on.split()
    last = max(i for i, word in enumerate(words) if scene.key(word) != word)
    args = [key if i == last else scene.key(word) for i, word in enumerate(words)]
    return reverse(door.name, args=args)


def told_apart(visitor: Visitor, doors: tuple[Door, ...] = TABLE) -> list[str]:
    """Doors where an object of somebody else answers otherwise than one that is not there."""
    found, tried = [], set()
    for door in doors:
        keys = [visitor.scene.key(word) for word in door.on.split()]
        if not any(isinstance(key, int) for key in keys):
            continue
        method = "POST" if door.form is not None or door.get[PEOPLE[1]] == 405 else "GET"
        # The ends of the range once per address, for somebody who may come in as well.
        absent = [NOBODY_HAS] if door.name in tried else [NOBODY_HAS, 0, TOO_BIG]
        tried.add(door.name)
        for person in ("anouk", "bram", "dirk", "els", "frits"):
            closed = (door.post if method == "POST" else door.get)[person] == 404
            if not closed and len(absent) == 1:
                continue
            form = door.filled_in(visitor.scene)
            answers = [
                visitor.visit(person, method, missing(door, visitor.scene, key), form)
                for key in absent
            ]
            if closed:
                answers.append(visitor.visit(person, method, door.path(visitor.scene), form))
            if len({(a.status, a.masked) for a in answers}) > 1 or answers[0].status != 404:
                found.append(f"{door}: {method} by {person}: {[a.status for a in answers]}")
    return found


def test_what_is_foreign_looks_like_what_does_not_exist(visitor: Visitor) -> None:
    assert told_apart(visitor) == []


def test_a_school_that_does_not_exist_looks_like_a_foreign_one(visitor: Visitor) -> None:
    for person in ("anouk", "carla", "frits", "gerda"):
        foreign = visitor.visit(person, "GET", reverse("matching:school", args=["deltion"]))
        absent = visitor.visit(person, "GET", reverse("matching:school", args=["nergens"]))
        assert (foreign.status, foreign.masked) == (absent.status, absent.masked)


# --- who reads what --------------------------------------------------------------------------


def test_every_word_is_read_by_those_who_may_and_by_nobody_else(walks: dict[str, Walk]) -> None:
    found = {
        word: {person for person, seen in walks.items() if seen.reads(word)} for word in READERS
    }
    assert found == READERS


def test_no_page_breaks(walks: dict[str, Walk]) -> None:
    assert [trouble for seen in walks.values() for trouble in seen.broken] == []


def test_reading_changes_nothing(walks: dict[str, Walk]) -> None:
    assert [line for seen in walks.values() for line in seen.changed] == []


def test_the_walk_comes_everywhere(walks: dict[str, Walk]) -> None:
    """The control: every page of the table was read by somebody."""
    resolver = get_resolver()
    read = {
        resolver.resolve(path.partition("?")[0]).view_name
        for seen in walks.values()
        for path in seen.pages
    }
    assert {door.name for door in TABLE if 200 in door.get.values()} - {"account_signup"} <= read


def test_letters_hold_only_what_their_reader_may_read(scene: Scene) -> None:
    names_of = {user.pk: name for name, user in scene.people.items() if user}
    letters = [letter for letter in Letter.objects.all() if letter.user_id in names_of]
    assert len(letters) > 8
    for letter in letters:
        assert letter.user_id is not None
        page = "\n".join([letter.subject, letter.text, letter.html])
        seen = Walk({letter.kind: page}, [], frozenset())
        for word, readers in READERS.items():
            if seen.reads(word):
                assert names_of[letter.user_id] in readers, f"{word} in {letter.kind}"


def test_a_name_that_slips_through_is_found(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a company page that forgets to hide."""
    hiding = company_views._profile

    def showing(proposal: Proposal) -> dict[str, object]:
        return {**hiding(proposal), "name": proposal.student.user.name}

    monkeypatch.setattr(company_views, "_profile", showing)
    found = walk(visitor, "carla").reads("Kanarie-Een")
    assert visitor.scene.proposals["offered"].pk in {
        get_resolver().resolve(path).kwargs["proposal_id"] for path in found
    }


def test_a_message_stays_with_the_person_for_whom_it_was(scene: Scene) -> None:
    """Also when two use one browser, and the first left before reading it."""
    els, carla = scene.people["els"], scene.people["carla"]
    assert els
    assert carla
    with transaction.atomic():
        browser = client_of(els)
        door = next(door for door in TABLE if door.name == "matching:by_hand")
        done = browser.post(door.path(scene), door.filled_in(scene))
        assert done.status_code == 302
        browser.post(reverse("account_logout"))
        browser.force_login(carla, backend=portal.AUTHENTICATION_BACKENDS[0])
        page = browser.get(reverse("matching:company", args=[scene.cast.klikwerf.pk]))
        assert "Kanarie-Tien" not in page.content.decode()
        transaction.set_rollback(True)


# --- a lock that is taken out is missed ------------------------------------------------------


def _all_schools(_user: object) -> Any:
    return School.objects.extra(select={"coordinates": "true"})


LOCKS = {
    "companies of the company pages": ("companies.views.asking.companies_of", Company.objects.all),
}


def all_proposals(_user: object) -> Any:
    return Proposal.objects.select_related("student__user", "student__programme__school")


@pytest.mark.parametrize(
    ("lock", "without", "doors"),
    [
        ("companies.views.asking.companies_of", lambda _u: Company.objects.all(), "offer_new"),
        ("companies.views.asking.staffed_schools", _all_schools, "publish"),
        ("companies.views.school.can_review", lambda *_a, **_k: True, "publish"),
        ("matching.views.asking.companies_of", lambda _u: Company.objects.all(), "company"),
        ("matching.views.asking.staffed_schools", _all_schools, "release"),
        ("matching.queries.proposals_visible_to", all_proposals, "student_proposal"),
        ("cockpit.access.can_see_region", lambda _u: True, "region"),
        ("django.contrib.auth.middleware.LoginRequiredMiddleware.process_view", None, "today"),
    ],
)
def test_a_lock_that_is_taken_out_is_missed(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, lock: str, without: Any, doors: str
) -> None:
    monkeypatch.setattr(lock, without or (lambda *_a: None))
    assert differences(visitor, [door for door in TABLE if door.name.partition(":")[2] == doors])


def test_a_foreign_object_that_is_told_apart_is_found(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a door that says no to a stranger instead of not being there."""
    monkeypatch.setattr("matching.views.asking.companies_of", lambda _user: Company.objects.all())
    monkeypatch.setattr("matching.queries.proposals_visible_to", all_proposals)
    assert told_apart(visitor, tuple(d for d in TABLE if d.name == "matching:company_proposal"))


# --- the door of the demo --------------------------------------------------------------------


@pytest.fixture
def demo(settings: Settings, tmp_path: Path) -> Path:
    """The addresses as they are when the demo is on; gives the folder of its post."""
    settings.DEMO = True
    addresses = ModuleType("addresses_of_the_demo")
    vars(addresses).update(runpy.run_path(urls.__file__))
    settings.ROOT_URLCONF = addresses
    settings.DEMO_POST_FOLDER = str(tmp_path)
    return tmp_path


def test_outside_the_demo_its_door_does_not_exist(walks: dict[str, Walk]) -> None:
    assert not portal.DEMO
    assert "demo:door" not in {name for name, _r, _e in patterns()}
    with pytest.raises(NoReverseMatch):
        reverse("demo:door")
    assert Client().get("/demo/").status_code == 404
    assert {path for seen in walks.values() for path in seen.pages if "/demo" in path} == set()
    assert not any("/demo/" in page for seen in walks.values() for page in seen.pages.values())


def test_in_the_demo_everything_has_a_row_too(demo: Path) -> None:
    assert {name for name, _r, _e in patterns()} == names(TABLE + DEMO_TABLE)


def test_in_the_demo_its_door_is_open_to_everybody(visitor: Visitor, demo: Path) -> None:
    (demo / "new").mkdir()
    letter = "Subject: Dag\nContent-Type: text/html\n\n<p>Dag</p>"
    (demo / "new" / "brief").write_text(letter)
    assert differences(visitor, DEMO_TABLE) == []
