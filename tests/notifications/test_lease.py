"""Leases: two workers never have the same letter, and no letter stays behind with a dead one."""

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.mail import get_connection
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from notifications.delivery import (
    LEASE,
    claim,
    deliver_waiting,
    leasing,
    message_id,
    posting,
    postman,
)
from notifications.models import Letter
from tests.factories.notifications import LetterFactory
from tests.notifications.post_office import PostOffice
from tests.notifications.threads import LONGEST_SECONDS, at_once

State = Letter.State
pytestmark = pytest.mark.django_db(transaction=True)


def run_out() -> None:
    """The leases of all letters are over."""
    Letter.objects.filter(state=State.LEASED).update(
        leased_until=F("leased_until") - LEASE - timedelta(seconds=1)
    )


def carry(letters: list[Letter]) -> int:
    """Walk with these letters and no others; how many were sent."""
    with ThreadPoolExecutor(1) as lanes:
        walk = postman._Walk(lanes)
        walk._bag, walk._over = list(letters), True
        walk.walk()
    return walk.sent


def keys(letters: list[Letter]) -> set[int]:
    return {letter.pk for letter in letters}


def test_a_claim_in_progress_is_stepped_over_not_waited_for() -> None:
    LetterFactory.create_batch(10)
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        mine = claim(limit=5)  # its rows stay locked until the transaction ends
        others = pool.submit(_claim_and_close, 10).result(timeout=LONGEST_SECONDS)
    assert len(mine) == len(others) == 5
    assert not keys(mine) & keys(others)


def _claim_and_close(limit: int) -> list[Letter]:
    try:
        return claim(limit)
    finally:
        connection.close()


def _claim_all() -> list[Letter]:
    found: list[Letter] = []
    while letters := claim(limit=3):
        found += letters
    return found


def test_eight_claimers_at_once_share_the_letters() -> None:
    LetterFactory.create_batch(120)
    claimed = [letter.pk for letters in at_once(*[_claim_all] * 8) for letter in letters]
    assert len(claimed) == len(set(claimed)) == 120


def naive_delivery(look: threading.Barrier) -> Callable[[], int]:
    """The control: look and send. Between looking and writing it down anybody may look too."""

    def deliver() -> int:
        letters = list(Letter.objects.filter(state=State.QUEUED))
        look.wait(timeout=LONGEST_SECONDS)
        post = get_connection()
        return post.send_messages([posting._message(letter) for letter in letters])

    return deliver


def test_two_workers_at_once_send_every_letter_once(post_office: PostOffice) -> None:
    letters = LetterFactory.create_batch(40)
    assert sum(at_once(deliver_waiting, deliver_waiting)) == 40
    assert sorted(post_office.message_ids()) == sorted(map(message_id, letters))


def test_the_naive_control_sends_every_letter_twice(post_office: PostOffice) -> None:
    LetterFactory.create_batch(10)
    worker = naive_delivery(threading.Barrier(2))
    at_once(worker, worker)
    assert len(post_office.arrived) == 20
    assert len(set(post_office.message_ids())) == 10


def test_a_lease_that_runs_is_respected() -> None:
    LetterFactory()
    assert claim()
    assert claim() == []


def test_a_lease_that_ran_out_is_taken_up_again(post_office: PostOffice) -> None:
    letter = LetterFactory()
    [left_behind] = claim()
    run_out()
    assert deliver_waiting() == 1
    assert post_office.message_ids() == [message_id(letter)]
    sent = Letter.objects.get()
    assert (sent.state, sent.attempts) == (State.SENT, 2)
    assert sent.lease_token is None
    assert left_behind.lease_token is not None


def test_who_lost_the_lease_sends_nothing(post_office: PostOffice) -> None:
    LetterFactory.create_batch(2)
    slow = claim()
    run_out()
    quick = claim()
    assert keys(slow) == keys(quick)
    assert carry(slow) == 0
    assert post_office.arrived == []
    assert carry(quick) == 2


def test_a_letter_whose_lease_ran_out_is_left_alone_also_when_nobody_took_it(
    post_office: PostOffice,
) -> None:
    """Somebody may take it any moment, and then it would be sent twice."""
    LetterFactory()
    slow = claim()
    run_out()
    assert carry(slow) == 0
    assert post_office.arrived == []
    assert deliver_waiting() == 1


@pytest.mark.parametrize("answer", ["250 OK", "554 Refused", "451 Later"])
def test_who_lost_the_lease_while_sending_overwrites_nothing(
    post_office: PostOffice, answer: str
) -> None:
    LetterFactory()
    post_office.stop_after = 0
    post_office.answer = answer
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(at_once, deliver_waiting)
        assert post_office.waiting.wait(timeout=LONGEST_SECONDS)
        run_out()
        [taken] = claim()
        post_office.go_on()
        slow.result(timeout=LONGEST_SECONDS)
    now = Letter.objects.get()
    assert (now.state, now.lease_token, now.attempts) == (State.LEASED, taken.lease_token, 2)
    assert now.leased_until == taken.leased_until
    assert now.sent_at is None


def test_putting_back_spares_what_another_worker_has() -> None:
    LetterFactory()
    slow = claim()
    run_out()
    [taken] = claim()
    leasing.put_back(slow, wait=LEASE)
    assert Letter.objects.get().lease_token == taken.lease_token


def test_the_lease_is_renewed_before_each_letter() -> None:
    """So that a full batch behind a slow server does not lose the lease on its last letters."""
    LetterFactory.create_batch(2)
    letters = claim()
    Letter.objects.update(leased_until=F("leased_until") - LEASE / 2)
    before = Letter.objects.get(pk=letters[0].pk).leased_until
    assert leasing.keep(letters[0])
    after = Letter.objects.get(pk=letters[0].pk).leased_until
    assert before is not None
    assert after is not None
    assert after - before > LEASE / 3


def test_leases_follow_the_database_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker whose clock is a day ahead does not take what another has."""
    LetterFactory()
    claim()
    monkeypatch.setattr("django.utils.timezone.now", lambda: pytest.fail("asked its own clock"))
    assert claim() == []


def test_the_database_refuses_a_lease_without_an_end() -> None:
    LetterFactory()
    with pytest.raises(IntegrityError, match="leased_letter_has_a_lease"):
        Letter.objects.update(state=State.LEASED, lease_token=uuid.uuid4())


def test_the_database_refuses_sent_without_a_date() -> None:
    LetterFactory()
    with pytest.raises(IntegrityError, match="sent_letter_has_a_date"):
        Letter.objects.update(state=State.SENT)
