"""Every page in a real browser, for somebody who may see it: filled, with errors, and empty; wide
and narrow, light and dark. Which pages there are is read from the table of doors, so that a new
address is looked at as soon as it stands there."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from accounts.models import User
from companies.models import Company
from education.models import School
from tests.conftest import Cast
from tests.demo.test_post import write
from tests.factories.accounts import UserFactory
from tests.factories.companies import MemberFactory, SiteFactory
from tests.factories.education import SchoolFactory, SeasonFactory, StaffFactory
from tests.factories.matching import RoundFactory
from tests.factories.students import AvailabilityFactory, StudentFactory
from tests.house.doors import TABLE, Door
from tests.house.scene import Scene, build_scene
from tests.journeys import broken_urls
from tests.journeys.conftest import OpenWindow
from tests.journeys.window import Look, Window
from topcentrum.demo.cast import ROLES

# Each page is seen by one person in one of these ways, the next one in the next; with EVERY_LOOK by
# everybody who may, in all of them and in forced colours.
LOOKS = (Look(320, "light"), Look(1280, "dark"), Look(320, "dark"), Look(1280, "light"))
FORCED = (Look(320, "light", "active"), Look(1280, "dark", "active"))
EVERY_LOOK = "EVERY_LOOK" in os.environ
UNFOLD = "() => document.querySelectorAll('main details').forEach((one) => { one.open = true; })"

# Who looks: at what somebody sees without an account, and else the first of these who may.
PEOPLE = ("anouk", "carla", "els", "gerda", "henk", "isa")


@dataclass
class Inspection:
    """Goes from page to page and gathers what is wrong."""

    window: Window
    looks: Iterator[Look] = field(default_factory=lambda: cycle(LOOKS))
    faults: list[str] = field(default_factory=list)
    pages: int = 0

    def open(self, path: str, status: int = 200) -> None:
        """Open a page and look at it."""
        self.window.open(path, status)
        self.look()

    def send_nothing(self, path: str) -> None:
        """Send an empty form to this address; look at the page that says what is wrong."""
        self.window.send(path, status=422)
        if not self.window.page.title().startswith("Fout:"):
            self.faults.append(f"{path}: its title says nothing of an error")
        self.look()

    def look(self) -> None:
        """Look at the page, with everything unfolded."""
        self.pages += 1
        self.window.page.evaluate(UNFOLD)
        self.faults += self.window.faults(LOOKS + FORCED if EVERY_LOOK else [next(self.looks)])

    def close(self, at_least: int = 1) -> None:
        """All pages were sound, and there were some."""
        assert not self.faults, "\n".join(self.faults)
        assert self.pages >= at_least, f"only {self.pages} pages"


@pytest.fixture
def scene(transactional_db: None, cast: Cast) -> Scene:
    """Everything that there is, in every state."""
    return build_scene(cast)


# --- Filled, and with errors -----------------------------------------------------------------

# More of what stands behind an address than the table of doors needs; the names of objects stand
# for their keys, as there.
FURTHER: dict[str, tuple[str, ...]] = {
    "anouk": (
        "/student/plekken/?fitting=all",
        "/student/plekken/?q=nergens&kind=project",
        "/student/plekken/{offer:project}/",
        "/student/voorstellen/{proposal:declined}/",
    ),
    "carla": (
        "/bedrijf/{klikwerf}/aanbod/{offer:submitted}/",
        "/bedrijf/{klikwerf}/aanbod/{offer:returned}/",
        "/bedrijf/{klikwerf}/aanbod/{offer:returned}/bewerk/",
        "/bedrijf/{klikwerf}/aanbod/{offer:paused}/",
        "/bedrijf/{klikwerf}/aanbod/{offer:closed}/",
        "/bedrijf/{klikwerf}/voorstellen/{proposal:declined}/",
    ),
    "els": (
        "/scholen/deltion/aanbod/?tab=published",
        "/scholen/deltion/aanbod/?tab=all&q=Titel",
        "/scholen/deltion/aanbod/?q=nergens",
        "/scholen/deltion/aanbod/{offer:returned}/",
        "/scholen/deltion/aanbod/{offer:rival}/",
        "/scholen/deltion/studenten/?progress=placed",
        "/scholen/deltion/studenten/?q=nergens",
        "/scholen/deltion/voorstellen/{proposal:approved}/",
        "/scholen/deltion/voorstellen/{proposal:offered}/",
        "/scholen/deltion/voorstellen/{proposal:expired}/",
        "/scholen/deltion/voorstellen/{proposal:round:deltion}/",
        "/scholen/deltion/rondes/{round:deltion}/met-de-hand/?student={student:evi}",
        "/scholen/deltion/rondes/{round:deltion}/waarom/"
        "?student={student:dana}&offer={offer:published}",
    ),
    "isa": ("/vandaag/",),
}


def further(scene: Scene, person: str) -> Iterator[str]:
    """These addresses, with the keys of this scene."""
    for pattern in FURTHER.get(person, ()):
        parts = pattern.replace("}", "{").split("{")
        yield "".join(str(scene.key(part)) if n % 2 else part for n, part in enumerate(parts))


def falls_to(person: str, door: Door, answers: Any, status: int) -> bool:
    """Whether it is this person who looks at what the door answers."""
    if person == "nobody" or EVERY_LOOK:
        return bool(answers[person] == status)
    return next((one for one in PEOPLE if answers[one] == status), None) == person


def is_page(door: Door) -> bool:
    """Whether it can be looked at: neither a file that is kept, nor a letter in its frame, where no
    script runs, also not one that looks for faults."""
    return door.name not in (
        "students:roster_template",
        "students:roster_faults",
        "matching:letter_formatted",
    )


@pytest.mark.parametrize("person", ["nobody", *PEOPLE])
def test_pages_as_they_are_filled(scene: Scene, window: OpenWindow, person: str) -> None:
    inspection = Inspection(window(scene.people[person]))
    for door in TABLE:
        if falls_to(person, door, door.get, 200) and is_page(door):
            inspection.open(door.path(scene))
    for path in further(scene, person):
        inspection.open(path)
    inspection.close()


@pytest.mark.parametrize("person", ["nobody", "anouk", "carla", "els"])
def test_pages_that_say_what_is_wrong(scene: Scene, window: OpenWindow, person: str) -> None:
    inspection = Inspection(window(scene.people[person]).open("/account/login/"))
    for door in TABLE:
        if falls_to(person, door, door.post, 422):
            inspection.send_nothing(door.path(scene))
    inspection.close(at_least=2)


def test_high_contrast_colours(scene: Scene, window: OpenWindow) -> None:
    inspection = Inspection(window(scene.people["els"]), cycle(FORCED))
    for path in ("/", "/scholen/deltion/rondes/{round:deltion}/", "/scholen/deltion/aanbod/"):
        inspection.open(path.replace("{round:deltion}", str(scene.key("round:deltion"))))
    inspection.close()


# --- Empty -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Newcomers:
    """A school, a company and a student who have nothing yet."""

    school: School
    company: Company
    coordinator: User
    member: User
    student: User
    lead: User


@pytest.fixture
def newcomers(transactional_db: None) -> Newcomers:
    """They came today."""
    school = SchoolFactory(slug="deltion")
    company = SiteFactory().company
    return Newcomers(
        school=school,
        company=company,
        coordinator=StaffFactory(school=school).user,
        member=MemberFactory(company=company).user,
        student=StudentFactory(programme__school=school, empty=True).user,
        lead=UserFactory(lead=True),
    )


def look_around(window: OpenWindow, people: Newcomers, *more: str) -> None:
    """At the pages that everybody has."""
    company = f"/bedrijf/{people.company.pk}/"
    for user, paths in (
        (None, ["/"]),
        (people.student, ["/student/", "/student/plekken/", "/student/profiel/"]),
        (people.member, [company, f"{company}aanbod/nieuw/stage/"]),
        (people.coordinator, ["/scholen/deltion/", "/scholen/deltion/aanbod/", *more]),
        (people.lead, ["/regio/"]),
    ):
        inspection = Inspection(window(user))
        for path in paths:
            inspection.open(path)
        inspection.close()


def test_pages_before_the_first_season(newcomers: Newcomers, window: OpenWindow) -> None:
    look_around(window, newcomers, "/scholen/deltion/rondes/")


def test_pages_before_anybody_did_anything(newcomers: Newcomers, window: OpenWindow) -> None:
    season = SeasonFactory()
    round_ = RoundFactory(season=season, school=newcomers.school)
    rounds = "/scholen/deltion/rondes/"
    look_around(
        window, newcomers, rounds, f"{rounds}{round_.pk}/", "/scholen/deltion/aanbod/?tab=all"
    )
    student = StudentFactory()
    AvailabilityFactory(student=student, season=season)
    inspection = Inspection(window(student.user))
    for path in ("/student/", "/student/plekken/", "/student/lijst/"):
        inspection.open(path)
    inspection.close()


# --- What goes wrong, and the demo -----------------------------------------------------------


@pytest.fixture
def broken(settings: Settings) -> None:
    """Addresses where something goes wrong, and those of the demo."""
    settings.ROOT_URLCONF = broken_urls.__name__


def test_pages_when_something_goes_wrong(scene: Scene, broken: None, window: OpenWindow) -> None:
    for person in ("nobody", "tom"):
        inspection = Inspection(window(scene.people[person]))
        inspection.open("/nergens/", 404)
        inspection.open("/te-vaak/", 429)
        inspection.open("/stuk/", 500)
        if person == "tom":
            inspection.open("/scholen/deltion/aanbod/", 403)
        else:
            inspection.window.open("/account/login/").page.context.clear_cookies()
            inspection.window.press("Mail mij een code", status=403)
            inspection.look()
        inspection.close()


def test_pages_of_the_demo(
    transactional_db: None, broken: None, settings: Settings, tmp_path: Path, window: OpenWindow
) -> None:
    settings.DEMO, settings.DEMO_POST_FOLDER = True, str(tmp_path / "post")
    inspection = Inspection(window())
    for path in ("/demo/", "/demo/post/"):
        inspection.open(path)
    for one in ROLES:
        UserFactory(email=one.email, name=one.name)
    key = write(tmp_path / "post", html="<p>Je stage <a href='/over/'>staat online</a>.</p>")
    for path in ("/", "/demo/", "/demo/post/", "/demo/post/?aan=nergens", f"/demo/post/{key}/"):
        inspection.open(path)
    inspection.close()
