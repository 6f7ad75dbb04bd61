"""PostgreSQL killed and started again: errors while it is away, and none afterwards."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.faults.processes import READY_SECONDS, Web
from tests.services.waiting import until
from topcentrum.services import places, postgres
from topcentrum.services.console import Console
from topcentrum.services.postgres import Postgres
from topcentrum.services.runner import Runner

THREADS = 12  # more than a web process has
AWAY_SECONDS = 4.0
RECOVERY_SECONDS = 5.0


@pytest.fixture
def runner() -> Iterator[Runner]:
    with Runner(Console(stream=open(os.devnull, "w"))) as found:
        yield found


@pytest.fixture
def database(runner: Runner) -> Iterator[Postgres]:
    """A PostgreSQL of the test's own, which nobody else needs."""
    where = places.throwaway()
    # The leash of a server that dies must leave the data where they are.
    found = replace(postgres.prepare(where, lasting=False), passing=())
    found.start(runner)
    found.await_ready(runner)
    yield found
    runner.stop_all()
    where.tidy()


def kill(database: Postgres) -> None:
    """As when the machine takes its memory back."""
    pid = int((database.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not database._answers(), what="PostgreSQL is away")


def start_again(runner: Runner, database: Postgres) -> None:
    """The runner restarts what died while it looks."""
    runner.wait(database._answers, seconds=READY_SECONDS, what="PostgreSQL did not answer")


def asked_at_once(web: Web) -> set[int]:
    """What a handful of people get at the same moment, so that every thread has to answer."""
    with ThreadPoolExecutor(THREADS) as pool:
        return set(pool.map(lambda _: web.status(), range(3 * THREADS)))


def test_after_a_quiet_restart_nobody_notices(runner: Runner, database: Postgres) -> None:
    with Web(database.url, DATABASE_KEEP_CONNECTIONS="1") as web:
        assert asked_at_once(web) == {200}
        kill(database)
        start_again(runner, database)
        assert asked_at_once(web) == {200}


def test_connections_that_nobody_looks_at_would_break_pages(
    runner: Runner, database: Postgres
) -> None:
    """The control."""
    with Web(database.url, DATABASE_KEEP_CONNECTIONS="1", NOBODY_LOOKS="1") as web:
        assert asked_at_once(web) == {200}
        kill(database)
        start_again(runner, database)
        assert 500 in asked_at_once(web)


def test_a_restart_under_load_is_over_when_the_database_is_back(
    runner: Runner, database: Postgres
) -> None:
    stop = threading.Event()
    with (
        Web(database.url, DATABASE_KEEP_CONNECTIONS="1") as web,
        ThreadPoolExecutor(THREADS) as pool,
    ):
        asking = [pool.submit(web.keep_asking, stop) for _ in range(THREADS)]
        time.sleep(1)
        kill(database)
        away = time.monotonic()
        time.sleep(AWAY_SECONDS)
        start_again(runner, database)
        back = time.monotonic()
        time.sleep(RECOVERY_SECONDS + 2)
        stop.set()
        answers = [one for found in asking for one in found.result()]
    during = {status for at, status in answers if away < at < back}
    after = {status for at, status in answers if at > back + RECOVERY_SECONDS}
    assert 500 in during, "nothing went away"
    assert after == {200}
