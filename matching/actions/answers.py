"""Student and company answer: accept or decline."""

from collections.abc import Iterable

from django.db.models import F
from django.db.models.functions import Now

from accounts.actions import moving
from accounts.models import CLOCK, By, User
from companies.actions import Refused, retire_openings, take_seats
from companies.models import Offer
from matching import notices, states
from matching.actions.approval import let_go
from matching.actions.ending import (
    COMPANY_SILENT,
    STUDENT_SILENT,
    tell_who_must_choose,
    withdraw_locked,
)
from matching.actions.locking import answering, lock, one_transaction, the_team
from matching.models import Proposal
from matching.states import PROPOSAL

STUDENT, COMPANY = Proposal.Side.STUDENT, Proposal.Side.COMPANY
PLACE_GONE = "place_gone"


@one_transaction
def accept(proposal_id: int, *, side: str, by: By) -> Proposal:
    """One side says yes; the proposal is agreed when both did. Saying yes twice is once.

    A company answers once for the whole team of a project; a team is agreed together when its
    acceptances reach the minimum. The last acceptance takes a seat where none is held. What the
    student has open in the same period is withdrawn, and their companies are told.

    Raises Refused: proposal_<state> when it is no longer offered, or its time is over;
    student_agreed, offer_full.
    """
    rows = lock([proposal_id], answering)
    proposal = rows[proposal_id]
    if _has_accepted(proposal, side) and proposal.state in (states.OFFERED, states.AGREED):
        return proposal
    if not PROPOSAL.allows("accept", proposal.state):
        raise Refused(f"proposal_{proposal.state}")
    over = _overdue(rows)
    if proposal_id in over:
        raise Refused("proposal_expired")
    beside = [p for p in rows.values() if p.offer_id == proposal.offer_id and p.pk not in over]
    answered = _answered_with(proposal, beside, side)
    agreeing = _agreeing(proposal, beside, answered, side)
    _refuse_second_place(agreeing, rows.values())
    _take_missing_seats(agreeing)
    _write_acceptance(answered, agreeing, side, by)
    for agreed in agreeing:
        agreed.refresh_from_db()
    _after_agreement(agreeing, rows, by)
    tell_who_must_choose([proposal.offer_id])
    proposal.refresh_from_db()
    return proposal


def _overdue(rows: Iterable[int]) -> set[int]:
    """Those that the clock is about to close; no yes saves them any more."""
    over = Proposal.objects.filter(STUDENT_SILENT | COMPANY_SILENT, state=states.OFFERED)
    return set(over.filter(pk__in=rows).values_list("pk", flat=True))


@one_transaction
def agree_as_a_smaller_team(proposal_id: int, *, reason: str, by: User) -> Proposal:
    """The coordinator sets the minimum of a team aside: all its students of the own school to
    whom both sides said yes are agreed together.

    Raises Refused: proposal_<state>, team_not_ready, student_agreed, offer_full.
    """
    rows = lock([proposal_id], answering)
    proposal = rows[proposal_id]
    if not PROPOSAL.allows("accept", proposal.state):
        raise Refused(f"proposal_{proposal.state}")
    if not proposal.waits_for_team:
        raise Refused("team_not_ready")
    school = proposal.student.programme.school_id
    ready = [
        p
        for p in rows.values()
        if p.offer_id == proposal.offer_id
        and p.waits_for_team
        and p.student.programme.school_id == school
    ]
    agreeing = _with_a_seat(proposal.offer, ready)
    if proposal not in agreeing:
        raise Refused("offer_full")
    _refuse_second_place(agreeing, rows.values())
    _take_missing_seats(agreeing)
    with moving("accept", by=by, reason=reason):
        Proposal.objects.filter(pk__in=[p.pk for p in agreeing]).update(
            state=states.AGREED, holds_seat=True, moved_at=Now()
        )
    for agreed in agreeing:
        agreed.refresh_from_db()
    _after_agreement(agreeing, rows, by)
    return agreeing[agreeing.index(proposal)]


def _has_accepted(proposal: Proposal, side: str) -> bool:
    return proposal.student_answered if side == STUDENT else proposal.company_answered


def _answered_with(proposal: Proposal, beside: list[Proposal], side: str) -> list[Proposal]:
    """The proposals that this one answer is for."""
    if side == STUDENT or not proposal.offer.is_project:
        return [proposal]
    return [p for p in beside if p.state == states.OFFERED and not p.company_answered]


def _agreeing(
    proposal: Proposal, beside: list[Proposal], answered: list[Proposal], side: str
) -> list[Proposal]:
    """The proposals that are agreed by this answer, as far as there are seats for them."""
    other = COMPANY if side == STUDENT else STUDENT
    ready = [
        p
        for p in beside
        if p.state == states.OFFERED
        and (_has_accepted(p, side) or p in answered)
        and _has_accepted(p, other)
    ]
    offer = proposal.offer
    seated = _with_a_seat(offer, ready)
    if proposal in ready and proposal not in seated:
        raise Refused("offer_full")
    agreed = sum(p.state == states.AGREED for p in beside)
    return seated if agreed + len(seated) >= (offer.team_min or 1) else []


def _with_a_seat(offer: Offer, ready: list[Proposal]) -> list[Proposal]:
    """Those who hold a seat, and of the others as many as there are free seats."""
    seatless = [p for p in ready if not p.holds_seat]
    left_out = seatless[offer.free :]
    return [p for p in ready if p not in left_out]


def _refuse_second_place(agreeing: list[Proposal], rows: Iterable[Proposal]) -> None:
    """A student who agreed elsewhere in the same period cannot agree again."""
    agreed = [p for p in rows if p.state == states.AGREED]
    for proposal in agreeing:
        if any(p.student_id == proposal.student_id and p.overlaps(proposal) for p in agreed):
            raise Refused("student_agreed")


def _take_missing_seats(agreeing: list[Proposal]) -> None:
    for proposal in agreeing:
        if not proposal.holds_seat and not take_seats(proposal.offer_id):
            raise Refused("offer_full")


def _write_acceptance(
    answered: list[Proposal], agreeing: list[Proposal], side: str, by: By
) -> None:
    """One history row per proposal: accepted, and agreed where that completes it."""
    stamp = "student_accepted_at" if side == STUDENT else "company_accepted_at"
    new = {p.pk for p in answered}
    complete = {p.pk for p in agreeing}
    with moving("accept", by=by):
        Proposal.objects.filter(pk__in=new - complete).update(
            **{"state": states.OFFERED, stamp: Now(), "moved_at": Now()}
        )
        Proposal.objects.filter(pk__in=new & complete).update(
            **{"state": states.AGREED, stamp: Now(), "holds_seat": True, "moved_at": Now()}
        )
        # Team mates who had said yes before, and waited for the minimum.
        Proposal.objects.filter(pk__in=complete - new).update(
            state=states.AGREED, holds_seat=True, moved_at=Now()
        )


def _after_agreement(agreeing: list[Proposal], rows: dict[int, Proposal], by: By) -> None:
    """Withdraw what cannot be any more, and tell everybody."""
    done = {p.pk for p in agreeing}
    elsewhere = [
        p
        for p in rows.values()
        if p.pk not in done
        and p.state in states.OPEN
        and any(p.student_id == a.student_id and p.overlaps(a) for a in agreeing)
    ]
    withdraw_locked(elsewhere, code="agreed_elsewhere", by=CLOCK)
    gone = {p.pk for p in elsewhere} | done
    full = set(
        Offer.objects.filter(pk__in={a.offer_id for a in agreeing}, held=F("openings")).values_list(
            "pk", flat=True
        )
    )
    seatless = [
        p
        for p in rows.values()
        if p.pk not in gone and p.offer_id in full and p.state in states.OPEN and not p.holds_seat
    ]
    withdraw_locked(seatless, code="offer_full", by=CLOCK)
    for agreed in agreeing:
        notices.proposal_agreed(agreed)


@one_transaction
def decline(proposal_id: int, *, side: str, code: str, note: str = "", by: By) -> Proposal:
    """One side says no, with a reason from the list; the seat is free and the pair does not come
    back this season. A company declines for the whole team; a place that it says is gone does not
    go to somebody else. Saying no twice is once.

    Raises Refused: proposal_<state> when it is no longer offered.
    """
    rows = lock([proposal_id], the_team if side == COMPANY else None)
    proposal = rows[proposal_id]
    if proposal.state == states.DECLINED and proposal.declined_by == side:
        return proposal
    if not PROPOSAL.allows("decline", proposal.state):
        raise Refused(f"proposal_{proposal.state}")
    declined = [p for p in rows.values() if p.state == states.OFFERED]
    with moving("decline", by=by, reason=f"{code}: {note}" if note else code):
        Proposal.objects.filter(pk__in=[p.pk for p in declined]).update(
            state=states.DECLINED,
            declined_by=side,
            reason_code=code,
            reason=note,
            holds_seat=False,
            moved_at=Now(),
        )
    let_go(declined)
    if side == COMPANY and code == PLACE_GONE:
        retire_openings(proposal.offer_id, len(declined), by=by)
    for one in declined:
        one.refresh_from_db()
        notices.proposal_declined(one)
    tell_who_must_choose([proposal.offer_id])
    return rows[proposal_id]
