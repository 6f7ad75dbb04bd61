"""A company's pages: its start, and one proposal or team to answer."""

import re
from datetime import date

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from companies.models import Offer
from matching import states
from matching.actions import answers, approval, ending
from matching.models import Proposal
from students.models import Student
from tests.conftest import Cast
from tests.factories.education import ProgrammeFactory, SkillFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory, seeking_student
from tests.matching.conftest import MakeOffer, MakeProposal
from tests.matching.pages import read, refused, send, words_of
from tests.matching.reading import state_of

pytestmark = pytest.mark.django_db

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY


# --- a company ------------------------------------------------------------------------------------


CANARIES = ("Bram", "Kanarie-Twee", "kanarie-twee", "8011", "8302")


def test_a_company_sees_no_name_and_no_address_until_it_is_agreed(
    cast: Cast, carla: Client, proposal: MakeProposal, today: date
) -> None:
    Student.objects.filter(pk=cast.bram.pk).update(
        postcode=postcode("8302"), learning_goal="Beter leren schrijven"
    )
    cast.bram.skills.add(SkillFactory(label_nl="Fotobewerking"))
    made = proposal(state=states.OFFERED)

    def pages() -> str:
        start = carla.get(reverse("matching:company", args=[cast.klikwerf.pk]))
        one = carla.get(reverse("matching:company_proposal", args=[cast.klikwerf.pk, made.pk]))
        assert (start.status_code, one.status_code) == (200, 200)
        return start.content.decode() + one.content.decode()

    def leaks() -> list[str]:
        return [canary for canary in CANARIES if canary in pages()]

    seen = pages()
    assert leaks() == []
    for words in ("Beter leren schrijven", "Fotobewerking", cast.bram.programme.name_nl):
        assert words in seen, "the profile is there"
    answers.accept(made.pk, side=COMPANY, by=cast.carla)
    assert leaks() == []
    answers.accept(made.pk, side=STUDENT, by=cast.bram.user)
    seen = pages()
    assert "Bram Kanarie-Twee" in seen
    assert "bram@kanarie-twee.example" in seen
    assert "8302" not in seen
    ending.reopen(made.pk, reason="Andere dagen", today=today, by=cast.frits)
    assert leaks() == []


@pytest.mark.parametrize(
    "state", [states.DECLINED, states.EXPIRED, states.CANCELLED, states.WITHDRAWN]
)
def test_a_company_sees_no_name_of_what_is_over(
    cast: Cast, carla: Client, proposal: MakeProposal, state: str
) -> None:
    made = proposal(state=states.APPROVED)
    approval.release([made.pk], by=cast.frits)
    if state == states.WITHDRAWN:
        ending.withdraw([made.pk], code="coordinator", by=cast.frits)
    else:
        made = proposal(state=state)
    page = carla.get(reverse("matching:company_proposal", args=[cast.klikwerf.pk, made.pk]))
    assert [canary for canary in CANARIES if canary in page.content.decode()] == []
    assert "Dit voorstel is voorbij." in words_of(page)


def test_a_company_answers_for_a_team_whose_names_come_one_by_one(
    cast: Cast, carla: Client, at_klikwerf: MakeOffer
) -> None:
    project = at_klikwerf(project=True, openings=3)
    team = [
        ProposalFactory(student=student, offer=project, state=states.OFFERED)
        for student in (cast.anouk, cast.bram, seeking_student(user__name="Chris Kanarie-Zeven"))
    ]
    args = (cast.klikwerf.pk, team[0].pk)
    page = read(carla, "company_proposal", *args)
    assert "Een team van 3 studenten" in page
    assert "Kanarie" not in page.replace("Klikwerf Kanarie-Drie", "")
    assert "Ja, dit team is welkom" in page
    send(carla, "company_accept", *args)
    for member in team[:2]:
        answers.accept(member.pk, side=STUDENT, by=member.student.user)
    page = read(carla, "company_proposal", *args)
    assert "Anouk Kanarie-Een" in page
    assert "Bram Kanarie-Twee" in page
    assert "Kanarie-Zeven" not in page


def test_a_company_says_yes_and_reads_what_comes_next(
    cast: Cast, carla: Client, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    args = (cast.klikwerf.pk, made.pk)
    assert "Nu wachten we op de student." in send(carla, "company_accept", *args)
    answers.accept(made.pk, side=STUDENT, by=cast.bram.user)
    assert "Je ziet nu de naam. Bram Kanarie-Twee" in re.sub(
        r"(Stagiair webshop \d+ )", "", send(carla, "company_accept", *args)
    )


def test_a_company_needs_a_reason_from_its_own_list(
    cast: Cast, carla: Client, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    for form in ({}, {"code": "too_far"}, {"code": "place_gone", "note": "\x00"}):
        refused(carla, "company_decline", cast.klikwerf.pk, made.pk, **form)
        assert state_of(made) == states.OFFERED, form


def test_a_company_that_finds_its_last_place_gone_reads_so(
    cast: Cast, carla: Client, proposal: MakeProposal
) -> None:
    made = proposal(origin="application", student_accepted_at=Now())
    approval.approve([made.pk], by=cast.frits)
    approval.release([made.pk], by=cast.frits)
    ProposalFactory(offer=made.offer, state=states.APPROVED)
    page = send(carla, "company_accept", cast.klikwerf.pk, made.pk)
    assert "De laatste plek is net vergeven." in page
    assert state_of(made) == states.OFFERED


def test_the_start_of_a_company_sorts_what_is_to_be_done(
    cast: Cast, carla: Client, at_klikwerf: MakeOffer
) -> None:
    titles = {
        states.OFFERED: "Wacht op jou",
        states.AGREED: "Rond",
        states.APPROVED: "Nog geheim",
    }
    for state, title in titles.items():
        ProposalFactory(student=seeking_student(), offer=at_klikwerf(title=title), state=state)
    at_klikwerf(title="Oud aanbod", state=Offer.State.CLOSED)
    page = read(carla, "company", cast.klikwerf.pk)
    assert "1 voorstel wacht op jouw antwoord." in page
    assert page.index("Graag je antwoord") < page.index("Wacht op jou") < page.index("Rond")
    assert page.count("Nog geheim") == 1, "only as an offer"
    assert page.index("Eerder aanbod ( 1 )".replace("( ", "(").replace(" )", ")")) < page.index(
        "Oud aanbod"
    )


def test_an_offer_that_was_returned_waits_for_the_company(
    cast: Cast, carla: Client, at_klikwerf: MakeOffer
) -> None:
    idle = "Er wacht nu niets op je antwoord."
    assert idle in read(carla, "company", cast.klikwerf.pk)
    at_klikwerf(title="Nog vaag", state=Offer.State.RETURNED)
    page = read(carla, "company", cast.klikwerf.pk)
    assert idle not in page
    assert "1 aanbod is teruggestuurd" in page
    assert page.count("Nog vaag") == 1
    assert page.index("Pas dit aan") < page.index("Nog vaag") < page.index("Jullie aanbod")
    ProposalFactory(offer=at_klikwerf(), state=states.OFFERED)
    page = read(carla, "company", cast.klikwerf.pk)
    assert "1 voorstel wacht op jouw antwoord. 1 aanbod is teruggestuurd" in page


def test_an_offer_that_waits_for_accreditation_says_so_at_the_start(
    cast: Cast, carla: Client, at_klikwerf: MakeOffer
) -> None:
    ProgrammeFactory(mbo=True)
    at_klikwerf(levels=[6])
    assert "wacht op erkenning" not in read(carla, "company", cast.klikwerf.pk)
    at_klikwerf(levels=[4], state=Offer.State.SUBMITTED)
    assert "wacht op erkenning" not in read(carla, "company", cast.klikwerf.pk), "not online yet"
    at_klikwerf(levels=[4])
    assert read(carla, "company", cast.klikwerf.pk).count("wacht op erkenning") == 1


# --- what is over ---------------------------------------------------------------------------------


def test_a_company_reads_why_the_student_said_no(
    cast: Cast, carla: Client, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    answers.decline(made.pk, side=STUDENT, code="too_far", note="Geen bus", by=cast.bram.user)
    page = read(carla, "company_proposal", cast.klikwerf.pk, made.pk)
    assert "De student zei nee. De reden: de reis is te ver of te lastig." in page
    assert "Geen bus" not in page, "words of one's own may say who one is"
    assert "Je aanbod staat nog open." in page


def test_why_a_coordinator_took_it_back_is_not_told_to_the_company(
    cast: Cast, carla: Client, proposal: MakeProposal
) -> None:
    """It may be about the student, and the company does not know who that is."""
    made = proposal(state=states.OFFERED)
    ending.withdraw([made.pk], code="coordinator", reason="Bram is verhuisd", by=cast.frits)
    page = read(carla, "company_proposal", cast.klikwerf.pk, made.pk)
    assert "De school heeft het ingetrokken." in page
    assert "verhuisd" not in page


@pytest.mark.parametrize(
    ("openings", "code", "told"),
    [
        (1, "no_supervision", "De plek is weer vrij voor een ander."),
        (1, "place_gone", "Je aanbod staat op pauze, zodat niemand anders deze plek krijgt."),
        (3, "place_gone", "De plek is van je aanbod af. Er blijven 2 plekken over."),
    ],
)
def test_a_company_that_says_no_reads_what_becomes_of_the_place(
    cast: Cast, carla: Client, at_klikwerf: MakeOffer, openings: int, code: str, told: str
) -> None:
    offer = at_klikwerf(openings=openings)
    made = ProposalFactory(student=cast.bram, offer=offer, state=states.OFFERED)
    args = (cast.klikwerf.pk, made.pk)
    assert "Was het de enige, dan komt je aanbod op pauze." in read(
        carla, "company_proposal", *args
    )
    page = send(carla, "company_decline", *args, code=code)
    assert f"Je hebt nee gezegd. {told}" in page
    assert ("Je aanbod staat nog open." in page) == ("pauze" not in told)
