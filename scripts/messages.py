"""The texts of the portal in English: finds them, keeps the catalogue, and says what is wrong.

    .venv/bin/python scripts/messages.py          bring the catalogue up to date
    .venv/bin/python scripts/messages.py check    look whether it is whole, and change nothing

Dutch is the source: a text is known by its Dutch words. The catalogue (`django.po`) is what people
edit; what the portal reads (`django.mo`) is made from it, and kept beside it.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PROJECT = Path(__file__).resolve().parents[1]
CATALOGUE = PROJECT / "locale" / "en" / "LC_MESSAGES" / "django.po"
HEADER = "# The portal in English. The Dutch texts are the source: docs/decisions/0013.\n"
# Nobody reads these as a visitor of the portal.
APART = {".venv", "migrations", "tests", "bench", "scripts", "docs", "locale", "node_modules"}
# Which arguments of a call are texts, and which one says in what sense ("c").
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
WIDTH = 98
NO_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # what is made from the same texts is the same file

# What has to come back in a translation: %(name)s, %s, {name}, and marks such as <strong>.
FILLED_IN = re.compile(r"%(?:\(\w+\))?[-#0 +]*[\d.]*[diouxXeEfFgGcrsa]|\{\w*\}|</?[a-z][^<>]*>")


def main(arguments: list[str]) -> int:
    """Do what was asked; 1 when something is wrong with the catalogue."""
    if arguments not in ([], ["check"]):
        print("Say `check`, or nothing.")
        return 2
    found = texts(PROJECT)
    if not arguments:
        update(CATALOGUE, found)
    wrong = faults(CATALOGUE, found)
    for fault in wrong:
        print(fault)
    if wrong and arguments:
        print("`make messages` adds and removes texts; the rest is to be written in", CATALOGUE)
    return 1 if wrong else 0


# --- Finding ---------------------------------------------------------------------------------


def texts(project: Path) -> Catalog:
    """Every text of the code and the templates that is marked for translation."""
    found = Catalog(charset="utf-8")
    for path in sources(project):
        source = path.read_text(encoding="utf-8")
        code = source if path.suffix == ".py" else as_code(source)
        name = str(path.relative_to(project))
        for _line, text, _comments, context in extract("python", _file(code), KEYWORDS):
            found.add(text, locations=[(name, 0)], context=context)
    return found


def sources(project: Path) -> Iterator[Path]:
    """The files that hold texts, in one order on every machine."""
    files = [*project.rglob("*.py"), *(project / "templates").rglob("*.*")]
    for path in sorted(files):
        parts = path.relative_to(project).parts
        if path.suffix in (".py", ".html", ".txt") and not APART & set(parts):
            yield path


def as_code(template: str) -> str:
    """A template as Python that holds nothing but its texts. How lines are indented means nothing
    in a template, and everything in Python."""
    return "\n".join(line.strip() for line in templatize(template).splitlines())


def _file(code: str) -> BytesIO:
    return BytesIO(b"# coding: utf-8\n" + code.encode())


# --- Keeping ---------------------------------------------------------------------------------


def update(path: Path, found: Catalog) -> None:
    """Add new texts to a catalogue, drop those that are gone, and make what the portal reads.

    A text that resembles one that is gone takes over its translation, marked as fuzzy: somebody
    has to look at it.
    """
    catalogue = read(path)
    catalogue.update(found, update_header_comment=False, update_creation_date=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(as_po(catalogue))
    # As read again: in the order of the file.
    path.with_suffix(".mo").write_bytes(as_mo(read(path)))


def read(path: Path) -> Catalog:
    """The catalogue as it was written, or an empty one."""
    if not path.exists():
        return Catalog(locale="en", project="Topcentrum", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale="en")


def as_po(catalogue: Catalog) -> bytes:
    """For people: by file, without line numbers and dates, which would change with every edit."""
    out = BytesIO()
    write_po(
        out, catalogue, width=WIDTH, omit_header=True, sort_by_file=True, ignore_obsolete=True,
        include_lineno=False,
    )  # fmt: skip
    head = (
        'msgid ""\nmsgstr ""\n'
        '"Language: en\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n'
    )
    return (HEADER + head + "\n").encode() + out.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    """For the portal. Fuzzy texts are left out: they show in Dutch until somebody looked."""
    plain = Catalog(
        locale="en", charset="utf-8", fuzzy=False, creation_date=NO_DAY, revision_date=NO_DAY
    )
    for message in catalogue:
        if message.id and all(forms(message.string)) and not message.fuzzy:
            plain.add(message.id, message.string, context=message.context)
    out = BytesIO()
    write_mo(out, plain)
    return out.getvalue()


# --- Looking ---------------------------------------------------------------------------------


def faults(path: Path, found: Catalog) -> list[str]:
    """What is wrong with a catalogue, as lines for whoever has to mend it."""
    catalogue = read(path)
    wrong = [f"not in the catalogue: {named(text)}" for text in found if _new(text, catalogue)]
    wrong += [f"no longer a text: {named(text)}" for text in catalogue if _new(text, found)]
    wrong += [f"no longer a text: {named(text)}" for text in catalogue.obsolete.values()]
    for text in catalogue:
        if text.id:
            wrong += [f"{fault}: {named(text)}" for fault in of_one(text)]
    compiled = path.with_suffix(".mo")
    if not compiled.exists() or _said(compiled.read_bytes()) != _said(as_mo(catalogue)):
        wrong.append(f"{compiled.name} is not made from {path.name}: run `make messages`")
    return wrong


def _said(compiled: bytes) -> list[tuple[object, ...]]:
    """What a compiled catalogue says, whatever version of Babel made it."""
    return [(text.context, text.id, text.string) for text in read_mo(BytesIO(compiled)) if text.id]


def of_one(text: Message) -> Iterator[str]:
    """What is wrong with the translation of one text."""
    ids = forms(text.id)
    strings = forms(text.string)
    if text.fuzzy:
        yield "fuzzy: somebody has to look"
    if not all(strings):
        yield "not translated"
    elif len(strings) != len(ids):
        yield f"{len(strings)} of {len(ids)} plural forms"
    else:
        for source, translation in zip(ids, strings, strict=True):
            yield from _differences(source, translation)


def _differences(source: str, translation: str) -> Iterator[str]:
    asked, given = (Counter(FILLED_IN.findall(one)) for one in (source, translation))
    if asked != given:
        lost, strange = asked - given, given - asked
        yield f"placeholders lost {sorted(lost)}, strange {sorted(strange)}"
    if _edges(source) != _edges(translation):
        yield "other white space at the begin or the end"


def _edges(text: str) -> tuple[bool, bool]:
    return text[:1].isspace(), text[-1:].isspace()


def _new(text: Message, others: Catalog) -> bool:
    """Whether others do not know this text, in this sense and with the same plural."""
    known = others.get(text.id, text.context)
    return bool(text.id) and (known is None or forms(known.id) != forms(text.id))


def forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    """Singular and plural, or the one form that there is."""
    return (text or "",) if text is None or isinstance(text, str) else tuple(text)


def named(text: Message) -> str:
    """A text as it can be searched for."""
    where = ", ".join(sorted({file for file, _line in text.locations})) or "nowhere"
    return f"“{forms(text.id)[0]}” ({where})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
