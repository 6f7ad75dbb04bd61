"""What closes a proposal, or opens an agreed one again: withdraw, expire, reopen, cancel."""

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from django.conf import settings
from django.db.models import DurationField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Greatest, Now

from accounts.actions import moving
from accounts.models import CLOCK, By, User
from companies.actions import Refused
from companies.models import Offer
from matching import notices, states
from matching.actions.approval import let_go
from matching.actions.locking import lock, one_transaction
from matching.models import Proposal
from matching.queries import overlapping, small_teams, stranded
from matching.states import PROPOSAL

TOO_SMALL = "team_too_small"
A_WEEK = timedelta(weeks=1)

STUDENT_SILENT = Q(student_accepted_at__isnull=True, student_respond_by__lt=Now())
COMPANY_SILENT = Q(company_accepted_at__isnull=True, company_respond_by__lt=Now())


def withdraw_locked(
    rows: Iterable[Proposal], *, code: str, by: By, reason: str = ""
) -> list[Proposal]:
    """Withdraw those of these locked proposals that are open; whoever knew of one is told."""
    going = [p for p in rows if p.state in states.OPEN]
    with moving("withdraw", by=by, reason=reason or code):
        Proposal.objects.filter(pk__in=[p.pk for p in going]).update(
            state=states.WITHDRAWN,
            reason_code=code,
            reason=reason,
            holds_seat=False,
            moved_at=Now(),
        )
    let_go(going)
    for proposal in going:
        was_offered = proposal.state == states.OFFERED
        proposal.refresh_from_db()
        notices.proposal_withdrawn(proposal, was_offered=was_offered)
    tell_who_must_choose(p.offer_id for p in going)
    return going


def tell_who_must_choose(offer_ids: Iterable[int]) -> None:
    """After the last answer of a team: where it stays too small, its coordinators are told. In
    the transaction of that answer, which holds the offers."""
    for team in small_teams(stranded().filter(offer__in=set(offer_ids))):
        notices.team_too_small(team)


@one_transaction
def withdraw(ids: Iterable[int], *, code: str, by: By, reason: str = "") -> list[Proposal]:
    """Take open proposals back; `code` says why, `reason` adds words. Seats are free again."""
    return withdraw_locked(lock(ids).values(), code=code, by=by, reason=reason)


@one_transaction
def withdraw_all_on(offer: Offer, *, code: str, by: By, reason: str = "") -> list[Proposal]:
    """Withdraw every open proposal on an offer that ends; it stays locked until the commit. Who
    coordinates the students is told, also where nobody else knew of the proposal."""
    open_ = Proposal.objects.filter(offer=offer, state__in=states.OPEN)

    def all_there(_ids: set[int]) -> set[int]:
        return set(open_.values_list("pk", flat=True))

    rows = lock([], all_there, offers=[offer.pk])
    gone = withdraw_locked(rows.values(), code=code, by=by, reason=reason)
    notices.offer_closed(gone)
    return gone


@one_transaction
def withdraw_all_of(student_ids: Collection[int], *, code: str, by: By) -> list[Proposal]:
    """Withdraw every open proposal of these students."""
    open_ = Proposal.objects.filter(student__in=student_ids, state__in=states.OPEN)
    return withdraw_locked(lock(open_.values_list("pk", flat=True)).values(), code=code, by=by)


@one_transaction
def expire_due() -> list[Proposal]:
    """Close what was not answered in time, on the database's clock; the silent side is recorded,
    the seat is free, and everybody is told."""
    due = Proposal.objects.filter(STUDENT_SILENT | COMPANY_SILENT, state=states.OFFERED)
    locked = lock(due.values_list("pk", flat=True))
    # Look again under the lock: somebody may have answered just now.
    going = Proposal.objects.filter(
        STUDENT_SILENT | COMPANY_SILENT, pk__in=locked, state=states.OFFERED
    ).annotate(student_silent=STUDENT_SILENT, company_silent=COMPANY_SILENT)
    sides = {
        pk: _silent_side(student, company)
        for pk, student, company in going.values_list("pk", "student_silent", "company_silent")
    }
    rows = [locked[pk] for pk in sorted(sides)]
    with moving("expire", by=CLOCK):
        for side in Proposal.Side.values:
            Proposal.objects.filter(pk__in=[pk for pk, s in sides.items() if s == side]).update(
                state=states.EXPIRED, silent_side=side, holds_seat=False, moved_at=Now()
            )
    let_go(rows)
    for proposal in rows:
        proposal.refresh_from_db()
        notices.proposal_expired(proposal)
    tell_who_must_choose(p.offer_id for p in rows)
    return rows


@one_transaction
def withdraw_teams_that_cannot_begin(*, today: date) -> list[Proposal]:
    """A team about which nobody decided ends on the day on which it should have begun."""
    due = stranded().filter(starts_on__lte=today)
    locked = lock(due.values_list("pk", flat=True))
    # Look again under the lock: a coordinator may have chosen just now.
    still = set(due.filter(pk__in=locked).values_list("pk", flat=True))
    return withdraw_locked([locked[pk] for pk in sorted(still)], code=TOO_SMALL, by=CLOCK)


def remind_who_must_choose() -> None:
    """Once both deadlines are over, coordinators hear every week of a team that is too small."""
    over = Greatest("student_respond_by", "company_respond_by")
    rows = stranded().annotate(late=ExpressionWrapper(Now() - over, DurationField()))
    late = dict(rows.filter(late__gte=A_WEEK).values_list("pk", "late"))
    for team in small_teams(stranded().filter(pk__in=late)):
        # The sweep comes often; a letter of the same week has the same key.
        notices.team_too_small(team, week=max(late[p.pk] for p in team.members) // A_WEEK)


def _silent_side(student: bool, company: bool) -> str:
    if student and company:
        return Proposal.Side.BOTH
    return Proposal.Side.STUDENT if student else Proposal.Side.COMPANY


@one_transaction
def reopen(proposal_id: int, *, reason: str, today: date, by: User) -> Proposal:
    """Ask both sides again, before the start: acceptances are cleared, the clocks start anew, the
    seat stays. The letters are of a new generation.

    Raises Refused: proposal_<state>, already_started.
    """
    proposal = lock([proposal_id])[proposal_id]
    _refuse_unless_before_start(proposal, "reopen", today)
    deadline = Now() + Value(timedelta(days=settings.RESPONSE_DAYS))
    with moving("reopen", by=by, reason=reason):
        Proposal.objects.filter(pk=proposal_id).update(
            state=states.OFFERED,
            generation=F("generation") + 1,
            student_accepted_at=None,
            company_accepted_at=None,
            student_respond_by=deadline,
            company_respond_by=deadline,
            reason=reason,
            moved_at=Now(),
        )
    proposal.refresh_from_db()
    notices.proposal_offered(proposal)
    return proposal


@one_transaction
def cancel(proposal_id: int, *, reason: str, today: date, by: User) -> Proposal:
    """Undo an agreed match before the start; the seat is free and both are told.

    Raises Refused: proposal_<state>, already_started.
    """
    proposal = lock([proposal_id])[proposal_id]
    _refuse_unless_before_start(proposal, "cancel", today)
    with moving("cancel", by=by, reason=reason):
        Proposal.objects.filter(pk=proposal_id).update(
            state=states.CANCELLED, reason=reason, holds_seat=False, moved_at=Now()
        )
    let_go([proposal])
    proposal.refresh_from_db()
    notices.proposal_cancelled(proposal)
    return proposal


def _refuse_unless_before_start(proposal: Proposal, move: str, today: date) -> None:
    if not PROPOSAL.allows(move, proposal.state):
        raise Refused(f"proposal_{proposal.state}")
    if proposal.starts_on <= today:
        raise Refused("already_started")


def withdrawn_rivals(proposal: Proposal) -> list[Proposal]:
    """What was withdrawn because this match was agreed: listed when it is reopened, not revived."""
    return list(
        Proposal.objects.filter(
            overlapping(proposal.starts_on, proposal.ends_on),
            student=proposal.student_id,
            state=states.WITHDRAWN,
            reason_code="agreed_elsewhere",
        ).select_related("offer__site__company")
    )
