"""Which column of a roster holds what: as a coordinator of the school said before, or as the
administrations of schools call it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from education.models import School
from students.models import RosterColumns

# Headings as EduArte, Osiris and Magister write them, and as people do; the likeliest first.
HEADINGS: dict[str, tuple[str, ...]] = {
    "number": (
        "studentnummer",
        "deelnemernummer",
        "deelnemersnummer",
        "leerlingnummer",
        "stamnummer",
        "studentnr",
        "leerlingnr",
        "deelnemernr",
        "stamnr",
        "studentcode",
        "nummer",
    ),
    "first_name": ("roepnaam", "voornaam", "roepnaamstudent"),
    "infix": ("tussenvoegsel", "tussenvoegsels", "voorvoegsel", "voorvoegsels", "tussenv"),
    "last_name": ("achternaam", "geslachtsnaam", "achternaamstudent", "familienaam"),
    "name": ("naam", "volledigenaam", "helenaam", "weergavenaam", "naamstudent", "student"),
    "email": (
        "emailadresschool",
        "emailschool",
        "schoolmail",
        "emailadresinstelling",
        "emailadres",
        "email",
        "emailadresstudent",
        "mailadres",
        "mail",
    ),
    "programme": (
        "opleiding",
        "opleidingsnaam",
        "naamopleiding",
        "opleidingomschrijving",
        "omschrijvingopleiding",
        "opleidingofcrebo",
        "studie",
        "crebo",
        "crebocode",
        "crebonummer",
        "isat",
        "isatcode",
        "opleidingscode",
    ),
    "postcode": ("postcode", "postcodewoonadres", "pc"),
    "born_on": ("geboortedatum", "gebdatum", "geborenop"),
    "enrolled_until": (
        "ingeschreventotenmet",
        "einddatuminschrijving",
        "datumuitschrijving",
        "uitschrijfdatum",
        "einddatum",
        "datumuit",
    ),
}
_KNOWN = {words for many in HEADINGS.values() for words in many}

# What stands in many exports, and is no business of a placement: it is dropped on the way in.
_PRIVATE = {
    "bsn",
    "bsnnummer",
    "burgerservicenummer",
    "onderwijsnummer",
    "persoonsgebondennummer",
    "pgn",
    "geslacht",
    "nationaliteit",
    "geboorteland",
    "geboorteplaats",
}


def plain(words: str) -> str:
    """A heading without accents, capitals, blanks and signs."""
    letters = unicodedata.normalize("NFKD", words.lower())
    return re.sub(r"[^a-z0-9]", "", letters)


def is_heading(words: str) -> bool:
    """Whether it is a heading of a column that a roster may have."""
    return plain(words) in _KNOWN


def is_private(heading: str) -> bool:
    """Whether a column is left out, whatever it holds."""
    return plain(heading) in _PRIVATE


def guess(headings: Sequence[str], school: School) -> dict[str, int]:
    """Field → number of its column, for all that can be found; no column is used twice. What the
    school chose before comes before what other schools call it."""
    known = RosterColumns.objects.filter(school=school).first()
    remembered: Mapping[str, str] = known.headings if known else {}
    at = {plain(words): i for i, words in reversed(list(enumerate(headings))) if words}
    found: dict[str, int] = {}
    for field, heading in remembered.items():
        if field in HEADINGS and plain(heading) in at:
            found[field] = at[plain(heading)]
    for field, names in HEADINGS.items():
        free = [at[name] for name in names if name in at and at[name] not in found.values()]
        if field not in found and free:
            found[field] = free[0]
    if "first_name" in found and "last_name" in found and "name" not in remembered:
        found.pop("name", None)
    return found
