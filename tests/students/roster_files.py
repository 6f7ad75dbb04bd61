"""Files with rosters, as schools send them and as an attacker would."""

import io
import zipfile
from collections.abc import Sequence

import openpyxl

HEADINGS = ("Studentnummer", "Naam", "E-mail", "Opleiding")


def csv_of(*rows: Sequence[object], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    """A CSV with these rows."""
    lines = [delimiter.join(map(str, row)) for row in rows]
    return "\r\n".join(lines).encode(encoding)


def xlsx_of(*rows: Sequence[object]) -> bytes:
    """A workbook with these rows on its only sheet."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """The bytes of a workbook."""
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    """The same workbook with another file in it, in the place of the one with this name."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.namelist():
            if entry != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, part)
    return written.getvalue()


def part_of(content: bytes, name: str) -> bytes:
    """A file in a workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return book.read(name)
