"""The way of a roster over the pages: a file, its columns, what it would change, taken over."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from students.models import RosterColumns, RosterEntry, RosterUpload
from students.reasons import ROSTER_FIELDS
from tests.conftest import Cast, client_of
from tests.factories.students import RosterEntryFactory
from tests.students.roster_files import HEADINGS, csv_of, xlsx_of

pytestmark = pytest.mark.django_db

FILE = reverse("students:roster", args=["deltion"])
STUDENTS = reverse("matching:students", args=["deltion"])
COLUMNS = {"number": "0", "name": "1", "email": "2", "programme": "3", "is_whole": "yes"}


@pytest.fixture
def els(cast: Cast) -> Client:
    """Els's browser."""
    return client_of(cast.els)


@pytest.fixture
def rows(cast: Cast) -> list[Sequence[str]]:
    """Two students of a programme of Deltion."""
    studies = cast.anouk.programme.name_nl
    return [("1", "Anna Bos", "a@x.example", studies), ("2", "Bea Dam", "b@x.example", studies)]


def send(client: Client, content: bytes, name: str = "lijst.csv") -> Any:
    return client.post(FILE, {"file": SimpleUploadedFile(name, content)})


def to_check(client: Client, *rows: Sequence[str], **columns: str) -> str:
    """Send a file and say which column holds what; the address of the last page."""
    sent = send(client, csv_of(HEADINGS, *rows))
    chosen = client.post(sent.headers["Location"], COLUMNS | columns)
    assert chosen.status_code == 302
    return chosen.headers["Location"]


def take_over(client: Client, address: str, **also: str) -> Any:
    """Press the button on the last page, as it was seen."""
    seen = client.get(address).context["plan"].fingerprint
    return client.post(address, {"fingerprint": seen, **also})


def words_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize("make", [csv_of, xlsx_of])
def test_from_file_to_list(els: Client, rows: list[Sequence[str]], make: object) -> None:
    assert callable(make)
    sent = send(els, make(HEADINGS, *rows), "lijst.xlsx")
    columns = els.get(sent.headers["Location"])
    assert columns.context["form"].initial == {
        "number": 0,
        "name": 1,
        "email": 2,
        "programme": 3,
        "is_whole": "yes",
    }
    assert "Anna Bos" in words_of(columns), "one sees what stands in each column"
    check = els.post(sent.headers["Location"], COLUMNS).headers["Location"]
    assert RosterEntry.objects.count() == 0
    done = take_over(els, check)
    assert done.headers["Location"] == STUDENTS
    page = els.get(STUDENTS)
    assert "2 nieuwe studenten" in words_of(page)
    assert {row["shown_name"] for row in page.context["rows"]} >= {"Anna Bos", "Bea Dam"}


def test_without_a_file_one_is_asked_for_it(els: Client) -> None:
    answer = els.post(FILE, {})
    assert answer.status_code == 422
    assert "Kies een bestand." in words_of(answer)


@pytest.mark.parametrize("content", [b"", b"%PDF\0", b"PK\x03\x04", b"x" * (5 * 2**20 + 1)])
def test_a_file_that_cannot_be_read_is_refused_with_why(els: Client, content: bytes) -> None:
    answer = send(els, content)
    assert answer.status_code == 422
    assert answer.context["form"].errors["file"]
    assert "<title>Fout:" in words_of(answer)
    assert RosterUpload.objects.count() == 0


def test_a_name_of_a_file_is_written_out_as_words(els: Client, rows: list[Sequence[str]]) -> None:
    sent = send(els, csv_of(HEADINGS, *rows), "<img src=x onerror=alert(1)>.csv")
    assert "<img src=x" not in words_of(els.get(sent.headers["Location"]))


def test_what_stands_in_a_file_is_written_out_as_words(els: Client, cast: Cast) -> None:
    script = "<script>alert(1)</script>"
    bad = ("1", script, script, cast.anouk.programme.name_nl)
    sent = send(els, csv_of(HEADINGS, bad))
    assert script not in words_of(els.get(sent.headers["Location"]))
    check = to_check(els, bad)
    assert script not in words_of(els.get(check))


# --- Columns ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": ""}, "number"),
        ({"email": ""}, "email"),
        ({"programme": ""}, "programme"),
        ({"name": ""}, "name"),
        ({"name": "", "first_name": "1"}, "name"),
        ({"is_whole": ""}, "is_whole"),
        ({"number": "4"}, "number"),
        ({"number": "-1"}, "number"),
        ({"number": "x"}, "number"),
        ({"postcode": "0"}, "postcode"),
    ],
)
def test_columns_that_cannot_be_are_refused(
    els: Client, rows: list[Sequence[str]], change: dict[str, str], field: str
) -> None:
    sent = send(els, csv_of(HEADINGS, *rows))
    answer = els.post(sent.headers["Location"], COLUMNS | change)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert RosterColumns.objects.count() == 0


def test_the_choice_is_filled_in_next_time(els: Client, cast: Cast) -> None:
    studies = cast.anouk.programme.name_nl
    odd = csv_of(("A", "B", "C", "D"), ("1", "Anna", "a@x.example", studies))
    els.post(send(els, odd).headers["Location"], COLUMNS)
    page = els.get(send(els, odd).headers["Location"])
    assert page.context["form"].initial["programme"] == 3
    frits = client_of(cast.frits)
    other = frits.post(
        reverse("students:roster", args=["windesheim"]), {"file": SimpleUploadedFile("x", odd)}
    )
    assert frits.get(other.headers["Location"]).context["form"].initial == {"is_whole": "yes"}


def test_what_comes_next_waits_for_the_columns(els: Client, rows: list[Sequence[str]]) -> None:
    columns = send(els, csv_of(HEADINGS, *rows)).headers["Location"]
    upload = RosterUpload.objects.get()
    check = reverse("students:roster_check", args=["deltion", upload.pk])
    assert els.get(check).headers["Location"] == columns
    assert els.post(check, {"fingerprint": "x"}).headers["Location"] == columns


# --- What it would change --------------------------------------------------------------------


def test_every_fault_is_on_the_page_by_row_and_column(
    els: Client, rows: list[Sequence[str]]
) -> None:
    check = to_check(els, *rows, ("", "Cor", "geen", "Kapper"))
    page = els.get(check)
    found = [(fault.at, fault.heading) for fault in page.context["faults"]]
    assert found == [(4, "Studentnummer"), (4, "E-mail"), (4, "Opleiding")]
    assert "3 cellen kloppen nog niet" in words_of(page)
    assert "Neem de lijst over" not in words_of(page)
    answer = take_over(els, check)
    assert (answer.status_code, RosterEntry.objects.count()) == (422, 0)


def test_all_faults_leave_as_a_file_without_formulas(els: Client) -> None:
    bad = [(f"{n}", "=1+1", "geen", "Kapper") for n in range(150)]
    check = to_check(els, *bad)
    assert len(els.get(check).context["faults"]) == 100
    answer = els.get(check.replace("controle/", "fouten.csv"))
    read = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert len(read) == 1 + 3 * 150
    assert read[1][:3] == ["2", "Naam", "'=1+1"]


def test_that_students_left_has_to_be_said(
    els: Client, cast: Cast, rows: list[Sequence[str]]
) -> None:
    gone = RosterEntryFactory(school=cast.deltion, programme=cast.anouk.programme, name="Weg")
    check = to_check(els, *rows)
    page = els.get(check)
    assert "Ja, 1 student is van school" in words_of(page)
    assert take_over(els, check).status_code == 422
    gone.refresh_from_db()
    assert gone.left_on is None
    assert take_over(els, check, leaving="on").status_code == 302
    gone.refresh_from_db()
    assert gone.left_on is not None


def test_a_part_of_the_list_asks_for_nothing(
    els: Client, cast: Cast, rows: list[Sequence[str]]
) -> None:
    RosterEntryFactory(school=cast.deltion, programme=cast.anouk.programme, name="Blijft")
    check = to_check(els, *rows, is_whole="no")
    assert take_over(els, check).status_code == 302
    assert RosterEntry.objects.filter(left_on=None).count() == 3


def test_when_the_list_changed_meanwhile_one_looks_again(
    els: Client, cast: Cast, rows: list[Sequence[str]]
) -> None:
    check = to_check(els, *rows)
    seen = els.get(check).context["plan"].fingerprint
    RosterEntryFactory(school=cast.deltion, programme=cast.anouk.programme, number="1")
    answer = els.post(check, {"fingerprint": seen}, follow=True)
    assert "intussen veranderd" in words_of(answer)
    assert answer.context["plan"].figures["changed"] == 1
    assert RosterEntry.objects.count() == 1


def test_the_same_form_twice_is_answered_twice_the_same(
    els: Client, rows: list[Sequence[str]]
) -> None:
    check = to_check(els, *rows)
    form = {"fingerprint": els.get(check).context["plan"].fingerprint}
    once, twice = (els.post(check, form, follow=True) for _ in range(2))
    assert once.redirect_chain == twice.redirect_chain
    said = [[str(m) for m in answer.context["messages"]] for answer in (once, twice)]
    assert said[0] == said[1] != []
    assert RosterEntry.objects.count() == 2


def test_a_roster_that_was_taken_over_is_past(els: Client, rows: list[Sequence[str]]) -> None:
    check = to_check(els, *rows)
    take_over(els, check)
    for page in ("controle/", "kolommen/"):
        assert els.get(check.replace("controle/", page)).headers["Location"] == STUDENTS
    assert els.post(check.replace("controle/", "kolommen/"), COLUMNS).status_code == 302
    assert els.get(check.replace("controle/", "fouten.csv")).headers["Location"] == FILE
    assert "lijst.csv" in words_of(els.get(FILE))


def test_a_file_with_nothing_new_says_so(els: Client, rows: list[Sequence[str]]) -> None:
    take_over(els, to_check(els, *rows))
    assert "Er verandert niets" in words_of(els.get(to_check(els, *rows)))


def test_the_empty_example_is_understood(els: Client) -> None:
    answer = els.get(reverse("students:roster_template", args=["deltion"]))
    filled = answer.content + b"1;Anna;de;Bos;a@x.example;ICT;;;\r\n"
    page = els.get(send(els, filled).headers["Location"])
    found = dict(page.context["form"].initial)
    assert found.pop("is_whole") == "yes"
    assert set(found) == set(ROSTER_FIELDS) - {"name"}
