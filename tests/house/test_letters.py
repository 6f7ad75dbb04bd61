"""Every letter: a folder for each kind and a kind for each folder, text and HTML that say the
same, and nothing of a student in what goes to a company before both agreed."""

import ast
import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.template.engine import Engine
from pytest_django import Settings

from accounts.models import User
from companies import actions as company_actions
from companies import notices as company_notices
from companies.models import Member, Offer
from education import actions as education_actions
from education.models import Programme
from matching import notices as matching_notices
from matching.models import Proposal
from matching.queries import SmallTeam
from notifications.models import Letter
from tests.factories.accounts import UserFactory
from tests.factories.companies import MemberFactory, OfferFactory, SiteFactory
from tests.factories.education import ProgrammeFactory, SchoolFactory, SkillFactory, StaffFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory
from tests.factories.students import StudentFactory

FOLDER = Path(settings.BASE_DIR) / "templates" / "letters"
PARTS = "parts"  # what several letters share
OF_TEAMS = {"team_too_small_coordinator"}  # nobody writes them about an internship
LARGEST = 40_000
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ROGUE = "O'Brien-van 't Hóóft <b>&amp;"


# --- Kinds and folders -----------------------------------------------------------------------


def kinds_in(source: str) -> set[str]:
    """The first argument of every call that writes a letter, where it is a plain text."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            writes = node.func.id == "write_letter" or node.func.id.startswith("_to_")
            if writes and isinstance(first, ast.Constant) and isinstance(first.value, str):
                found.add(first.value)
    return found


def kinds() -> set[str]:
    notices = Path(settings.BASE_DIR).glob("[a-z]*/notices.py")
    return {kind for file in notices for kind in kinds_in(file.read_text(encoding="utf-8"))}


def folders() -> set[str]:
    return {path.name for path in FOLDER.iterdir() if path.is_dir()} - {PARTS}


def test_every_kind_has_a_folder_and_every_folder_a_kind() -> None:
    assert len(kinds()) > 15, "the walk over the notices finds too little to prove anything"
    assert kinds() == folders()


def test_the_walk_sees_every_way_of_writing() -> None:
    source = "_to_student('a', p)\nwrite_letter('b', key=f'{x}')\nother('c')\n_to_student(kind, p)"
    assert kinds_in(source) == {"a", "b"}


def test_every_folder_holds_the_three_files() -> None:
    for kind in folders():
        names = {path.name for path in (FOLDER / kind).iterdir()}
        assert names == {"subject.txt", "body.txt", "action.txt"}, kind


def test_every_part_is_used() -> None:
    sources = [path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.*")]
    for part in (FOLDER / PARTS).iterdir():
        assert any(f"letters/{PARTS}/{part.name}" in source for source in sources), part.name


BARE_WORDS = re.compile(r"[A-Za-zÀ-ÿ]{2,}")


def untranslated(source: str) -> list[str]:
    """Words that stand outside a tag that marks them for translation."""
    blocks = re.sub(r"{%\s*blocktranslate\b.*?endblocktranslate\s*%}", "", source, flags=re.DOTALL)
    return BARE_WORDS.findall(re.sub(r"{[{%].*?[%}]}", "", blocks, flags=re.DOTALL))


def test_every_word_is_marked_for_translation() -> None:
    for path in FOLDER.rglob("*/*.txt"):
        assert untranslated(path.read_text(encoding="utf-8")) == [], path
    assert untranslated("{% load i18n %}{% translate 'ja' %} nee {{ x }}") == ["nee"]


# --- The letters, for real rows --------------------------------------------------------------


@dataclass
class Scene:
    """One proposal between people whose every word can be recognised."""

    project: bool = False
    mbo: bool = True
    rogue: bool = False
    bare: bool = False
    student: str = "Anouk Kanarie-Een"
    proposal: Proposal = field(init=False)
    offer: Offer = field(init=False)
    coordinator: User = field(init=False)

    def build(self) -> "Scene":
        """Make the rows."""
        company = SiteFactory(
            company__name=f"Klikwerf {ROGUE}" if self.rogue else "Klikwerf",
            postcode=postcode("8261"),
        )
        MemberFactory(
            company=company.company,
            user=UserFactory(name="" if self.bare else "Carla Kanarie-Drie"),
        )
        self.offer = OfferFactory(
            site=company,
            project=self.project,
            title=f"Webshop {ROGUE}" if self.rogue else "Webshop bouwen",
        )
        skills = [] if self.bare else SkillFactory.create_batch(3)
        school = SchoolFactory(slug="deltion", short_name="Deltion")
        student = StudentFactory(
            user=UserFactory(
                name="" if self.bare else ROGUE if self.rogue else self.student,
                email="anouk@kanarie-een.example",
            ),
            programme=ProgrammeFactory(school=school, mbo=self.mbo, name_nl="Software developer"),
            postcode=postcode("7941"),
            learning_goal="" if self.bare else "Ik wil leren\n\nhoe een webshop werkt.",
            skills=skills,
            wants=skills[:1],
        )
        self.coordinator = UserFactory(name="Els Kanarie-Vijf", email="els@kanarie-vijf.example")
        StaffFactory(school=school, user=self.coordinator)
        self.proposal = ProposalFactory(
            student=student, offer=self.offer, state=Proposal.State.OFFERED
        )
        return self


# Moments of a proposal: what its fields say, and which notice goes out.
Moment = tuple[dict[str, object], Callable[[Proposal], None]]


def _withdrawn(proposal: Proposal) -> None:
    matching_notices.proposal_withdrawn(proposal, was_offered=True)


def moments() -> Iterator[Moment]:
    """Every branch of every letter about a proposal."""
    notices = matching_notices
    for origin in ("round", "application", "own_place"):
        yield {"origin": origin}, notices.proposal_offered
    yield {"generation": 2}, notices.proposal_offered
    yield {"company_accepted_at": datetime.now(AMSTERDAM)}, notices.proposal_offered
    yield {}, notices.proposal_agreed
    for code in ("too_far", "other", "unheard_of"):
        yield (
            {"declined_by": "student", "reason_code": code, "reason": f"Toelichting {ROGUE}"},
            notices.proposal_declined,
        )
    yield {"declined_by": "company", "reason_code": "place_gone"}, notices.proposal_declined
    for code in ("offer_closed", "offer_full", "agreed_elsewhere", "student", "coordinator"):
        yield {"reason_code": code, "reason": f"Reden {ROGUE}"}, _withdrawn
    for side in Proposal.Side.values:
        yield {"silent_side": side}, notices.proposal_expired
    for origin in ("application", "own_place"):
        yield {"origin": origin, "reason": f"Reden {ROGUE}"}, notices.proposal_dropped
    yield {"reason": f"Reden {ROGUE}"}, notices.proposal_cancelled
    yield {"reason": ""}, notices.proposal_cancelled
    for reason in ("", f"Reden {ROGUE}"):
        yield {"reason": reason}, lambda one: notices.offer_closed([one])


SURROUNDINGS = [
    (Programme.Mode.STAGEMATCHING, Offer.State.PUBLISHED),
    (Programme.Mode.OPEN, Offer.State.FILLED),
]


def letters_of(scene: Scene) -> list[Letter]:
    """All letters that can be written about the scene, in every branch."""
    offer = scene.offer
    company_notices.offer_submitted(offer, event="1")
    company_notices.offer_published(offer, event="1")
    company_notices.offer_expired(offer, event="1")
    for event, reason in (("1", ""), ("2", f"Het werk gaat niet door. {ROGUE}")):
        company_notices.offer_closed(offer, event=event, reason=reason)
    offer.return_reason = f"Vertel meer:\n- wat {ROGUE} doet\n- wie begeleidt"
    company_notices.offer_returned(offer, event="1", by=scene.coordinator)
    _about_colleagues(scene)
    _about_coordinators(scene)
    found = _take_all()
    proposal = Proposal.objects.get(pk=scene.proposal.pk)
    untouched = dict(vars(proposal))
    for mode, state in SURROUNDINGS:
        proposal.student.programme.mode = mode
        proposal.offer.state = state
        for changes, notice in moments():
            vars(proposal).update(untouched | changes)
            notice(proposal)
            found += _take_all()
    if offer.is_project:
        proposal.reason_code = "team_too_small"
        _withdrawn(proposal)
        found += _take_all()
        for week in (0, 1):
            matching_notices.team_too_small(SmallTeam(offer, [proposal], 1), week=week)
            found += _take_all()
    return found


def _about_coordinators(scene: Scene) -> None:
    """The letter with which a coordinator begins."""
    school = scene.proposal.student.programme.school
    known = User.objects.filter(email="gerda@lead.example").first()
    lead = known or UserFactory(name="Gerda Lead", email="gerda@lead.example", lead=True)
    education_actions.invite_coordinator(school, email="sam@nieuw.example", by=lead)


def _about_colleagues(scene: Scene) -> None:
    """Letters of a company about who acts for it."""
    company = scene.offer.site.company
    admin = company.members.get().user
    company_actions.invite_colleague(company, email="noor@nieuw.example", by=admin)
    company_notices.access_asked(company, email="noor@nieuw.example", day=date(2031, 3, 1))
    company_notices.company_without_admin(company, event="1")


def _take_all() -> list[Letter]:
    """What stands in the outbox, which is empty afterwards, so that no key is in the way."""
    found = list(Letter.objects.select_related("user"))
    Letter.objects.all().delete()
    return found


SCENES: dict[str, dict[str, Any]] = {
    "internship of an mbo student": {},
    "internship of an hbo student": {"mbo": False},
    "project": {"project": True},
    "names full of marks": {"rogue": True},
    "nothing filled in": {"bare": True},
}


@pytest.fixture(autouse=True)
def _undefined_variables_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt variable leaves its name in the letter, where a test finds it."""
    monkeypatch.setattr(Engine.get_default(), "string_if_invalid", "⟦%s⟧")


_written: dict[str, list[Letter]] = {}


@pytest.fixture(params=SCENES)
def letters(request: pytest.FixtureRequest, db: None) -> list[Letter]:
    """All letters about one scene, written once for all tests that read them."""
    if request.param not in _written:
        _written[request.param] = letters_of(Scene(**SCENES[request.param]).build())
    return _written[request.param]


class Page(HTMLParser):
    """What a mail client would make of an HTML part."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.sources: list[str] = []
        self._unseen = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._unseen += tag in ("head",)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            elif name in ("src", "srcset", "background", "poster", "action", "formaction"):
                self.sources.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in ("head",)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.words += data.split()


def words_of(text: str) -> list[str]:
    """The words of a plain part, without what only marks it up."""
    return [word for word in text.split() if word not in ("-", "--")]


def test_every_kind_is_rendered(letters: list[Letter]) -> None:
    rendered = {letter.kind for letter in letters}
    assert rendered in (kinds(), kinds() - OF_TEAMS)
    assert kinds() >= OF_TEAMS


def test_text_and_html_say_the_same(letters: list[Letter]) -> None:
    for letter in letters:
        assert words_of(letter.text) == words_of(" ".join(Page(letter.html).words)), letter.kind


def test_letters_are_small(letters: list[Letter]) -> None:
    for letter in letters:
        assert len(letter.html.encode()) <= LARGEST, letter.kind
        assert len(letter.subject) <= 150, letter.subject


LEFTOVERS = re.compile(
    r"{{|}}|{%|%}|⟦|\bNone\b|\bFalse\b|\bTrue\b|<[A-Z]\w+[ :]"  # what Python would print
    r"|\(\)|“”|\n\n\n| [.,:?!]"  # where something is missing
)


def test_no_letter_shows_its_template(letters: list[Letter]) -> None:
    for letter in letters:
        for written in (letter.subject, letter.text.replace(ROGUE, "Naam")):
            assert not LEFTOVERS.search(written), f"{letter.kind}: {written}"


def test_one_button_and_nothing_from_elsewhere(letters: list[Letter]) -> None:
    for letter in letters:
        page = Page(letter.html)
        [button] = page.links
        assert button.startswith(settings.BASE_URL + "/")
        assert button in letter.text.split()
        assert page.sources == []
        assert not {"img", "script", "link", "iframe", "form", "object"} & set(page.tags)
        assert "url(" not in letter.html
        assert "@import" not in letter.html


def test_names_come_out_right(letters: list[Letter]) -> None:
    for letter in letters:
        seen = html.unescape(letter.html)
        for name in re.findall(r"O'Brien\S*.*?<b>&amp;", letter.text):
            assert name == ROGUE
            assert name in seen
        assert "b" not in Page(letter.html).tags, "markup in a name reached the letter"
        assert "&#x27;" not in letter.text
        assert "&lt;" not in letter.subject


def test_the_letter_speaks_to_its_reader(letters: list[Letter]) -> None:
    for letter in letters:
        assert letter.user is not None
        greeting = f"Dag {letter.user.name}," if letter.user.name else "Dag,"
        assert letter.text.splitlines()[2] == greeting
        assert "Groet,\nTopcentrum e-commerce Regio Zwolle" in letter.text
        assert letter.text.count("Je krijgt deze e-mail omdat") == 1
        assert letter.text.count("bpv") <= 1
        assert "leerling" not in letter.text.lower()


def test_a_list_is_one_list(letters: list[Letter]) -> None:
    for letter in letters:
        assert "</ul>\n<ul" not in letter.html, f"{letter.kind}: a list is torn apart"
        assert "<p" not in re.sub(r"<p[ >].*?</p>", "", letter.html, flags=re.DOTALL)


def test_the_reason_line_fits_the_reader(letters: list[Letter]) -> None:
    for letter in letters:
        role = (
            "student"
            if letter.kind.endswith("_student")
            else "stagecoördinator"
            if letter.kind.endswith("_coordinator")
            else "uitnodigde"
            if letter.kind.endswith("_invited")
            else "contactpersoon"
        )
        last = letter.text.strip().splitlines()[-1]
        assert role in last, f"{letter.kind}: {last}"


@pytest.mark.django_db
def test_a_line_break_in_a_name_makes_no_header() -> None:
    scene = Scene(student="Anouk\r\nBcc: iedereen@voorbeeld.example").build()
    for letter in letters_of(scene):
        assert "\n" not in letter.subject
        assert "\r" not in letter.subject


@pytest.mark.django_db
def test_the_demo_says_in_every_letter_that_all_is_invented(settings: Settings) -> None:
    line = "alle personen en bedrijven zijn verzonnen"
    scene = Scene().build()
    assert not any(line in letter.text for letter in letters_of(scene))
    settings.DEMO = True
    for letter in letters_of(scene):
        assert line in letter.text
        assert line in letter.html


@pytest.mark.django_db
@pytest.mark.parametrize("side", ["student", "company"])
def test_the_deadline_is_named_in_amsterdam_time(side: str) -> None:
    scene = Scene().build()
    # A quarter past eleven in the evening in London is the next day in Amsterdam.
    moment = datetime(2026, 12, 6, 23, 15, tzinfo=ZoneInfo("UTC"))
    setattr(scene.proposal, f"{side}_respond_by", moment)
    matching_notices.proposal_offered(scene.proposal)
    letter = Letter.objects.get(kind=f"proposal_offered_{side}")
    assert "uiterlijk maandag 7 december om 00.15 uur" in letter.text


@pytest.mark.django_db
@pytest.mark.parametrize("project", [False, True], ids=["internship", "project"])
def test_a_project_is_called_a_project(project: bool) -> None:
    for letter in letters_of(Scene(project=project).build()):
        words = set(re.findall(r"\w+", letter.text.lower()))
        assert ("stage" in words) <= (not project), letter.text
        if not project:
            assert not words & {"opdracht", "team"}, letter.text


@pytest.mark.django_db
def test_the_letter_about_a_closed_offer_does_not_call_it_open() -> None:
    """The offer is still published when this is written: listeners come before the close."""
    scene = Scene().build()
    scene.proposal.offer.state = Offer.State.PUBLISHED
    scene.proposal.reason_code = "offer_closed"
    _withdrawn(scene.proposal)
    text = Letter.objects.get(kind="proposal_withdrawn_company").text
    assert "Het aanbod is gesloten" in text
    assert "staat nog open" not in text


@pytest.mark.django_db
def test_the_company_is_told_what_the_student_can() -> None:
    scene = Scene().build()
    matching_notices.proposal_offered(scene.proposal)
    lines = Letter.objects.get(kind="proposal_offered_company").text.splitlines()
    skills = [str(skill) for skill in scene.proposal.student.skills.all()]
    assert "- Kan al: " + ", ".join(skills) in lines
    assert f"- Wil leren: {skills[0]}" in lines
    assert "- Opleiding: Software developer (mbo niveau 4), Deltion" in lines


@pytest.mark.django_db
def test_replies_reach_a_coordinator() -> None:
    scene = Scene().build()
    found = letters_of(scene)
    replies = {letter.kind: letter.reply_to for letter in found}
    about_offers = {"offer_submitted", "offer_published", "offer_expired", "offer_closed"}
    by_itself = about_offers | {"access_asked", "company_without_admin"}
    assert {replies.pop(kind) for kind in by_itself} == {""}
    admin = scene.offer.site.company.members.get().user
    assert replies.pop("colleague_invited") == admin.email
    assert replies.pop("coordinator_invited") == "gerda@lead.example"
    assert set(replies.values()) == {scene.coordinator.email}


# --- Nothing of a student before both agreed -------------------------------------------------

IDENTITY = ("Anouk", "Kanarie-Een", "kanarie-een", "anouk@", "7941", "Meppel")
BEFORE_AGREED = sorted(
    kind
    for kind in folders()
    if kind.endswith("_company")
    and kind not in ("proposal_agreed_company", "proposal_cancelled_company")
)


def leaks(letter: Letter) -> list[str]:
    """What of the student's identity stands anywhere in the row."""
    seen = "\n".join(
        [letter.subject, letter.text, html.unescape(letter.html), letter.reply_to, letter.key]
    )
    return [word for word in IDENTITY if word in seen]


@pytest.mark.django_db
@pytest.mark.parametrize("project", [False, True], ids=["internship", "project"])
def test_a_company_reads_nothing_of_who_the_student_is_before_both_agreed(project: bool) -> None:
    scene = Scene(project=project).build()
    to_company = [x for x in letters_of(scene) if _is_to_company(x)]
    assert {x.kind for x in to_company} >= set(BEFORE_AGREED)
    for letter in to_company:
        if letter.kind in BEFORE_AGREED:
            assert leaks(letter) == [], letter.kind
            assert "Software developer" in letter.text or "voorstel" in letter.text.lower()


def _is_to_company(letter: Letter) -> bool:
    return Member.objects.filter(user=letter.user).exists()


@pytest.mark.django_db
def test_once_agreed_the_company_knows_the_name_and_address() -> None:
    """The control: the data could leak, as here it does appear."""
    scene = Scene().build()
    matching_notices.proposal_agreed(scene.proposal)
    letter = Letter.objects.get(kind="proposal_agreed_company")
    assert {"Anouk", "Kanarie-Een", "anouk@"} <= set(leaks(letter))
    assert not {"7941", "Meppel"} & set(leaks(letter)), "where the student lives is not needed"
    lines = letter.text.splitlines()
    assert "- Naam: Anouk Kanarie-Een" in lines
    assert "- E-mail: anouk@kanarie-een.example" in lines


@pytest.mark.django_db
def test_the_words_of_the_student_reach_the_company_only_as_a_reason_from_the_list() -> None:
    scene = Scene().build()
    proposal = scene.proposal
    proposal.declined_by, proposal.reason_code = "student", "too_far"
    proposal.reason = "Groetjes van Anouk Kanarie-Een"
    matching_notices.proposal_declined(proposal)
    company = Letter.objects.get(kind="proposal_declined_company")
    assert "De reis is te ver of te lastig" in company.text
    assert leaks(company) == []
    assert "Groetjes" in Letter.objects.get(kind="proposal_declined_coordinator").text


@pytest.mark.django_db
def test_the_learning_goal_stands_there_only_when_there_is_one() -> None:
    scene = Scene().build()
    matching_notices.proposal_offered(scene.proposal)
    text = Letter.objects.get(kind="proposal_offered_company").text
    assert "- Leerwens: Ik wil leren hoe een webshop werkt." in text.splitlines()

    scene.proposal.student.learning_goal = " \n "
    scene.proposal.generation = 2
    matching_notices.proposal_offered(scene.proposal)
    again = Letter.objects.filter(kind="proposal_offered_company").latest("pk")
    assert "Leerwens" not in again.text


@pytest.mark.django_db
def test_a_title_that_says_what_it_is_says_it_once() -> None:
    scene = Scene(project=True).build()
    scene.offer.title = "Opdracht: minder retouren"
    company_notices.offer_submitted(scene.offer, event="1")
    text = Letter.objects.get(kind="offer_submitted").text
    assert "- Opdracht: minder retouren" in text.splitlines()
