"""The bell wakes a worker; when the broker is away it says so once and lets requests go on."""

import logging
from types import SimpleNamespace

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from notifications import bell

TASK = "notifications.tasks.deliver"


class Broker:
    """Stands where Celery's app stands; `trouble` is raised on every call."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.trouble: Exception | None = None
        self.conf = SimpleNamespace(broker_url="memory://")

    def send_task(self, task: str, **options: object) -> None:
        self.calls.append(task)
        # With a retry, or a result to wait for, a request would hang on the broker.
        assert options == {"retry": False, "ignore_result": True}
        if self.trouble:
            raise self.trouble


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    found = Broker()
    monkeypatch.setattr(bell, "current_app", found)
    monkeypatch.setattr(bell, "_bell", bell._Bell())
    return found


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """One number: the time in seconds."""
    now = [1000.0]
    monkeypatch.setattr(bell, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "trouble",
    [OperationalError("refused"), ConnectionRefusedError("refused"), TimeoutError("no answer")],
    ids=["kombu", "refused", "timeout"],
)
def test_a_broker_that_is_away_is_no_trouble_for_the_caller(
    broker: Broker, trouble: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    broker.trouble = trouble
    with caplog.at_level(logging.WARNING):
        bell.ring(TASK)
    assert broker.calls == [TASK]
    assert "the sweep will find the work" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_after_trouble_the_bell_is_quiet_for_a_while(broker: Broker, clock: list[float]) -> None:
    broker.trouble = OperationalError("refused")
    for _ in range(3):
        bell.ring(TASK)
    assert broker.calls == [TASK], "a request waited again for a broker that was just away"

    broker.trouble = None
    clock[0] += bell.QUIET_SECONDS - 0.1
    bell.ring(TASK)
    assert len(broker.calls) == 1
    clock[0] += 0.2
    bell.ring(TASK)
    bell.ring(TASK)
    assert len(broker.calls) == 3, "the bell stayed quiet though the broker is back"


@pytest.mark.django_db(transaction=True)
def test_two_tasks_in_one_transaction_are_both_rung_once(broker: Broker) -> None:
    with transaction.atomic():
        for task in (TASK, "matching.tasks.take_up_runs", TASK):
            bell.ring(task)
        assert broker.calls == []
    assert broker.calls == [TASK, "matching.tasks.take_up_runs"]


@pytest.mark.django_db(transaction=True)
def test_trouble_does_not_keep_other_work_from_its_commit(broker: Broker) -> None:
    broker.trouble = OperationalError("refused")
    done: list[str] = []
    with transaction.atomic():
        bell.ring(TASK)
        transaction.on_commit(lambda: done.append("after"))
    assert done == ["after"]
