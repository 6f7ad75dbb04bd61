"""PostgreSQL and Valkey together, unless the environment names others."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from topcentrum.services import places, postgres, valkey
from topcentrum.services.console import Console
from topcentrum.services.places import Places
from topcentrum.services.postgres import Postgres
from topcentrum.services.runner import Runner
from topcentrum.services.valkey import Valkey


class Servers:
    """The servers of our own that are needed here, possibly none."""

    def __init__(self, where: Places, *, lasting: bool) -> None:
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        if not os.environ.get("DATABASE_URL"):
            self.postgres = postgres.prepare(where, lasting=lasting)
        if not os.environ.get("REDIS_URL"):
            self.valkey = valkey.prepare(where, last=self.postgres is None)

    @property
    def environment(self) -> dict[str, str]:
        """How to reach them; only what is not in the environment already."""
        found = {}
        if self.postgres:
            found["DATABASE_URL"] = self.postgres.url
        if self.valkey:
            found["REDIS_URL"] = self.valkey.url
        return found

    def start(self, runner: Runner) -> None:
        """Start them, PostgreSQL first so that it ends last."""
        if self.postgres:
            with _timed(runner.console, "PostgreSQL"):
                self.postgres.start(runner)
                self.postgres.await_ready(runner)
        if self.valkey:
            with _timed(runner.console, "Valkey"):
                self.valkey.start(runner)
                self.valkey.await_ready(runner)


@contextmanager
def _timed(console: Console, name: str) -> Iterator[None]:
    if not console.logs:
        yield
        return
    with console.step(name):
        yield


@contextmanager
def borrowed(folder: Path | None = None, *, obey_signals: bool = False) -> Iterator[Runner]:
    """Servers for the duration of a `with`, their addresses in `os.environ`.

    Without a folder they are fast, forget everything, and leave nothing.
    """
    console = Console(stream=sys.stderr)
    if folder is None:
        lock: tuple[int, ...] = ()
        where = places.throwaway()
    else:
        lock = (places.claim(folder, address=""),)
        where = places.lasting(folder)
    added: dict[str, str] = {}
    try:
        servers = Servers(where, lasting=folder is not None)
        with Runner(console, hold=lock) as runner:
            if obey_signals:
                runner.obey_signals()
            servers.start(runner)
            added = servers.environment
            os.environ.update(added)
            yield runner
    finally:
        for name in added:
            os.environ.pop(name, None)
        where.tidy()
        for file in lock:
            os.close(file)
