"""A team that stays below its minimum: who reads what, who chooses, and what the clock does."""

from datetime import date, timedelta
from functools import partial

import pytest
from django.test import Client

from accounts.models import CLOCK
from companies.actions import Refused
from companies.models import Offer
from matching import states
from matching.actions import ending
from matching.actions.answers import accept, agree_as_a_smaller_team, decline
from matching.models import Proposal
from matching.tasks import expire_proposals
from notifications.models import Letter
from students.models import Student
from tests.conftest import Cast, client_of
from tests.factories.matching import ProposalFactory, RoundFactory
from tests.matching.at_once import at_once, refusals
from tests.matching.clock import let_time_pass
from tests.matching.conftest import MakeOffer
from tests.matching.pages import read, refused, send
from tests.matching.reading import last_step, letters, seats, state_of
from tests.matching.running import classmate

pytestmark = pytest.mark.django_db

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY
TO_CHOOSE = "team_too_small_coordinator"


@pytest.fixture
def team(cast: Cast, at_klikwerf: MakeOffer) -> list[Proposal]:
    """Bram and a classmate in a team of two to four; the company and Bram said yes."""
    project = at_klikwerf(project=True, title="Minder retouren")
    made: list[Proposal] = [
        ProposalFactory(student=student, offer=project, state=states.OFFERED)
        for student in (cast.bram, classmate(cast, user__name="Tess Teamgenoot"))
    ]
    accept(made[0].pk, side=COMPANY, by=cast.carla)
    accept(made[0].pk, side=STUDENT, by=cast.bram.user)
    return made


@pytest.fixture
def stranded(cast: Cast, team: list[Proposal]) -> Proposal:
    """Bram's, after his classmate said no."""
    decline(team[1].pk, side=STUDENT, code="too_far", by=team[1].student.user)
    return team[0]


def to_choose() -> list[str]:
    """To whom it was written that a team is too small."""
    return [to for kind, to in letters() if kind == TO_CHOOSE]


# --- whoever has to choose is told ----------------------------------------------------------------


def test_nobody_has_to_choose_while_the_team_may_still_be_complete(
    cast: Cast, team: list[Proposal], frits: Client
) -> None:
    assert to_choose() == []
    assert "Team te klein" not in read(frits, "school", cast.windesheim.slug)
    page = read(frits, "school_proposal", cast.windesheim.slug, team[0].pk)
    assert "We wachten op de antwoorden van de rest van het team." in page
    assert "Laat het kleinere team doorgaan" not in page


@pytest.mark.parametrize("how", ["declines", "is silent", "is withdrawn"])
def test_the_last_answer_tells_the_coordinator_to_choose(
    cast: Cast, team: list[Proposal], how: str
) -> None:
    other = team[1]
    if how == "declines":
        decline(other.pk, side=STUDENT, code="too_far", by=other.student.user)
    elif how == "is silent":
        let_time_pass(other, STUDENT)
        expire_proposals()
    else:
        ending.withdraw([other.pk], code="coordinator", by=cast.frits)
    assert to_choose() == [cast.frits.email]
    text = Letter.objects.get(kind=TO_CHOOSE).text
    assert "- Bram Kanarie-Twee" in text
    assert "Tess" not in text
    assert "- Zeiden tot nu toe ja: 1" in text


def test_the_last_yes_tells_the_coordinator_to_choose(cast: Cast, at_klikwerf: MakeOffer) -> None:
    made = ProposalFactory(student=cast.bram, offer=at_klikwerf(project=True), state=states.OFFERED)
    accept(made.pk, side=STUDENT, by=cast.bram.user)
    assert to_choose() == []
    accept(made.pk, side=COMPANY, by=cast.carla)
    assert to_choose() == [cast.frits.email]


def test_each_school_hears_of_its_own_students(cast: Cast, team: list[Proposal]) -> None:
    project = team[0].offer
    Offer.objects.filter(pk=project.pk).update(team_min=3)
    other = ProposalFactory(student=cast.anouk, offer=project, state=states.OFFERED)
    accept(other.pk, side=STUDENT, by=cast.anouk.user)
    accept(other.pk, side=COMPANY, by=cast.carla)
    decline(team[1].pk, side=STUDENT, code="too_far", by=team[1].student.user)
    assert to_choose() == [cast.els.email, cast.frits.email]
    for letter in Letter.objects.filter(kind=TO_CHOOSE):
        assert ("Anouk" in letter.text) == (letter.to == cast.els.email)
        assert ("Bram" in letter.text) == (letter.to == cast.frits.email)
        assert "- Zeiden tot nu toe ja: 2" in letter.text


def test_who_has_to_choose_sees_it_at_the_start_in_the_round_and_at_the_proposal(
    cast: Cast, stranded: Proposal, frits: Client
) -> None:
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    Proposal.objects.filter(pk=stranded.pk).update(round=round_)
    slug = cast.windesheim.slug
    for page in (read(frits, "school", slug), read(frits, "round", slug, round_.pk)):
        assert "Team te klein: kies" in page
        assert "“Minder retouren” bij Klikwerf" in page
        assert "1 student zei ja, en er zijn er minstens 2 nodig." in page
        assert "heeft nog maar" not in page, "it is said once"
    page = read(frits, "school_proposal", slug, stranded.pk)
    assert "het team is te klein: 1 van minstens 2" in page
    assert "Laat het kleinere team doorgaan" in page
    assert "Team te klein" not in read(client_of(cast.els), "school", cast.deltion.slug)


def test_both_sides_read_what_they_wait_for(
    cast: Cast, team: list[Proposal], bram: Client, carla: Client
) -> None:
    def says_so(student: str, company: str) -> None:
        assert "We wachten tot het team compleet is; je stagecoördinator kijkt mee." in student
        assert "We wachten tot het team compleet is; de stagecoördinator kijkt mee." in company
        for page in (student, company):
            assert "antwoordt uiterlijk" not in page

    company, student = cast.klikwerf.pk, team[0].pk
    says_so(
        read(bram, "student_proposal", student), read(carla, "company_proposal", company, student)
    )
    assert "we wachten tot het team compleet is" in read(carla, "company", company)
    decline(team[1].pk, side=STUDENT, code="too_far", by=team[1].student.user)
    says_so(
        read(bram, "student_proposal", student), read(carla, "company_proposal", company, student)
    )


def test_who_says_yes_last_reads_that_the_team_is_not_complete(
    cast: Cast, at_klikwerf: MakeOffer, bram: Client, carla: Client
) -> None:
    made = ProposalFactory(student=cast.bram, offer=at_klikwerf(project=True), state=states.OFFERED)
    page = send(carla, "company_accept", cast.klikwerf.pk, made.pk)
    assert "Nu wachten we op de student." in page
    assert "Nu wachten we op de rest van het team." in send(bram, "student_accept", made.pk)


# --- the choice -----------------------------------------------------------------------------------


def test_a_coordinator_lets_a_smaller_team_go_on(
    cast: Cast, stranded: Proposal, frits: Client
) -> None:
    args = (cast.windesheim.slug, stranded.pk, "agree")
    refused(frits, "move", *args)
    assert state_of(stranded) == states.OFFERED
    page = send(frits, "move", *args, reason="Bram kan dit alleen")
    assert "Het kleinere team gaat door" in page
    assert "Bram kan dit alleen" in page
    assert last_step(stranded) == (
        "accept",
        states.OFFERED,
        states.AGREED,
        cast.frits,
        "Bram kan dit alleen",
    )
    assert seats(stranded.offer) == (Offer.State.PUBLISHED, 1)
    agreed = [kind for kind, _to in letters() if "agreed" in kind]
    assert len(agreed) == 3
    send(frits, "move", *args, reason="Bram kan dit alleen")
    assert [kind for kind, _to in letters() if "agreed" in kind] == agreed
    assert "Team te klein" not in read(frits, "school", cast.windesheim.slug)


def test_a_smaller_team_is_agreed_together_but_for_students_of_other_schools(
    cast: Cast, team: list[Proposal]
) -> None:
    project = team[0].offer
    Offer.objects.filter(pk=project.pk).update(team_min=4)
    other = ProposalFactory(student=cast.anouk, offer=project, state=states.OFFERED)
    accept(other.pk, side=COMPANY, by=cast.carla)
    for made in (team[1], other):
        accept(made.pk, side=STUDENT, by=made.student.user)
    agree_as_a_smaller_team(team[0].pk, reason="Drie is genoeg", by=cast.frits)
    assert [state_of(p) for p in team] == [states.AGREED] * 2
    assert state_of(other) == states.OFFERED


@pytest.mark.parametrize("state", [states.PROPOSED, states.DECLINED, states.WITHDRAWN])
def test_only_what_waits_for_its_team_is_agreed_by_a_coordinator(
    cast: Cast, at_klikwerf: MakeOffer, state: str
) -> None:
    made = ProposalFactory(student=cast.bram, offer=at_klikwerf(project=True), state=state)
    with pytest.raises(Refused, match=f"^proposal_{state}$"):
        agree_as_a_smaller_team(made.pk, reason="Toch", by=cast.frits)


def test_nobody_answers_in_the_place_of_student_or_company(
    cast: Cast, team: list[Proposal], frits: Client
) -> None:
    args = (cast.windesheim.slug, team[1].pk, "agree")
    page = send(frits, "move", *args, reason="Ze wil vast wel")
    assert "hebben nog niet allebei ja gezegd" in page
    assert state_of(team[1]) == states.OFFERED


def test_whom_a_coordinator_agrees_has_no_other_place(cast: Cast, stranded: Proposal) -> None:
    ProposalFactory(student=cast.bram, state=states.AGREED)
    with pytest.raises(Refused, match="student_agreed"):
        agree_as_a_smaller_team(stranded.pk, reason="Toch", by=cast.frits)
    assert state_of(stranded) == states.OFFERED


# --- the clock ------------------------------------------------------------------------------------


def test_a_coordinator_who_does_not_choose_is_reminded_every_week_after_the_deadlines(
    cast: Cast, stranded: Proposal
) -> None:
    expire_proposals()
    assert len(to_choose()) == 1
    for days, written in ((6, 1), (7, 2), (13, 2), (14, 3)):
        let_time_pass(stranded, STUDENT, COMPANY, after=timedelta(days=days, minutes=1))
        expire_proposals()
        expire_proposals()
        assert len(to_choose()) == written, f"{days} days after the deadline"
    assert "wacht nog op je keuze" in Letter.objects.filter(kind=TO_CHOOSE).latest("pk").text
    assert state_of(stranded) == states.OFFERED


def test_a_team_about_which_nobody_chose_ends_on_the_day_it_should_begin(
    cast: Cast, stranded: Proposal, bram: Client, carla: Client, frits: Client
) -> None:
    begins: date = stranded.starts_on
    assert ending.withdraw_teams_that_cannot_begin(today=begins - timedelta(days=1)) == []
    Letter.objects.all().delete()
    done = ending.withdraw_teams_that_cannot_begin(today=begins)
    assert [p.pk for p in done] == [stranded.pk]
    assert last_step(stranded)[:4] == ("withdraw", states.OFFERED, states.WITHDRAWN, None)
    assert seats(stranded.offer) == (Offer.State.PUBLISHED, 0)
    assert letters() == [
        ("proposal_withdrawn_company", cast.carla.email),
        ("proposal_withdrawn_student", cast.bram.user.email),
    ]
    for letter in Letter.objects.all():
        assert "Er waren te weinig studenten voor het team." in letter.text
    for page in (
        read(bram, "student_proposal", stranded.pk),
        read(carla, "company_proposal", cast.klikwerf.pk, stranded.pk),
    ):
        assert "Er waren te weinig studenten voor het team." in page
    page = read(frits, "school_proposal", cast.windesheim.slug, stranded.pk)
    assert "Het team bleef te klein" in page


def test_a_team_that_still_answers_does_not_end_by_that_clock(team: list[Proposal]) -> None:
    assert ending.withdraw_teams_that_cannot_begin(today=team[0].starts_on) == []


# --- at the same moment ---------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_clock_and_a_coordinator_choose_at_once(cast: Cast, at_klikwerf: MakeOffer) -> None:
    """One of them wins, the other does nothing or reads how it stands."""
    begins = cast.season.starts_on

    def agree(made: Proposal) -> bool:
        return bool(agree_as_a_smaller_team(made.pk, reason="Toch", by=cast.frits))

    def end() -> bool:
        return bool(ending.withdraw_teams_that_cannot_begin(today=begins))

    for student in [classmate(cast) for _ in range(10)]:
        made = _said_yes(at_klikwerf(project=True), student)
        found = at_once(partial(agree, made), end)
        ended = state_of(made)
        if ended == states.AGREED:
            assert found == [True, False]
        else:
            assert (ended, refusals(found)) == (states.WITHDRAWN, ["proposal_withdrawn"])
        seats(made.offer)


def _said_yes(project: Offer, student: Student) -> Proposal:
    made: Proposal = ProposalFactory(student=student, offer=project, state=states.OFFERED)
    accept(made.pk, side=STUDENT, by=student.user)
    accept(made.pk, side=COMPANY, by=CLOCK)
    return made
