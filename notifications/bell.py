"""Wake a worker. A bell that is not heard loses nothing: the sweeps find the work later."""

import logging
import time

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

QUIET_SECONDS = 10.0


class _Bell:
    """Rings once per task and transaction; stays quiet for a while after the broker failed, so
    that a request never waits twice for a broker that is away."""

    def __init__(self) -> None:
        self._quiet_until = 0.0

    def ring(self, task: str) -> None:
        if time.monotonic() < self._quiet_until:
            return
        try:
            current_app.send_task(task, retry=False, ignore_result=True)
        except (OperationalError, OSError, TimeoutError) as error:
            self._quiet_until = time.monotonic() + QUIET_SECONDS
            logger.warning("broker does not answer (%s); the sweep will find the work", error)


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
