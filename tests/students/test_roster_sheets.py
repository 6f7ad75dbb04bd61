"""A file becomes a sheet of text, whatever program wrote it; and no file breaks anything."""

import io
import tracemalloc
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from students.imports.columns import plain
from students.imports.sheets import (
    LONGEST_CELL,
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_PARTS,
    MOST_ROWS,
    MOST_UNPACKED,
    Sheet,
    Unreadable,
    read,
)
from tests.students.roster_files import HEADINGS, csv_of, part_of, saved, with_part, xlsx_of

ANNA = ("00123", "Anna Hóóft", "anna@school.example", "ICT")
SHEET = "xl/worksheets/sheet1.xml"


def cells(sheet: Sheet) -> list[list[str]]:
    return [row for _at, row in sheet.rows]


# --- CSV -------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_a_csv_is_read_as_any_program_writes_it(encoding: str, delimiter: str) -> None:
    sheet = read(csv_of(HEADINGS, ANNA, delimiter=delimiter, encoding=encoding))
    assert sheet.headings == list(HEADINGS)
    assert sheet.rows == [(2, list(ANNA))]


def test_a_dutch_euro_sign_and_dash_survive() -> None:
    rows = cells(read(csv_of(HEADINGS, ("1", "€ – ë", "", ""), encoding="cp1252")))
    assert rows == [["1", "€ – ë", "", ""]]


def test_excel_may_be_told_the_delimiter() -> None:
    sheet = read(b"sep=,\r\n" + csv_of(HEADINGS, ("1", "a;b;c;d;e;f;g", "", ""), delimiter=","))
    assert sheet.rows == [(3, ["1", "a;b;c;d;e;f;g", "", ""])]


def test_a_cell_in_quotes_may_hold_the_delimiter_and_a_new_line() -> None:
    sheet = read(b'Studentnummer;Naam\r\n1;"Anna;\r\nBos"\r\n2;Bea\r\n')
    assert sheet.rows == [(2, ["1", "Anna; Bos"]), (3, ["2", "Bea"])]


def test_empty_rows_are_no_students_and_rows_keep_their_numbers() -> None:
    sheet = read(b"Studentnummer;Naam\r\n\r\n;;;\r\n1;Anna\r\n")
    assert sheet.rows == [(4, ["1", "Anna"])]


def test_what_stands_above_the_headings_is_skipped() -> None:
    title = ("Export Deltion", "", "", "")
    sheet = read(csv_of(title, ("", "", "", ""), HEADINGS, ANNA))
    assert sheet.headings == list(HEADINGS)
    assert sheet.rows == [(4, list(ANNA))]


def test_without_a_heading_that_is_known_the_first_row_has_them() -> None:
    sheet = read(csv_of(("a", "b"), ("c", "d"), ("e", "f")))
    assert (sheet.headings, len(sheet.rows)) == (["a", "b"], 2)


def test_rows_are_made_equally_wide() -> None:
    sheet = read(b"Studentnummer;Naam;Klas\r\n1;Anna\r\n2;Bea;1A;meer;nog\r\n")
    assert cells(sheet) == [["1", "Anna", ""], ["2", "Bea", "1A"]]


@pytest.mark.parametrize("heading", ["BSN", "Burgerservicenummer", "Geslacht", "Nationaliteit"])
def test_what_a_placement_does_not_need_is_never_kept(heading: str) -> None:
    sheet = read(csv_of((heading, *HEADINGS), ("geheim", *ANNA)))
    assert sheet.headings == list(HEADINGS)
    assert b"geheim" not in sheet.pack()
    assert "geheim" not in str(Sheet.unpack(sheet.pack()))


def test_a_family_name_is_no_sex() -> None:
    assert plain("Geslachtsnaam").startswith(plain("Geslacht"))
    assert read(csv_of(("Studentnummer", "Geslachtsnaam"), ("1", "Bos"))).headings[1:] == [
        "Geslachtsnaam"
    ]


def test_what_cannot_be_seen_is_taken_out() -> None:
    assert cells(read("Studentnummer;Naam\r\n1;An\u200bna \u202eBos".encode())) == [
        ["1", "Anna Bos"]
    ]


# --- XLSX ------------------------------------------------------------------------------------


def test_a_workbook_is_read_as_a_csv_of_the_same() -> None:
    assert read(xlsx_of(HEADINGS, ANNA)) == read(csv_of(HEADINGS, ANNA))


def test_numbers_and_dates_become_what_one_would_type() -> None:
    noon = datetime.fromisoformat("2008-02-29T12:00")  # Excel knows no time zones
    values = (123456, 12.0, 1.5, date(2008, 2, 29), noon, True, None)
    sheet = read(xlsx_of([f"kop {n}" for n in range(7)], values))
    assert cells(sheet) == [["123456", "12", "1.5", "2008-02-29", "2008-02-29", "True", ""]]


def test_the_sheet_that_was_open_is_read() -> None:
    book = openpyxl.Workbook()
    book.active.append(["een", "ander"])
    book.create_sheet().append(list(HEADINGS))
    book.worksheets[1].append(list(ANNA))
    book.active = 1
    assert read(saved(book)).headings == list(HEADINGS)


def test_a_formula_is_its_value_and_never_calculated() -> None:
    """Excel keeps the value beside it; what no Excel has seen has none."""
    book = xlsx_of(HEADINGS, ("1", '=HYPERLINK("http://kwaad.example")', "=1+1", "ICT"))
    assert cells(read(book)) == [["1", "", "", "ICT"]]
    xml = part_of(book, SHEET).replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
    assert cells(read(with_part(book, SHEET, xml))) == [["1", "", "2", "ICT"]]


# --- What cannot be read ---------------------------------------------------------------------


def refusal(content: bytes) -> str:
    with pytest.raises(Unreadable) as refused:
        read(content)
    return str(refused.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "leeg"),
        (b" \r\n;;\r\n", "leeg"),
        (b"Studentnummer;Naam\r\n", "geen enkele student"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "oud Excel-bestand"),
        (b"PK\x03\x04 no zip", "beschadigd"),
        (b"%PDF-1.7\n%\0\x01\x02\nxref", "geen lijst"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "geen lijst"),
        (b"Studentnummer;Naam\r\n1;\0", "geen lijst"),
        (b"Studentnummer\r\n" + b"x" * (LONGEST_CELL + 1), "meer dan 500 tekens"),
        (b'Studentnummer;Naam\r\n1;"' + b"x" * 200_000, "opnieuw op als CSV"),
        (b"x" * (MOST_BYTES + 1), "te groot"),
    ],
)
def test_what_is_no_list_is_refused_in_words(content: bytes, words: str) -> None:
    assert words in refusal(content)


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "geen Excel-bestand" in refusal(written.getvalue())


def test_a_list_may_have_so_many_rows_and_no_more() -> None:
    row = "\r\n1;Anna"
    longest = ("Studentnummer;Naam" + row * MOST_ROWS).encode()
    assert len(read(longest).rows) == MOST_ROWS
    assert "meer dan 20000 regels" in refusal(longest + (row * 11).encode())


def test_columns_far_to_the_right_are_not_read() -> None:
    sheet = read(csv_of([f"kop {n}" for n in range(MOST_COLUMNS + 5)], ["x"] * 70))
    assert len(sheet.headings) == MOST_COLUMNS


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = with_part(xlsx_of(HEADINGS, ANNA), SHEET, b"0" * (MOST_UNPACKED + 1))
    assert len(bomb) < MOST_BYTES
    tracemalloc.start()
    assert "te groot" in refusal(bomb)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5 * 2**20


def test_a_zip_of_very_many_parts_is_refused() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for n in range(MOST_PARTS + 1):
            archive.writestr(f"xl/{n}", "")
    assert "te groot" in refusal(written.getvalue())


ENTITIES = b"""<?xml version="1.0"?>
<!DOCTYPE worksheet [<!ENTITY read SYSTEM "file:///etc/hostname"><!ENTITY lol "lol">]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>&%s;</t></is></c></row>
<row r="2"><c r="A2" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>"""


@pytest.mark.parametrize("entity", [b"read", b"lol"])
def test_no_entity_is_resolved(entity: bytes) -> None:
    book = with_part(xlsx_of(HEADINGS, ANNA), SHEET, ENTITIES % entity)
    assert "kunnen we niet lezen" in refusal(book)


ROWS_WITHOUT_END = b"""<?xml version="1.0"?>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>Studentnummer</t></is></c></row>
<row r="999999999999"><c r="A999999999999"><v>1</v></c></row></sheetData></worksheet>"""


def test_a_row_with_an_absurd_number_does_not_keep_anybody_waiting() -> None:
    book = with_part(xlsx_of(HEADINGS, ANNA), SHEET, ROWS_WITHOUT_END)
    assert "Haal lege regels weg" in refusal(book)


@pytest.mark.parametrize(
    "part", [b"", b"<worksheet", b"\0" * 50, b"<a/>", b"<!DOCTYPE x><x/>", b"\xff\xfe<a/>"]
)
@pytest.mark.parametrize("name", [SHEET, "xl/workbook.xml", "[Content_Types].xml"])
def test_a_broken_workbook_is_refused_in_words(name: str, part: bytes) -> None:
    assert refusal(with_part(xlsx_of(HEADINGS, ANNA), name, part))


def test_a_workbook_without_its_looks_is_read_all_the_same() -> None:
    assert read(with_part(xlsx_of(HEADINGS, ANNA), "xl/styles.xml", b"<a/>")).rows


def test_a_sheet_comes_back_as_it_was_packed() -> None:
    sheet = read(csv_of(HEADINGS, ANNA))
    assert Sheet.unpack(sheet.pack()) == sheet
