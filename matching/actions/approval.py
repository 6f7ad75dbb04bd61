"""The coordinator's work: propose by hand, approve, undo, release, drop."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Now

from accounts.actions import moving
from accounts.models import User
from companies import states as offer_states
from companies.actions import Refused, free_seats, take_seats
from companies.models import Offer
from matching import notices, states
from matching.actions.locking import lock, lock_people_and_offers, one_transaction
from matching.models import Proposal, Round, Run
from matching.queries import overlapping, seats_elsewhere
from matching.states import PROPOSAL
from students.models import Student


@dataclass
class Approved:
    """What came of a bulk approval: the proposals that hold now, and why the others do not."""

    done: list[Proposal] = field(default_factory=list)
    refused: list[tuple[Proposal, str]] = field(default_factory=list)


@one_transaction
def propose_by_hand(
    student: Student,
    offer: Offer,
    *,
    by: User,
    round_: Round | None = None,
    reason: str = "",
    choice: int | None = None,
    score: float | None = None,
    parts: dict[str, float] | None = None,
) -> Proposal:
    """Put a student and an offer together; nobody is told until it is approved and released.

    `reason` is kept in the history; it is where a coordinator says why a rule was set aside.
    Raises Refused: round_<state>, offer_not_published, offer_full, student_agreed,
    already_proposed.
    """
    if round_ is not None:
        refuse_unless_open(_locked(round_))
    lock_people_and_offers([student.pk], [offer.pk])
    offer.refresh_from_db()
    if offer.state == offer_states.FILLED or offer.free < 1:
        raise Refused("offer_full")
    if offer.state != offer_states.PUBLISHED:
        raise Refused("offer_not_published")
    if _has_agreed(student.pk, offer):
        raise Refused("student_agreed")
    try:
        with transaction.atomic(), moving("propose", by=by, reason=reason):
            return Proposal.objects.create(
                student=student,
                offer=offer,
                round=round_,
                origin=Proposal.Origin.COORDINATOR,
                starts_on=offer.starts_on,
                ends_on=offer.ends_on,
                is_internship=not offer.is_project,
                choice=choice,
                score=score,
                parts=parts or {},
                reason=reason,
            )
    except IntegrityError as error:
        raise Refused("already_proposed") from error


def _locked(round_: Round) -> Round:
    """The round as it stands now; it is neither run, sent nor added to until the commit."""
    return Round.objects.select_for_update(no_key=True).get(pk=round_.pk)


def refuse_unless_open(round_: Round) -> None:
    """What was released or closed stays as it is."""
    if round_.state != Round.State.OPEN:
        raise Refused(f"round_{round_.state}")


def _has_agreed(student_id: int, offer: Offer) -> bool:
    """Whether the student has an agreed proposal in the period of the offer."""
    return Proposal.objects.filter(
        overlapping(offer.starts_on, offer.ends_on),
        student=student_id,
        state=states.AGREED,
    ).exists()


@one_transaction
def approve(ids: Iterable[int], *, by: User) -> Approved:
    """Approve proposals of the own school's students. Those from a round or made by hand take a
    seat each; where the last seat has gone, the others are refused and stay proposed. So are
    those of a student who has a seat already: one place per student and period, unless a
    coordinator put the second beside the first by hand and wrote why.

    In the order of their keys: equal calls give equal results.
    """
    result = Approved()
    wanted: dict[int, list[Proposal]] = defaultdict(list)
    seatless: list[Proposal] = []
    locked = lock(ids)
    elsewhere = seats_elsewhere(locked.values())
    for proposal in locked.values():
        code = _why_not_approve(proposal, elsewhere[proposal.pk])
        if not code and proposal.takes_a_seat and _met(proposal, wanted):
            code = "student_taken"
        if code:
            result.refused.append((proposal, code))
        elif proposal.takes_a_seat:
            wanted[proposal.offer_id].append(proposal)
        else:
            seatless.append(proposal)
    seated: list[Proposal] = []
    for offer_id, rows in sorted(wanted.items()):
        got = _seats_for(offer_id, len(rows))
        seated += rows[:got]
        result.refused += [(p, "offer_full") for p in rows[got:]]
    with moving("approve", by=by):
        _to_approved(seated, holds_seat=True)
        _to_approved(seatless, holds_seat=False)
    result.done = sorted(seated + seatless, key=lambda p: p.pk)
    return result


def _to_approved(rows: list[Proposal], *, holds_seat: bool) -> None:
    Proposal.objects.filter(pk__in=[p.pk for p in rows]).update(
        state=states.APPROVED, holds_seat=holds_seat, moved_at=Now()
    )


def _seats_for(offer_id: int, wanted: int) -> int:
    """Take as many of the wanted seats as are free; how many that were."""
    offer = Offer.objects.get(pk=offer_id)
    got = min(wanted, offer.free)
    return got if got and take_seats(offer_id, got) else 0


def _why_not_approve(proposal: Proposal, elsewhere: list[Proposal]) -> str:
    """A code; nothing when it can be approved beside what the student has `elsewhere`."""
    if not PROPOSAL.allows("approve", proposal.state):
        return f"proposal_{proposal.state}"
    if proposal.offer.state == offer_states.FILLED:
        return "offer_full"
    if proposal.offer.state != offer_states.PUBLISHED:
        return "offer_not_published"
    if any(other.state == states.AGREED for other in elsewhere):
        return "student_agreed"
    if proposal.takes_a_seat and not all(map(proposal.is_a_choice_beside, elsewhere)):
        return "student_taken"
    return ""


def _met(proposal: Proposal, wanted: dict[int, list[Proposal]]) -> bool:
    """Whether the same student gets a seat in the same period a moment before this one, and is
    not meant to choose."""
    return any(
        p.student_id == proposal.student_id
        and p.overlaps(proposal)
        and not p.is_a_choice_beside(proposal)
        for rows in wanted.values()
        for p in rows
    )


@one_transaction
def undo(ids: Iterable[int], *, by: User) -> list[Proposal]:
    """Take approval back while nobody has been told; the seats are free again.

    Those that were released meanwhile are left alone; returns the ones that were undone.
    """
    rows = [p for p in lock(ids).values() if PROPOSAL.allows("undo", p.state)]
    with moving("undo", by=by):
        Proposal.objects.filter(pk__in=[p.pk for p in rows]).update(
            state=states.PROPOSED, holds_seat=False, moved_at=Now()
        )
    let_go(rows)
    return rows


def let_go(rows: Iterable[Proposal]) -> None:
    """Free the seats that these proposals held, as they were before their move."""
    per_offer: dict[int, int] = defaultdict(int)
    for proposal in rows:
        per_offer[proposal.offer_id] += proposal.holds_seat
    for offer_id, seats in sorted(per_offer.items()):
        if seats:
            free_seats(offer_id, seats)


@one_transaction
def release(ids: Iterable[int], *, by: User) -> list[Proposal]:
    """Put approved proposals before student and company: letters leave, both clocks start.

    An application or own place carries the student's acceptance already.
    """
    rows = [p for p in lock(ids).values() if PROPOSAL.allows("release", p.state)]
    deadline = Now() + Value(timedelta(days=settings.RESPONSE_DAYS))
    with moving("release", by=by):
        Proposal.objects.filter(pk__in=[p.pk for p in rows]).update(
            state=states.OFFERED,
            student_respond_by=Coalesce(F("student_respond_by"), deadline),
            company_respond_by=Coalesce(F("company_respond_by"), deadline),
            moved_at=Now(),
        )
    for proposal in rows:
        proposal.refresh_from_db(fields=["state", "student_respond_by", "company_respond_by"])
        notices.proposal_offered(proposal)
    return rows


@one_transaction
def drop(ids: Iterable[int], *, reason: str, by: User) -> list[Proposal]:
    """Strike proposals, with the reason. A student who asked for the place is told."""
    rows = [p for p in lock(ids).values() if PROPOSAL.allows("drop", p.state)]
    with moving("drop", by=by, reason=reason):
        Proposal.objects.filter(pk__in=[p.pk for p in rows]).update(
            state=states.DROPPED, reason=reason, moved_at=Now()
        )
    for proposal in rows:
        proposal.reason = reason
        if proposal.origin in (Proposal.Origin.APPLICATION, Proposal.Origin.OWN_PLACE):
            notices.proposal_dropped(proposal)
    return rows


@one_transaction
def apply_for(
    student: Student, offer: Offer, *, origin: str = Proposal.Origin.APPLICATION, by: User
) -> Proposal:
    """A student asks for a place: the proposal carries the student's acceptance. It takes no
    seat until the company accepts.

    Raises Refused: mode_is_matching, offer_not_published, already_proposed.
    """
    programme = student.programme
    if origin == Proposal.Origin.APPLICATION and programme.mode != programme.Mode.OPEN:
        raise Refused("mode_is_matching")
    lock_people_and_offers([student.pk], [offer.pk])
    offer.refresh_from_db()
    if offer.state != offer_states.PUBLISHED:
        raise Refused("offer_not_published")
    try:
        with transaction.atomic(), moving("propose", by=by):
            return Proposal.objects.create(
                student=student,
                offer=offer,
                origin=origin,
                starts_on=offer.starts_on,
                ends_on=offer.ends_on,
                is_internship=not offer.is_project,
                student_accepted_at=Now(),
            )
    except IntegrityError as error:
        raise Refused("already_proposed") from error


@one_transaction
def release_round(round_: Round, *, by: User) -> list[Proposal]:
    """Release all approved proposals of a round. When nothing of it is left to decide, and no run
    of it is under way, the round is closed, so that a next one can begin."""
    _locked(round_)
    approved = Proposal.objects.filter(round=round_, state=states.APPROVED)
    rows = release(list(approved.values_list("pk", flat=True)), by=by)
    undecided = Proposal.objects.filter(
        Q(state=states.PROPOSED) | Q(state=states.APPROVED), round=round_
    )
    coming = Run.objects.filter(round=round_, state__in=states.UNDER_WAY)
    if rows and not undecided.exists() and not coming.exists():
        Round.objects.filter(pk=round_.pk, state=Round.State.OPEN).update(
            state=Round.State.RELEASED, released_at=Now()
        )
    return rows


@one_transaction
def close_round(round_: Round, *, reason: str, by: User) -> Round:
    """End a round, so that a next one can begin. What nobody decided on is dropped for `reason`,
    and nobody is told. Closing twice is once.

    Raises Refused: run_under_way; round_has_approved, while something waits to be sent.
    """
    locked = _locked(round_)
    if locked.state != Round.State.OPEN:
        return locked
    if Run.objects.filter(round=round_, state__in=states.UNDER_WAY).exists():
        raise Refused("run_under_way")
    own = Proposal.objects.filter(round=round_)
    drop(list(own.filter(state=states.PROPOSED).values_list("pk", flat=True)), reason=reason, by=by)
    # Only now: an approval meanwhile was either first, and is seen here, or comes too late.
    if own.filter(state=states.APPROVED).exists():
        raise Refused("round_has_approved")
    if own.filter(student_respond_by__isnull=False).exists():
        locked.state = Round.State.RELEASED
        Round.objects.filter(pk=round_.pk).update(state=locked.state, released_at=Now())
    else:
        locked.state = Round.State.CLOSED
        Round.objects.filter(pk=round_.pk).update(state=locked.state)
    return locked
