"""Rounds and their runs: begin, claim, solve, check, store, or fail honestly."""

import logging
import time
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Now

from accounts.actions import moving
from accounts.models import CLOCK, User
from companies.actions import Refused
from companies.models import Offer
from companies.states import LIVE
from education.models import School, Season
from matching import queries, states
from matching.actions.approval import refuse_unless_open
from matching.actions.locking import lock, lock_people_and_offers, one_transaction
from matching.actions.shortage import shortage_of
from matching.engine import Outcome, solve, verify
from matching.models import Proposal, Round, Run
from matching.snapshot import Frozen, Snapshot, repeatable_read, take
from notifications.bell import ring

logger = logging.getLogger(__name__)

TAKE_UP_RUNS = "matching.tasks.take_up_runs"
# How long a worker holds a run without a word. A proof gives one every second too.
LEASE = timedelta(seconds=30)
BETWEEN_REPORTS = 1.0  # seconds
MOST_ATTEMPTS = 3


def create_round(season: Season, school: School, *, by: User) -> Round:
    """A new round of a school for a season, with the usual weights.

    Raises Refused: round_is_open when an earlier one has not been released.
    """
    try:
        with transaction.atomic():
            return Round.objects.create(
                season=season, school=school, weights=queries.DEFAULT_WEIGHTS, created_by=by
            )
    except IntegrityError as error:
        raise Refused("round_is_open") from error


def start_run(
    round_: Round, *, effort: str = Run.Effort.STANDARD, seen: int | None = None, by: User
) -> Run:
    """Queue a calculation of the round with this effort and wake a worker. `seen` is the newest run
    that whoever asks knew of, 0 for none: a later one answers the question already.

    Raises Refused: run_under_way, run_just_done, round_<state>.
    """
    with transaction.atomic():
        locked = Round.objects.select_for_update(no_key=True).get(pk=round_.pk)
        refuse_unless_open(locked)
        if Run.objects.filter(round=round_, state__in=states.UNDER_WAY).exists():
            raise Refused("run_under_way")
        if seen is not None and Run.objects.filter(round=round_, pk__gt=seen).exists():
            raise Refused("run_just_done")
        with moving("queue", by=by):
            run = Run.objects.create(round=round_, effort=effort)
        ring(TAKE_UP_RUNS)
    return run


def claim_run() -> Run | None:
    """Lease the oldest run that waits, or whose worker went away; None when there is none.

    A run that lost its worker too often is marked as failed, so that a person decides.
    """
    with transaction.atomic():
        left_behind = Run.objects.select_for_update(skip_locked=True).filter(
            state=states.RUNNING, leased_until__lt=Now()
        )
        for run in left_behind.order_by("pk"):
            if run.attempts >= MOST_ATTEMPTS:
                _fail(run, "worker_lost")
            else:
                with moving("requeue", by=CLOCK):
                    Run.objects.filter(pk=run.pk).update(
                        state=states.QUEUED, lease_token=None, leased_until=None, progress=0
                    )
        waiting = Run.objects.select_for_update(skip_locked=True).filter(state=states.QUEUED)
        first = waiting.order_by("queued_at", "pk").first()
        if first is None:
            return None
        with moving("claim", by=CLOCK):
            Run.objects.filter(pk=first.pk).update(
                state=states.RUNNING,
                lease_token=uuid.uuid4(),
                leased_until=Now() + Value(LEASE),
                attempts=F("attempts") + 1,
            )
    return Run.objects.select_related("round__season", "round__school").get(pk=first.pk)


def reporter(run: Run) -> Callable[[float], None]:
    """Write down how far a run is, which also extends its lease; at most once a second.

    What it returns raises when the lease is lost, so that the work stops.
    """
    reported = time.monotonic()

    def report(share: float) -> None:
        nonlocal reported
        if time.monotonic() - reported < BETWEEN_REPORTS:
            return
        reported = time.monotonic()
        held = Run.objects.filter(
            pk=run.pk, state=states.RUNNING, lease_token=run.lease_token
        ).update(
            progress=round(100 * min(1.0, max(0.0, share))),
            leased_until=Now() + Value(LEASE),
        )
        if not held:
            raise _LeaseLost

    return report


def execute(run: Run, *, today: date) -> None:
    """Calculate a claimed run and store its proposals, all or nothing.

    An outcome that the independent checker rejects is never stored. Whatever goes wrong, the run
    is marked as failed and can be started again.
    """
    try:
        began = time.perf_counter()
        with repeatable_read():
            snapshot = take(run.round, today=today)
        taken = time.perf_counter()
        outcome = solve(snapshot.problem, effort=run.effort, progress=reporter(run))
        verdict = verify(snapshot.problem, outcome)
        if not verdict.ok:
            logger.error("run %s: outcome rejected: %s", run.pk, verdict.problems)
            fail_run(run, "outcome_rejected")
            return
        solved = time.perf_counter()
        shortage = _shortage(run, snapshot, outcome)
        looked = time.perf_counter()
        seconds = {
            "snapshot": taken - began,
            "solve": solved - taken,
            "shortage": looked - solved,
        }
        store(run, snapshot, outcome, shortage=shortage, seconds=seconds)
        seconds["store"] = time.perf_counter() - looked
        logger.info(
            "run %s: %s",
            run.pk,
            ", ".join(f"{part} {spent:.3f} s" for part, spent in seconds.items()),
        )
    except _LeaseLost:
        logger.warning("run %s passed to another worker", run.pk)
    except Exception:
        logger.exception("run %s failed", run.pk)
        fail_run(run, "error")


class _LeaseLost(Exception):
    """Another worker has the run now, or it was marked as failed."""


def _shortage(run: Run, snapshot: Snapshot, outcome: Outcome) -> dict[str, Any]:
    """Where openings are short. An outcome is not lost because this cannot be said."""
    try:
        return shortage_of(snapshot, outcome)
    except Exception:
        logger.exception("run %s: no word on shortages", run.pk)
        return {}


@one_transaction
def store(
    run: Run,
    snapshot: Snapshot,
    outcome: Outcome,
    *,
    shortage: dict[str, Any],
    seconds: dict[str, float],
) -> None:
    """Write the outcome as proposals and finish the run, in one transaction.

    Earlier proposals of the round that nobody has decided on are superseded. A student who got
    a proposal elsewhere since the snapshot is passed over.
    """
    began = time.perf_counter()
    held = Run.objects.select_for_update(no_key=True).filter(
        pk=run.pk, state=states.RUNNING, lease_token=run.lease_token
    )
    if not held.exists():
        raise _LeaseLost
    frozen = Frozen(snapshot, outcome)
    earlier = Proposal.objects.filter(
        round=run.round, origin=Proposal.Origin.ROUND, state=states.PROPOSED
    )
    assigned = frozen.assignment()
    lock_people_and_offers(
        {s for s, _, _ in assigned} | set(earlier.values_list("student_id", flat=True)),
        {o for _, o, _ in assigned} | set(earlier.values_list("offer_id", flat=True)),
    )
    old = list(lock(earlier.values_list("pk", flat=True)).values())
    with moving("supersede", by=CLOCK):
        Proposal.objects.filter(pk__in=[p.pk for p in old], state=states.PROPOSED).update(
            state=states.SUPERSEDED, moved_at=Now()
        )
    rows, passed_over = _rows(run, frozen, assigned)
    with moving("propose", by=CLOCK):
        Proposal.objects.bulk_create(rows)
    figures = _figures(snapshot, frozen) | {
        "placed": len(rows),
        "off_list": sum(row.off_the_list for row in rows),
        "passed_over": passed_over,
        "shortage": shortage,
        "seconds": {**seconds, "store": time.perf_counter() - began},
    }
    with moving("finish", by=CLOCK):
        Run.objects.filter(pk=run.pk).update(
            state=states.DONE,
            progress=100,
            finished_at=Now(),
            lease_token=None,
            leased_until=None,
            fingerprint=outcome.fingerprint,
            snapshot=snapshot.freeze(outcome),
            figures=figures,
        )


def _figures(snapshot: Snapshot, frozen: Frozen) -> dict[str, Any]:
    """What the run found, in figures. `bound`: more students cannot be placed; where it equals
    `found`, that is proven to be as many as possible."""
    outcome = frozen.outcome
    return {
        "students": snapshot.problem.students,
        "offers": snapshot.problem.places,
        "openings": int(snapshot.problem.capacity.sum()),
        "owners": len(snapshot.company_ids),
        "found": outcome.placed,
        "bound": outcome.bound,
        "rank_sum": outcome.rank_sum,
        "profile": frozen.profile(),
        "closed": [one.offer_id for one in frozen.closed_projects()],
        "teams_below_minimum": list(frozen.teams_below_minimum()),
    }


def _rows(
    run: Run, frozen: Frozen, assigned: list[tuple[int, int, int | None]]
) -> tuple[list[Proposal], int]:
    """The new proposals, and how many students were passed over: they have one by now, or the
    offer has closed, or somebody has said no to the pair."""
    taken_since = set(
        queries.left_out(run.round.season, run.round.school).values_list("pk", flat=True)
    )
    open_pairs = set(
        Proposal.objects.filter(
            state__in=states.OPEN, student__in=[s for s, _, _ in assigned]
        ).values_list("student_id", "offer_id")
    )
    barred = open_pairs | queries.banned_pairs(run.round)
    offers = Offer.objects.filter(state__in=LIVE).in_bulk({o for _, o, _ in assigned})
    rows = []
    for student_id, offer_id, tier in assigned:
        if student_id in taken_since or (student_id, offer_id) in barred or offer_id not in offers:
            continue
        offer, fit = offers[offer_id], frozen.fit(student_id, offer_id)
        rows.append(
            Proposal(
                student_id=student_id,
                offer=offer,
                round=run.round,
                run=run,
                origin=Proposal.Origin.ROUND,
                starts_on=offer.starts_on,
                ends_on=offer.ends_on,
                is_internship=not offer.is_project,
                choice=tier,
                score=round(fit.score, 4),
                parts={name: round(part, 4) for name, part in fit.parts.items()},
            )
        )
    return rows, len(assigned) - len(rows)


def fail_run(run: Run, trouble: str) -> None:
    """Mark a run as failed unless it has passed to another worker."""
    with transaction.atomic():
        held = Run.objects.select_for_update(no_key=True).filter(
            pk=run.pk, state=states.RUNNING, lease_token=run.lease_token
        )
        if held.exists():
            _fail(run, trouble)


def _fail(run: Run, trouble: str) -> None:
    with moving("fail", by=CLOCK):
        Run.objects.filter(pk=run.pk).update(
            state=states.FAILED,
            finished_at=Now(),
            lease_token=None,
            leased_until=None,
            trouble=trouble,
        )
