"""The coordinator's rows of the table: propose, approve, undo, release, drop."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now
from pytest_django import Settings

from companies import actions as offers
from companies.actions import Refused
from companies.models import Offer
from matching import states
from matching.actions import approval, rounds
from matching.models import Proposal, Round
from notifications.models import Letter
from tests.conftest import Cast, client_of
from tests.factories.companies import OfferFactory
from tests.factories.education import ProgrammeFactory, SeasonFactory
from tests.factories.matching import ProposalFactory, RoundFactory, seeking_student
from tests.matching.conftest import MakeOffer, MakeProposal
from tests.matching.pages import read
from tests.matching.reading import last_step, letters, now_of, seats, state_of, steps_of

pytestmark = pytest.mark.django_db

BY_STUDENT = [Proposal.Origin.APPLICATION, Proposal.Origin.OWN_PLACE]
NOT_PROPOSED = [s for s in Proposal.State.values if s != states.PROPOSED]
NOT_APPROVED = [s for s in Proposal.State.values if s != states.APPROVED]


# --- propose ---------------------------------------------------------------------------------


def test_a_proposal_by_hand_takes_no_seat_and_tells_nobody(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf()
    made = approval.propose_by_hand(cast.bram, offer, by=cast.frits, reason="Woont om de hoek")
    assert state_of(made) == states.PROPOSED
    assert (made.origin, made.starts_on, made.ends_on, made.is_internship) == (
        Proposal.Origin.COORDINATOR,
        offer.starts_on,
        offer.ends_on,
        True,
    )
    assert seats(offer) == (Offer.State.PUBLISHED, 0)
    assert last_step(made) == ("propose", "", states.PROPOSED, cast.frits, "Woont om de hoek")
    assert letters() == []


@pytest.mark.parametrize("state", [states.PROPOSED, states.APPROVED, states.OFFERED])
def test_one_open_proposal_per_student_and_offer(
    cast: Cast, at_klikwerf: MakeOffer, proposal: MakeProposal, state: str
) -> None:
    offer = at_klikwerf(openings=2)
    proposal(offer=offer, state=state)
    with pytest.raises(Refused, match="already_proposed"):
        approval.propose_by_hand(cast.bram, offer, by=cast.frits)
    assert Proposal.objects.count() == 1


@pytest.mark.parametrize(
    "state", [states.DROPPED, states.DECLINED, states.EXPIRED, states.WITHDRAWN, states.CANCELLED]
)
def test_a_closed_proposal_is_not_in_the_way_of_a_new_one(
    cast: Cast, at_klikwerf: MakeOffer, proposal: MakeProposal, state: str
) -> None:
    offer = at_klikwerf()
    proposal(offer=offer, state=state)
    again = approval.propose_by_hand(cast.bram, offer, by=cast.frits)
    assert state_of(again) == states.PROPOSED


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (Offer.State.FILLED, "offer_full"),
        (Offer.State.PAUSED, "offer_not_published"),
        (Offer.State.CLOSED, "offer_not_published"),
        (Offer.State.SUBMITTED, "offer_not_published"),
    ],
)
def test_a_proposal_by_hand_needs_a_published_offer_with_a_free_seat(
    cast: Cast, at_klikwerf: MakeOffer, state: str, code: str
) -> None:
    with pytest.raises(Refused, match=f"^{code}$"):
        approval.propose_by_hand(cast.bram, at_klikwerf(state=state), by=cast.frits)
    assert not Proposal.objects.exists()


def test_who_has_a_place_gets_no_other_in_the_same_period(
    cast: Cast, at_klikwerf: MakeOffer, proposal: MakeProposal
) -> None:
    proposal(state=states.AGREED)
    with pytest.raises(Refused, match="student_agreed"):
        approval.propose_by_hand(cast.bram, at_klikwerf(), by=cast.frits)


def test_a_place_in_another_season_is_not_in_the_way(
    cast: Cast, proposal: MakeProposal, at_klikwerf: MakeOffer
) -> None:
    proposal(state=states.AGREED)
    later = SeasonFactory(name="Daarna", starts_on=cast.season.ends_on + timedelta(days=1))
    made = approval.propose_by_hand(cast.bram, at_klikwerf(season=later), by=cast.frits)
    assert approval.approve([made.pk], by=cast.frits).refused == []


def test_nothing_is_made_by_hand_in_a_round_that_was_sent(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    """Nobody would see it there, and nobody could send it."""
    sent = RoundFactory(season=cast.season, school=cast.windesheim, state=Round.State.RELEASED)
    with pytest.raises(Refused, match="round_released"):
        approval.propose_by_hand(cast.bram, at_klikwerf(), by=cast.frits, round_=sent)
    assert not Proposal.objects.exists()


# --- apply -----------------------------------------------------------------------------------


def test_an_application_carries_the_acceptance_of_the_student_and_no_seat(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf()
    student = seeking_student(programme__mode="open")
    made = approval.apply_for(student, offer, by=student.user)
    made.refresh_from_db()
    assert made.student_accepted_at is not None
    assert made.company_accepted_at is None
    assert seats(offer) == (Offer.State.PUBLISHED, 0)
    assert last_step(made) == ("propose", "", states.PROPOSED, student.user, "")
    assert letters() == []


def test_a_student_of_a_programme_with_rounds_only_cannot_apply(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    with pytest.raises(Refused, match="mode_is_matching"):
        approval.apply_for(cast.bram, at_klikwerf(), by=cast.bram.user)


def test_an_own_place_is_possible_whatever_the_mode(cast: Cast, at_klikwerf: MakeOffer) -> None:
    made = approval.apply_for(
        cast.bram, at_klikwerf(), origin=Proposal.Origin.OWN_PLACE, by=cast.bram.user
    )
    assert made.origin == Proposal.Origin.OWN_PLACE


def test_a_student_applies_once(cast: Cast, at_klikwerf: MakeOffer) -> None:
    offer = at_klikwerf()
    student = seeking_student(programme=ProgrammeFactory(mode="open"))
    approval.apply_for(student, offer, by=student.user)
    with pytest.raises(Refused, match="already_proposed"):
        approval.apply_for(student, offer, by=student.user)
    assert Proposal.objects.count() == 1


@pytest.mark.parametrize(
    "state", [Offer.State.PAUSED, Offer.State.FILLED, Offer.State.CLOSED, Offer.State.DRAFT]
)
def test_a_student_applies_to_published_offers_only(
    cast: Cast, at_klikwerf: MakeOffer, state: str
) -> None:
    student = seeking_student(programme__mode="open")
    with pytest.raises(Refused, match="offer_not_published"):
        approval.apply_for(student, at_klikwerf(state=state), by=student.user)


# --- approve ---------------------------------------------------------------------------------


def test_approval_takes_a_seat_and_tells_nobody(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(offer=OfferFactory(openings=2))
    result = approval.approve([made.pk], by=cast.frits)
    assert ([p.pk for p in result.done], result.refused) == ([made.pk], [])
    assert state_of(made) == states.APPROVED
    assert seats(made.offer) == (Offer.State.PUBLISHED, 1)
    assert last_step(made) == ("approve", states.PROPOSED, states.APPROVED, cast.frits, "")
    assert letters() == []


@pytest.mark.parametrize("origin", BY_STUDENT)
def test_approval_of_what_the_student_asked_for_takes_no_seat(
    cast: Cast, proposal: MakeProposal, origin: str
) -> None:
    made = proposal(origin=origin, student_accepted_at=Now())
    approval.approve([made.pk], by=cast.frits)
    assert state_of(made) == states.APPROVED
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)


def test_the_last_seat_fills_the_offer_and_undo_opens_it_again(
    cast: Cast, proposal: MakeProposal
) -> None:
    made = proposal()
    approval.approve([made.pk], by=cast.frits)
    assert seats(made.offer) == (Offer.State.FILLED, 1)
    assert last_step(made.offer)[:4] == ("fill", Offer.State.PUBLISHED, Offer.State.FILLED, None)
    assert [p.pk for p in approval.undo([made.pk], by=cast.frits)] == [made.pk]
    assert state_of(made) == states.PROPOSED
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)
    assert last_step(made) == ("undo", states.APPROVED, states.PROPOSED, cast.frits, "")
    assert last_step(made.offer)[:4] == ("free", Offer.State.FILLED, Offer.State.PUBLISHED, None)
    assert letters() == []


def test_where_seats_run_out_the_first_keys_get_them_and_the_rest_is_told_why(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    offer, other = at_klikwerf(openings=2), at_klikwerf()
    four = [ProposalFactory(student=seeking_student(), offer=offer) for _ in range(4)]
    elsewhere = ProposalFactory(student=cast.bram, offer=other)
    ids = [p.pk for p in reversed([*four, elsewhere])]
    result = approval.approve(ids, by=cast.frits)
    assert [p.pk for p in result.done] == [four[0].pk, four[1].pk, elsewhere.pk]
    assert [(p.pk, code) for p, code in result.refused] == [
        (four[2].pk, "offer_full"),
        (four[3].pk, "offer_full"),
    ]
    assert seats(offer) == (Offer.State.FILLED, 2)
    assert steps_of(four[3]) == [("propose", "", states.PROPOSED)]


def test_approval_twice_is_one_approval(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(offer=OfferFactory(openings=2))
    approval.approve([made.pk, made.pk], by=cast.frits)
    again = approval.approve([made.pk], by=cast.frits)
    assert [code for _p, code in again.refused] == ["proposal_approved"]
    assert seats(made.offer) == (Offer.State.PUBLISHED, 1)
    assert [s[0] for s in steps_of(made)] == ["propose", "approve"]


@pytest.mark.parametrize("state", NOT_PROPOSED)
def test_only_a_proposed_one_is_approved(cast: Cast, proposal: MakeProposal, state: str) -> None:
    made = proposal(state=state)
    before = now_of(made)
    result = approval.approve([made.pk], by=cast.frits)
    assert [(p.pk, code) for p, code in result.refused] == [(made.pk, f"proposal_{state}")]
    assert now_of(made) == before


def test_nothing_is_approved_on_an_offer_that_is_full(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal()
    ProposalFactory(offer=made.offer, state=states.APPROVED)
    assert [code for _p, code in approval.approve([made.pk], by=cast.frits).refused] == [
        "offer_full"
    ]
    assert seats(made.offer) == (Offer.State.FILLED, 1)


def test_nothing_is_approved_on_a_paused_offer(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal()
    offers.pause_offer(made.offer, by=cast.carla)
    result = approval.approve([made.pk], by=cast.frits)
    assert [code for _p, code in result.refused] == ["offer_not_published"]
    assert seats(made.offer) == (Offer.State.PAUSED, 0)


def test_nothing_is_approved_for_who_has_a_place_by_now(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal()
    ProposalFactory(student=cast.bram, state=states.AGREED)
    result = approval.approve([made.pk], by=cast.frits)
    assert [code for _p, code in result.refused] == ["student_agreed"]
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)


@pytest.mark.parametrize("state", [states.APPROVED, states.OFFERED])
def test_a_student_gets_one_seat_per_period(cast: Cast, proposal: MakeProposal, state: str) -> None:
    """One place per round and period: the second stays proposed, and its seat is for others."""
    ProposalFactory(student=cast.bram, state=state)
    made = proposal()
    result = approval.approve([made.pk], by=cast.frits)
    assert [code for _p, code in result.refused] == ["student_taken"]
    assert state_of(made) == states.PROPOSED
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)


def test_of_two_for_one_student_the_first_is_approved(cast: Cast, proposal: MakeProposal) -> None:
    first, second = proposal(), proposal(offer=OfferFactory())
    result = approval.approve([second.pk, first.pk], by=cast.frits)
    assert [p.pk for p in result.done] == [first.pk]
    assert [(p.pk, code) for p, code in result.refused] == [(second.pk, "student_taken")]
    assert seats(second.offer) == (Offer.State.PUBLISHED, 0)


def test_a_coordinator_may_write_why_a_student_has_a_choice_of_two(
    cast: Cast, proposal: MakeProposal
) -> None:
    first = proposal()
    second = approval.propose_by_hand(
        cast.bram, OfferFactory(), by=cast.frits, reason="Bram mag kiezen"
    )
    assert len(approval.approve([first.pk, second.pk], by=cast.frits).done) == 2
    approval.undo([first.pk], by=cast.frits)
    assert len(approval.approve([first.pk], by=cast.frits).done) == 1


def test_the_reason_of_an_earlier_one_by_hand_is_about_something_else(
    cast: Cast, proposal: MakeProposal
) -> None:
    """Nobody wrote that the student may choose between it and what a round proposed later."""
    by_hand = approval.propose_by_hand(
        cast.bram, OfferFactory(), by=cast.frits, reason="Verder weg mag"
    )
    later = proposal()
    result = approval.approve([by_hand.pk, later.pk], by=cast.frits)
    assert [(p.pk, code) for p, code in result.refused] == [(later.pk, "student_taken")]
    silent = approval.propose_by_hand(cast.bram, OfferFactory(), by=cast.frits)
    assert approval.approve([silent.pk], by=cast.frits).refused[0][1] == "student_taken"


def test_what_a_student_asked_for_may_run_beside_another(
    cast: Cast, proposal: MakeProposal
) -> None:
    """Neither takes a seat before a company says yes, and then the other is withdrawn."""
    first = proposal(origin="application", student_accepted_at=Now())
    second = proposal(offer=OfferFactory(), origin="application", student_accepted_at=Now())
    result = approval.approve([first.pk, second.pk], by=cast.frits)
    assert (len(result.done), result.refused) == (2, [])


# --- undo ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", NOT_APPROVED)
def test_undo_leaves_all_but_the_approved_alone(
    cast: Cast, proposal: MakeProposal, state: str
) -> None:
    made = proposal(state=state)
    before = now_of(made)
    assert approval.undo([made.pk], by=cast.frits) == []
    assert now_of(made) == before
    seats(made.offer)


# --- release ---------------------------------------------------------------------------------


def test_release_tells_both_sides_and_starts_both_clocks(
    cast: Cast, proposal: MakeProposal, settings: Settings
) -> None:
    settings.RESPONSE_DAYS = 9
    made = proposal(state=states.APPROVED)
    assert letters() == []
    assert [p.pk for p in approval.release([made.pk], by=cast.frits)] == [made.pk]
    assert state_of(made) == states.OFFERED
    assert letters() == [
        ("proposal_offered_company", cast.carla.email),
        ("proposal_offered_student", cast.bram.user.email),
    ]
    assert last_step(made) == ("release", states.APPROVED, states.OFFERED, cast.frits, "")
    by_the_database = Proposal.objects.annotate(
        student_has=F("student_respond_by") - Now(), company_has=F("company_respond_by") - Now()
    ).get(pk=made.pk)
    for left in (by_the_database.student_has, by_the_database.company_has):
        assert timedelta(days=9) - timedelta(minutes=1) < left <= timedelta(days=9)


@pytest.mark.parametrize("origin", BY_STUDENT)
def test_release_of_what_the_student_asked_for_tells_the_company_only(
    cast: Cast, proposal: MakeProposal, origin: str
) -> None:
    made = proposal(origin=origin, student_accepted_at=Now())
    approval.approve([made.pk], by=cast.frits)
    approval.release([made.pk], by=cast.frits)
    assert letters() == [("proposal_offered_company", cast.carla.email)]
    made.refresh_from_db()
    assert made.student_answered
    assert not made.holds_seat


def test_a_student_with_two_proposals_reads_that_it_is_a_choice(
    cast: Cast, proposal: MakeProposal
) -> None:
    """In the letters, and where the answer is given; with one proposal there is none of it."""
    words, student = "Je hebt meer dan één voorstel.", client_of(cast.bram.user)
    first = proposal(state=states.APPROVED)
    approval.release([first.pk], by=cast.frits)
    assert words not in read(student, "student_proposal", first.pk)
    second, third = (
        proposal(offer=OfferFactory(), state=states.APPROVED),
        ProposalFactory(student=seeking_student(), state=states.OFFERED),
    )
    approval.release([second.pk], by=cast.frits)
    to_student = Letter.objects.filter(kind="proposal_offered_student").order_by("pk")
    assert [words in " ".join(one.text.split()) for one in to_student] == [False, True]
    for one in (first, second):
        assert words in read(student, "student_proposal", one.pk)
    assert words not in read(client_of(third.student.user), "student_proposal", third.pk)


def test_the_letter_to_the_company_does_not_say_who_it_is(
    cast: Cast, proposal: MakeProposal
) -> None:
    made = proposal(state=states.APPROVED)
    approval.release([made.pk], by=cast.frits)
    letter = Letter.objects.get(kind="proposal_offered_company")
    for canary in ("Bram", "Kanarie-Twee", "kanarie-twee", str(cast.bram.postcode_id)):
        assert canary not in f"{letter.subject}{letter.text}{letter.html}"


@pytest.mark.parametrize("state", NOT_APPROVED)
def test_only_approved_ones_are_released(cast: Cast, proposal: MakeProposal, state: str) -> None:
    made = proposal(state=state)
    before = now_of(made)
    assert approval.release([made.pk], by=cast.frits) == []
    assert now_of(made) == before
    assert letters() == []


def test_release_twice_writes_one_letter_to_each(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.APPROVED)
    approval.release([made.pk], by=cast.frits)
    approval.release([made.pk], by=cast.frits)
    assert len(letters()) == 2


# --- the round as a whole --------------------------------------------------------------------


def test_a_round_is_closed_when_nothing_is_left_to_decide(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    offer = at_klikwerf(openings=3)
    first, second = (
        ProposalFactory(student=seeking_student(), offer=offer, round=round_) for _ in range(2)
    )
    approval.approve([first.pk], by=cast.frits)
    assert [p.pk for p in approval.release_round(round_, by=cast.frits)] == [first.pk]
    assert state_of(round_) == Round.State.OPEN, "one is still proposed"
    with pytest.raises(Refused, match="round_is_open"):
        rounds.create_round(cast.season, cast.windesheim, by=cast.frits)
    approval.approve([second.pk], by=cast.frits)
    approval.release_round(round_, by=cast.frits)
    round_.refresh_from_db()
    assert (round_.state, round_.released_at is not None) == (Round.State.RELEASED, True)
    assert rounds.create_round(cast.season, cast.windesheim, by=cast.frits).pk != round_.pk


def test_an_empty_round_is_not_closed_by_sending_nothing(cast: Cast) -> None:
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    assert approval.release_round(round_, by=cast.frits) == []
    assert state_of(round_) == Round.State.OPEN


def test_sending_a_round_leaves_the_proposals_of_others_alone(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf(openings=2)
    own = RoundFactory(season=cast.season, school=cast.windesheim)
    others = RoundFactory(season=cast.season, school=cast.deltion)
    theirs = ProposalFactory(student=cast.anouk, offer=offer, round=others, state=states.APPROVED)
    ProposalFactory(student=cast.bram, offer=offer, round=own, state=states.APPROVED)
    approval.release_round(own, by=cast.frits)
    assert state_of(theirs) == states.APPROVED


def test_a_round_stays_open_while_a_run_of_it_is_under_way(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    """What the run finds has to be decided on and sent; a closed round has no button for it."""
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    made = ProposalFactory(
        student=cast.bram, offer=at_klikwerf(), round=round_, state=states.APPROVED
    )
    rounds.start_run(round_, by=cast.frits)
    assert [p.pk for p in approval.release_round(round_, by=cast.frits)] == [made.pk]
    assert state_of(round_) == Round.State.OPEN


# --- drop ------------------------------------------------------------------------------------


def test_a_dropped_proposal_keeps_the_reason_and_tells_nobody(
    cast: Cast, proposal: MakeProposal
) -> None:
    made = proposal()
    assert [p.pk for p in approval.drop([made.pk], reason="Liep hier al stage", by=cast.frits)]
    made.refresh_from_db()
    assert (made.state, made.reason) == (states.DROPPED, "Liep hier al stage")
    assert last_step(made) == (
        "drop",
        states.PROPOSED,
        states.DROPPED,
        cast.frits,
        "Liep hier al stage",
    )
    assert letters() == []


@pytest.mark.parametrize("origin", BY_STUDENT)
def test_a_student_who_asked_for_the_place_hears_why_it_was_dropped(
    cast: Cast, proposal: MakeProposal, origin: str
) -> None:
    made = proposal(origin=origin, student_accepted_at=Now())
    approval.drop([made.pk], reason="Je hebt al een plek", by=cast.frits)
    assert letters() == [("proposal_dropped_student", cast.bram.user.email)]
    assert "Je hebt al een plek" in Letter.objects.get().text


@pytest.mark.parametrize("state", NOT_PROPOSED)
def test_only_a_proposed_one_is_dropped(cast: Cast, proposal: MakeProposal, state: str) -> None:
    made = proposal(state=state)
    before = now_of(made)
    assert approval.drop([made.pk], reason="Toch niet", by=cast.frits) == []
    assert now_of(made) == before
    seats(made.offer)
