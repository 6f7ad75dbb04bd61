"""What a line says of a student, and every cell that cannot be right, by row and column."""

from datetime import date

import pytest

from education.models import School
from students.imports.columns import guess
from students.imports.lines import Fault, Line, day, judge
from students.imports.sheets import Sheet
from students.models import RosterColumns
from tests.factories.education import ProgrammeFactory, SchoolFactory
from tests.factories.geo import postcode

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 28)
FULL = {
    "number": 0,
    "first_name": 1,
    "infix": 2,
    "last_name": 3,
    "email": 4,
    "programme": 5,
    "postcode": 6,
    "born_on": 7,
    "enrolled_until": 8,
}
HEADINGS = ["Nr", "Roepnaam", "Tv", "Achternaam", "Mail", "Studie", "Pc", "Geb", "Tot"]
GOOD = ["123", "Sanne", "de", "Vries", "S@School.example", "ICT", "8011 AB", "1-2-2008", ""]


@pytest.fixture
def school() -> School:
    postcode("8011")
    made = SchoolFactory(short_name="Deltion")
    ProgrammeFactory(school=made, name_nl="Medewerker ICT", name_en="ICT assistant", code="25999")
    ProgrammeFactory(school=made, name_nl="ICT", name_en="ICT", code="")
    ProgrammeFactory(school=made, name_nl="Commerciële Economie", name_en="Economics", code="34402")
    return made


def judged(
    school: School, *rows: list[str], known: tuple[str, ...] = ()
) -> tuple[list[Line], list[Fault]]:
    sheet = Sheet(HEADINGS, list(enumerate(rows, start=2)))
    return judge(sheet, FULL, school, known=known, today=TODAY)


def changed(**cells: str) -> list[str]:
    """A good row with other cells, by field."""
    row = list(GOOD)
    for name, value in cells.items():
        row[FULL[name]] = value
    return row


def test_a_good_line_is_a_student(school: School) -> None:
    lines, faults = judged(school, GOOD)
    assert faults == []
    assert lines == [
        Line(
            at=2,
            number="123",
            name="Sanne de Vries",
            email="s@school.example",
            programme_id=school.programmes.get(name_nl="ICT").pk,
            postcode_id="8011",
            born_on=date(2008, 2, 1),
            enrolled_until=None,
        )
    ]


@pytest.mark.parametrize(
    ("field", "value", "heading", "words"),
    [
        ("number", "", "Nr", "ontbreekt het studentnummer"),
        ("number", "1,23457E+11", "Nr", "afgekort"),
        ("number", "12 34", "Nr", "geen studentnummer"),
        ("number", "1" * 21, "Nr", "geen studentnummer"),
        ("number", "=1+1", "Nr", "geen studentnummer"),
        ("last_name", "", "Achternaam", "ontbreekt de naam"),
        ("first_name", "", "Achternaam", "ontbreekt de naam"),
        ("first_name", "=cmd|'/c calc'!A0", "Achternaam", "geen naam"),
        ("first_name", "San\N{REPLACEMENT CHARACTER}ne", "Achternaam", "onleesbaar teken"),
        ("last_name", "x" * 150, "Achternaam", "te lang"),
        ("email", "", "Mail", "ontbreekt het e-mailadres"),
        ("email", "sanne@", "Mail", "geen e-mailadres"),
        ("email", "a@b.example\r\nBcc: x@y.example", "Mail", "geen e-mailadres"),
        ("email", f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.nl", "Mail", "te lang"),
        ("programme", "", "Studie", "ontbreekt de opleiding"),
        ("programme", "Kapper", "Studie", "kennen we niet bij Deltion"),
        ("postcode", "9999", "Pc", "bestaat niet"),
        ("postcode", "80111", "Pc", "bestaat niet"),
        ("born_on", "31-2-2008", "Geb", "geen datum"),
        ("born_on", "gisteren", "Geb", "geen datum"),
        ("born_on", "1-2-2025", "Geb", "kan niet kloppen"),
        ("born_on", "1-1-0001", "Geb", "kan niet kloppen"),
        ("enrolled_until", "31-12-9999", "Tot", "kan niet kloppen"),
    ],
)
def test_a_cell_that_cannot_be_right_is_named(
    school: School, field: str, value: str, heading: str, words: str
) -> None:
    another = {"number": "9", "email": "o@x.example", field: value}
    lines, faults = judged(school, GOOD, changed(**another))
    assert [line.at for line in lines] == [2]
    assert [(fault.at, fault.heading) for fault in faults] == [(3, heading)]
    assert words in faults[0].words


def test_every_fault_of_a_line_is_named(school: School) -> None:
    _lines, faults = judged(school, changed(number="", email="x", postcode="1"))
    assert [fault.heading for fault in faults] == ["Nr", "Mail", "Pc"]


def test_who_stands_twice_is_named_with_the_other_row(school: School) -> None:
    _lines, faults = judged(school, GOOD, GOOD)
    assert [(fault.at, fault.heading) for fault in faults] == [(3, "Nr"), (3, "Mail")]
    assert all("regel 2" in fault.words for fault in faults)


def test_a_number_and_the_same_with_zeros_are_one_student(school: School) -> None:
    _lines, faults = judged(school, GOOD, changed(number="00123", email="o@x.example"))
    assert [(fault.at, fault.heading) for fault in faults] == [(3, "Nr")]


# --- Numbers ---------------------------------------------------------------------------------


def numbers(school: School, *written: str, known: tuple[str, ...] = ()) -> list[str]:
    rows = [changed(number=n, email=f"s{i}@x.example") for i, n in enumerate(written)]
    return [line.number for line in judged(school, *rows, known=known)[0]]


def test_lost_zeros_come_back_when_other_numbers_have_theirs(school: School) -> None:
    assert numbers(school, "0012345", "12346", "712347") == ["0012345", "0012346", "0712347"]
    assert numbers(school, "12346", known=("0012345",)) == ["0012346"]


def test_zeros_are_not_invented(school: School) -> None:
    assert numbers(school, "12345", "712347") == ["12345", "712347"]
    assert numbers(school, "012", "00345", "6") == ["012", "00345", "6"]
    assert numbers(school, "0012345", "s123") == ["0012345", "s123"]
    assert numbers(school, "'0012") == ["0012"]


# --- Names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Sanne de Vries", "Sanne de Vries"),
        ("Vries, Sanne de", "Sanne de Vries"),
        ("Vries, de, Sanne", "Sanne de Vries"),
        ("O'Brien-van 't Hóóft, Seán", "Seán O'Brien-van 't Hóóft"),
        ("李小龙", "李小龙"),
        ("Ó", "Ó"),
    ],
)
def test_a_whole_name_is_turned_around_where_a_comma_says_so(
    school: School, written: str, name: str
) -> None:
    columns = {"number": 0, "name": 1, "email": 2, "programme": 3}
    sheet = Sheet(["a", "b", "c", "d"], [(2, ["1", written, "a@b.example", "ICT"])])
    lines, faults = judge(sheet, columns, school, known=(), today=TODAY)
    assert faults == []
    assert lines[0].name == name


# --- Programmes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("25999", "Medewerker ICT"),
        ("25999 BOL niveau 2", "Medewerker ICT"),
        ("medewerker ict", "Medewerker ICT"),
        ("ICT", "ICT"),
        ("ICT assistant", "Medewerker ICT"),
        ("COMMERCIELE ECONOMIE (voltijd)", "Commerciële Economie"),
    ],
)
def test_a_programme_is_found_by_code_or_name(school: School, written: str, name: str) -> None:
    lines, _faults = judged(school, changed(programme=written))
    assert [line.programme_id for line in lines] == [school.programmes.get(name_nl=name).pk]


def test_a_programme_that_is_not_clear_is_not_guessed(school: School) -> None:
    """Two names stand in it."""
    ProgrammeFactory(school=school, name_nl="Economie", name_en="x", code="")
    _lines, faults = judged(school, changed(programme="Commerciële economie en ICT"))
    assert [fault.heading for fault in faults] == ["Studie"]


def test_a_programme_of_another_school_is_none(school: School) -> None:
    ProgrammeFactory(name_nl="Kapper", code="12345")
    assert judged(school, changed(programme="Kapper"))[1]
    assert judged(school, changed(programme="12345"))[1]


# --- Days ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    [
        "29-2-2008",
        "29-02-2008",
        "29/02/2008",
        "29.2.08",
        "2008-02-29",
        "2008-02-29 00:00:00",
        "2008-02-29T00:00",
        "20080229",
        "29 februari 2008",
        "29 feb. 2008",
        "29-feb-2008",
        "39507",
    ],
)
def test_a_day_is_read_as_it_is_written(written: str) -> None:
    assert day(written, today=TODAY) == date(2008, 2, 29)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [("1-3-36", date(2036, 3, 1)), ("1-3-37", date(1937, 3, 1)), ("1 mrt 2027", date(2027, 3, 1))],
)
def test_two_digits_are_the_nearest_year_that_makes_sense(written: str, read_as: date) -> None:
    assert day(written, today=TODAY) == read_as
    assert day("1 maart 2027", today=TODAY) == date(2027, 3, 1)


@pytest.mark.parametrize(
    "written",
    ["", "29-2-2007", "0-1-2008", "1-13-2008", "2008", "1 foo 2008", "99999999", "١-٢-٢٠٠٨"],
)
def test_what_is_no_day_is_none(written: str) -> None:
    assert day(written, today=TODAY) is None


# --- Columns ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headings", "found"),
    [
        (  # EduArte
            [
                "Deelnemernummer",
                "Roepnaam",
                "Voorvoegsel",
                "Achternaam",
                "E-mailadres",
                "Opleiding",
            ],
            {"number": 0, "first_name": 1, "infix": 2, "last_name": 3, "email": 4, "programme": 5},
        ),
        (  # Osiris
            ["STUDENTNUMMER", "NAAM", "ROEPNAAM", "ACHTERNAAM", "E_MAIL_ADRES", "OPLEIDING"],
            {"number": 0, "first_name": 2, "last_name": 3, "email": 4, "programme": 5},
        ),
        (  # Magister
            ["Stamnr", "Naam", "Geb.datum", "Studie", "E-mail"],
            {"number": 0, "name": 1, "born_on": 2, "programme": 3, "email": 4},
        ),
        (["Opleiding", "Opleiding", ""], {"programme": 0}),
        (["wat", "anders"], {}),
    ],
)
def test_columns_are_found_by_their_headings(
    school: School, headings: list[str], found: dict[str, int]
) -> None:
    assert guess(headings, school) == found


def test_what_the_school_chose_comes_first(school: School) -> None:
    RosterColumns.objects.create(school=school, headings={"number": "Code", "email": "Weg"})
    assert guess(["Studentnummer", "CODE", "Mail"], school) == {"number": 1, "email": 2}
    assert guess(["Studentnummer", "CODE", "Mail"], SchoolFactory()) == {"number": 0, "email": 2}
