"""What each line of a roster says about a student, and every cell that cannot be right."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from education.models import Programme, School
from geo.models import Postcode
from students.imports.sheets import Cells, Sheet

LONGEST_NAME = 150
LONGEST_ADDRESS = 254
MOST_NAMED = 8  # programmes in a sentence
FIRST_BIRTH, LAST_DAY = date(1930, 1, 1), date(2100, 1, 1)
YOUNGEST = timedelta(days=10 * 365)
EXCEL_EPOCH = date(1899, 12, 30)
CENTURY = 100

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}")
_SHORTENED = re.compile(r"\d([.,]\d+)?[eE]\+\d+")
_FORMULA = ("=", "+", "-", "@")
_LOST = "\N{REPLACEMENT CHARACTER}"
_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


@dataclass(frozen=True)
class Line:
    """A student as one line of the file has it. `at` is the row in the file."""

    at: int
    number: str
    name: str
    email: str
    programme_id: int
    postcode_id: str | None
    born_on: date | None
    enrolled_until: date | None


@dataclass(frozen=True)
class Fault:
    """A cell that cannot be right: in which row, under which heading, and why."""

    at: int
    heading: str
    value: str
    words: str


class _Wrong(Exception):
    """A cell cannot be right; `str(error)` says why."""


def judge(
    sheet: Sheet, columns: Mapping[str, int], school: School, *, known: Iterable[str], today: date
) -> tuple[list[Line], list[Fault]]:
    """The students in a sheet, and the faults in it; a line with a fault is no student.

    `columns` says in which column each field stands; `known` are the student numbers that the
    school has already, by which lost zeros are found again.
    """
    readers = _Readers(school, today)
    faults: list[Fault] = []
    lines: list[Line] = []
    width = _width([*known, *(_at(cells, columns, "number") for _row, cells in sheet.rows)])
    for row, cells in sheet.rows:
        values: dict[str, object] = {}
        for field in FIELDS:
            try:
                values[field] = readers.read(field, cells, columns)
            except _Wrong as error:
                shown = columns.get(field.removesuffix("_id"), columns.get("last_name", 0))
                faults.append(Fault(row, sheet.headings[shown], cells[shown], str(error)))
        if len(values) == len(FIELDS):
            values["number"] = _padded(str(values["number"]), width)
            lines.append(Line(at=row, **values))  # type: ignore[arg-type]
    faults += _twice(lines, "number", sheet, columns) + _twice(lines, "email", sheet, columns)
    return lines, sorted(faults, key=lambda fault: fault.at)


FIELDS = ("number", "name", "email", "programme_id", "postcode_id", "born_on", "enrolled_until")


class _Readers:
    """One reader per field; each returns a value or raises _Wrong. What is the same in many lines
    is looked up once."""

    def __init__(self, school: School, today: date) -> None:
        self._today = today
        self._programmes = _Programmes(school)
        self._postcodes = set(Postcode.objects.values_list("pk", flat=True))

    def read(self, field: str, cells: Cells, columns: Mapping[str, int]) -> object:
        """The value of a field in a line."""
        if field == "name":
            return _name(cells, columns)
        text = _at(cells, columns, field.removesuffix("_id"))
        if field == "number":
            return _number(text)
        if field == "email":
            return _email(text)
        if field == "programme_id":
            return self._programmes.find(text)
        if field == "postcode_id":
            return self._postcode(text)
        return self._day(text, born=field == "born_on")

    def _postcode(self, text: str) -> str | None:
        """The area of the four digits; the letters behind them are not kept."""
        if not text:
            return None
        found = re.fullmatch(r"([1-9]\d{3})\s*([A-Za-z]{2})?", text)
        if not found or found.group(1) not in self._postcodes:
            raise _Wrong(
                _("Deze postcode bestaat niet. Laat hem leeg voor wie in het buitenland woont.")
            )
        return found.group(1)

    def _day(self, text: str, *, born: bool) -> date | None:
        if not text:
            return None
        found = day(text, today=self._today)
        if found is None:
            raise _Wrong(_("Dit is geen datum. Schrijf hem zo: 31-12-2008."))
        latest = self._today - YOUNGEST if born else LAST_DAY
        if not FIRST_BIRTH <= found <= latest:
            raise _Wrong(_("Deze datum kan niet kloppen. Kijk het jaar na."))
        return found


def _at(cells: Cells, columns: Mapping[str, int], field: str) -> str:
    return cells[columns[field]] if field in columns else ""


# --- Student numbers -------------------------------------------------------------------------


def _number(text: str) -> str:
    number = text.removeprefix("'")
    if not number:
        raise _Wrong(_("Hier ontbreekt het studentnummer."))
    if _SHORTENED.fullmatch(number):
        raise _Wrong(
            _("Excel heeft dit nummer afgekort. Maak er in Excel een kolom van met tekst.")
        )
    if not _NUMBER.fullmatch(number):
        raise _Wrong(_("Dit is geen studentnummer: alleen letters en cijfers, hooguit 20."))
    return number


def _width(numbers: Iterable[str]) -> int:
    """How long the school's numbers are, if some begin with a zero and all of those are equally
    long; else 0. Excel drops the zeros of numbers that it takes for amounts."""
    lengths = {len(n) for n in numbers if n.isdecimal() and n.startswith("0")}
    return lengths.pop() if len(lengths) == 1 else 0


def _padded(number: str, width: int) -> str:
    return number.zfill(width) if number.isdecimal() else number


def key_of(number: str) -> str:
    """By what a student is known again, also when the file or the roster lost the zeros."""
    return number.lstrip("0") if number.isdecimal() else number.lower()


# --- Names and addresses ---------------------------------------------------------------------


def _name(cells: Cells, columns: Mapping[str, int]) -> str:
    """First name, infix and last name; or the whole name, turned around where a comma says so."""
    if "last_name" in columns and "first_name" in columns:
        parts = [_at(cells, columns, field) for field in ("first_name", "infix", "last_name")]
        missing = not parts[0] or not parts[2]
    else:
        parts = _turned(_at(cells, columns, "name"))
        missing = not any(parts)
    if missing:
        raise _Wrong(_("Hier ontbreekt de naam."))
    name = " ".join(part for part in parts if part)
    if len(name) > LONGEST_NAME:
        raise _Wrong(_("Deze naam is te lang."))
    if _LOST in name:
        raise _Wrong(_("In deze naam staat een onleesbaar teken. Sla de lijst op als CSV UTF-8."))
    if name.startswith(_FORMULA) or not any(map(str.isalpha, name)) or "@" in name:
        raise _Wrong(_("Dit is geen naam."))
    return name


def _turned(name: str) -> list[str]:
    """ "Vries, Sanne de" and "Vries, de, Sanne" are both Sanne de Vries."""
    last, *rest = [part.strip() for part in name.split(",")]
    if not rest:
        return [last]
    words = " ".join(reversed(rest)).split()
    infix = [word for word in words if word.islower()]
    return [" ".join(word for word in words if word not in infix), " ".join(infix), last]


def _email(text: str) -> str:
    address = text.lower()
    if not address:
        raise _Wrong(_("Hier ontbreekt het e-mailadres."))
    try:
        validate_email(address)
    except ValidationError as error:
        raise _Wrong(_("Dit is geen e-mailadres.")) from error
    if len(address) > LONGEST_ADDRESS:
        raise _Wrong(_("Dit e-mailadres is te lang."))
    return address


def _twice(lines: list[Line], field: str, sheet: Sheet, columns: Mapping[str, int]) -> list[Fault]:
    """A student stands once in a roster."""
    first: dict[str, int] = {}
    faults = []
    for line in lines:
        value = getattr(line, field)
        before = first.setdefault(key_of(value), line.at)
        if before != line.at:
            words = _("Dit staat ook al in regel %(row)s.") % {"row": before}
            faults.append(Fault(line.at, sheet.headings[columns[field]], value, words))
    return faults


# --- Programmes ------------------------------------------------------------------------------


class _Programmes:
    """The programmes of a school, found by their code or by their name."""

    def __init__(self, school: School) -> None:
        self._school = school
        self._all = list(Programme.objects.filter(school=school))
        self._found: dict[str, int | None] = {}

    def find(self, text: str) -> int:
        """The key of the programme that a cell means."""
        if not text:
            raise _Wrong(_("Hier ontbreekt de opleiding."))
        if text not in self._found:
            self._found[text] = self._look_up(text)
        found = self._found[text]
        if found is None:
            names = ", ".join(p.name for p in self._all[:MOST_NAMED])
            raise _Wrong(
                _("Deze opleiding kennen we niet bij %(school)s. Wel: %(names)s.")
                % {"school": self._school.short_name, "names": names}
            )
        return found

    def _look_up(self, text: str) -> int | None:
        """By a code in it, else by the whole name, else by the only name that stands in it."""
        codes = set(re.findall(r"\b\d{5}\b", text))
        words = _words(text)
        for fits in (
            [p.pk for p in self._all if p.code in codes],
            [p.pk for p in self._all if words in (_words(p.name_nl), _words(p.name_en))],
            [p.pk for p in self._all if f" {_words(p.name_nl)} " in f" {words} "],
        ):
            if len(fits) == 1:
                return fits[0]
        return None


def _words(text: str) -> str:
    """The words of a name without accents, capitals and signs."""
    letters = unicodedata.normalize("NFKD", text.lower())
    kept = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(re.findall(r"[a-z0-9]+", kept))


# --- Days ------------------------------------------------------------------------------------


def day(text: str, *, today: date) -> date | None:
    """A day as people and programs write it: 31-12-2008, 31/12/08, 2008-12-31 (with or without a
    time), 20081231, 31 december 2008, or the number of the day by which Excel knows it."""
    text = text.lower().strip()
    if re.fullmatch(r"[2-7]\d{4}", text):
        return EXCEL_EPOCH + timedelta(days=int(text))
    ways = (
        (r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[t ][\d:.]+)?", int),
        (r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})", int),
        (r"(?P<d>\d{1,2})[-/.](?P<m>\d{1,2})[-/.](?P<y>\d{4}|\d{2})(?: [\d:.]+)?", int),
        (r"(?P<d>\d{1,2})[ -](?P<m>[a-z]{3,9})\.?[ -](?P<y>\d{4})", _month),
    )
    for pattern, month in ways:
        if found := re.fullmatch(pattern, text, re.ASCII):
            year = _year(found["y"], today)
            try:
                return date(year, month(found["m"]), int(found["d"]))
            except ValueError:
                return None
    return None


def _month(name: str) -> int:
    """Raises ValueError for a word that is no month."""
    return _MONTHS.index("mrt" if name.startswith("maa") else name[:3]) + 1


def _year(digits: str, today: date) -> int:
    """Two digits mean a year at most ten years from now."""
    year = int(digits)
    if len(digits) > 2:
        return year
    year += today.year // CENTURY * CENTURY
    return year - CENTURY if year > today.year + 10 else year
