"""Trip-wires, and the cast: a student, another student, a company member, a stranger company, two
coordinators of two schools, a project lead, nobody."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.template.engine import Engine
from django.test import Client
from django.utils import translation

from accounts.adapters import record_second_factor
from accounts.models import User
from companies.models import Company
from education.access import needs_second_factor
from education.models import School, Season
from students.models import Student
from tests.factories.accounts import UserFactory
from tests.factories.companies import MemberFactory, SiteFactory
from tests.factories.education import (
    ProgrammeFactory,
    SchoolFactory,
    SeasonFactory,
    StaffFactory,
)
from tests.factories.students import AvailabilityFactory, StudentFactory


@dataclass(frozen=True)
class Cast:
    """People whom tests know by name. Anouk and Bram study at Deltion and Windesheim; Carla has
    the shop Klikwerf, Dirk a competitor; Els and Frits coordinate Deltion and Windesheim; Gerda
    leads the project; Henk has an account and nothing else."""

    season: Season
    deltion: School
    windesheim: School
    anouk: Student
    bram: Student
    klikwerf: Company
    carla: User
    rival: Company
    dirk: User
    els: User
    frits: User
    gerda: User
    henk: User


@pytest.fixture
def cast(db: None) -> Cast:
    """The cast, each with a canary in the name, so that leaks can be found."""
    season = SeasonFactory()
    deltion = SchoolFactory(slug="deltion", short_name="Deltion")
    windesheim = SchoolFactory(slug="windesheim", short_name="Windesheim", sector="hbo")
    anouk = StudentFactory(
        user=UserFactory(name="Anouk Kanarie-Een", email="anouk@kanarie-een.example"),
        programme=ProgrammeFactory(school=deltion, mbo=True),
    )
    bram = StudentFactory(
        user=UserFactory(name="Bram Kanarie-Twee", email="bram@kanarie-twee.example"),
        programme=ProgrammeFactory(school=windesheim),
    )
    for student in (anouk, bram):
        AvailabilityFactory(student=student, season=season)
    klikwerf = SiteFactory(company__name="Klikwerf Kanarie-Drie").company
    rival = SiteFactory(company__name="Rivaal Kanarie-Vier").company
    carla = UserFactory(name="Carla Kanarie-Drie", email="carla@kanarie-drie.example")
    dirk = UserFactory(name="Dirk Kanarie-Vier", email="dirk@kanarie-vier.example")
    MemberFactory(company=klikwerf, user=carla)
    MemberFactory(company=rival, user=dirk)
    els = UserFactory(name="Els Kanarie-Vijf", email="els@kanarie-vijf.example")
    frits = UserFactory(name="Frits Kanarie-Zes", email="frits@kanarie-zes.example")
    StaffFactory(school=deltion, user=els)
    StaffFactory(school=windesheim, user=frits)
    return Cast(
        season=season,
        deltion=deltion,
        windesheim=windesheim,
        anouk=anouk,
        bram=bram,
        klikwerf=klikwerf,
        carla=carla,
        rival=rival,
        dirk=dirk,
        els=els,
        frits=frits,
        gerda=UserFactory(name="Gerda Lead", email="gerda@lead.example", lead=True),
        henk=UserFactory(name="Henk Niemand", email="henk@niemand.example"),
    )


def client_of(user: User) -> Client:
    """A browser in which `user` is signed in: with a second factor, if the portal asks for one."""
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    if needs_second_factor(user):
        with_second_factor(client, user)
    return client


def with_second_factor(client: Client, user: User) -> None:
    """As after a code from an app: what allauth writes down in the session then."""
    request = HttpRequest()
    request.session = client.session
    record_second_factor(request, user)
    request.session.save()


class _Undefined(str):
    """What a template gets for a variable that does not exist, outside of `{% if %}`."""

    def __contains__(self, item: object) -> bool:
        return item == "%s" or super().__contains__(item)  # type: ignore[operator]

    def __mod__(self, variable: object) -> str:
        raise AssertionError(f"a template uses {variable}, which its view does not give")


@pytest.fixture(autouse=True)
def _no_undefined_template_variables() -> Iterator[None]:
    """A misspelt variable in a template fails the test instead of showing nothing."""
    engine = Engine.get_default()
    before = engine.string_if_invalid
    engine.string_if_invalid = _Undefined("")
    yield
    engine.string_if_invalid = before


@pytest.fixture(autouse=True)
def _dutch_again() -> Iterator[None]:
    """A request leaves its language active in the thread; the next test starts in Dutch."""
    yield
    translation.deactivate()
