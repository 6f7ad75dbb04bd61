"""A file as a sheet of text. Whether it is CSV or XLSX follows from what stands in it, not from its
name; how much is read is bounded everywhere, because the file comes from outside."""

import csv
import gzip
import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import openpyxl
from django.utils.translation import gettext as _

from education.forms import tidy
from students.imports.columns import is_heading, is_private

MOST_BYTES = 5 * 2**20
MOST_UNPACKED = 40 * 2**20
MOST_PARTS = 300  # files in an XLSX
MOST_ROWS = 20_000
MOST_COLUMNS = 60
LONGEST_CELL = 500
LAST_ROW = 100_000  # of a workbook, with its empty rows
LONGEST_TOP = 20_000  # characters that say which sign separates cells
HEADINGS_WITHIN = 10  # rows, from the top: above them stands a title, or the name of a school

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_TOLD = re.compile(r"sep=([;,\t|])[\r\n]+", re.IGNORECASE)  # how Excel is told the delimiter
_NO_TEXT = re.compile(r"[\0-\x08\x0e-\x1f]")

Cells = list[str]


class Unreadable(Exception):
    """This file cannot be read; `str(error)` tells a person why, and what to do."""


@dataclass(frozen=True)
class Sheet:
    """Headings, and the rows under them with the numbers that they have in the file."""

    headings: Cells
    rows: list[tuple[int, Cells]]

    def pack(self) -> bytes:
        """As few bytes as it takes to keep the sheet."""
        return gzip.compress(json.dumps([self.headings, self.rows]).encode(), compresslevel=3)

    @classmethod
    def unpack(cls, packed: bytes) -> "Sheet":
        """The sheet that `pack` packed."""
        headings, rows = json.loads(gzip.decompress(packed))
        return cls(headings, [(at, cells) for at, cells in rows])


def read(content: bytes) -> Sheet:
    """The sheet in a file.

    Raises Unreadable, with words for the person who sent it.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(
            _("Dit bestand is te groot. Het mag hooguit %(most)s MB zijn.")
            % {"most": MOST_BYTES // 2**20}
        )
    if content.startswith(_OLD_EXCEL):
        raise Unreadable(
            _("Dit is een oud Excel-bestand. Open het in Excel en sla het op als .xlsx.")
        )
    rows = _xlsx_rows(content) if content.startswith(_ZIP) else _csv_rows(content)
    return _sheet(rows)


def _sheet(rows: Iterable[tuple[int, Cells]]) -> Sheet:
    """Find the headings; what stands above them is no student."""
    above: list[tuple[int, Cells]] = []
    kept: list[tuple[int, Cells]] = []
    for at, cells in rows:
        if not any(cells):
            continue
        if len(above) < HEADINGS_WITHIN:
            above.append((at, cells))
        else:
            kept.append((at, cells))
        if len(kept) > MOST_ROWS:
            raise Unreadable(
                _("Dit bestand heeft meer dan %(most)s regels. Deel het op.") % {"most": MOST_ROWS}
            )
    if not above:
        raise Unreadable(_("Dit bestand is leeg."))
    scores = [sum(map(is_heading, cells)) for _at, cells in above]
    first = scores.index(max(scores)) if max(scores) > 1 else 0
    rest = [*above[first + 1 :], *kept]
    if not rest:
        raise Unreadable(_("Onder de kopregel staat geen enkele student."))
    return _without_private(above[first][1], rest)


def _without_private(headings: Cells, rows: list[tuple[int, Cells]]) -> Sheet:
    """Leave out what no placement needs, before anything is kept; make all rows equally wide."""
    last = max((i for i, words in enumerate(headings) if words), default=-1)
    chosen = [i for i in range(last + 1) if not is_private(headings[i])]
    return Sheet(
        [headings[i] for i in chosen],
        [(at, [cells[i] if i < len(cells) else "" for i in chosen]) for at, cells in rows],
    )


def _cell(text: str) -> str:
    """One line of text that can be seen."""
    found = " ".join(tidy(text).split())
    if len(found) > LONGEST_CELL or "\0" in found:
        raise Unreadable(
            _("Er staat een cel in met meer dan %(most)s tekens. Is dit wel de lijst?")
            % {"most": LONGEST_CELL}
        )
    return found


# --- CSV -------------------------------------------------------------------------------------


def _csv_rows(content: bytes) -> Iterator[tuple[int, Cells]]:
    text = _decoded(content)
    if _NO_TEXT.search(text):
        raise Unreadable(_("Dit is geen lijst. Stuur een bestand van Excel (.xlsx) of een CSV."))
    told = _TOLD.match(text)
    top = text[told.end() :] if told else text
    reader = csv.reader(
        io.StringIO(top, newline=""), delimiter=told.group(1) if told else _delimiter(top)
    )
    try:
        for at, cells in enumerate(reader, start=2 if told else 1):
            yield at, [_cell(cell) for cell in cells[:MOST_COLUMNS]]
    except csv.Error as error:
        raise Unreadable(
            _("Na regel %(row)s kunnen we dit bestand niet lezen. Sla het opnieuw op als CSV.")
            % {"row": reader.line_num}
        ) from error


def _decoded(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with it, or what Dutch Excel writes."""
    if content.startswith(_UTF_16):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _delimiter(text: str) -> str:
    """What separates the cells: the sign that the first lines have most of, outside of quotes."""
    top = re.sub(r'"[^"]*"', "", "\n".join(text[:LONGEST_TOP].split("\n")[:HEADINGS_WITHIN]))
    return max(";,\t|", key=top.count)


# --- XLSX ------------------------------------------------------------------------------------


def _xlsx_rows(content: bytes) -> Iterator[tuple[int, Cells]]:
    """The rows of the sheet that was open when the file was saved. A formula counts as the value
    that Excel kept with it: nothing is calculated here."""
    _refuse_bombs(content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and dates that it does not know
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            sheet = book.active
            if not hasattr(sheet, "iter_rows"):
                sheet = book.worksheets[0]
            # A row may claim any number: without a bound, the gap before it would be filled.
            rows = sheet.iter_rows(max_row=LAST_ROW, max_col=MOST_COLUMNS, values_only=True)
            for at, values in enumerate(rows, start=1):
                if at == LAST_ROW:
                    raise Unreadable(
                        _("Dit blad loopt door tot voorbij regel %(row)s. Haal lege regels weg.")
                        % {"row": LAST_ROW}
                    )
                if any(value is not None for value in values):
                    yield at, [_cell(_text(value)) for value in values]
    except Unreadable:
        raise
    except Exception as error:  # whatever openpyxl stumbles over in a file that is none
        raise Unreadable(
            _("Dit Excel-bestand kunnen we niet lezen. Sla het opnieuw op, of als CSV.")
        ) from error


def _refuse_bombs(content: bytes) -> None:
    """Some kilobytes can unpack to gigabytes. A part never unpacks to more than it declares."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise Unreadable(_("Dit bestand is beschadigd. Sla het opnieuw op in Excel.")) from error
    if not any(part.filename.startswith("xl/") for part in parts):
        raise Unreadable(_("Dit is geen Excel-bestand. Sla de lijst op als .xlsx of als CSV."))
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise Unreadable(
            _("Dit Excel-bestand is uitgepakt te groot. Bewaar alleen het blad met studenten.")
        )


def _text(value: Any) -> str:
    """A value of a cell as one would type it."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)
