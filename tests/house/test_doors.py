"""Doors: everybody finds behind every address what the written table says, and nothing else.

The scene is made once and never changed: each visit is taken back.
"""

import re
import runpy
from collections.abc import Iterator
from copy import copy
from inspect import unwrap
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings as portal
from django.db import transaction
from django.db.models import Q, Value
from django.http import Http404
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from pytest_django import DjangoDbBlocker, Settings

from accounts.models import User
from companies.models import Company, Member
from education.models import School
from matching.models import Proposal
from matching.views import company as company_views
from notifications.models import Letter
from tests import conftest
from tests.conftest import client_of
from tests.factories.education import StaffFactory
from tests.factories.notifications import LetterFactory
from tests.house.doors import DEMO_TABLE, KLIKWERF, LOGIN, PUBLIC, READERS, TABLE, Door
from tests.house.rules import RULES, sights
from tests.house.scene import PEOPLE, Scene, build_scene
from tests.house.visitor import Visitor, Walk, differences, patterns, quietly, walk
from topcentrum import urls

pytestmark = pytest.mark.django_db

TOO_BIG = 2**63
NOBODY_HAS = 10**9
WITHOUT_ROLE = ("nobody", "henk", "gerda", "ada", "tom")
OF_ALLAUTH = ("account_", "mfa_", "usersessions_", "companies:signup")


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
    """What each person saw of the portal. Whoever has a role knocks at every address of every
    object; the others at a third of them each, because they find nothing behind any."""
    fixed = [f"/{route}" for _n, route, _e in patterns() if not re.search(r"[<(]", route)]
    objects = visitor.scene.addresses()
    found = {}
    for i, person in enumerate(PEOPLE):
        chosen = objects[i % 3 :: 3] if person in WITHOUT_ROLE else objects
        found[person] = walk(visitor, person, fixed + chosen + visitor.scene.links(person))
    return found


# --- the table -------------------------------------------------------------------------------


def names(doors: tuple[Door, ...]) -> set[str]:
    return {door.name for door in doors}


def test_every_address_has_a_row_and_every_row_an_address() -> None:
    assert {name for name, _route, _entry in patterns()} == names(TABLE)


def test_everybody_finds_behind_every_door_what_the_table_says(visitor: Visitor) -> None:
    assert differences(visitor, TABLE) == []


def methods_without(door: Door) -> list[str]:
    """The methods that this address does not have."""
    shows, does = door.get["henk"] != 405, door.post["henk"] != 405
    return [*([] if shows else ["GET"]), *([] if does else ["POST"]), "PUT", "PATCH", "DELETE"]


def test_no_door_opens_by_a_method_that_it_does_not_have(visitor: Visitor) -> None:
    """But for allauth's pages, which take a PUT for a POST."""
    found = []
    for door in {door.name: door for door in TABLE}.values():
        if door.name.startswith(OF_ALLAUTH):
            continue
        for person in ("nobody", "henk", "els"):
            shut = LOGIN if person == "nobody" and door.name not in PUBLIC else 405
            for method in methods_without(door):
                got = visitor.visit(person, method, door.path(visitor.scene))
                if got.status != shut or got.changed:
                    found.append(f"{door}: {method} by {person} gives {got.status}")
    assert found == []


def test_the_head_of_a_page_is_the_page_without_its_words(visitor: Visitor) -> None:
    """Whoever checks a link gets the same answer as whoever follows it."""
    found = []
    for door in {door.name: door for door in TABLE}.values():
        for person in ("nobody", "anouk", "carla", "els"):
            got = visitor.visit(person, "HEAD", door.path(visitor.scene))
            if got.status != door.get[person] or got.body or got.changed:
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


# --- rules, each alone -----------------------------------------------------------------------


def rules_of_access() -> set[str]:
    """Every public function of every `access.py`."""
    files = Path(portal.BASE_DIR).glob("*/access.py")
    lines = [line for file in files for line in file.read_text().splitlines()]
    return {line[4:].partition("(")[0] for line in lines if re.match(r"def [a-z]", line)}


def test_every_rule_has_a_row() -> None:
    assert rules_of_access() == {rule.name for rule in RULES}


def test_every_rule_says_yes_to_those_of_its_row_only(visitor: Visitor) -> None:
    people = {name: user for name, user in visitor.scene.people.items() if user is not None}
    found = []
    for rule in RULES:
        said = {name for name, user in people.items() if rule.says(user, visitor.scene)}
        if said != rule.who:
            found.append(f"{rule.name} says yes to {sorted(said)}, not {sorted(rule.who)}")
    assert found == []


def test_no_rule_says_yes_to_an_account_that_was_switched_off(visitor: Visitor) -> None:
    asleep = {name: copy(user) for name, user in visitor.scene.people.items() if user}
    for user in asleep.values():
        user.is_active = False
    found = [
        f"{rule.name} says yes to {name}"
        for rule in RULES
        for name in rule.who
        if rule.wakes and rule.says(asleep[name], visitor.scene)
    ]
    assert found == []


def test_every_query_shows_everybody_their_rows_only(visitor: Visitor) -> None:
    found = []
    for query, sees in sights(visitor.scene):
        for name, user in visitor.scene.people.items():
            rows = set(query(user).values_list("pk", flat=True)) if user else set()
            if rows != sees.get(name, set()):
                found.append(f"{query.__name__} shows {name} {len(rows)} rows")
    assert found == []


# --- foreign is missing ----------------------------------------------------------------------


def missing(door: Door, scene: Scene, key: int) -> str:
    """The same address with the key of an object that is not there."""
    words = door.on.split()
    last = max(i for i, word in enumerate(words) if isinstance(scene.key(word), int))
    args = [key if i == last else scene.key(word) for i, word in enumerate(words)]
    return reverse(door.name, args=args)


def with_object(doors: tuple[Door, ...], scene: Scene) -> list[Door]:
    """Doors with the key of an object in the address."""
    return [d for d in doors if any(isinstance(scene.key(word), int) for word in d.on.split())]


def method_of(door: Door) -> str:
    return "POST" if door.acts else "GET"


def told_apart(visitor: Visitor, doors: tuple[Door, ...]) -> list[str]:
    """Doors where an object of somebody else answers otherwise than one that is not there."""
    found = []
    absent: dict[tuple[str, str], tuple[object, bytes]] = {}
    for door in with_object(doors, visitor.scene):
        method, form = method_of(door), door.filled_in(visitor.scene)
        for person in ("bram", "carla", "dirk", "els"):
            own_page = "klikwerf" in door.on and person in KLIKWERF and ":" not in door.on
            if own_page or (door.get if method == "GET" else door.post)[person] != 404:
                continue
            got = visitor.visit(person, method, door.path(visitor.scene), form)
            nowhere = missing(door, visitor.scene, NOBODY_HAS)
            if (person, nowhere) not in absent:
                other = visitor.visit(person, method, nowhere, form)
                absent[person, nowhere] = other.status, other.masked
            if (got.status, got.masked) != absent[person, nowhere]:
                found.append(f"{door}: {method} by {person} gives {got.status}")
    return found


def test_what_is_foreign_looks_like_what_does_not_exist(visitor: Visitor) -> None:
    assert told_apart(visitor, TABLE) == []


@pytest.mark.parametrize("key", [0, TOO_BIG])
def test_a_key_that_no_row_can_have_is_not_found(visitor: Visitor, key: int) -> None:
    """Also for whoever comes in with another key."""
    found = []
    for door in with_object(TABLE, visitor.scene):
        method = method_of(door)
        insider = next((p for p in PEOPLE if door.opens_for(p, method)), None)
        if insider is not None:
            path, form = missing(door, visitor.scene, key), door.filled_in(visitor.scene)
            got = visitor.visit(insider, method, path, form)
            if got.status != 404 or got.changed:
                found.append(f"{door}: {method} {path} by {insider} gives {got.status}")
    assert found == []


def test_a_school_that_does_not_exist_looks_like_a_foreign_one(visitor: Visitor) -> None:
    for person in ("anouk", "carla", "frits", "gerda"):
        foreign = visitor.visit(person, "GET", reverse("matching:school", args=["deltion"]))
        absent = visitor.visit(person, "GET", reverse("matching:school", args=["nergens"]))
        assert (foreign.status, foreign.masked) == (absent.status, absent.masked)


def opens_for_nobody(door: Door) -> bool:
    return not any(door.opens_for(person, method_of(door)) for person in PEOPLE)


def test_who_works_for_two_schools_finds_things_under_their_own(visitor: Visitor) -> None:
    """A proposal, a round or a roster that nobody finds under the address of a school, Els does not
    find there either once she coordinates the other school as well."""
    scene = visitor.scene
    of_school = re.compile(r"(deltion|windesheim) (proposal|round|upload):")
    shut = [door for door in TABLE if of_school.match(door.on) and opens_for_nobody(door)]
    assert len(shut) > 10
    found = []
    with transaction.atomic():
        StaffFactory(school=scene.cast.windesheim, user=scene.cast.els)
        visitor.begin_anew()
        for door in shut:
            form = door.filled_in(scene)
            got = visitor.visit("els", method_of(door), door.path(scene), form)
            if got.status != 404 or got.changed:
                found.append(f"{door} gives {got.status}, changes {sorted(got.changed)}")
        transaction.set_rollback(True)
    assert found == []


# --- who reads what --------------------------------------------------------------------------


def test_every_word_is_read_by_those_who_may_and_by_nobody_else(walks: dict[str, Walk]) -> None:
    found = {
        word: {person for person, seen in walks.items() if seen.reads(word)} for word in READERS
    }
    assert found == READERS


def test_no_page_breaks(walks: dict[str, Walk]) -> None:
    assert [trouble for seen in walks.values() for trouble in seen.broken] == []


def test_reading_changes_nothing(walks: dict[str, Walk]) -> None:
    assert {person: set(seen.changed) for person, seen in walks.items() if seen.changed} == {}


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
        page = "\n".join([letter.subject, letter.text, letter.html]).lower()
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
    start = reverse("matching:company", args=[visitor.scene.cast.klikwerf.pk])
    assert "carla" not in READERS["Kanarie-Een"]
    assert walk(visitor, "carla", [start]).reads("Kanarie-Een")


def test_whoever_lost_a_role_or_the_account_is_out_at_once(visitor: Visitor) -> None:
    scene = visitor.scene
    company = reverse("matching:company", args=[scene.cast.klikwerf.pk])
    school = reverse("matching:school", args=["deltion"])
    with transaction.atomic():
        for person, path, kept in (("carla", company, 404), ("els", school, LOGIN)):
            assert visitor.look(person, path).status == 200
            Member.objects.filter(user=scene.people[person]).delete()
            User.objects.filter(pk=scene.cast.els.pk).update(is_active=person != "els")
            assert visitor.look(person, path).status == kept
        transaction.set_rollback(True)


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


def every_company(_user: object) -> Any:
    return Company.objects.all()


def every_school(_user: object) -> Any:
    return School.objects.annotate(coordinates=Value(True))


def every_proposal(_user: object) -> Any:
    return Proposal.objects.select_related("student__user", "student__programme__school")


def every_letter(_user: object) -> Any:
    return Letter.objects.annotate(readable=Value(True), receiver_is_shown=Value(True))


def yes(*_args: object, **_more: object) -> bool:
    return True


@pytest.mark.parametrize(
    ("lock", "without", "door"),
    [
        ("companies.views.asking.companies_of", every_company, "companies:offer_new"),
        ("education.views.asking.staffed_schools", every_school, "companies:return"),
        ("companies.views.school.can_review", yes, "companies:publish"),
        ("matching.views.asking.companies_of", every_company, "matching:company"),
        ("education.views.asking.staffed_schools", every_school, "matching:rounds"),
        ("matching.queries.proposals_visible_to", every_proposal, "matching:student_proposal"),
        ("matching.queries._told", Q, "matching:company_proposal"),
        ("matching.views.letters.can_see_letters", yes, "matching:letters"),
        ("matching.views.letters.letters_visible_to", every_letter, "matching:letter"),
        ("cockpit.access.can_see_region", yes, "cockpit:region"),
        ("cockpit.access.can_see_region", yes, "cockpit:places"),
        ("cockpit.access.can_see_style", yes, "cockpit:style"),
    ],
)
def test_a_lock_that_is_taken_out_is_missed(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, lock: str, without: Any, door: str
) -> None:
    monkeypatch.setattr(lock, without)
    assert differences(visitor, [one for one in TABLE if one.name == door])


def test_the_lock_on_the_whole_house_is_missed(visitor: Visitor, settings: Settings) -> None:
    shut = "django.contrib.auth.middleware.LoginRequiredMiddleware"
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name != shut]
    doors = [one for one in TABLE if one.name in ("cockpit:today", "matching:student")]
    assert len(differences(Visitor(visitor.scene), doors, ["nobody"])) == 2


def test_a_view_that_writes_for_an_outsider_is_found(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it says no, but only after it has done what was asked."""

    def too_late(request: Any, *_args: object) -> Company:
        letter = LetterFactory()
        letter.delete()
        raise Http404

    monkeypatch.setattr("matching.views.company.company_of", too_late)
    doors = [one for one in TABLE if one.name == "matching:company_accept"]
    found = differences(visitor, doors[:1], ["dirk"])
    assert found == [f"{doors[0]}: POST by dirk changes notifications_letter"]


def test_a_foreign_object_that_is_told_apart_is_found(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a door that says no to a stranger instead of not being there."""
    monkeypatch.setattr("matching.views.asking.companies_of", every_company)
    monkeypatch.setattr("matching.queries.proposals_visible_to", every_proposal)
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


# --- what a form may name --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("matching:approve", {"proposal": "proposal:untold"}),
        ("matching:undo", {"proposal": "proposal:rival"}),
        ("matching:by_hand", {"student": "student:fien", "offer": "offer:second"}),
        ("matching:by_hand", {"student": "student:evi", "offer": "offer:draft"}),
    ],
)
def test_what_is_foreign_cannot_be_named_in_an_own_form(
    visitor: Visitor, name: str, form: dict[str, str]
) -> None:
    """Els works in a round of her own, with students of Windesheim, or with a draft."""
    door = Door(name, "deltion round:deltion", form=form)
    got = visitor.visit("els", "POST", door.path(visitor.scene), door.filled_in(visitor.scene))
    assert got.changed == frozenset()
    assert got.status in (302, 422)


@pytest.mark.parametrize("written", ["{}", " {}", "+{}", "0{}", "{} "])
def test_a_rule_is_not_set_aside_without_a_reason(visitor: Visitor, written: str) -> None:
    """However the student is written: the rival of Klikwerf is not accredited for Evi."""
    form = {
        "student": written.format(visitor.scene.students["evi"].pk),
        "offer": visitor.scene.offers["rival"].pk,
    }
    door = next(door for door in TABLE if door.name == "matching:by_hand")
    path = door.path(visitor.scene)
    got = visitor.visit("els", "POST", path, form)
    assert (got.status, got.changed) == (422, frozenset())
    assert visitor.visit("els", "POST", path, {**form, "reason": "Morgen erkend."}).status == 302
