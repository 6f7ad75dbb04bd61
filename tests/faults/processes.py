"""Real processes that a test may kill, hang and start again: Valkey, Celery's worker and beat."""

import contextlib
import ctypes
import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import redis
from celery import Celery
from django.conf import settings
from django.db import connection

from tests.services.waiting import until
from topcentrum.services import programs

PAUSE = 0.25  # between two looks at a page
READY_SECONDS = 20
START_SECONDS = 60  # of what imports the whole portal
PR_SET_PDEATHSIG = 1
QUEUE = "topcentrum:celery"


def _end_with_parent() -> None:
    """Linux: the kernel ends this process when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class _Process(ABC):
    """A program in a process group of its own, which is gone when the `with` ends."""

    process: "subprocess.Popen[bytes] | None" = None

    def __enter__(self) -> "_Process":
        self.folder = Path(tempfile.mkdtemp(prefix="tc-fault-", dir="/tmp"))
        self.log = self.folder / "log"
        try:
            self.start()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        if error:
            sys.stderr.write(self.said())
        shutil.rmtree(self.folder, ignore_errors=True)

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @abstractmethod
    def start(self) -> None:
        """Start, and wait until it is there."""

    def begin(self) -> None:
        """Start, without waiting."""
        self.start()

    def _launch(self, *command: str, **environment: str) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                cwd=settings.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def tell(self, number: int) -> None:
        """Send a signal to the whole group."""
        os.killpg(self.pid, number)

    def kill(self) -> None:
        """SIGKILL for all of the group: no chance to tidy anything up."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                self.tell(signal.SIGKILL)
            self.process.wait(timeout=READY_SECONDS)
            self.process = None


class Broker(_Process):
    """A Valkey of the test's own; after a kill it starts again at the same address, empty."""

    def __enter__(self) -> "Broker":
        super().__enter__()
        return self

    @property
    def socket(self) -> Path:
        return self.folder / "valkey.sock"

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def start(self) -> None:
        self._launch(
            *(str(programs.valkey()), "--port", "0", "--unixsocket", str(self.socket)),
            *("--save", "", "--appendonly", "no", "--dir", str(self.folder)),
        )
        until(self._answers, seconds=READY_SECONDS, what="Valkey answers")

    def hang(self) -> None:
        """It stays connected and answers nothing."""
        self.tell(signal.SIGSTOP)

    def go_on(self) -> None:
        """It answers again."""
        self.tell(signal.SIGCONT)

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=2)

    def waiting(self) -> int:
        """How many rings nobody has taken yet."""
        return int(str(self.client().llen(QUEUE)))

    def app(self, *, as_configured: bool = True) -> Celery:
        """Our Celery application with this broker; or one as it comes out of the box."""
        app = Celery("faults", set_as_current=False)
        if as_configured:
            app.config_from_object("django.conf:settings", namespace="CELERY")
        app.conf.broker_url = f"redis+socket://{self.socket}?virtual_host=0"
        return app

    def _answers(self) -> bool:
        try:
            return bool(self.client().ping())
        except redis.RedisError:
            return False


class Worker(_Process):
    """A real Celery worker, with one child unless said otherwise; on the database of the test, or
    on another."""

    def __init__(
        self, broker: Broker, *, mail_port: int, children: int = 1, database_url: str = ""
    ) -> None:
        self._children = children
        self._environment = {
            "DATABASE_URL": database_url or url_of_test_database(),
            "REDIS_URL": broker.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        }

    def __enter__(self) -> "Worker":
        super().__enter__()
        return self

    def begin(self) -> None:
        self._launch(
            *(sys.executable, "-m", "celery", "-A", "topcentrum", "worker"),
            *(f"--concurrency={self._children}", "--loglevel=INFO"),
            *("--without-mingle", "--without-gossip"),
            **self._environment,
        )

    def start(self) -> None:
        self.begin()
        until(lambda: "ready." in self.said(), seconds=READY_SECONDS, what="the worker is ready")

    def children(self) -> list[int]:
        """The processes that do the work."""
        return [int(p.name) for p in Path("/proc").glob("[0-9]*") if _parent_of(p) == self.pid]

    def child(self) -> int:
        """The one that does the work, where there is one."""
        [pid] = self.children()
        return pid


def _parent_of(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def url_of_test_database() -> str:
    """The address of the server with the name of the database that this test uses."""
    found = urlsplit(os.environ["DATABASE_URL"])
    folder = found.path.rpartition("/")[0]
    return found._replace(path=f"{folder}/{connection.settings_dict['NAME']}").geturl()


class Beat(_Process):
    """A clock that rings five times a second. One that does not ask whether another is on duty is
    Celery's own."""

    def __init__(self, broker: Broker, *, asks: bool = True) -> None:
        self._environment = {
            "DATABASE_URL": url_of_test_database(),
            "REDIS_URL": broker.url,
            "DJANGO_SETTINGS_MODULE": "tests.faults.quick",
            **({} if asks else {"NOBODY_ASKS": "1"}),
        }

    def __enter__(self) -> "Beat":
        super().__enter__()
        return self

    def begin(self) -> None:
        self._launch(
            *(sys.executable, "-m", "celery", "-A", "topcentrum", "beat", "--loglevel=INFO"),
            *("--schedule", str(self.folder / "schedule"), "--pidfile", ""),
            **self._environment,
        )

    def start(self) -> None:
        self.begin()
        until(lambda: "beat: Starting" in self.said(), seconds=READY_SECONDS, what="the clock runs")

    def rings(self) -> int:
        """How often it rang."""
        return self.said().count("Sending due task")


class Web(_Process):
    """The real gunicorn, with a page that asks the database."""

    def __init__(self, database_url: str, **environment: str) -> None:
        self._environment = {"DATABASE_URL": database_url, **environment}

    def __enter__(self) -> "Web":
        super().__enter__()
        return self

    def begin(self) -> None:
        self._launch(
            *(sys.executable, "-m", "gunicorn", "-c", "topcentrum/gunicorn.py"),
            *("--bind", "127.0.0.1:0", "topcentrum.wsgi"),
            DJANGO_SETTINGS_MODULE="tests.faults.asking",
            WEB_CONCURRENCY="1",
            **self._environment,
        )

    def start(self) -> None:
        self.begin()
        until(lambda: "Listening at" in self.said(), seconds=START_SECONDS, what="gunicorn listens")
        until(lambda: self.status() == 200, seconds=READY_SECONDS, what="the page answers")

    @property
    def port(self) -> int:
        """Of the latest start."""
        found = re.findall(r"Listening at: http://127\.0\.0\.1:(\d+)", self.said())
        return int(found[-1]) if found else 0

    def status(self, method: str = "GET", path: str = "/") -> int:
        """Of the page, now; 0 when nobody answers."""
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            asked.request(method, path)
            return asked.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            asked.close()

    def keep_asking(self, stop: threading.Event) -> list[tuple[float, int]]:
        """(when it was asked, status) until told to stop."""
        found = []
        while not stop.wait(PAUSE):
            found.append((time.monotonic(), self.status()))
        return found
