"""Things that happen at the same moment, each with a connection to the database of its own."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import connection

from companies.actions import Refused

T = TypeVar("T")

LONGEST_SECONDS = 60


def at_once(*acts: Callable[[], T]) -> list[T | str]:
    """Start all at the same moment; the result of each, or the code with which it was refused.

    Any other error in one of them is raised here.
    """
    return in_step(1, *(lambda _round, act=act: act() for act in acts))[0]


def in_step(times: int, *acts: Callable[[int], T]) -> list[list[T | str]]:
    """Do the same a number of times, all starting together each time: results per time, in order.

    `acts` are given the number of the time, from 0.
    """
    start = threading.Barrier(len(acts))

    def run(act: Callable[[int], T]) -> list[T | str]:
        found: list[T | str] = []
        try:
            connection.ensure_connection()
            for time in range(times):
                start.wait(timeout=LONGEST_SECONDS)
                found.append(_result(act, time))
        except BaseException:
            start.abort()
            raise
        finally:
            connection.close()
        return found

    with ThreadPoolExecutor(len(acts)) as pool:
        rows = [f.result(timeout=LONGEST_SECONDS) for f in [pool.submit(run, a) for a in acts]]
    return [list(column) for column in zip(*rows, strict=True)]


def _result(act: Callable[[int], T], time: int) -> T | str:
    try:
        return act(time)
    except Refused as refused:
        return refused.code


def refusals(results: list[Any]) -> list[str]:
    """The codes among the results."""
    return sorted(one for one in results if isinstance(one, str))
