"""The tables of moves in `states.py` and the triggers in the database say the same."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.actions import moving
from accounts.models import CLOCK, HistoryEntry
from accounts.states import Lifecycle
from companies.models import Offer
from companies.states import OFFER
from matching.models import Proposal, Run
from matching.states import PROPOSAL, RUN, TAKEN
from tests.factories.companies import OfferFactory
from tests.factories.matching import ProposalFactory

LIVES = [(OFFER, Offer), (PROPOSAL, Proposal), (RUN, Run)]


def trigger_arguments(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(tgargs, 'escape') FROM pg_trigger WHERE tgname = %s",
            [f"{table}_moves"],
        )
        row = cursor.fetchone()
    return row[0].split("\\000") if row else []


@pytest.mark.django_db
@pytest.mark.parametrize(("life", "model"), LIVES, ids=[life.subject for life, _ in LIVES])
def test_the_trigger_holds_the_same_table(life: Lifecycle, model: type[Offer]) -> None:
    subject, steps, *_ = trigger_arguments(model._meta.db_table)
    assert subject == life.subject
    assert set(steps.split()) == set(life.steps().split())


@pytest.mark.parametrize(("life", "model"), LIVES, ids=[life.subject for life, _ in LIVES])
def test_every_state_of_the_table_is_a_choice(life: Lifecycle, model: type[Offer]) -> None:
    named = {s for move in life.moves for s in (*move.sources, move.target)}
    assert named == set(model.State.values)


@pytest.mark.django_db
def test_every_step_outside_the_table_is_refused() -> None:
    """All pairs of states under every move's name: the database says yes to the table only."""
    allowed = set(PROPOSAL.steps().split())
    offer = OfferFactory(openings=50)
    for source in Proposal.State.values:
        proposal = ProposalFactory(offer=offer, state=source)
        for target in Proposal.State.values:
            for name in {move.name for move in PROPOSAL.moves}:
                step = f"{name}:{source}>{target}"
                assert _accepted(proposal, name, target) == (step in allowed), step


def _accepted(proposal: Proposal, name: str, target: str) -> bool:
    """Whether the guard lets the step pass; other constraints play no part here."""
    try:
        with transaction.atomic(), moving(name, by=CLOCK):
            _force(proposal, target)
            raise _Passed
    except _Passed:
        return True
    except IntegrityError as error:
        return "the table of moves" not in str(error)


def _force(proposal: Proposal, target: str) -> None:
    """Change the state with all that the other constraints ask for."""
    now = timezone.now()
    Proposal.objects.filter(pk=proposal.pk).update(
        state=target,
        holds_seat=target in TAKEN,
        student_accepted_at=now,
        company_accepted_at=now,
        student_respond_by=now,
        company_respond_by=now,
    )


class _Passed(Exception):
    """Rolls the step back."""


@pytest.mark.django_db
def test_a_change_without_a_move_is_refused() -> None:
    proposal = ProposalFactory()
    with pytest.raises(IntegrityError, match="table of moves"), transaction.atomic():
        _force(proposal, "agreed")


@pytest.mark.django_db
def test_a_move_needs_a_transaction_of_its_own(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="transaction"), moving("propose", by=CLOCK):
        pass


@pytest.mark.django_db
def test_every_move_has_one_history_row() -> None:
    proposal = ProposalFactory(state="agreed")
    rows = HistoryEntry.objects.filter(subject="matching.proposal", subject_id=proposal.pk)
    assert [(r.move, r.from_state, r.to_state) for r in rows] == [
        ("propose", "", "proposed"),
        ("approve", "proposed", "approved"),
        ("release", "approved", "offered"),
        ("accept", "offered", "agreed"),
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["update", "delete"])
def test_history_is_append_only(change: str) -> None:
    ProposalFactory()
    rows = HistoryEntry.objects.filter(subject="matching.proposal")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        rows.update(reason="anders") if change == "update" else rows.delete()
