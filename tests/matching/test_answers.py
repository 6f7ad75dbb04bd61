"""The rows of the table in which student and company answer: accept and decline."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from accounts.models import User
from companies import actions as offers
from companies.actions import Refused
from companies.models import Offer
from matching import states
from matching.actions import approval
from matching.actions.answers import accept, decline
from matching.models import Proposal
from matching.queries import banned_pairs
from notifications.models import Letter
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.education import SeasonFactory
from tests.factories.matching import ProposalFactory, RoundFactory, seeking_student
from tests.matching.clock import let_time_pass
from tests.matching.conftest import MakeOffer, MakeProposal
from tests.matching.reading import last_step, letters, now_of, seats, state_of, steps_of

pytestmark = pytest.mark.django_db

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY
BY_STUDENT = [Proposal.Origin.APPLICATION, Proposal.Origin.OWN_PLACE]
NOT_ANSWERABLE = [
    s for s in Proposal.State.values if s not in (states.OFFERED, states.AGREED, states.DECLINED)
]


def asked_for(offer: Offer, cast: Cast, **fields: object) -> Proposal:
    """An application that was released: the student said yes, and it holds no seat."""
    fields.setdefault("student", cast.bram)
    made: Proposal = ProposalFactory(
        offer=offer,
        **{"origin": Proposal.Origin.APPLICATION, "student_accepted_at": Now(), **fields},
    )
    approval.approve([made.pk], by=cast.frits)
    approval.release([made.pk], by=cast.frits)
    made.refresh_from_db()
    return made


@pytest.fixture
def team(cast: Cast, at_klikwerf: MakeOffer) -> list[Proposal]:
    """Three released proposals on a project for two to four."""
    project = at_klikwerf(project=True)
    students = [cast.anouk, cast.bram, seeking_student(programme__school=cast.windesheim)]
    return [
        ProposalFactory(student=student, offer=project, state=states.OFFERED)
        for student in students
    ]


# --- accept ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "second"), [(STUDENT, COMPANY), (COMPANY, STUDENT)])
def test_it_is_agreed_when_both_said_yes_in_either_order(
    cast: Cast, proposal: MakeProposal, first: str, second: str
) -> None:
    made = proposal(state=states.OFFERED)
    by: dict[str, User] = {STUDENT: cast.bram.user, COMPANY: cast.carla}
    half = accept(made.pk, side=first, by=by[first])
    assert half.state == state_of(made) == states.OFFERED
    assert (half.student_answered, half.company_answered) == (first == STUDENT, first == COMPANY)
    assert last_step(made) == ("accept", states.OFFERED, states.OFFERED, by[first], "")
    assert letters() == []
    done = accept(made.pk, side=second, by=by[second])
    assert done.state == state_of(made) == states.AGREED
    assert last_step(made) == ("accept", states.OFFERED, states.AGREED, by[second], "")
    assert seats(made.offer) == (Offer.State.FILLED, 1)
    assert letters() == [
        ("proposal_agreed_company", cast.carla.email),
        ("proposal_agreed_coordinator", cast.frits.email),
        ("proposal_agreed_student", cast.bram.user.email),
    ]


def test_the_company_learns_the_name_when_it_is_agreed(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    accept(made.pk, side=COMPANY, by=cast.carla)
    accept(made.pk, side=STUDENT, by=cast.bram.user)
    assert "Bram Kanarie-Twee" in Letter.objects.get(kind="proposal_agreed_company").text


@pytest.mark.parametrize("side", [STUDENT, COMPANY])
def test_saying_yes_twice_is_once(cast: Cast, proposal: MakeProposal, side: str) -> None:
    made = proposal(state=states.OFFERED)
    accept(made.pk, side=side, by=cast.carla)
    once = now_of(made)
    again = accept(made.pk, side=side, by=cast.carla)
    assert again.state == states.OFFERED
    assert now_of(made) == once
    assert [s[0] for s in steps_of(made)] == ["propose", "approve", "release", "accept"]


@pytest.mark.parametrize("side", [STUDENT, COMPANY])
def test_saying_yes_to_what_is_agreed_changes_nothing(
    cast: Cast, proposal: MakeProposal, side: str
) -> None:
    made = proposal(state=states.AGREED)
    before = now_of(made)
    assert accept(made.pk, side=side, by=cast.carla).state == states.AGREED
    assert now_of(made) == before
    assert letters() == []


@pytest.mark.parametrize("state", [*NOT_ANSWERABLE, states.DECLINED])
def test_only_what_is_offered_can_be_accepted(
    cast: Cast, proposal: MakeProposal, state: str
) -> None:
    made = proposal(state=state)
    if state == states.CANCELLED:
        # It was agreed once, so both had said yes; that yes is no longer an answer.
        assert made.student_answered
    before = now_of(made)
    for side in (STUDENT, COMPANY):
        with pytest.raises(Refused, match=f"^proposal_{state}$"):
            accept(made.pk, side=side, by=cast.carla)
    assert now_of(made) == before
    seats(made.offer)


@pytest.mark.parametrize("side", [STUDENT, COMPANY])
@pytest.mark.parametrize("silent", [STUDENT, COMPANY])
def test_a_yes_after_the_deadline_is_too_late_also_before_the_clock_looked(
    cast: Cast, proposal: MakeProposal, side: str, silent: str
) -> None:
    made = proposal(state=states.OFFERED)
    let_time_pass(made, silent)
    before = now_of(made)
    with pytest.raises(Refused, match="proposal_expired"):
        accept(made.pk, side=side, by=cast.carla)
    assert now_of(made) == before


def test_a_late_team_mate_is_not_taken_along(cast: Cast, team: list[Proposal]) -> None:
    let_time_pass(team[1], STUDENT)
    accept(team[0].pk, side=COMPANY, by=cast.carla)
    for member in team:
        member.refresh_from_db()
    assert [p.company_answered for p in team] == [True, False, True]


def test_who_said_yes_in_time_may_say_it_again_afterwards(
    cast: Cast, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    accept(made.pk, side=STUDENT, by=cast.bram.user)
    let_time_pass(made, STUDENT)
    assert accept(made.pk, side=STUDENT, by=cast.bram.user).student_answered


# --- what goes with an agreement -------------------------------------------------------------


def test_what_else_was_open_in_the_period_is_withdrawn_and_its_companies_told(cast: Cast) -> None:
    rival_site = cast.rival.sites.get()
    elsewhere = {
        state: ProposalFactory(student=cast.bram, offer=OfferFactory(site=rival_site), state=state)
        for state in states.OPEN
    }
    chosen = ProposalFactory(student=cast.bram, state=states.OFFERED)
    accept(chosen.pk, side=COMPANY, by=cast.carla)
    accept(chosen.pk, side=STUDENT, by=cast.bram.user)
    for state, other in elsewhere.items():
        other.refresh_from_db()
        assert (other.state, other.reason_code) == (states.WITHDRAWN, "agreed_elsewhere")
        assert seats(other.offer) == (Offer.State.PUBLISHED, 0)
        assert last_step(other) == ("withdraw", state, states.WITHDRAWN, None, "agreed_elsewhere")
    assert [to for kind, to in letters() if "withdrawn" in kind] == [cast.dirk.email], (
        "only the company that knew of one is told, and the student did this"
    )


def test_a_project_in_the_same_period_is_withdrawn_too(cast: Cast, team: list[Proposal]) -> None:
    of_bram = team[1]
    internship = ProposalFactory(student=cast.bram, state=states.OFFERED)
    accept(internship.pk, side=COMPANY, by=cast.carla)
    accept(internship.pk, side=STUDENT, by=cast.bram.user)
    assert state_of(of_bram) == states.WITHDRAWN
    assert [state_of(p) for p in (team[0], team[2])] == [states.OFFERED] * 2
    assert seats(of_bram.offer)[1] == 2


def test_what_is_open_in_another_season_stays(cast: Cast, proposal: MakeProposal) -> None:
    later = SeasonFactory(name="Daarna", starts_on=cast.season.ends_on + timedelta(days=1))
    kept = proposal(offer=OfferFactory(season=later), state=states.OFFERED)
    chosen = proposal(state=states.OFFERED)
    accept(chosen.pk, side=COMPANY, by=cast.carla)
    accept(chosen.pk, side=STUDENT, by=cast.bram.user)
    assert state_of(kept) == states.OFFERED
    assert seats(kept.offer) == (Offer.State.FILLED, 1)


def test_periods_that_share_one_day_overlap(cast: Cast, proposal: MakeProposal) -> None:
    touching = OfferFactory(
        season=cast.season,
        starts_on=cast.season.ends_on,
        ends_on=cast.season.ends_on + timedelta(days=90),
    )
    other = proposal(offer=touching, state=states.OFFERED)
    chosen = proposal(state=states.OFFERED)
    accept(chosen.pk, side=COMPANY, by=cast.carla)
    accept(chosen.pk, side=STUDENT, by=cast.bram.user)
    assert state_of(other) == states.WITHDRAWN


@pytest.mark.parametrize("last", [STUDENT, COMPANY])
def test_nobody_agrees_twice_in_a_period_and_nothing_is_half_done(
    cast: Cast, proposal: MakeProposal, last: str
) -> None:
    made = proposal(state=states.OFFERED)
    first = COMPANY if last == STUDENT else STUDENT
    accept(made.pk, side=first, by=cast.carla)
    proposal(state=states.AGREED)
    before = now_of(made)
    with pytest.raises(Refused, match="student_agreed"):
        accept(made.pk, side=last, by=cast.carla)
    assert now_of(made) == before
    assert letters() == []


# --- what the student asked for takes its seat last ------------------------------------------


@pytest.mark.parametrize("origin", BY_STUDENT)
def test_the_last_yes_takes_a_seat_where_none_is_held(
    cast: Cast, at_klikwerf: MakeOffer, origin: str
) -> None:
    made = asked_for(at_klikwerf(), cast, origin=origin)
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)
    assert accept(made.pk, side=COMPANY, by=cast.carla).state == states.AGREED
    assert seats(made.offer) == (Offer.State.FILLED, 1)


def test_the_last_yes_is_refused_where_no_seat_is_left_and_nothing_is_half_done(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    made = asked_for(at_klikwerf(), cast)
    ProposalFactory(student=cast.anouk, offer=made.offer, state=states.APPROVED)
    before, told = now_of(made), letters()
    with pytest.raises(Refused, match="offer_full"):
        accept(made.pk, side=COMPANY, by=cast.carla)
    assert now_of(made) == before
    assert letters() == told
    assert seats(made.offer) == (Offer.State.FILLED, 1)
    assert [s[0] for s in steps_of(made)] == ["propose", "approve", "release"]


@pytest.mark.parametrize("paused", [False, True])
def test_who_asked_for_a_place_that_is_given_away_is_told(
    cast: Cast, at_klikwerf: MakeOffer, paused: bool
) -> None:
    offer = at_klikwerf()
    loser = asked_for(offer, cast, student=cast.anouk)
    waiting = ProposalFactory(
        student=seeking_student(),
        offer=offer,
        origin=Proposal.Origin.APPLICATION,
        student_accepted_at=Now(),
    )
    winner = asked_for(offer, cast)
    if paused:
        offers.pause_offer(offer, by=cast.carla)
    Letter.objects.all().delete()
    accept(winner.pk, side=COMPANY, by=cast.carla)
    for other in (loser, waiting):
        other.refresh_from_db()
        assert (other.state, other.reason_code) == (states.WITHDRAWN, "offer_full")
        assert last_step(other)[3:] == (None, "offer_full")
    assert [(kind, to) for kind, to in letters() if "withdrawn" in kind] == sorted(
        [
            ("proposal_withdrawn_company", cast.carla.email),
            ("proposal_withdrawn_student", cast.anouk.user.email),
            ("proposal_withdrawn_student", waiting.student.user.email),
        ]
    )


def test_who_asked_for_a_place_keeps_waiting_while_a_seat_is_free(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf(openings=2)
    waiting, winner = asked_for(offer, cast, student=cast.anouk), asked_for(offer, cast)
    accept(winner.pk, side=COMPANY, by=cast.carla)
    assert state_of(waiting) == states.OFFERED


# --- teams -----------------------------------------------------------------------------------


def test_the_company_answers_once_for_the_whole_team(cast: Cast, team: list[Proposal]) -> None:
    accept(team[0].pk, side=COMPANY, by=cast.carla)
    for member in team:
        member.refresh_from_db()
        assert (member.state, member.company_answered) == (states.OFFERED, True)
        assert last_step(member)[3] == cast.carla


def test_a_team_is_agreed_together_when_it_reaches_the_minimum(
    cast: Cast, team: list[Proposal]
) -> None:
    accept(team[0].pk, side=COMPANY, by=cast.carla)
    accept(team[0].pk, side=STUDENT, by=cast.anouk.user)
    assert [state_of(p) for p in team] == [states.OFFERED] * 3, "one is below the minimum"
    assert letters() == []
    accept(team[1].pk, side=STUDENT, by=cast.bram.user)
    assert [state_of(p) for p in team] == [states.AGREED, states.AGREED, states.OFFERED]
    assert [to for kind, to in letters() if kind == "proposal_agreed_student"] == [
        cast.anouk.user.email,
        cast.bram.user.email,
    ]
    assert last_step(team[0]) == (
        "accept",
        states.OFFERED,
        states.AGREED,
        cast.bram.user,
        "",
    )
    accept(team[2].pk, side=STUDENT, by=team[2].student.user)
    assert state_of(team[2]) == states.AGREED, "the third joins a team that stands"
    assert seats(team[0].offer) == (Offer.State.PUBLISHED, 3)


def test_a_team_that_said_yes_first_is_agreed_by_the_company(
    cast: Cast, team: list[Proposal]
) -> None:
    for member in team[:2]:
        accept(member.pk, side=STUDENT, by=member.student.user)
    assert accept(team[2].pk, side=COMPANY, by=cast.carla).state == states.OFFERED
    assert [state_of(p) for p in team] == [states.AGREED, states.AGREED, states.OFFERED]


def test_a_student_says_no_for_one_not_for_the_team(cast: Cast, team: list[Proposal]) -> None:
    decline(team[0].pk, side=STUDENT, code="too_far", by=cast.anouk.user)
    assert [state_of(p) for p in team] == [states.DECLINED, states.OFFERED, states.OFFERED]
    assert seats(team[0].offer) == (Offer.State.PUBLISHED, 2)


def test_the_company_says_no_to_the_whole_team(cast: Cast, team: list[Proposal]) -> None:
    accept(team[1].pk, side=STUDENT, by=cast.bram.user)
    decline(team[0].pk, side=COMPANY, code="no_supervision", by=cast.carla)
    assert [state_of(p) for p in team] == [states.DECLINED] * 3
    assert seats(team[0].offer) == (Offer.State.PUBLISHED, 0)
    assert [to for kind, to in letters() if kind == "proposal_declined_student"] == sorted(
        member.student.user.email for member in team
    )


def test_who_comes_late_to_an_agreed_team_can_be_refused_alone(
    cast: Cast, team: list[Proposal]
) -> None:
    accept(team[0].pk, side=COMPANY, by=cast.carla)
    for member in team[:2]:
        accept(member.pk, side=STUDENT, by=member.student.user)
    decline(team[2].pk, side=COMPANY, code="other", by=cast.carla)
    assert [state_of(p) for p in team] == [states.AGREED, states.AGREED, states.DECLINED]


def test_a_full_team_is_not_held_up_by_who_asked_to_join(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    """All seats are held; one more student has applied. The company's yes to the team counts for
    those who have a seat, and the other is told that it is full."""
    project = at_klikwerf(project=True, openings=2)
    extra = asked_for(project, cast, student=seeking_student())
    pair = [
        ProposalFactory(student=student, offer=project, state=states.OFFERED)
        for student in (cast.anouk, cast.bram)
    ]
    for member in pair:
        accept(member.pk, side=STUDENT, by=member.student.user)
    assert accept(pair[0].pk, side=COMPANY, by=cast.carla).state == states.AGREED
    assert state_of(pair[1]) == states.AGREED
    assert state_of(extra) == states.WITHDRAWN
    assert seats(project) == (Offer.State.FILLED, 2)


def test_the_company_cannot_take_one_more_than_fits_in_the_team(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    project = at_klikwerf(project=True, openings=2)
    extra = asked_for(project, cast, student=seeking_student())
    for student in (cast.anouk, cast.bram):
        ProposalFactory(student=student, offer=project, state=states.AGREED)
    before = now_of(extra)
    with pytest.raises(Refused, match="offer_full"):
        accept(extra.pk, side=COMPANY, by=cast.carla)
    assert now_of(extra) == before


# --- decline ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "code", "told"),
    [
        (STUDENT, "too_far", "proposal_declined_company"),
        (COMPANY, "no_supervision", "proposal_declined_student"),
    ],
)
def test_a_no_frees_the_seat_tells_the_other_side_and_the_school_and_bans_the_pair(
    cast: Cast, proposal: MakeProposal, side: str, code: str, told: str
) -> None:
    made = proposal(state=states.OFFERED)
    by = cast.bram.user if side == STUDENT else cast.carla
    other = cast.carla if side == STUDENT else cast.bram.user
    assert seats(made.offer) == (Offer.State.FILLED, 1)
    assert decline(made.pk, side=side, code=code, note="Helaas", by=by).state == states.DECLINED
    made.refresh_from_db()
    assert (made.declined_by, made.reason_code, made.reason) == (side, code, "Helaas")
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)
    assert last_step(made) == (
        "decline",
        states.OFFERED,
        states.DECLINED,
        by,
        f"{code}: Helaas",
    )
    assert letters() == sorted(
        [(told, other.email), ("proposal_declined_coordinator", cast.frits.email)]
    )
    for school in (cast.windesheim, cast.deltion):
        later = RoundFactory(season=cast.season, school=school)
        assert banned_pairs(later) == {(cast.bram.pk, made.offer_id)}
    next_season = SeasonFactory(name="Daarna", starts_on=cast.season.ends_on + timedelta(days=1))
    assert banned_pairs(RoundFactory(season=next_season, school=cast.windesheim)) == set()


def test_the_letter_about_a_no_does_not_say_who_the_student_is(
    cast: Cast, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    decline(made.pk, side=STUDENT, code="too_far", by=cast.bram.user)
    letter = Letter.objects.get(kind="proposal_declined_company")
    assert "Kanarie-Twee" not in f"{letter.subject}{letter.text}{letter.html}"


@pytest.mark.parametrize("side", [STUDENT, COMPANY])
def test_who_said_yes_can_still_say_no_until_it_is_agreed(
    cast: Cast, proposal: MakeProposal, side: str
) -> None:
    made = proposal(state=states.OFFERED)
    accept(made.pk, side=side, by=cast.carla)
    assert decline(made.pk, side=side, code="other", by=cast.carla).state == states.DECLINED
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)


def test_saying_no_twice_is_once(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    decline(made.pk, side=STUDENT, code="too_far", note="eerst", by=cast.bram.user)
    once, told = now_of(made), letters()
    again = decline(made.pk, side=STUDENT, code="other", note="anders", by=cast.bram.user)
    assert (again.state, again.reason) == (states.DECLINED, "eerst")
    assert now_of(made) == once
    assert letters() == told
    assert [s[0] for s in steps_of(made)].count("decline") == 1


def test_the_other_side_cannot_say_no_to_what_was_declined(
    cast: Cast, proposal: MakeProposal
) -> None:
    made = proposal(state=states.OFFERED)
    decline(made.pk, side=STUDENT, code="too_far", by=cast.bram.user)
    with pytest.raises(Refused, match="proposal_declined"):
        decline(made.pk, side=COMPANY, code="other", by=cast.carla)


@pytest.mark.parametrize("state", [*NOT_ANSWERABLE, states.AGREED])
def test_only_what_is_offered_can_be_declined(
    cast: Cast, proposal: MakeProposal, state: str
) -> None:
    made = proposal(state=state)
    before = now_of(made)
    for side in (STUDENT, COMPANY):
        with pytest.raises(Refused, match=f"^proposal_{state}$"):
            decline(made.pk, side=side, code="other", by=cast.carla)
    assert now_of(made) == before
    seats(made.offer)


# --- a place that is gone --------------------------------------------------------------------


def decline_as_gone(made: Proposal, cast: Cast) -> Offer:
    """The company says that the place is not there any more; the offer as it stands then."""
    decline(made.pk, side=COMPANY, code="place_gone", by=cast.carla)
    seats(made.offer)
    return made.offer


def test_the_only_place_does_not_go_back_to_the_market(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    offer = decline_as_gone(made, cast)
    assert (offer.state, offer.held, offer.openings) == (Offer.State.PAUSED, 0, 1)
    assert last_step(offer) == ("pause", "published", "paused", cast.carla, "")
    offers.resume_offer(offer, by=cast.carla)
    assert offer.free == 1, "the company may have been mistaken"


@pytest.mark.parametrize(("beside", "state"), [(0, "published"), (1, "filled")])
def test_one_of_two_places_goes_off_the_offer(
    cast: Cast, at_klikwerf: MakeOffer, beside: int, state: str
) -> None:
    offer = at_klikwerf(openings=2)
    made = ProposalFactory(student=cast.bram, offer=offer, state=states.OFFERED)
    for _ in range(beside):
        ProposalFactory(offer=offer, state=states.AGREED)
    offer = decline_as_gone(made, cast)
    assert (offer.state, offer.held, offer.openings) == (state, beside, 1)


def test_a_seat_that_somebody_else_holds_is_not_taken_away(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    """Who asked for a place holds no seat; both openings are of others."""
    offer = at_klikwerf(openings=2)
    made = asked_for(offer, cast)
    for _ in range(2):
        ProposalFactory(offer=offer, state=states.APPROVED)
    decline(made.pk, side=COMPANY, code="place_gone", by=cast.carla)
    assert seats(offer) == (Offer.State.FILLED, 2)


def test_a_project_that_is_gone_is_paused_whole(cast: Cast, team: list[Proposal]) -> None:
    decline(team[0].pk, side=COMPANY, code="place_gone", by=cast.carla)
    offer = team[0].offer
    assert seats(offer) == (Offer.State.PAUSED, 0)
    assert offer.openings == 4


@pytest.mark.parametrize(("side", "code"), [(COMPANY, "no_supervision"), (STUDENT, "too_far")])
def test_any_other_no_leaves_the_place_on_the_market(
    cast: Cast, proposal: MakeProposal, side: str, code: str
) -> None:
    made = proposal(state=states.OFFERED)
    decline(made.pk, side=side, code=code, by=cast.carla)
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)
    made.offer.refresh_from_db()
    assert made.offer.openings == 1


# --- what stands beside a no -----------------------------------------------------------------


def test_what_a_company_wrote_beside_a_no_reaches_the_student(
    cast: Cast, proposal: MakeProposal
) -> None:
    """As its form says. "Another reason" by itself says nothing."""
    made = proposal(state=states.OFFERED)
    decline(made.pk, side=COMPANY, code="other", note="Geen\n\nruimte meer", by=cast.carla)
    letter = Letter.objects.get(kind="proposal_declined_student")
    assert "Het bedrijf schreef erbij: “Geen ruimte meer”." in letter.text
    assert "Een andere reden" not in letter.text
