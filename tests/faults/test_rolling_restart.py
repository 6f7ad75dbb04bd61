"""A new version comes: worker after worker is asked to end (SIGTERM), and another starts."""

import signal

import pytest

from notifications.delivery import message_id
from tests.factories.notifications import LetterFactory
from tests.faults.processes import Broker, Worker
from tests.faults.sweep import all_sent, sweep
from tests.notifications.post_office import PostOffice
from tests.services.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

SECONDS_PER_LETTER = 0.02


def test_a_rolling_restart_loses_nothing_and_sends_nothing_twice(
    broker: Broker, post_office: PostOffice
) -> None:
    letters = LetterFactory.create_batch(150)
    post_office.slow = {"voorbeeld.example": SECONDS_PER_LETTER}
    old = Worker(broker, mail_port=post_office.port)
    new = Worker(broker, mail_port=post_office.port)
    with old, new:
        sweep(broker)
        until(lambda: len(post_office.arrived) >= 10, seconds=20, what="the first letters leave")
        assert old.process
        old.process.send_signal(signal.SIGTERM)
        sweep(broker)
        all_sent(seconds=40)
        assert old.process.wait(timeout=40) == 0, "it was not let go on to its end"
    assert sorted(post_office.message_ids()) == sorted(map(message_id, letters))
