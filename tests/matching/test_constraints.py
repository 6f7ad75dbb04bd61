"""What the database itself refuses, whatever the code does: one constraint at a time, by name."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now

from accounts.actions import moving
from accounts.models import CLOCK
from companies.models import Offer
from education.models import School
from matching import states
from matching.models import Proposal, Round, Run, Wish
from tests.conftest import Cast
from tests.factories.companies import OfferFactory
from tests.factories.matching import ProposalFactory, RoundFactory, WishFactory
from tests.matching.conftest import MakeProposal

pytestmark = pytest.mark.django_db

ONE_DAY = timedelta(days=1)


def refused_by(act: Callable[[], Any]) -> str:
    """The name of the constraint that refuses this; empty when nothing does. It is undone."""
    try:
        with transaction.atomic():
            act()
            raise _PassedError
    except IntegrityError as error:
        cause: Any = error.__cause__
        return str(cause.diag.constraint_name)
    except _PassedError:
        return ""


class _PassedError(Exception):
    """Rolls it back."""


def change(row: models.Model, move: str = "", **fields: Any) -> Callable[[], Any]:
    """An UPDATE of this row, inside a move where the state changes."""

    def act() -> None:
        rows = type(row)._default_manager.filter(pk=row.pk)
        if move:
            with moving(move, by=CLOCK):
                rows.update(**fields)
        else:
            rows.update(**fields)

    return act


def test_every_constraint_of_this_room_is_tried_here() -> None:
    tried = Path(__file__).read_text()
    named = [
        c.name for m in apps.get_app_config("matching").get_models() for c in m._meta.constraints
    ]
    assert len(named) > 10
    assert [name for name in named if f'"{name}"' not in tried] == []


# --- seats -----------------------------------------------------------------------------------


def test_an_offer_never_holds_more_than_its_openings() -> None:
    offer = OfferFactory(openings=2)
    assert refused_by(change(offer, held=2)) == ""
    assert refused_by(change(offer, held=3)) == "offer_holds_no_more_than_its_openings"
    Offer.objects.filter(pk=offer.pk).update(held=2)
    assert refused_by(change(offer, openings=1)) == "offer_holds_no_more_than_its_openings"


def test_an_offer_never_holds_less_than_nothing() -> None:
    assert refused_by(change(OfferFactory(), held=-1)) == "companies_offer_held_check"


@pytest.mark.parametrize("openings", [0, 51])
def test_an_offer_has_one_to_fifty_openings(openings: int) -> None:
    assert refused_by(change(OfferFactory(), openings=openings)) == "offer_has_an_opening"


def test_an_offer_is_full_only_when_all_its_seats_are_held() -> None:
    offer = OfferFactory(openings=2)
    assert refused_by(change(offer, "fill", state="filled", held=2)) == ""
    assert (
        refused_by(change(offer, "fill", state="filled", held=1))
        == "offer_is_full_only_when_all_seats_are_held"
    )


@pytest.mark.parametrize(
    ("state", "move"),
    [
        (states.PROPOSED, "drop"),
        (states.OFFERED, "decline"),
        (states.OFFERED, "expire"),
        (states.APPROVED, "withdraw"),
        (states.AGREED, "cancel"),
    ],
)
def test_no_closed_proposal_keeps_a_seat(proposal: MakeProposal, state: str, move: str) -> None:
    made = proposal(state=state)
    target = next(m.target for m in states.PROPOSAL.moves if m.name == move)
    assert refused_by(change(made, move, state=target, holds_seat=False)) == ""
    assert (
        refused_by(change(made, move, state=target, holds_seat=True))
        == "only_a_taken_proposal_holds_a_seat"
    )


@pytest.mark.parametrize("origin", ["round", "coordinator"])
def test_what_the_school_proposed_is_not_approved_without_a_seat(
    cast: Cast, proposal: MakeProposal, origin: str
) -> None:
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    with moving("queue", by=CLOCK):
        run = Run.objects.create(round=round_)
    made = proposal(origin=origin, round=round_, run=run)
    approve = change(made, "approve", state=states.APPROVED, holds_seat=False)
    assert refused_by(approve) == "approved_from_round_or_by_hand_holds_a_seat"


@pytest.mark.parametrize("origin", ["application", "own_place"])
def test_what_the_student_asked_for_is_approved_without_a_seat(
    proposal: MakeProposal, origin: str
) -> None:
    made = proposal(origin=origin)
    assert refused_by(change(made, "approve", state=states.APPROVED, holds_seat=False)) == ""


# --- agreed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["student_accepted_at", "company_accepted_at", "holds_seat"])
def test_agreed_means_that_both_said_yes_and_a_seat_is_held(
    proposal: MakeProposal, missing: str
) -> None:
    made = proposal(state=states.OFFERED)
    whole: dict[str, Any] = {
        "state": states.AGREED,
        "student_accepted_at": Now(),
        "company_accepted_at": Now(),
        "holds_seat": True,
    }
    assert refused_by(change(made, "accept", **whole)) == ""
    whole[missing] = False if missing == "holds_seat" else None
    assert refused_by(change(made, "accept", **whole)) == "agreed_means_both_accepted_and_a_seat"


@pytest.mark.parametrize("side", ["student", "company"])
def test_what_is_offered_has_a_deadline_for_each_side(proposal: MakeProposal, side: str) -> None:
    made = proposal(state=states.APPROVED)
    clocks: dict[str, Any] = {"student_respond_by": Now(), "company_respond_by": Now()}
    assert refused_by(change(made, "release", state=states.OFFERED, **clocks)) == ""
    clocks[f"{side}_respond_by"] = None
    assert (
        refused_by(change(made, "release", state=states.OFFERED, **clocks))
        == "offered_has_a_deadline_for_each_side"
    )


def agreed_beside(cast: Cast, **period: int) -> str:
    """What refuses a second agreed internship of one student; the period in days from the end
    of the first, the kind from the offer."""
    first = ProposalFactory(student=cast.bram, state=states.AGREED)
    starts_on = first.ends_on + period["gap"] * ONE_DAY
    offer = OfferFactory(starts_on=starts_on, ends_on=starts_on + 10 * ONE_DAY)
    return refused_by(lambda: ProposalFactory(student=cast.bram, offer=offer, state=states.AGREED))


@pytest.mark.parametrize(
    ("gap", "name"),
    [
        (-5, "agreed_internships_of_a_student_do_not_overlap"),
        (0, "agreed_internships_of_a_student_do_not_overlap"),
        (1, ""),
    ],
    ids=["overlapping", "on the same day", "from the next day"],
)
def test_two_agreed_internships_of_a_student_share_no_day(cast: Cast, gap: int, name: str) -> None:
    assert agreed_beside(cast, gap=gap) == name


def test_two_agreed_internships_in_the_same_period_are_refused(cast: Cast) -> None:
    """Whatever the season: the period counts."""
    ProposalFactory(student=cast.bram, state=states.AGREED)
    act = lambda: ProposalFactory(student=cast.bram, state=states.AGREED)  # noqa: E731
    assert refused_by(act) == "agreed_internships_of_a_student_do_not_overlap"


def test_two_students_may_agree_in_the_same_period(cast: Cast) -> None:
    ProposalFactory(student=cast.bram, state=states.AGREED)
    assert refused_by(lambda: ProposalFactory(student=cast.anouk, state=states.AGREED)) == ""


def test_a_project_beside_an_internship_is_not_the_business_of_the_constraint(cast: Cast) -> None:
    ProposalFactory(student=cast.bram, state=states.AGREED)
    project = OfferFactory(project=True)
    act = lambda: ProposalFactory(student=cast.bram, offer=project, state=states.AGREED)  # noqa: E731
    assert refused_by(act) == ""


# --- proposals -------------------------------------------------------------------------------


@pytest.mark.parametrize("first", Proposal.State.values)
def test_a_student_and_an_offer_have_one_open_proposal(proposal: MakeProposal, first: str) -> None:
    made = proposal(offer=OfferFactory(openings=3), state=first)
    expected = "one_open_proposal_per_student_and_offer" if first in states.OPEN else ""

    def another(state: str) -> str:
        return refused_by(lambda: proposal(offer=made.offer, state=state))

    assert [another(state) for state in states.OPEN] == [expected] * 3


def test_a_proposal_of_a_round_names_round_and_run(cast: Cast, proposal: MakeProposal) -> None:
    assert refused_by(lambda: proposal(origin="round")) == "round_proposal_names_its_run"
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    without_run = refused_by(lambda: proposal(origin="round", round=round_))
    assert without_run == "round_proposal_names_its_run"


def test_a_state_that_is_no_state_is_refused(proposal: MakeProposal) -> None:
    assert refused_by(change(proposal(), "drop", state="gone")) == "proposal_state_is_known"


def test_a_move_outside_the_table_is_refused(proposal: MakeProposal) -> None:
    made = proposal(state=states.OFFERED)
    dropped = change(made, "drop", state=states.DROPPED, holds_seat=False)
    unnamed = change(made, state=states.DECLINED, holds_seat=False)
    assert refused_by(dropped) == refused_by(unnamed) == "moves_follow_the_table"


# --- rankings, rounds, runs ------------------------------------------------------------------


def test_an_offer_stands_once_on_a_ranking(cast: Cast) -> None:
    wish = WishFactory(student=cast.bram)
    again = Wish(student=cast.bram, offer=wish.offer, tier=2)
    assert refused_by(again.save) == "wish_stands_once"


@pytest.mark.parametrize("tier", [0, 11])
def test_a_choice_is_a_number_from_one_to_ten(cast: Cast, tier: int) -> None:
    wish = WishFactory(student=cast.bram)
    assert refused_by(change(wish, tier=10)) == ""
    assert refused_by(change(wish, tier=tier)) == "wish_tier_is_on_the_list"


def test_a_school_has_one_open_round_per_season(cast: Cast) -> None:
    RoundFactory(season=cast.season, school=cast.windesheim, state=Round.State.RELEASED)
    RoundFactory(season=cast.season, school=cast.windesheim)

    def another(school: School) -> str:
        return refused_by(lambda: RoundFactory(season=cast.season, school=school))

    assert another(cast.windesheim) == "one_open_round_per_season_and_school"
    assert another(cast.deltion) == ""


@pytest.fixture
def run(cast: Cast) -> Run:
    """A queued run of an open round."""
    round_ = RoundFactory(season=cast.season, school=cast.windesheim)
    with moving("queue", by=CLOCK):
        return Run.objects.create(round=round_)


LEASE: dict[str, Any] = {"lease_token": uuid.UUID(int=1), "leased_until": Now()}


def test_a_round_has_one_run_under_way(run: Run) -> None:
    def another() -> None:
        with moving("queue", by=CLOCK):
            Run.objects.create(round=run.round)

    assert refused_by(another) == "one_run_of_a_round_at_a_time"
    change(run, "claim", state=states.RUNNING, **LEASE)()
    assert refused_by(another) == "one_run_of_a_round_at_a_time"
    change(run, "fail", state=states.FAILED)()
    assert refused_by(another) == ""


@pytest.mark.parametrize("missing", sorted(LEASE))
def test_a_running_run_has_a_lease(run: Run, missing: str) -> None:
    assert refused_by(change(run, "claim", state=states.RUNNING, **LEASE)) == ""
    half = {**LEASE, missing: None}
    assert (
        refused_by(change(run, "claim", state=states.RUNNING, **half)) == "running_run_has_a_lease"
    )


@pytest.mark.parametrize("missing", ["snapshot", "fingerprint"])
def test_a_finished_run_keeps_what_it_saw(run: Run, missing: str) -> None:
    change(run, "claim", state=states.RUNNING, **LEASE)()
    seen: dict[str, Any] = {"snapshot": b"seen", "fingerprint": "f" * 64}
    assert refused_by(change(run, "finish", state=states.DONE, **seen)) == ""
    seen[missing] = None if missing == "snapshot" else ""
    assert (
        refused_by(change(run, "finish", state=states.DONE, **seen))
        == "finished_run_keeps_what_it_saw"
    )


def test_a_run_says_how_it_calculates_and_how_far_it_is(run: Run) -> None:
    assert refused_by(change(run, effort="exact", progress=100)) == ""
    assert refused_by(change(run, effort="best")) == "run_effort_is_known"
    assert refused_by(change(run, progress=101)) == "run_progress_is_a_percentage"
