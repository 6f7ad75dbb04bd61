"""The rows of the table that close a proposal or open an agreed one again: withdraw, expire,
reopen, cancel; and what an offer that closes takes along."""

from datetime import date, timedelta

import pytest
from django.db.models import F, Value
from django.db.models.functions import Now
from pytest_django import Settings

from accounts.models import CLOCK
from companies import actions as offers
from companies.actions import Refused
from companies.models import Offer
from companies.signals import offer_closing
from matching import states
from matching.actions import approval, ending
from matching.actions.answers import accept
from matching.models import Proposal
from matching.queries import banned_pairs
from matching.tasks import expire_proposals
from notifications.models import Letter
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.education import SeasonFactory
from tests.factories.matching import ProposalFactory, RoundFactory, seeking_student
from tests.matching.clock import A_MINUTE, let_time_pass
from tests.matching.conftest import MakeOffer, MakeProposal
from tests.matching.reading import last_step, letters, now_of, seats, state_of, steps_of
from tests.matching.running import classmate

pytestmark = pytest.mark.django_db

STUDENT, COMPANY, BOTH = Proposal.Side.STUDENT, Proposal.Side.COMPANY, Proposal.Side.BOTH
BY_STUDENT = [Proposal.Origin.APPLICATION, Proposal.Origin.OWN_PLACE]
NOT_OPEN = [s for s in Proposal.State.values if s not in states.OPEN]
NOT_AGREED = [s for s in Proposal.State.values if s != states.AGREED]
NOT_OFFERED = [s for s in Proposal.State.values if s != states.OFFERED]


# --- withdraw --------------------------------------------------------------------------------


@pytest.mark.parametrize("state", states.OPEN)
def test_a_withdrawn_proposal_frees_its_seat_and_tells_who_knew_of_it(
    cast: Cast, proposal: MakeProposal, state: str
) -> None:
    made = proposal(state=state)
    done = ending.withdraw([made.pk], code="coordinator", reason="Verhuisd", by=cast.frits)
    assert [p.pk for p in done] == [made.pk]
    made.refresh_from_db()
    assert (made.state, made.reason_code, made.reason) == (
        states.WITHDRAWN,
        "coordinator",
        "Verhuisd",
    )
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)
    assert last_step(made) == ("withdraw", state, states.WITHDRAWN, cast.frits, "Verhuisd")
    knew = [
        ("proposal_withdrawn_company", cast.carla.email),
        ("proposal_withdrawn_student", cast.bram.user.email),
    ]
    assert letters() == (knew if state == states.OFFERED else [])


@pytest.mark.parametrize("origin", BY_STUDENT)
@pytest.mark.parametrize("state", [states.PROPOSED, states.APPROVED])
def test_a_student_who_asked_for_the_place_hears_of_it_before_the_company_knew(
    cast: Cast, proposal: MakeProposal, origin: str, state: str
) -> None:
    made = proposal(origin=origin, student_accepted_at=Now())
    if state == states.APPROVED:
        approval.approve([made.pk], by=cast.frits)
    ending.withdraw([made.pk], code="student", by=cast.bram.user)
    assert letters() == [("proposal_withdrawn_student", cast.bram.user.email)]
    assert last_step(made)[3:] == (cast.bram.user, "student")


@pytest.mark.parametrize("state", NOT_OPEN)
def test_only_open_ones_are_withdrawn(cast: Cast, proposal: MakeProposal, state: str) -> None:
    made = proposal(state=state)
    before = now_of(made)
    assert ending.withdraw([made.pk], code="coordinator", by=cast.frits) == []
    assert now_of(made) == before
    assert letters() == []
    seats(made.offer)


def test_a_withdrawn_pair_is_not_banned(cast: Cast, proposal: MakeProposal) -> None:
    proposal(state=states.WITHDRAWN)
    assert banned_pairs(RoundFactory(season=cast.season, school=cast.windesheim)) == set()


# --- an offer that closes --------------------------------------------------------------------


def test_an_offer_that_closes_takes_all_its_open_proposals_along(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf(openings=9)
    there = {
        state: ProposalFactory(student=seeking_student(), offer=offer, state=state)
        for state in (*states.OPEN, states.AGREED, states.DECLINED)
    }
    asked = ProposalFactory(
        student=seeking_student(), offer=offer, origin="application", student_accepted_at=Now()
    )
    elsewhere = ProposalFactory(student=cast.bram, state=states.OFFERED)
    offers.close_offer(offer, reason="We verhuizen", by=cast.carla)
    assert seats(offer) == (Offer.State.CLOSED, 1)
    for state in states.OPEN:
        assert last_step(there[state]) == (
            "withdraw",
            state,
            states.WITHDRAWN,
            cast.carla,
            "We verhuizen",
        )
        there[state].refresh_from_db()
        assert there[state].reason_code == "offer_closed"
    for state in (states.AGREED, states.DECLINED):
        assert state_of(there[state]) == state
    assert state_of(elsewhere) == states.OFFERED
    offered = there[states.OFFERED].student.user
    assert letters() == sorted(
        [
            ("offer_closed", cast.carla.email),
            ("proposal_withdrawn_company", cast.carla.email),
            ("proposal_withdrawn_student", offered.email),
            ("proposal_withdrawn_student", asked.student.user.email),
        ]
    )


def test_each_school_hears_once_which_of_its_students_lost_a_proposal(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    """Also of those that were not sent yet: the coordinator counts on them."""
    offer = at_klikwerf(openings=9)
    ProposalFactory(student=cast.bram, offer=offer)
    ProposalFactory(student=classmate(cast, user__name="Tess"), offer=offer, state=states.OFFERED)
    ProposalFactory(student=cast.anouk, offer=offer, state=states.APPROVED)
    agreed = ProposalFactory(
        student=classmate(cast, user__name="Ugo"), offer=offer, state=states.AGREED
    )
    offers.close_offer(offer, reason="We verhuizen", by=cast.carla)
    found = Letter.objects.filter(kind="offer_closed_coordinator")
    assert sorted(letter.to for letter in found) == [cast.els.email, cast.frits.email]
    to_els, to_frits = found.get(to=cast.els.email).text, found.get(to=cast.frits.email).text
    assert "- Anouk Kanarie-Een" in to_els
    for name in ("- Bram Kanarie-Twee", "- Tess"):
        assert name in to_frits
        assert name not in to_els
    assert str(agreed.student) not in to_frits, "what is agreed goes on"
    assert "De reden: We verhuizen" in to_frits


def test_a_company_that_closes_its_offer_gets_a_letter_once(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf(title="Webshop verbouwen")
    offers.close_offer(offer, reason="Het werk gaat niet door", by=cast.carla)
    with pytest.raises(Refused):
        offers.close_offer(offer, reason="Het werk gaat niet door", by=cast.carla)
    letter = Letter.objects.get()
    assert (letter.kind, letter.to) == ("offer_closed", cast.carla.email)
    assert "Webshop verbouwen" in letter.text
    assert "- Reden: Het werk gaat niet door" in letter.text


def test_an_offer_that_does_not_close_after_all_takes_nothing_along(
    cast: Cast, proposal: MakeProposal
) -> None:
    """Closing and withdrawing are one transaction: when one fails, neither has happened."""

    def trip(**_signal: object) -> None:
        raise RuntimeError("after the proposals were withdrawn")

    made = proposal(state=states.OFFERED)
    offer_closing.connect(trip)
    try:
        with pytest.raises(RuntimeError):
            offers.close_offer(made.offer, reason="Toch niet", by=cast.carla)
    finally:
        offer_closing.disconnect(trip)
    assert state_of(made) == states.OFFERED
    assert seats(made.offer) == (Offer.State.FILLED, 1)
    assert letters() == []


def test_an_offer_closes_once(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    offers.close_offer(made.offer, reason="Dicht", by=cast.carla)
    told = letters()
    with pytest.raises(Refused, match="offer_moved_on"):
        offers.close_offer(made.offer, reason="Dicht", by=cast.carla)
    assert letters() == told
    assert [s[0] for s in steps_of(made)].count("withdraw") == 1


def test_an_offer_whose_period_is_over_takes_its_open_proposals_along(
    cast: Cast, at_klikwerf: MakeOffer, today: date
) -> None:
    over = at_klikwerf(starts_on=today - timedelta(days=90), ends_on=today - timedelta(days=1))
    last_day = at_klikwerf(starts_on=today - timedelta(days=90), ends_on=today)
    made, kept = (
        ProposalFactory(student=cast.bram, offer=offer, state=states.OFFERED)
        for offer in (over, last_day)
    )
    offers.expire_offers(today=today)
    offers.expire_offers(today=today)
    assert last_step(made) == ("withdraw", states.OFFERED, states.WITHDRAWN, None, "offer_closed")
    assert seats(over) == (Offer.State.EXPIRED, 0)
    assert state_of(kept) == states.OFFERED
    assert seats(last_day) == (Offer.State.FILLED, 1)
    assert [kind for kind, _to in letters()].count("proposal_withdrawn_student") == 1


# --- expire ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answered", "late", "silent"),
    [
        (None, (STUDENT, COMPANY), BOTH),
        (STUDENT, (STUDENT, COMPANY), COMPANY),
        (COMPANY, (STUDENT, COMPANY), STUDENT),
        (None, (STUDENT,), STUDENT),
        (None, (COMPANY,), COMPANY),
    ],
    ids=["nobody", "the company", "the student", "the student alone", "the company alone"],
)
def test_who_is_silent_is_recorded_and_the_seat_is_free(
    cast: Cast, proposal: MakeProposal, answered: str | None, late: tuple[str, ...], silent: str
) -> None:
    made = proposal(state=states.OFFERED)
    if answered:
        accept(made.pk, side=answered, by=cast.carla)
    let_time_pass(made, *late)
    assert [p.pk for p in ending.expire_due()] == [made.pk]
    made.refresh_from_db()
    assert (made.state, made.silent_side) == (states.EXPIRED, silent)
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)
    assert last_step(made) == ("expire", states.OFFERED, states.EXPIRED, None, "")
    assert letters() == [
        ("proposal_expired_company", cast.carla.email),
        ("proposal_expired_coordinator", cast.frits.email),
        ("proposal_expired_student", cast.bram.user.email),
    ]


def test_nothing_expires_before_its_time(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    Proposal.objects.filter(pk=made.pk).update(
        student_respond_by=Now() + Value(A_MINUTE), company_respond_by=Now() + Value(A_MINUTE)
    )
    assert ending.expire_due() == []
    assert state_of(made) == states.OFFERED


def test_who_answered_is_not_silent_however_late_it_is(cast: Cast, proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    accept(made.pk, side=STUDENT, by=cast.bram.user)
    let_time_pass(made, STUDENT)
    assert ending.expire_due() == []


def test_what_the_student_asked_for_expires_when_the_company_is_silent(
    cast: Cast, proposal: MakeProposal
) -> None:
    made = proposal(origin="application", student_accepted_at=Now())
    approval.approve([made.pk], by=cast.frits)
    approval.release([made.pk], by=cast.frits)
    let_time_pass(made, STUDENT, COMPANY)
    ending.expire_due()
    made.refresh_from_db()
    assert (made.state, made.silent_side) == (states.EXPIRED, COMPANY)
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)


@pytest.mark.parametrize("state", NOT_OFFERED)
def test_only_what_is_offered_expires(cast: Cast, proposal: MakeProposal, state: str) -> None:
    made = proposal(state=state)
    let_time_pass(made, STUDENT, COMPANY)
    before = now_of(made)
    assert ending.expire_due() == []
    assert now_of(made) == before


def test_expiring_twice_is_once_and_one_late_pair_does_not_take_others_along(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf(openings=4)
    late = [
        ProposalFactory(student=seeking_student(), offer=offer, state=states.OFFERED)
        for _ in range(2)
    ]
    in_time = ProposalFactory(student=cast.bram, offer=offer, state=states.OFFERED)
    for made in late:
        let_time_pass(made, STUDENT, COMPANY)
    expire_proposals()
    told = letters()
    expire_proposals()
    assert [state_of(p) for p in (*late, in_time)] == [*[states.EXPIRED] * 2, states.OFFERED]
    assert seats(offer) == (Offer.State.PUBLISHED, 1)
    assert letters() == told


def test_an_expired_pair_may_come_back(cast: Cast, proposal: MakeProposal) -> None:
    proposal(state=states.EXPIRED)
    assert banned_pairs(RoundFactory(season=cast.season, school=cast.windesheim)) == set()


# --- reopen ----------------------------------------------------------------------------------


def test_reopening_asks_both_again_with_new_letters_and_new_clocks_and_keeps_the_seat(
    cast: Cast, proposal: MakeProposal, settings: Settings, today: date
) -> None:
    settings.RESPONSE_DAYS = 4
    made = proposal(state=states.APPROVED)
    approval.release([made.pk], by=cast.frits)
    accept(made.pk, side=STUDENT, by=cast.bram.user)
    accept(made.pk, side=COMPANY, by=cast.carla)
    let_time_pass(made, STUDENT, COMPANY)
    Letter.objects.all().delete()
    ending.reopen(made.pk, reason="Andere dagen", today=today, by=cast.frits)
    made.refresh_from_db()
    assert (made.state, made.generation) == (states.OFFERED, 2)
    assert not made.student_answered
    assert not made.company_answered
    assert seats(made.offer) == (Offer.State.FILLED, 1)
    assert last_step(made) == (
        "reopen",
        states.AGREED,
        states.OFFERED,
        cast.frits,
        "Andere dagen",
    )
    asked = [
        ("proposal_offered_company", cast.carla.email),
        ("proposal_offered_student", cast.bram.user.email),
    ]
    assert letters() == asked
    clocks = Proposal.objects.annotate(
        student_has=F("student_respond_by") - Now(), company_has=F("company_respond_by") - Now()
    ).get(pk=made.pk)
    for left in (clocks.student_has, clocks.company_has):
        assert timedelta(days=4) - A_MINUTE < left <= timedelta(days=4)
    Letter.objects.all().delete()
    accept(made.pk, side=STUDENT, by=cast.bram.user)
    accept(made.pk, side=COMPANY, by=cast.carla)
    assert len([kind for kind, _to in letters() if "agreed" in kind]) == 3


def test_letters_of_every_generation_stand_beside_each_other(
    cast: Cast, proposal: MakeProposal, today: date
) -> None:
    made = proposal(state=states.APPROVED)
    approval.release([made.pk], by=cast.frits)
    for _ in range(2):
        accept(made.pk, side=STUDENT, by=cast.bram.user)
        accept(made.pk, side=COMPANY, by=cast.carla)
        ending.reopen(made.pk, reason="Nog een keer", today=today, by=cast.frits)
    kinds = [kind for kind, _to in letters()]
    assert kinds.count("proposal_offered_student") == 3
    assert kinds.count("proposal_agreed_student") == 2


def test_rivals_are_listed_when_it_is_reopened_and_not_revived(
    cast: Cast, proposal: MakeProposal, today: date
) -> None:
    rival = proposal(state=states.OFFERED)
    proposal(state=states.WITHDRAWN)
    made = proposal(state=states.OFFERED)
    accept(made.pk, side=STUDENT, by=cast.bram.user)
    accept(made.pk, side=COMPANY, by=cast.carla)
    ending.reopen(made.pk, reason="Andere dagen", today=today, by=cast.frits)
    assert [p.pk for p in ending.withdrawn_rivals(made)] == [rival.pk]
    assert state_of(rival) == states.WITHDRAWN


def test_rivals_of_another_season_are_not_listed(cast: Cast, proposal: MakeProposal) -> None:
    earlier = SeasonFactory(
        name="Eerder",
        starts_on=cast.season.starts_on - timedelta(weeks=60),
        ends_on=cast.season.starts_on - timedelta(weeks=40),
    )
    proposal(offer=OfferFactory(season=earlier), state=states.OFFERED)
    old = proposal(offer=OfferFactory(season=earlier), state=states.OFFERED)
    for side in (STUDENT, COMPANY):
        accept(old.pk, side=side, by=CLOCK)
    assert ending.withdrawn_rivals(proposal(state=states.AGREED)) == []


# --- cancel ----------------------------------------------------------------------------------


def test_cancelling_frees_the_seat_and_tells_both(
    cast: Cast, proposal: MakeProposal, today: date
) -> None:
    made = proposal(state=states.AGREED)
    assert seats(made.offer) == (Offer.State.FILLED, 1)
    ending.cancel(made.pk, reason="Gestopt met de opleiding", today=today, by=cast.frits)
    made.refresh_from_db()
    assert (made.state, made.reason) == (states.CANCELLED, "Gestopt met de opleiding")
    assert seats(made.offer) == (Offer.State.PUBLISHED, 0)
    assert last_step(made) == (
        "cancel",
        states.AGREED,
        states.CANCELLED,
        cast.frits,
        "Gestopt met de opleiding",
    )
    assert letters() == [
        ("proposal_cancelled_company", cast.carla.email),
        ("proposal_cancelled_student", cast.bram.user.email),
    ]


def test_a_cancelled_place_is_free_for_another(
    cast: Cast, proposal: MakeProposal, today: date
) -> None:
    made = proposal(state=states.AGREED)
    ending.cancel(made.pk, reason="Ziek", today=today, by=cast.frits)
    again = approval.propose_by_hand(cast.bram, OfferFactory(season=cast.season), by=cast.frits)
    assert approval.approve([again.pk], by=cast.frits).refused == []


# --- both, only from agreed and before the start ---------------------------------------------


@pytest.mark.parametrize("state", NOT_AGREED)
def test_only_what_is_agreed_is_reopened_or_cancelled(
    cast: Cast, proposal: MakeProposal, today: date, state: str
) -> None:
    made = proposal(state=state)
    before = now_of(made)
    for move in (ending.reopen, ending.cancel):
        with pytest.raises(Refused, match=f"^proposal_{state}$"):
            move(made.pk, reason="Toch niet", today=today, by=cast.frits)
    assert now_of(made) == before
    seats(made.offer)


def test_from_the_first_day_on_nothing_is_reopened_or_cancelled(
    cast: Cast, proposal: MakeProposal
) -> None:
    made = proposal(state=states.AGREED)
    first_day = made.starts_on
    for move in (ending.reopen, ending.cancel):
        with pytest.raises(Refused, match="already_started"):
            move(made.pk, reason="Te laat", today=first_day, by=cast.frits)
    assert state_of(made) == states.AGREED
    day_before = first_day - timedelta(days=1)
    ending.cancel(made.pk, reason="Nog net", today=day_before, by=cast.frits)
    assert state_of(made) == states.CANCELLED


def test_one_of_a_team_is_reopened_and_joins_again(
    cast: Cast, at_klikwerf: MakeOffer, today: date
) -> None:
    project = at_klikwerf(project=True)
    pair = [
        ProposalFactory(student=student, offer=project, state=states.AGREED)
        for student in (cast.anouk, cast.bram)
    ]
    ending.reopen(pair[1].pk, reason="Andere rol", today=today, by=cast.frits)
    assert [state_of(p) for p in pair] == [states.AGREED, states.OFFERED]
    accept(pair[1].pk, side=STUDENT, by=cast.bram.user)
    accept(pair[1].pk, side=COMPANY, by=cast.carla)
    assert [state_of(p) for p in pair] == [states.AGREED, states.AGREED]
    assert seats(project) == (Offer.State.PUBLISHED, 2)
