"""A worker that is killed loses no letter, and nobody gets one twice with two identities."""

import os
import signal
from collections import Counter

import pytest
from django.conf import settings

from notifications import tasks
from notifications.delivery import message_id
from notifications.models import Letter
from tests.factories.notifications import LetterFactory
from tests.faults.processes import Broker, Worker
from tests.faults.sweep import all_sent, how_many, leases_run_out, sweep
from tests.notifications.post_office import PostOffice
from tests.services.waiting import until
from topcentrum.celery import app

State = Letter.State
pytestmark = pytest.mark.django_db(transaction=True)

LETTERS = 8
SENT_BEFORE = 3


def caught_in_the_act(broker: Broker, post_office: PostOffice) -> list[Letter]:
    """Let a worker send a few letters and stop it half-way through the next."""
    letters = LetterFactory.create_batch(LETTERS)
    post_office.stop_after = SENT_BEFORE
    sweep(broker)
    assert post_office.waiting.wait(timeout=20), "the worker sends nothing"
    assert len(post_office.arrived) == SENT_BEFORE
    until(lambda: how_many(State.SENT) == SENT_BEFORE)
    assert how_many(State.LEASED) >= 1
    return letters


def nothing_lost(letters: list[Letter], post_office: PostOffice) -> None:
    """Every letter arrived; at most the one in hand arrived twice, as the same letter."""
    arrived = Counter(post_office.message_ids())
    assert set(arrived) == {message_id(letter) for letter in letters}
    assert sum(arrived.values()) <= len(letters) + 1


def test_letters_of_a_killed_worker_leave_later(broker: Broker, post_office: PostOffice) -> None:
    with Worker(broker, mail_port=post_office.port) as first:
        letters = caught_in_the_act(broker, post_office)
        first.kill()
    post_office.go_on()
    in_hand = how_many(State.LEASED)
    assert in_hand >= 1, "the rows are the truth"

    with Worker(broker, mail_port=post_office.port):
        fresh = LetterFactory(to="lezer@elders.example")
        sweep(broker)
        until(lambda: Letter.objects.get(pk=fresh.pk).state == State.SENT, seconds=20)
        assert how_many(State.LEASED) == in_hand, "a running lease was not respected"
        leases_run_out()
        sweep(broker)
        all_sent()
    nothing_lost([*letters, fresh], post_office)


def test_a_worker_whose_child_is_killed_goes_on(broker: Broker, post_office: PostOffice) -> None:
    with Worker(broker, mail_port=post_office.port) as worker:
        letters = caught_in_the_act(broker, post_office)
        os.kill(worker.child(), signal.SIGKILL)
        until(lambda: "WorkerLostError" in worker.said(), seconds=20, what="the loss is noticed")
        post_office.go_on()
        leases_run_out()
        sweep(broker)
        all_sent()
    nothing_lost(letters, post_office)


@pytest.mark.parametrize("letters", [0, 3])
def test_the_task_may_run_twice(letters: int, post_office: PostOffice) -> None:
    LetterFactory.create_batch(letters)
    for _ in range(2):
        tasks.deliver()
    assert len(post_office.arrived) == letters


def test_the_clock_looks_for_letters_often_and_by_a_name_that_exists() -> None:
    app.loader.import_default_modules()
    seconds = settings.CELERY_BEAT_SCHEDULE["deliver-letters"]["schedule"]
    assert isinstance(seconds, float)
    assert seconds <= 30
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} <= set(app.tasks)
