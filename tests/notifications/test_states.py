"""The life of a letter: the tables in `states.py` and the triggers in the database say the same."""

import uuid
from itertools import product

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from accounts.actions import moving
from accounts.models import CLOCK, HistoryEntry
from notifications import states
from notifications.delivery import deliver_waiting
from notifications.models import Letter
from tests.factories.notifications import LetterFactory
from tests.notifications.post_office import PostOffice

pytestmark = pytest.mark.django_db

BY_WORKERS = set(states.steps_of_workers().split())
BY_PEOPLE = set(states.LETTER.steps().split())


def arguments_of(trigger: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(tgargs, 'escape') FROM pg_trigger WHERE tgname = %s", [trigger]
        )
        [row] = cursor.fetchall()
    return row[0].removesuffix("\\000").split("\\000")


def test_the_triggers_hold_the_same_tables() -> None:
    [steps] = arguments_of("notifications_letter_work")
    assert set(steps.split()) == BY_WORKERS
    subject, steps = arguments_of("notifications_letter_moves")
    assert subject == states.LETTER.subject
    assert set(steps.split()) == BY_PEOPLE


def test_every_state_of_the_tables_is_a_choice() -> None:
    moves = (*states.WORKERS, *states.LETTER.moves)
    assert {s for move in moves for s in (*move.sources, move.target)} == set(Letter.State.values)


def accepted(letter: Letter, target: str) -> bool:
    """Whether the guard lets the step pass; everything the constraints ask for is there."""
    try:
        with transaction.atomic():
            Letter.objects.filter(pk=letter.pk).update(
                state=target,
                lease_token=uuid.uuid4(),
                leased_until=Now(),
                next_attempt_at=Now(),
                sent_at=Now(),
            )
            raise _Passed
    except _Passed:
        return True
    except IntegrityError as error:
        return "the table of moves" not in str(error)


class _Passed(Exception):
    """Rolls the step back."""


def letter_in(state: str) -> Letter:
    return LetterFactory(state=state, lease_token=uuid.uuid4(), leased_until=Now(), sent_at=Now())


@pytest.mark.parametrize(
    ("source", "target"), [p for p in product(Letter.State.values, repeat=2) if p[0] != p[1]]
)
def test_every_step_outside_the_tables_is_refused(source: str, target: str) -> None:
    letter = letter_in(source)
    assert accepted(letter, target) == (f"{source}>{target}" in BY_WORKERS)
    for move in states.LETTER.moves:
        with moving(move.name, by=CLOCK):
            expected = {f"{move.name}:{source}>{target}"} & BY_PEOPLE or (
                f"{source}>{target}" in BY_WORKERS
            )
            assert accepted(letter, target) == bool(expected), move.name


def test_what_workers_do_leaves_no_history(post_office: PostOffice) -> None:
    """Thousands of rows per round that say what the letter says itself."""
    LetterFactory()
    assert deliver_waiting() == 1
    assert not HistoryEntry.objects.filter(subject=states.LETTER.subject).exists()
