"""The clock that rings for work. Any number of them may run; one is on duty.

Two clocks would do no harm, as every task may run twice; but each would ring for everything.
"""

import logging
import uuid
from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler
from django.db import DatabaseError, close_old_connections

from notifications.actions import keep_watch

logger = logging.getLogger(__name__)

HOLD = timedelta(seconds=15)
LOOK_AGAIN = 2.0  # seconds


class OneOnDuty(PersistentScheduler):
    """Celery's own schedule, for the one clock that keeps the watch. The others look every two
    seconds whether it still does."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self._name = uuid.uuid4()
        self._on_duty = False
        super().__init__(*args, **more)

    def tick(self, *args: Any, **more: Any) -> float:
        """Ring for what is due, if it is our watch; seconds until the next look."""
        if not self._keeps_watch():
            return LOOK_AGAIN
        return min(super().tick(*args, **more), LOOK_AGAIN)

    def _keeps_watch(self) -> bool:
        close_old_connections()
        try:
            on_duty = keep_watch(self._name, hold=HOLD)
        except DatabaseError as error:
            # No task could do anything now either.
            logger.warning("the database does not answer (%s); the clock waits", error)
            return False
        if on_duty != self._on_duty:
            logger.info("this clock is %s duty", "on" if on_duty else "off")
        self._on_duty = on_duty
        return on_duty
