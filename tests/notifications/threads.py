"""Do things at the same time, each with a database connection of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

T = TypeVar("T")

LONGEST_SECONDS = 20


def at_once(*actions: Callable[[], T]) -> list[T]:
    """Start all at the same moment; their results, in order. An error in one is raised here."""
    start = threading.Barrier(len(actions))

    def run(action: Callable[[], T]) -> T:
        try:
            start.wait(timeout=LONGEST_SECONDS)
            return action()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [f.result(timeout=LONGEST_SECONDS) for f in [pool.submit(run, a) for a in actions]]
