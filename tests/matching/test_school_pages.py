"""A coordinator's start, and one proposal with everything that can be done with it."""

import re
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from companies.models import Offer
from matching import states
from matching.actions import answers, approval, ending
from matching.models import Proposal, Round
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory, RoundFactory, ranked, seeking_student
from tests.matching.conftest import Calculate, MakeOffer, MakeProposal
from tests.matching.pages import read, send
from tests.matching.reading import letters, now_of, state_of, steps_of

pytestmark = pytest.mark.django_db

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY


# --- the start ------------------------------------------------------------------------------------


def test_the_start_of_a_school_counts_its_own(
    cast: Cast, frits: Client, at_klikwerf: MakeOffer, proposal: MakeProposal
) -> None:
    at_klikwerf(state=Offer.State.SUBMITTED)
    proposal(state=states.AGREED)
    ProposalFactory(student=cast.anouk, offer=at_klikwerf(), state=states.AGREED)
    page = read(frits, "school", cast.windesheim.slug)
    assert "studenten zoeken een plek 0" in page
    seeking_student(programme=cast.bram.programme)
    assert "studenten zoeken een plek 1" in read(frits, "school", cast.windesheim.slug)
    assert "zijn het eens: plek gevonden 1" in page
    assert "Aanbod beoordelen" in page
    assert "Bram Kanarie-Twee" in page
    assert "Anouk" not in page


def test_what_belongs_to_no_round_stands_at_the_start_until_it_is_sent(
    cast: Cast, frits: Client, proposal: MakeProposal, at_klikwerf: MakeOffer
) -> None:
    """Nobody sends it with a round, so it is approved and sent by itself."""
    made = proposal(offer=at_klikwerf(title="Los aanbod"))
    slug, args = cast.windesheim.slug, (cast.windesheim.slug, made.pk)
    assert "Beoordeel het voorstel voor Bram" in read(frits, "school", slug)
    send(frits, "move", *args, "approve")
    assert "Verstuur het voorstel voor Bram" in read(frits, "school", slug)
    assert "Verstuur dit voorstel" in read(frits, "school_proposal", *args)
    for _ in range(2):
        assert "Verstuurd." in send(frits, "move", *args, "release")
    assert state_of(made) == states.OFFERED
    assert len(letters()) == 2
    assert "Los aanbod" not in read(frits, "school", slug).partition("Laatste antwoorden")[0]


def test_what_belongs_to_an_open_round_is_sent_with_it(
    cast: Cast, frits: Client, proposal: MakeProposal
) -> None:
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    made = proposal(round=round_, state=states.APPROVED)
    args = (cast.windesheim.slug, made.pk)
    assert "Verstuur dit voorstel" not in read(frits, "school_proposal", *args)
    assert "samen met de rest van de ronde" in send(frits, "move", *args, "release")
    assert state_of(made) == states.APPROVED
    assert "het voorstel voor Bram" not in read(frits, "school", cast.windesheim.slug)


# --- one proposal ---------------------------------------------------------------------------------


def test_a_coordinator_moves_one_proposal_through_its_life(
    cast: Cast, frits: Client, proposal: MakeProposal
) -> None:
    made = proposal(round=RoundFactory(season=cast.season, school=cast.windesheim))
    args = (cast.windesheim.slug, made.pk)
    assert "Goedgekeurd." in send(frits, "move", *args, "approve")
    assert "Goedgekeurd." in send(frits, "move", *args, "approve")
    assert "Goedkeuring teruggenomen." in send(frits, "move", *args, "undo")
    assert "Goedkeuring teruggenomen." in send(frits, "move", *args, "undo")
    send(frits, "move", *args, "approve")
    approval.release([made.pk], by=cast.frits)
    for side, by in ((STUDENT, cast.bram.user), (COMPANY, cast.carla)):
        answers.accept(made.pk, side=side, by=by)
    page = send(frits, "move", *args, "reopen", reason="Andere dagen")
    assert "Opnieuw voorgelegd." in page
    for words in ("Voorgesteld", "Verstuurd", "Ja gezegd", "Carla Kanarie-Drie", "Andere dagen"):
        assert words in page, words
    page = send(frits, "move", *args, "withdraw", reason="Verhuisd")
    assert "Ingetrokken." in page
    assert "De stagecoördinator heeft het voorstel ingetrokken. Verhuisd" in page
    assert state_of(made) == states.WITHDRAWN


@pytest.mark.parametrize(
    ("move", "state"),
    [
        ("drop", states.PROPOSED),
        ("withdraw", states.OFFERED),
        ("reopen", states.AGREED),
        ("cancel", states.AGREED),
    ],
)
def test_a_move_that_needs_a_reason_is_not_made_without_a_good_one(
    cast: Cast, frits: Client, proposal: MakeProposal, move: str, state: str
) -> None:
    made = proposal(state=state)
    before = now_of(made)
    url = reverse("matching:move", args=[cast.windesheim.slug, made.pk, move])
    for reason in ("", "   ", "a\x00b", "x" * 1001):
        answer = frits.post(url, {"reason": reason})
        assert answer.status_code == 422
        assert re.search(r"<details[^>]*open", answer.content.decode()), "the form stays open"
        assert now_of(made) == before


def test_only_moves_that_are_possible_are_offered(
    cast: Cast, frits: Client, at_klikwerf: MakeOffer, today: date
) -> None:
    begun = at_klikwerf(starts_on=today)
    expected = {
        states.PROPOSED: {"approve", "drop"},
        states.APPROVED: {"undo", "release", "withdraw"},
        states.OFFERED: {"withdraw"},
        states.AGREED: {"reopen", "cancel"},
        states.DECLINED: set(),
    }
    for state, moves in expected.items():
        made = ProposalFactory(
            student=seeking_student(programme=cast.bram.programme),
            offer=at_klikwerf(),
            state=state,
        )
        url = reverse("matching:school_proposal", args=[cast.windesheim.slug, made.pk])
        page = frits.get(url).content.decode()
        assert set(re.findall(rf'action="{url}(\w+)/"', page)) == moves, state
    made = ProposalFactory(student=cast.bram, offer=begun, state=states.AGREED)
    url = reverse("matching:school_proposal", args=[cast.windesheim.slug, made.pk])
    assert f'action="{url}' not in frits.get(url).content.decode()
    page = send(frits, "move", cast.windesheim.slug, made.pk, "cancel", reason="Te laat")
    assert "De periode is al begonnen" in page


def test_a_move_that_does_not_exist_is_not_found(
    cast: Cast, frits: Client, proposal: MakeProposal
) -> None:
    made = proposal()
    for move in ("accept", "supersede", "propose", "nonsense"):
        url = reverse("matching:move", args=[cast.windesheim.slug, made.pk, move])
        assert frits.post(url, {"reason": "Graag"}).status_code == 404
    assert steps_of(made) == [("propose", "", states.PROPOSED)]


def test_why_it_ended_is_said_in_words(
    cast: Cast, frits: Client, proposal: MakeProposal, settings: Settings
) -> None:
    declined, expired = proposal(state=states.OFFERED), proposal(state=states.OFFERED)
    answers.decline(declined.pk, side=COMPANY, code="no_supervision", note="Druk", by=cast.carla)
    Proposal.objects.filter(pk=expired.pk).update(student_respond_by=expired.created_at)
    ending.expire_due()
    page = read(frits, "school_proposal", cast.windesheim.slug, declined.pk)
    assert page.count("We hebben nu geen tijd voor goede begeleiding") == 2
    assert "Druk" in page
    page = read(frits, "school_proposal", cast.windesheim.slug, expired.pk)
    assert "Geen antwoord van: student." in page


def test_rivals_are_named_when_a_match_was_reopened(
    cast: Cast, frits: Client, at_klikwerf: MakeOffer, proposal: MakeProposal, today: date
) -> None:
    rival = at_klikwerf(title="De andere plek")
    proposal(offer=rival, state=states.OFFERED)
    made = proposal(state=states.OFFERED)
    for side, by in ((STUDENT, cast.bram.user), (COMPANY, cast.carla)):
        answers.accept(made.pk, side=side, by=by)
    assert "De andere plek" not in read(frits, "school_proposal", cast.windesheim.slug, made.pk)
    ending.reopen(made.pk, reason="Andere dagen", today=today, by=cast.frits)
    page = read(frits, "school_proposal", cast.windesheim.slug, made.pk)
    assert "Eerder ingetrokken omdat dit doorging De andere plek" in page


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        (Proposal.Origin.COORDINATOR, "Gemaakt door een coördinator, met de hand"),
        (Proposal.Origin.APPLICATION, "Gemaakt door de student: zelf gereageerd"),
        (Proposal.Origin.OWN_PLACE, "Gemaakt door de student: zelf gevonden"),
    ],
)
def test_who_made_a_proposal_is_said_as_a_sentence(
    cast: Cast, frits: Client, proposal: MakeProposal, origin: str, words: str
) -> None:
    made = proposal(origin=origin)
    assert words in read(frits, "school_proposal", cast.windesheim.slug, made.pk)


def test_a_proposal_carries_the_badges_of_its_round(
    cast: Cast, frits: Client, at_klikwerf: MakeOffer
) -> None:
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    made = ProposalFactory(student=cast.bram, offer=at_klikwerf(), round=round_, score=0.05)
    ProposalFactory(student=cast.bram, offer=at_klikwerf(), round=round_)
    args = (cast.windesheim.slug, made.pk)
    page = read(frits, "school_proposal", *args)
    assert "Past maar matig" in page
    assert "Student heeft nog een voorstel in deze periode" in page
    send(frits, "move", *args, "drop", reason="Past niet")
    assert "Past maar matig" not in read(frits, "school_proposal", *args)


def test_a_proposal_says_how_far_it_is(
    cast: Cast, frits: Client, at_klikwerf: MakeOffer, round_: Round, calculate: Calculate
) -> None:
    far = OfferFactory(site__postcode=postcode("8261"))
    ranked(cast.bram, far)
    calculate()
    made = Proposal.objects.get()
    page = read(frits, "school_proposal", cast.windesheim.slug, made.pk)
    assert re.search(r"Reisafstand ongeveer 1\d km", page)


def test_the_menu_shows_that_a_proposal_belongs_to_a_round(
    cast: Cast, frits: Client, proposal: MakeProposal
) -> None:
    for url, label in (
        (reverse("matching:school_proposal", args=[cast.windesheim.slug, proposal().pk]), "Rondes"),
        (reverse("matching:school", args=[cast.windesheim.slug]), "Windesheim"),
    ):
        menu = frits.get(url).content.decode().partition("<nav")[2].partition("</nav>")[0]
        current = re.search(r'aria-current="page">(.*?)</a>', menu, re.DOTALL)
        assert current
        assert re.sub(r"<[^>]*>", "", current[1]).strip() == label


def test_a_school_with_nothing_to_do_is_told_what_it_could_do(cast: Cast, frits: Client) -> None:
    """Also when earlier rounds are done: an empty list says nothing."""
    invitation = "Begin een ronde om de plekken te verdelen."
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    assert invitation not in read(frits, "school", cast.windesheim.slug)
    Round.objects.filter(pk=round_.pk).update(state=Round.State.RELEASED)
    assert invitation in read(frits, "school", cast.windesheim.slug)
