"""Wake a worker. A bell that is not heard loses nothing: the sweeps find the work later."""

import logging
import time

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

QUIET_SECONDS = 10.0
KNOCK_SECONDS = 0.25


class _Bell:
    """Rings once per task and transaction; stays quiet for a while after the broker failed, so
    that a request never waits twice for a broker that is away."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def ring(self, task: str) -> None:
        if time.monotonic() < self._quiet_until:
            return
        try:
            _knock(current_app.conf.broker_url)
            current_app.send_task(task, retry=False, ignore_result=True)
        except (OperationalError, RedisError, OSError, TimeoutError) as error:
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            logger.warning("broker does not answer (%s); the sweep will find the work", error)


def _knock(broker_url: str) -> None:
    """Ask the broker for a sign of life, once and briefly. Celery's own connection cannot be told
    not to try again, and would keep a request waiting for seconds.

    Raises RedisError when it is away; for a broker of another kind Celery finds out by itself.
    """
    address = broker_url.replace("redis+socket://", "unix://").replace("virtual_host=", "db=")
    if not address.startswith(("redis://", "rediss://", "unix://")):
        return
    with Redis.from_url(
        address,
        socket_timeout=KNOCK_SECONDS,
        socket_connect_timeout=KNOCK_SECONDS,
        retry=Retry(NoBackoff(), 0),
    ) as broker:
        broker.ping()


_bell = _Bell()


def ring(task: str) -> None:
    """Send the task named `task`, without arguments, once the transaction has been committed.

    Several rings for one task in one transaction are one. Never raises when the broker is away.
    """

    def send() -> None:
        _bell.ring(task)

    send.task = task  # type: ignore[attr-defined]
    waiting = (hook for _, hook, *_ in connection.run_on_commit)
    if not any(getattr(hook, "task", None) == task for hook in waiting):
        transaction.on_commit(send)
