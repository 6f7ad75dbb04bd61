"""Rounds and their runs: what is stored, and what happens when a run goes wrong."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import InternalError, connection, transaction
from django.db.models import F, Value
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from companies import actions as offers
from companies.actions import Refused
from companies.models import Offer
from matching import states
from matching.actions import approval, rounds
from matching.engine import UNPLACED, Outcome, Problem, solve
from matching.engine.exact.child import BETWEEN_REPORTS
from matching.models import Proposal, Round, Run, Wish
from matching.snapshot import Frozen, repeatable_read
from matching.tasks import take_up_runs
from students.models import Availability
from tests.conftest import Cast
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory, RoundFactory, ranked
from tests.matching.at_once import at_once
from tests.matching.conftest import Calculate, MakeOffer
from tests.matching.reading import last_step, letters, now_of, seats, state_of, steps_of
from tests.matching.running import classmate, frozen_of, pairs_of

pytestmark = pytest.mark.django_db

ONE_DAY = timedelta(days=1)


# --- end to end -----------------------------------------------------------------------------------


def test_a_round_from_click_to_proposals(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, calculate: Calculate
) -> None:
    one, two = at_klikwerf(), at_klikwerf(openings=2)
    fourth = classmate(cast)
    for student in (cast.bram, classmate(cast), fourth):
        ranked(student, one, two)
    unranked = classmate(cast)
    run = calculate()
    assert (run.state, run.attempts, run.trouble) == (states.DONE, 1, "")
    assert run.finished_at is not None
    assert (run.lease_token, run.leased_until) == (None, None)
    proposals = list(Proposal.objects.order_by("pk"))
    assert len(proposals) == 3
    assert sorted(p.offer_id for p in proposals) == [one.pk, two.pk, two.pk]
    for made in proposals:
        assert (made.origin, made.round, made.run) == (Proposal.Origin.ROUND, round_, run)
        assert (made.state, made.is_internship, made.holds_seat) == (states.PROPOSED, True, False)
        assert made.choice == (1 if made.offer_id == one.pk else 2)
        assert made.score is not None
        assert 0 < made.score <= 1
        assert set(made.parts) == {"skills", "learning", "distance", "days"}
        assert last_step(made) == ("propose", "", states.PROPOSED, None, "")
    assert seats(two) == (Offer.State.PUBLISHED, 0)
    assert letters() == []
    figures = {name: run.figures[name] for name in ("students", "offers", "openings", "placed")}
    assert figures == {"students": 4, "offers": 2, "openings": 3, "placed": 3}
    assert run.figures["profile"] == [1, 2]
    assert (run.figures["found"], run.figures["bound"], run.figures["off_list"]) == (3, 3, 0)
    assert set(run.figures["seconds"]) == {"snapshot", "solve", "shortage", "store"}
    assert [s[0] for s in steps_of(run)] == ["queue", "claim", "finish"]
    assert frozen_of(run).offer_of(unranked.pk) is None


def test_a_place_goes_to_the_better_fit(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    """Bram lives in Zwolle, the other in Kampen."""
    offer = at_klikwerf()
    far = classmate(cast, postcode=postcode("8261"))
    for student in (far, cast.bram):
        ranked(student, offer)
    assert pairs_of(calculate()) == [(cast.bram.pk, offer.pk)]


def test_a_season_without_students_is_an_ordinary_outcome(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    Availability.objects.all().delete()
    at_klikwerf()
    run = calculate()
    assert (run.state, run.figures["students"], run.figures["placed"]) == (states.DONE, 0, 0)
    assert frozen_of(run).unplaced() == {}


def test_a_season_without_offers_is_an_ordinary_outcome(cast: Cast, calculate: Calculate) -> None:
    run = calculate()
    assert (run.state, run.figures["openings"]) == (states.DONE, 0)
    assert list(frozen_of(run).unplaced()) == [cast.bram.pk]


# --- running again --------------------------------------------------------------------------------


def test_a_new_run_replaces_what_nobody_decided_on_and_nothing_else(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, calculate: Calculate
) -> None:
    offer = at_klikwerf(openings=5)
    undecided, approved, dropped = cast.bram, classmate(cast), classmate(cast)
    for student in (undecided, approved, dropped):
        ranked(student, offer)
    first = {p.student_id: p for p in Proposal.objects.filter(run=calculate())}
    approval.approve([first[approved.pk].pk], by=cast.frits)
    approval.drop([first[dropped.pk].pk], reason="Liever niet", by=cast.frits)
    by_hand = approval.propose_by_hand(
        classmate(cast), offer, by=cast.frits, round_=round_, reason="Afgesproken"
    )
    others = ProposalFactory(student=cast.anouk, offer=offer)
    second = calculate()
    assert pairs_of(second) == [(undecided.pk, offer.pk)]
    assert last_step(first[undecided.pk]) == (
        "supersede",
        states.PROPOSED,
        states.SUPERSEDED,
        None,
        "",
    )
    assert state_of(first[approved.pk]) == states.APPROVED
    assert state_of(first[dropped.pk]) == states.DROPPED
    assert state_of(by_hand) == state_of(others) == states.PROPOSED
    assert seats(offer) == (Offer.State.PUBLISHED, 1)
    assert letters() == []


def test_equal_input_gives_an_equal_outcome_and_fingerprint(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    """Nine equal students and three seats: only the lottery of the season decides."""
    offer = at_klikwerf(openings=3)
    for student in [cast.bram, *(classmate(cast) for _ in range(8))]:
        ranked(student, offer)
    one, two = calculate(), calculate()
    assert one.fingerprint == two.fingerprint != ""
    assert pairs_of(one) == pairs_of(two)
    assert len(pairs_of(one)) == 3
    cast.season.lottery_secret = "another"
    cast.season.save()
    three = calculate()
    assert three.fingerprint != one.fingerprint


def test_other_input_gives_another_fingerprint(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate
) -> None:
    one, two = at_klikwerf(), at_klikwerf()
    ranked(cast.bram, one, two)
    before = calculate()
    Wish.objects.filter(student=cast.bram).delete()
    ranked(cast.bram, two, one)
    after = calculate()
    assert before.fingerprint != after.fingerprint
    assert pairs_of(after) == [(cast.bram.pk, two.pk)]


def test_a_season_has_one_round_per_school_at_a_time(cast: Cast, round_: Round) -> None:
    with pytest.raises(Refused, match="round_is_open"):
        rounds.create_round(cast.season, cast.windesheim, by=cast.frits)
    assert rounds.create_round(cast.season, cast.deltion, by=cast.els).pk != round_.pk
    assert Round.objects.count() == 2


def test_a_round_runs_once_at_a_time(cast: Cast, round_: Round, today: date) -> None:
    rounds.start_run(round_, by=cast.frits)
    with pytest.raises(Refused, match="run_under_way"):
        rounds.start_run(round_, by=cast.frits)
    run = rounds.claim_run()
    with pytest.raises(Refused, match="run_under_way"):
        rounds.start_run(round_, by=cast.frits)
    assert run is not None
    rounds.execute(run, today=today)
    assert rounds.start_run(round_, by=cast.frits).pk != run.pk


def test_a_round_that_was_sent_does_not_run(cast: Cast) -> None:
    sent = RoundFactory(season=cast.season, school=cast.windesheim, state=Round.State.RELEASED)
    with pytest.raises(Refused, match="round_released"):
        rounds.start_run(sent, by=cast.frits)
    assert not Run.objects.exists()


def test_one_worker_takes_up_every_run_that_waits_and_a_second_finds_nothing(cast: Cast) -> None:
    for school in (cast.windesheim, cast.deltion):
        rounds.start_run(RoundFactory(season=cast.season, school=school), by=cast.frits)
    take_up_runs()
    take_up_runs()
    assert [(r.state, r.attempts) for r in Run.objects.all()] == [(states.DONE, 1)] * 2


def test_the_oldest_run_comes_first(cast: Cast) -> None:
    old, new = (RoundFactory(season=cast.season, school=s) for s in (cast.deltion, cast.windesheim))
    late, early = rounds.start_run(new, by=cast.frits), rounds.start_run(old, by=cast.els)
    Run.objects.filter(pk=early.pk).update(queued_at=Now() - Value(timedelta(hours=1)))
    assert [rounds.claim_run(), rounds.claim_run(), rounds.claim_run()] == [early, late, None]


# --- a worker that goes away ----------------------------------------------------------------------


def lose_worker(run: Run) -> None:
    """Let the lease run out, on the clock of the database."""
    Run.objects.filter(pk=run.pk).update(leased_until=Now() - Value(timedelta(seconds=1)))


def test_a_run_whose_worker_went_away_is_taken_up_again(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, today: date
) -> None:
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    rounds.start_run(round_, by=cast.frits)
    gone = rounds.claim_run()
    assert gone is not None
    assert rounds.claim_run() is None, "its lease holds"
    lose_worker(gone)
    again = rounds.claim_run()
    assert again is not None
    assert (again.pk, again.attempts) == (gone.pk, 2)
    assert again.lease_token != gone.lease_token
    rounds.execute(gone, today=today)
    assert not Proposal.objects.exists(), "a stale worker stores nothing"
    assert state_of(again) == states.RUNNING
    rounds.execute(again, today=today)
    assert state_of(again) == states.DONE
    assert pairs_of(again) == [(cast.bram.pk, offer.pk)]
    rounds.execute(gone, today=today)
    assert Proposal.objects.count() == 1
    assert [s[0] for s in steps_of(again)] == ["queue", "claim", "requeue", "claim", "finish"]


def test_a_run_that_loses_three_workers_has_failed_and_can_be_started_again(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round, calculate: Calculate
) -> None:
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    run = rounds.start_run(round_, by=cast.frits)
    for attempt in (1, 2, 3):
        claimed = rounds.claim_run()
        assert claimed is not None
        assert claimed.attempts == attempt
        lose_worker(run)
    assert rounds.claim_run() is None
    run.refresh_from_db()
    assert (run.state, run.trouble) == (states.FAILED, "worker_lost")
    assert run.finished_at is not None
    assert not Proposal.objects.exists()
    assert pairs_of(calculate()) == [(cast.bram.pk, offer.pk)]


def test_a_worker_that_comes_back_too_late_cannot_store_nor_fail_the_run(
    cast: Cast,
    at_klikwerf: MakeOffer,
    round_: Round,
    today: date,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The lease runs out while it solves, and another worker has the run."""
    earlier = at_klikwerf()
    ranked(cast.bram, earlier)
    standing = Proposal.objects.filter(round=round_)
    rounds.start_run(round_, by=cast.frits)
    first = rounds.claim_run()
    assert first is not None
    rounds.execute(first, today=today)
    kept = now_of(standing.get())
    rounds.start_run(round_, by=cast.frits)
    slow = rounds.claim_run()
    assert slow is not None

    def long_solve(problem: Problem, **asked: Any) -> Outcome:
        lose_worker(slow)
        assert rounds.claim_run() is not None
        return solve(problem)

    monkeypatch.setattr(rounds, "solve", long_solve)
    rounds.execute(slow, today=today)
    rounds.fail_run(slow, "error")
    slow.refresh_from_db()
    assert (slow.state, slow.attempts) == (states.RUNNING, 2)
    assert now_of(standing.get()) == kept


# --- how far it is --------------------------------------------------------------------------------


def test_a_report_says_how_far_it_is_and_extends_the_lease_at_most_once_a_second(
    cast: Cast, round_: Round, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds.start_run(round_, by=cast.frits)
    run = rounds.claim_run()
    assert run is not None
    clock = [100.0]
    monkeypatch.setattr(rounds.time, "monotonic", lambda: clock[0])
    report = rounds.reporter(run)
    Run.objects.update(leased_until=Now() + Value(timedelta(seconds=2)))
    run.refresh_from_db()
    short = run.leased_until
    report(0.3)
    assert Run.objects.get().progress == 0, "too soon after it began"
    clock[0] += 1.0
    with CaptureQueriesContext(connection) as asked:
        report(0.5)
        report(0.6)
    assert [query["sql"].split()[0] for query in asked] == ["UPDATE"]
    run.refresh_from_db()
    assert run.progress == 50
    assert short is not None
    assert run.leased_until is not None
    assert run.leased_until > short + timedelta(seconds=20)
    for share, percentage in ((1.7, 100), (-1.0, 0)):
        clock[0] += 1.0
        report(share)
        assert Run.objects.get().progress == percentage


@pytest.mark.parametrize("effort", ["quick", "standard", "exact"])
def test_a_worker_holds_a_run_long_enough_to_say_how_far_it_is(
    cast: Cast, round_: Round, effort: str
) -> None:
    rounds.start_run(round_, effort=effort, by=cast.frits)
    assert rounds.claim_run() is not None
    left = Run.objects.annotate(left=F("leased_until") - Now()).values_list("left", flat=True).get()
    assert timedelta(seconds=20 * max(rounds.BETWEEN_REPORTS, BETWEEN_REPORTS)) < left
    assert left <= timedelta(seconds=30)


def test_a_worker_that_lost_its_lease_stops_working(
    cast: Cast, round_: Round, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds.start_run(round_, by=cast.frits)
    slow = rounds.claim_run()
    assert slow is not None
    reached = []

    def long_solve(problem: Problem, *, progress: Callable[[float], None], **asked: Any) -> Outcome:
        lose_worker(slow)
        other = rounds.claim_run()
        assert other is not None
        progress(0.5)
        reached.append("the end")
        return solve(problem)

    monkeypatch.setattr(rounds, "BETWEEN_REPORTS", 0.0)
    monkeypatch.setattr(rounds, "solve", long_solve)
    rounds.execute(slow, today=today)
    slow.refresh_from_db()
    assert (reached, slow.state, slow.progress, slow.attempts) == ([], states.RUNNING, 0, 2)


def test_the_effort_that_was_chosen_is_the_effort_that_is_made(
    cast: Cast, round_: Round, today: date, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def watched(problem: Problem, *, effort: str, **asked: Any) -> Outcome:
        made.append(effort)
        return solve(problem, effort="quick")

    monkeypatch.setattr(rounds, "solve", watched)
    for effort in Run.Effort.values:
        rounds.start_run(round_, effort=effort, by=cast.frits)
        run = rounds.claim_run()
        assert run is not None
        rounds.execute(run, today=today)
    assert made == list(Run.Effort.values)
    assert set(Run.objects.values_list("state", "progress")) == {(states.DONE, 100)}


def test_an_outcome_is_kept_also_when_nothing_can_be_said_of_shortages(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = at_klikwerf()
    ranked(cast.bram, offer)

    def broken(*_: object) -> dict[str, Any]:
        raise ValueError("no word")

    monkeypatch.setattr(rounds, "shortage_of", broken)
    run = calculate()
    assert (run.state, run.figures["shortage"]) == (states.DONE, {})
    assert pairs_of(run) == [(cast.bram.pk, offer.pk)]


# --- trouble --------------------------------------------------------------------------------------


def explode(_problem: Problem, **asked: Any) -> Outcome:
    raise MemoryError("too large")


def nobody_gets_anything(problem: Problem, **asked: Any) -> Outcome:
    return Outcome.of(problem, np.full(problem.students, UNPLACED, dtype=np.int32), effort="quick")


def everybody_in_the_first(problem: Problem, **asked: Any) -> Outcome:
    return Outcome.of(problem, np.zeros(problem.students, dtype=np.int32), effort="quick")


@pytest.mark.parametrize(
    ("solver", "trouble"),
    [
        (explode, "error"),
        (nobody_gets_anything, "outcome_rejected"),
        (everybody_in_the_first, "outcome_rejected"),
    ],
)
def test_a_run_that_goes_wrong_stores_nothing_says_so_and_can_be_started_again(
    cast: Cast,
    at_klikwerf: MakeOffer,
    calculate: Calculate,
    monkeypatch: pytest.MonkeyPatch,
    solver: Callable[[Problem], Outcome],
    trouble: str,
) -> None:
    offer = at_klikwerf()
    for student in (cast.bram, classmate(cast)):
        ranked(student, offer)
    standing = Proposal.objects.get(run=calculate())
    before = now_of(standing)
    with monkeypatch.context() as patch:
        patch.setattr(rounds, "solve", solver)
        failed = calculate()
    assert (failed.state, failed.trouble, failed.fingerprint) == (states.FAILED, trouble, "")
    assert failed.lease_token is None
    assert now_of(standing) == before, "the earlier outcome stands"
    assert Proposal.objects.count() == 1
    assert calculate().state == states.DONE


def test_nothing_is_half_stored(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database fails after the old ones were replaced and the new ones were written."""
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    standing = Proposal.objects.get(run=calculate())
    before = now_of(standing)

    def trip(_frozen: Frozen) -> None:
        assert Proposal.objects.filter(state=states.SUPERSEDED).count() == 1
        assert Proposal.objects.count() == 2
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")

    with monkeypatch.context() as patch:
        patch.setattr(Frozen, "teams_below_minimum", trip)
        failed = calculate()
    assert (failed.state, failed.trouble) == (states.FAILED, "error")
    assert now_of(standing) == before
    assert Proposal.objects.count() == 1


# --- what happened since the snapshot -------------------------------------------------------------


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Lets something happen between the snapshot and the storing."""

    def happens(act: Callable[[], object]) -> None:
        def solve_then(problem: Problem, **asked: Any) -> Outcome:
            outcome = solve(problem)
            act()
            return outcome

        monkeypatch.setattr(rounds, "solve", solve_then)

    return happens


Meanwhile = Callable[[Callable[[], object]], None]


def test_who_got_a_proposal_elsewhere_meanwhile_is_passed_over(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate, meanwhile: Meanwhile
) -> None:
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    meanwhile(lambda: ProposalFactory(student=cast.bram, state=states.OFFERED))
    run = calculate()
    assert (run.state, run.figures["placed"], run.figures["passed_over"]) == (states.DONE, 0, 1)
    assert pairs_of(run) == []


def test_an_open_proposal_of_the_same_pair_is_not_made_twice(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate, meanwhile: Meanwhile
) -> None:
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    meanwhile(lambda: ProposalFactory(student=cast.bram, offer=offer, origin="application"))
    run = calculate()
    assert (run.state, run.figures["passed_over"]) == (states.DONE, 1)


def test_nothing_is_proposed_on_an_offer_that_closed_meanwhile(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate, meanwhile: Meanwhile
) -> None:
    """Closing takes along what is open; nothing may be put on it afterwards."""
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    meanwhile(lambda: offers.close_offer(offer, reason="Dicht", by=cast.carla))
    run = calculate()
    assert (run.state, run.figures["passed_over"]) == (states.DONE, 1)
    assert not Proposal.objects.filter(state__in=states.OPEN).exists()


def test_a_pair_that_was_dropped_meanwhile_does_not_come_back(
    cast: Cast, at_klikwerf: MakeOffer, calculate: Calculate, meanwhile: Meanwhile
) -> None:
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    first = Proposal.objects.get(run=calculate())
    meanwhile(lambda: approval.drop([first.pk], reason="Liever niet", by=cast.frits))
    run = calculate()
    assert (run.state, pairs_of(run)) == (states.DONE, [])


# --- one moment -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("transactional_db")
def test_a_snapshot_sees_one_moment_and_writes_nothing(cast: Cast, at_klikwerf: MakeOffer) -> None:
    offer = at_klikwerf()

    def rank() -> None:
        ranked(cast.bram, offer)

    with repeatable_read():
        assert not Wish.objects.exists()
        at_once(rank)
        assert not Wish.objects.exists(), "what others do meanwhile is not seen"
    assert Wish.objects.count() == 1
    with pytest.raises(InternalError, match="read-only"), repeatable_read():
        Wish.objects.all().delete()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), repeatable_read():
        pass


@pytest.mark.usefixtures("transactional_db")
def test_a_run_in_a_worker_of_its_own_commits_its_outcome(
    cast: Cast, at_klikwerf: MakeOffer, round_: Round
) -> None:
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    run = rounds.start_run(round_, by=cast.frits)
    at_once(take_up_runs, take_up_runs)
    assert state_of(run) == states.DONE
    assert pairs_of(run) == [(cast.bram.pk, offer.pk)]
