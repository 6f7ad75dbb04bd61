"""Valkey killed, hanging or emptied: pages go on, and letters leave later."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from notifications import bell
from notifications.delivery import message_id
from notifications.models import Letter
from notifications.outbox import DELIVER, put
from tests.factories.notifications import LetterFactory
from tests.faults.processes import Broker, Worker
from tests.faults.sweep import all_sent, how_many, sweep
from tests.notifications.post_office import PostOffice

State = Letter.State
pytestmark = pytest.mark.django_db(transaction=True)

LONGEST_RING = 3.0
TROUBLES = {"killed": Broker.kill, "hanging": Broker.hang}


@pytest.fixture(params=TROUBLES)
def trouble(request: pytest.FixtureRequest) -> Callable[[Broker], None]:
    """Something that a broker may do."""
    return TROUBLES[request.param]


def seconds_for(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def seconds_of_a_first_ring(action: Callable[[], object]) -> float:
    """The best of three, each as if nothing was known of the broker: machines are shared."""
    best = float("inf")
    for _ in range(3):
        bell._bell = bell._Bell()
        best = min(best, seconds_for(action))
        if best < LONGEST_RING:
            break
    return best


def write_letter() -> Letter:
    """Through the front door, with the bell."""
    letter = LetterFactory.build()
    put(letter)
    return Letter.objects.get(key=letter.key)


def test_a_ring_reaches_the_broker(broker: Broker) -> None:
    write_letter()
    assert broker.waiting() == 1


@pytest.mark.parametrize("warm", [False, True], ids=["first ring", "rung before"])
def test_a_ring_is_short_and_quiet_while_the_broker_is_away(
    broker: Broker, trouble: Callable[[Broker], None], warm: bool
) -> None:
    if warm:
        write_letter()
    trouble(broker)
    assert seconds_of_a_first_ring(write_letter) < LONGEST_RING
    before = how_many(State.QUEUED)
    assert seconds_for(lambda: [write_letter() for _ in range(5)]) < 2, "each letter waits again"
    assert how_many(State.QUEUED) == before + 5


def test_without_our_settings_a_ring_would_hang(broker: Broker) -> None:
    """The control: what a request would wait for otherwise."""
    naive = broker.app(as_configured=False)
    broker.hang()
    with ThreadPoolExecutor(1) as pool:
        ring = pool.submit(naive.send_task, DELIVER)
        with pytest.raises(StillWaiting):
            ring.result(timeout=LONGEST_RING)
        broker.go_on()
        ring.result(timeout=20)


def test_pages_work_while_the_broker_is_away(
    broker: Broker, trouble: Callable[[Broker], None]
) -> None:
    cache.clear()  # of earlier tests that asked for codes
    trouble(broker)

    def ask_for_code() -> None:
        where = reverse("account_request_login_code")
        answer = Client().post(where, {"email": "carla@voorbeeld.example"})
        assert answer.status_code == 302

    assert seconds_of_a_first_ring(ask_for_code) < LONGEST_RING
    assert how_many(State.QUEUED) >= 1


def test_letters_leave_when_the_broker_is_back(broker: Broker, post_office: PostOffice) -> None:
    with Worker(broker, mail_port=post_office.port):
        broker.kill()
        letters = [write_letter() for _ in range(5)]
        assert post_office.arrived == []
        broker.start()
        sweep(broker)
        all_sent(seconds=25)
    assert sorted(post_office.message_ids()) == sorted(map(message_id, letters))


def test_letters_leave_when_a_hanging_broker_goes_on(
    broker: Broker, post_office: PostOffice
) -> None:
    with Worker(broker, mail_port=post_office.port):
        broker.hang()
        letters = [write_letter() for _ in range(5)]
        broker.go_on()
        sweep(broker)
        all_sent(seconds=25)
    assert sorted(post_office.message_ids()) == sorted(map(message_id, letters))


def test_letters_whose_ring_was_flushed_leave_with_the_sweep(
    broker: Broker, post_office: PostOffice
) -> None:
    letters = [write_letter() for _ in range(3)]
    assert broker.waiting() > 0
    broker.client().flushall()
    assert broker.waiting() == 0
    with Worker(broker, mail_port=post_office.port):
        sweep(broker)
        all_sent()
    assert sorted(post_office.message_ids()) == sorted(map(message_id, letters))


def test_the_bell_rings_again_after_its_quiet_time(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bell, "QUIET_SECONDS", 0.0)
    broker.kill()
    write_letter()
    broker.start()
    write_letter()
    assert broker.waiting() == 1


def test_letters_leave_though_the_broker_has_no_room(
    broker: Broker, post_office: PostOffice
) -> None:
    broker.client().config_set("maxmemory", "1")
    letters = [write_letter() for _ in range(3)]
    assert broker.waiting() == 0, "it took a ring without room for it"
    broker.client().config_set("maxmemory", "0")
    with Worker(broker, mail_port=post_office.port):
        sweep(broker)
        all_sent()
    assert sorted(post_office.message_ids()) == sorted(map(message_id, letters))
