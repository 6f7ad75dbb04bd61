"""What people may do with a letter, and the watch of the clock."""

import threading
import uuid
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from accounts.models import HistoryEntry
from notifications import actions
from notifications.delivery import claim, deliver_waiting
from notifications.models import Letter, Watch
from tests.factories.accounts import UserFactory
from tests.factories.notifications import LetterFactory
from tests.notifications.post_office import PostOffice
from tests.notifications.threads import LONGEST_SECONDS, at_once

State = Letter.State
pytestmark = pytest.mark.django_db(transaction=True)

HOLD = timedelta(seconds=15)


def state_of(letter: Letter) -> str:
    return Letter.objects.get(pk=letter.pk).state


def test_a_letter_that_waits_can_be_withdrawn(post_office: PostOffice) -> None:
    letter, els = LetterFactory(), UserFactory()
    assert actions.withdraw(letter, by=els)
    assert state_of(letter) == State.WITHDRAWN
    assert deliver_waiting() == 0
    [move] = HistoryEntry.objects.filter(subject="notifications.letter")
    assert (move.subject_id, move.move, move.actor) == (letter.pk, "withdraw", els)


@pytest.mark.parametrize("state", [State.LEASED, State.SENT, State.FAILED, State.UNSURE])
def test_a_letter_that_a_worker_has_or_had_cannot_be_withdrawn(state: str) -> None:
    letter = LetterFactory(
        state=state,
        lease_token=uuid.uuid4(),
        leased_until=timezone.now() + HOLD,
        sent_at=timezone.now(),
    )
    assert not actions.withdraw(letter, by=UserFactory())
    assert state_of(letter) == state
    assert not HistoryEntry.objects.filter(subject="notifications.letter").exists()


def test_withdrawing_and_claiming_at_once_have_one_winner(rung: list[str]) -> None:
    els = UserFactory()
    for _ in range(20):
        letter = LetterFactory()
        withdrawn, claimed = at_once(
            partial(actions.withdraw, letter, by=els), lambda: bool(claim())
        )
        assert withdrawn != claimed
        assert state_of(letter) == (State.WITHDRAWN if withdrawn else State.LEASED)


@pytest.mark.parametrize("state", [State.RETRY, State.UNSURE, State.FAILED, State.SUPPRESSED])
def test_a_letter_that_rests_is_sent_again_as_if_it_were_new(
    state: str, post_office: PostOffice, rung: list[str]
) -> None:
    later = timezone.now() + timedelta(hours=3)
    letter = LetterFactory(
        state=state, attempts=9, doubts=3, trying_since=timezone.now(), next_attempt_at=later
    )
    assert actions.send_again(letter, by=UserFactory())
    assert rung == ["notifications.tasks.deliver"]
    fresh = Letter.objects.get()
    assert (fresh.attempts, fresh.doubts, fresh.trying_since) == (0, 0, None)
    assert deliver_waiting() == 1


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT, State.WITHDRAWN])
def test_what_was_sent_or_withdrawn_is_not_sent_again(state: str, rung: list[str]) -> None:
    letter = LetterFactory(state=state, sent_at=timezone.now())
    assert not actions.send_again(letter, by=UserFactory())
    assert state_of(letter) == state
    assert rung == []


# --- the watch -------------------------------------------------------------------------------


def test_one_of_many_clocks_is_on_duty() -> None:
    names = [uuid.uuid4() for _ in range(8)]
    on_duty = at_once(*[lambda name=name: actions.keep_watch(name, hold=HOLD) for name in names])
    assert sum(on_duty) == 1
    for name, was in zip(names, on_duty, strict=True):
        assert actions.keep_watch(name, hold=HOLD) == was, "the watch changed hands"


def test_a_clock_that_looks_first_and_writes_then_is_not_alone() -> None:
    """The control."""
    looked = threading.Barrier(4)

    def naive() -> bool:
        free = not Watch.objects.filter(until__gt=timezone.now()).exists()
        looked.wait(timeout=LONGEST_SECONDS)
        if free:
            mine = {"holder": uuid.uuid4(), "until": timezone.now() + HOLD}
            Watch.objects.update_or_create(name=actions.CLOCK, defaults=mine)
        return free

    assert sum(at_once(*[naive] * 4)) == 4


def test_the_watch_of_a_clock_that_is_gone_passes_on() -> None:
    first, second = uuid.uuid4(), uuid.uuid4()
    assert actions.keep_watch(first, hold=HOLD)
    assert not actions.keep_watch(second, hold=HOLD)
    Watch.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert actions.keep_watch(second, hold=HOLD)
    assert not actions.keep_watch(first, hold=HOLD)


def test_a_watch_from_before_the_clock_was_put_back_does_not_last() -> None:
    assert actions.keep_watch(uuid.uuid4(), hold=HOLD)
    Watch.objects.update(until=timezone.now() + timedelta(hours=1))
    assert actions.keep_watch(uuid.uuid4(), hold=HOLD)
