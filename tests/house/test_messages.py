"""The catalogue of English texts: what is wrong in it is found, and Dutch stays Dutch."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext, ngettext

ROOT = Path(settings.BASE_DIR)
CODE = """
from django.utils.translation import gettext as _, ngettext, pgettext
_("Dag %(name)s"), _("Klaar"), pgettext("deur", "Open")
ngettext("%(n)s plek", "%(n)s plekken", 2)
"""
TEMPLATE = """
{% load i18n %}
    {% translate "Kies" %} <b title="{% translate 'Sluit' context 'deur' %}">losse tekst</b>
  {% blocktranslate trimmed count n=places %}
    {{ n }} <em>plaats</em>
  {% plural %}
    {{ n }} <em>plaatsen</em>
  {% endblocktranslate %}
{{ name|default:_("niemand") }}
"""
ENGLISH = {
    "Dag %(name)s": "Hello %(name)s",
    "Klaar": "Done",
    "Open": "Open it",
    "%(n)s plek": ("%(n)s place", "%(n)s places"),
    "Kies": "Choose",
    "Sluit": "Shut",
    "%(n)s <em>plaats</em>": ("%(n)s <em>spot</em>", "%(n)s <em>spots</em>"),
    "niemand": "nobody",
}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("messages_script", ROOT / "scripts/messages.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Project:
    """A small project with every kind of text, all of them translated."""

    def __init__(self, script: ModuleType, folder: Path) -> None:
        self.script = script
        self.folder = folder
        self.catalogue = folder / "locale/en/LC_MESSAGES/django.po"
        (folder / "templates").mkdir()
        (folder / "code.py").write_text(CODE)
        (folder / "templates/page.html").write_text(TEMPLATE)
        self.translate(ENGLISH)

    def translate(self, english: dict[str, Any]) -> None:
        """Write these translations into the catalogue, and make what the portal reads."""
        self.script.update(self.catalogue, self.found)
        known = self.script.read(self.catalogue)
        for text in known:
            if text.id:
                text.string = english[self.script.forms(text.id)[0]]
        self.catalogue.write_bytes(self.script.as_po(known))
        self.script.update(self.catalogue, self.found)

    def edit(self, before: str, after: str) -> None:
        """Change the catalogue as somebody would who types in it."""
        text = self.catalogue.read_text()
        assert text.count(before) == 1, text
        self.catalogue.write_text(text.replace(before, after))

    @property
    def found(self) -> Any:
        return self.script.texts(self.folder)

    @property
    def faults(self) -> list[str]:
        found: list[str] = self.script.faults(self.catalogue, self.found)
        return found


@pytest.fixture
def project(script: ModuleType, tmp_path: Path) -> Project:
    return Project(script, tmp_path)


def test_every_text_of_the_portal_is_translated(script: ModuleType) -> None:
    """As `make check` says it, which runs the same."""
    found = script.texts(ROOT)
    assert len(found) > 1000, "the walk finds too little to prove anything"
    assert script.faults(script.CATALOGUE, found) == []


def test_texts_are_found_wherever_they_stand(project: Project) -> None:
    assert project.faults == []
    assert {project.script.forms(text.id)[0] for text in project.found if text.id} == set(ENGLISH)
    assert {text.context for text in project.found if text.context} == {"deur"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('msgstr "Done"', 'msgstr ""', "not translated: “Klaar” (code.py)"),
        ('msgid "Klaar"', '#, fuzzy\nmsgid "Klaar"', "fuzzy: somebody has to look: “Klaar”"),
        ('msgid "Klaar"\nmsgstr "Done"', "", "not in the catalogue: “Klaar” (code.py)"),
        ('msgid "Klaar"', 'msgid "Weg"\nmsgstr "Gone"\n\nmsgid "Klaar"', "no longer a text: “Weg”"),
        ('msgid "Klaar"', '#~ msgid "Weg"\n#~ msgstr "Gone"\n\nmsgid "Klaar"', "no longer a text"),
        ('"Hello %(name)s"', '"Hello %(naam)s"', "lost ['%(name)s'], strange ['%(naam)s']"),
        ('"Hello %(name)s"', '"Hello"', "placeholders lost ['%(name)s']"),
        ("<em>spots</em>", "<em>spots", "placeholders lost ['</em>']"),
        ('msgstr[1] "%(n)s places"', 'msgstr[1] ""', "not translated: “%(n)s plek”"),
        ('\nmsgstr[1] "%(n)s places"', "", "“%(n)s plek”"),
        ('"Done"', '"Done "', "other white space at the begin or the end: “Klaar”"),
        ('msgctxt "deur"\nmsgid "Open"', 'msgid "Open"', "not in the catalogue: “Open”"),
    ],
)
def test_what_is_wrong_is_found(project: Project, before: str, after: str, said: str) -> None:
    project.edit(before, after)
    assert [fault for fault in project.faults if said in fault], project.faults


def test_what_the_portal_reads_is_made_from_what_people_edit(project: Project) -> None:
    project.edit('"Done"', '"Finished"')
    assert project.faults == ["django.mo is not made from django.po: run `make messages`"]
    project.script.update(project.catalogue, project.found)
    assert project.faults == []
    project.catalogue.with_suffix(".mo").unlink()
    assert len(project.faults) == 1


def test_bringing_it_up_to_date_keeps_what_is_known(project: Project) -> None:
    (project.folder / "code.py").write_text(CODE.replace("Klaar", "Klaar!"))
    project.script.update(project.catalogue, project.found)
    assert project.faults == ["fuzzy: somebody has to look: “Klaar!” (code.py)"]
    assert "Hello %(name)s" in project.catalogue.read_text()
    again = project.catalogue.read_bytes()
    project.script.update(project.catalogue, project.found)
    assert project.catalogue.read_bytes() == again, "nothing changed, and yet the file did"


def test_a_fuzzy_text_is_not_read_by_anybody(project: Project) -> None:
    project.edit('msgid "Klaar"', '#, fuzzy\nmsgid "Klaar"')
    compiled = project.script.as_mo(project.script.read(project.catalogue))
    assert b"Klaar" not in compiled
    assert b"Hello" in compiled


# --- Dutch stays Dutch -----------------------------------------------------------------------


def catalogue(script: ModuleType) -> Iterator[tuple[str, ...]]:
    """Every text without a context, with its plural where it has one."""
    for text in script.read(script.CATALOGUE):
        if text.id and not text.context:
            yield script.forms(text.id)


def twisted(texts: list[tuple[str, ...]]) -> list[str]:
    """Texts that a Dutch reader would see otherwise than they were written: packages have Dutch
    catalogues, and an English text of theirs may look like a Dutch one of ours."""
    with translation.override("nl"):
        return [
            text[0]
            for text in texts
            if (ngettext(*text, 1) if len(text) == 2 else gettext(text[0])) != text[0]
        ]


def test_no_package_twists_a_text_of_ours(script: ModuleType) -> None:
    assert twisted(list(catalogue(script))) == []


def test_a_text_that_would_be_twisted_is_found() -> None:
    assert twisted([("Enter a number.",), ("Dag",)]) == ["Enter a number."]


def test_there_is_no_dutch_catalogue() -> None:
    assert settings.LANGUAGE_CODE == "nl"
    assert [path.name for path in (ROOT / "locale").iterdir()] == ["en"]
