"""A school's list of students: who stands in it, how far each is, and how one finds somebody."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from matching import states
from matching.queries.students import Progress, listed_students
from students.models import Student
from tests.conftest import Cast, client_of
from tests.factories.accounts import UserFactory
from tests.factories.companies import OfferFactory
from tests.factories.matching import ProposalFactory, ranked, seeking_student
from tests.factories.students import RosterEntryFactory, StudentFactory

pytestmark = pytest.mark.django_db

PAGE = reverse("matching:students", args=["deltion"])


@pytest.fixture
def els(cast: Cast) -> Client:
    """Els's browser."""
    return client_of(cast.els)


@pytest.fixture
def everybody(cast: Cast) -> dict[str, str]:
    """A student of Deltion in every state; name → how far."""
    at = {"programme": cast.anouk.programme}
    offer = OfferFactory(season=cast.season, openings=5)

    def known(name: str, **fields: object) -> Student:
        return seeking_student(season=cast.season, user=UserFactory(name=name), **at, **fields)

    StudentFactory(user=UserFactory(name="Ada zonder seizoen"), **at)
    known("Bo zonder postcode", postcode=None)
    known("Cas klaar")
    ranked(known("Daan met lijst"), offer)
    ProposalFactory(student=known("Éva met aanbod"), offer=offer, state=states.OFFERED)
    ProposalFactory(student=known("Fay met plek"), offer=offer, state=states.AGREED)
    entry = {"school": cast.deltion, **at}
    RosterEntryFactory(name="Gé zonder account", number="0077", **entry)
    left = {"left_on": timezone.localdate()}
    RosterEntryFactory(name="Hans vertrokken", **entry, **left)
    RosterEntryFactory(name="Iris", student=known("Iris vertrokken"), **entry, **left)
    return {
        "Ada zonder seizoen": Progress.INCOMPLETE,
        "Bo zonder postcode": Progress.INCOMPLETE,
        "Cas klaar": Progress.COMPLETE,
        "Daan met lijst": Progress.RANKED,
        "Éva met aanbod": Progress.COMPLETE,
        "Fay met plek": Progress.PLACED,
        "Gé zonder account": Progress.UNINVITED,
        "Hans vertrokken": Progress.LEFT,
        "Iris vertrokken": Progress.LEFT,
    }


def shown(client: Client, **query: str) -> list[tuple[str, str]]:
    rows = client.get(PAGE, query).context["rows"]
    found = [(row["shown_name"], row["progress"]) for row in rows]
    return [row for row in found if row[0] != "Anouk Kanarie-Een"]


def test_everybody_at_school_stands_in_it_by_name(els: Client, everybody: dict[str, str]) -> None:
    at_school = [(name, far) for name, far in everybody.items() if far != Progress.LEFT]
    assert shown(els) == at_school


def test_each_filter_shows_who_is_as_far(els: Client, everybody: dict[str, str]) -> None:
    for progress in Progress:
        expected = [(name, far) for name, far in everybody.items() if far == progress]
        assert shown(els, progress=progress) == expected != []


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("eva", ["Éva met aanbod"]),
        ("LIJST", ["Daan met lijst"]),
        ("0077", ["Gé zonder account"]),
        ("%", []),
        ("nergens", []),
        ("\x00", None),
    ],
)
def test_somebody_is_found_by_name_or_number(
    els: Client, everybody: dict[str, str], words: str, found: list[str] | None
) -> None:
    names = [name for name, _far in shown(els, q=words)]
    at_school = [name for name, far in everybody.items() if far != Progress.LEFT]
    assert names == (at_school if found is None else found)


def test_somebody_is_found_by_address(els: Client, cast: Cast) -> None:
    rows = els.get(PAGE, {"q": cast.anouk.user.email}).context["rows"]
    assert [row["shown_name"] for row in rows] == ["Anouk Kanarie-Een"]


def test_a_filter_that_is_none_narrows_nothing(els: Client, everybody: dict[str, str]) -> None:
    assert shown(els, progress="alles", page="999") == shown(els)


def test_students_of_another_school_do_not_stand_in_it(cast: Cast) -> None:
    RosterEntryFactory(school=cast.windesheim, name="Ander")
    names = {row["shown_name"] for row in listed_students(cast.deltion, cast.season)}
    assert names == {"Anouk Kanarie-Een"}


def test_who_has_an_account_and_an_entry_stands_there_once(els: Client, cast: Cast) -> None:
    RosterEntryFactory(school=cast.deltion, student=cast.anouk, number="0123")
    rows = els.get(PAGE).context["rows"]
    assert [(row["shown_name"], row["listed_number"]) for row in rows] == [
        ("Anouk Kanarie-Een", "0123")
    ]


def test_who_is_a_minor_is_said_and_not_how_old(els: Client, cast: Cast) -> None:
    """The date of birth serves that one question."""
    today = timezone.localdate()
    at = {"school": cast.deltion, "programme": cast.anouk.programme}
    born = today.replace(year=today.year - 17, day=1)
    RosterEntryFactory(name="Jong", born_on=born, **at)
    RosterEntryFactory(name="Ouder", born_on=born.replace(year=born.year - 1), **at)
    page = els.get(PAGE)
    minors = [row["shown_name"] for row in page.context["rows"] if row["minor"]]
    assert minors == ["Jong"]
    words = page.content.decode()
    assert words.count("jonger dan 18") == 1
    assert str(born.year) not in words


def test_nobody_found_says_so(els: Client) -> None:
    assert "Niemand gevonden" in els.get(PAGE, {"q": "nergens"}).content.decode()


def test_an_empty_school_leads_to_the_roster(els: Client, cast: Cast) -> None:
    cast.anouk.delete()
    page = els.get(PAGE).content.decode()
    assert "Nog geen studenten" in page
    assert reverse("students:roster", args=["deltion"]) in page


def test_the_list_goes_on_on_the_next_page(els: Client, cast: Cast) -> None:
    for n in range(60):
        RosterEntryFactory(school=cast.deltion, programme=cast.anouk.programme, name=f"Z{n:02}")
    first, second = (els.get(PAGE, {"page": n}).context["rows"] for n in (1, 2))
    assert (len(first), len(second)) == (50, 11)
    names = [row["shown_name"] for row in [*first, *second]]
    assert names == sorted(names)


def test_three_students_take_no_more_queries_than_one(
    els: Client, cast: Cast, django_assert_max_num_queries: Callable
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(20) as seen:
            els.get(PAGE)
        return len(seen)

    els.get(PAGE)
    once = queries()
    for _ in range(2):
        seeking_student(season=cast.season, programme=cast.anouk.programme)
        RosterEntryFactory(school=cast.deltion, programme=cast.anouk.programme)
    assert queries() == once
