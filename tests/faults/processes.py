"""Real processes that a test may kill, hang and start again: a Valkey and a Celery worker."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import redis
from celery import Celery
from django.conf import settings
from django.db import connection

from tests.services.waiting import until
from topcentrum.services import programs

READY_SECONDS = 20
PR_SET_PDEATHSIG = 1
QUEUE = "topcentrum:celery"


def _end_with_parent() -> None:
    """Linux: the kernel ends this process when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class _Process:
    """A program in a process group of its own, which is gone when the `with` ends."""

    process: "subprocess.Popen[bytes] | None" = None

    def __enter__(self) -> "_Process":
        self.folder = Path(tempfile.mkdtemp(prefix="tc-fault-", dir="/tmp"))
        self.log = self.folder / "log"
        self.start()
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

    def start(self) -> None:
        raise NotImplementedError

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
    """A real Celery worker with one child, on the database of the test."""

    def __init__(self, broker: Broker, *, mail_port: int) -> None:
        self._environment = {
            "DATABASE_URL": _url_of_test_database(),
            "REDIS_URL": broker.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
        }

    def __enter__(self) -> "Worker":
        super().__enter__()
        return self

    def start(self) -> None:
        self._launch(
            *(sys.executable, "-m", "celery", "-A", "topcentrum", "worker", "--concurrency=1"),
            *("--loglevel=INFO", "--without-mingle", "--without-gossip"),
            **self._environment,
        )
        until(lambda: "ready." in self.said(), seconds=READY_SECONDS, what="the worker is ready")

    def child(self) -> int:
        """The process that does the work."""
        [pid] = [int(p.name) for p in Path("/proc").glob("[0-9]*") if _parent_of(p) == self.pid]
        return pid


def _parent_of(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _url_of_test_database() -> str:
    """The address of the server with the name of the database that this test uses."""
    found = urlsplit(os.environ["DATABASE_URL"])
    folder = found.path.rpartition("/")[0]
    return found._replace(path=f"{folder}/{connection.settings_dict['NAME']}").geturl()
