"""Addresses that bounced: nothing goes there until a person says so."""

import pytest

from accounts.models import HistoryEntry
from notifications import actions
from notifications.delivery import deliver_waiting
from notifications.models import Letter, Suppression
from tests.factories.accounts import UserFactory
from tests.factories.notifications import LetterFactory
from tests.notifications.post_office import PostOffice

State = Letter.State
pytestmark = pytest.mark.django_db

GONE = "Weg@voorbeeld.example"


def bounce(office: PostOffice, answer: str = "550 No such user") -> Letter:
    """A letter to an address that the server does not know."""
    letter = LetterFactory(to=GONE)
    office.refusals = {GONE: answer}
    assert deliver_waiting() == 0
    letter.refresh_from_db()
    assert letter.state == State.FAILED
    return letter


def test_an_address_that_bounced_gets_no_further_letters(post_office: PostOffice) -> None:
    letter = bounce(post_office)
    held = Suppression.objects.get()
    assert (held.address, held.letter) == (GONE.lower(), letter)
    assert "No such user" in held.trouble
    post_office.refusals = {}
    again, other = LetterFactory(to=GONE.upper().replace("VOORBEELD", "voorbeeld")), LetterFactory()
    assert deliver_waiting() == 1
    again.refresh_from_db()
    other.refresh_from_db()
    assert (again.state, other.state) == (State.SUPPRESSED, State.SENT)
    assert again.next_attempt_at is None


@pytest.mark.parametrize(
    ("answer", "is_of_address"),
    [
        ("550 No such user", True),
        ("550 5.1.1 Unknown mailbox", True),
        ("553 5.1.10 Null MX", True),
        ("550 5.2.1 Mailbox disabled", True),
        ("552 5.2.2 Mailbox full", False),
        ("550 5.7.1 Blocked by policy", False),
        ("550 Relaying denied", False),
        ("554 Transaction failed", False),
    ],
)
def test_only_what_is_said_of_the_address_counts(
    post_office: PostOffice, answer: str, is_of_address: bool
) -> None:
    bounce(post_office, answer)
    assert Suppression.objects.exists() == is_of_address


def test_a_letter_that_is_refused_as_a_letter_does_not_hold_back_its_address(
    post_office: PostOffice,
) -> None:
    LetterFactory(to=GONE)
    post_office.answer = "550 5.1.1 said after the letter"
    deliver_waiting()
    assert Letter.objects.get().state == State.FAILED
    assert not Suppression.objects.exists()


def test_sending_again_lifts_the_hold(post_office: PostOffice, rung: list[str]) -> None:
    letter = bounce(post_office)
    els = UserFactory()
    post_office.refusals = {}
    assert actions.send_again(letter, by=els)
    assert not Suppression.objects.exists()
    assert deliver_waiting() == 1
    [move] = HistoryEntry.objects.filter(subject="notifications.letter", subject_id=letter.pk)
    assert (move.move, move.from_state, move.to_state, move.actor) == (
        *("again", State.FAILED, State.QUEUED),
        els,
    )
