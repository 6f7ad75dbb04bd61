"""The mail server is away, for a real worker: letters wait, nothing is lost, then all leave."""

import pytest

from notifications.delivery import message_id
from notifications.models import Letter
from tests.factories.notifications import LetterFactory
from tests.faults.processes import Broker, Worker
from tests.faults.sweep import all_sent, how_many, sweep, waiting_is_over
from tests.notifications.post_office import PostOffice
from tests.services.waiting import until

State = Letter.State
pytestmark = pytest.mark.django_db(transaction=True)


def test_letters_wait_for_the_mail_server(broker: Broker, post_office: PostOffice) -> None:
    letters = LetterFactory.create_batch(60)  # more than a batch
    post_office.close()
    with Worker(broker, mail_port=post_office.port) as worker:
        sweep(broker)
        until(lambda: how_many(State.RETRY) == 50, seconds=20, what="the first batch waits")
        sweep(broker)
        until(lambda: how_many(State.RETRY) == 60, seconds=20, what="the second batch waits")
        assert "Traceback" not in worker.said()

        post_office.open()
        waiting_is_over()
        sweep(broker)
        all_sent()
    assert sorted(post_office.message_ids()) == sorted(map(message_id, letters))


def test_a_mail_server_that_goes_away_half_way(broker: Broker, post_office: PostOffice) -> None:
    letters = LetterFactory.create_batch(8)
    post_office.stop_after = 3
    with Worker(broker, mail_port=post_office.port):
        sweep(broker)
        assert post_office.waiting.wait(timeout=20)
        post_office.close()
        until(lambda: how_many(State.RETRY) == 4, seconds=20, what="the others wait")
        assert how_many(State.UNSURE) == 1, "nobody knows whether the fourth was taken"
        assert how_many(State.SENT) == 3
        post_office.go_on()
        post_office.open()
        waiting_is_over()
        sweep(broker)
        all_sent()
    assert sorted(set(post_office.message_ids())) == sorted(map(message_id, letters))
    assert len(post_office.arrived) <= len(letters) + 1
