"""`make demo`: the whole portal with an invented region, on one machine, for looking around."""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from topcentrum.services import places, ports
from topcentrum.services.console import Console, RefusalError
from topcentrum.services.runner import AskedToEndError, Program, Runner
from topcentrum.services.servers import Servers

PROJECT = Path(__file__).resolve().parents[2]
NAMES = ("postgres", "valkey", "mail", "prepare", "static", "worker", "beat", "web")
READY = """
Topcentrum is ready: {url}

Everything in it is invented. Try this:
  1. Open the address and enter as a student: complete the profile, rank three offers.
  2. Enter as a coordinator: publish offers, run a round, read why, release the proposals.
  3. Read the letters that went out at {url}/demo/post/ and answer one of them.

Stop with Ctrl-C. The data stays in {folder}; the next start shows it again.
What every program says stands in {logs}; VERBOSE=1 shows more of it here.
"""
PYTHON = sys.executable
# Celery warns at length when root runs it; in a demo, root is whoever opened the container.
QUIET_ROOT = "ignore:You're running the worker with superuser privileges"


class Demo:
    """The programs of the demo, and the order in which they start."""

    def __init__(self, folder: Path, *, port: int, host: str = "localhost") -> None:
        self.folder = folder.expanduser().absolute()
        self.port = port
        self.host = host
        self.url = f"http://localhost:{port}"

    def run(self) -> int:
        """Start everything, stay until asked to end, end everything; the exit code."""
        # In this order: after a crash, claiming waits until the rest of it has let go of the port.
        lock = places.claim(self.folder, address=self.url)
        ports.demand_free(self.port, host=self.host)
        os.umask(0o077)  # letters and logs are nobody else's business
        hushed = () if os.environ.get("VERBOSE") else ("worker", "beat")
        console = Console(NAMES, logs=self.folder / "logs", hushed=hushed)
        where = places.lasting(self.folder)
        try:
            servers = Servers(where, lasting=True)
            with Runner(console, hold=(lock,)) as runner:
                runner.obey_signals()
                code = self._live(runner, servers)
        finally:
            where.tidy()
        console.say("Everything has ended.")
        return code

    def _live(self, runner: Runner, servers: Servers) -> int:
        console = runner.console
        try:
            console.say("Starting Topcentrum:")
            self._start(runner, servers)
            console.say(
                READY.format(
                    url=self.url, folder=_shown(self.folder), logs=_shown(self.folder / "logs")
                )
            )
            console.open_floor()
            runner.watch()
        except AskedToEndError:
            console.say("\nEnding everything …")
        except RefusalError as error:
            console.say(f"\n{error}\n\nThe full logs are in {console.logs}. Ending everything …")
            return 1
        return 0

    def _start(self, runner: Runner, servers: Servers) -> None:
        """Whatever can run beside something else does; what ends last starts first."""
        environment = self._environment()
        static = runner.start(self._static(environment), stays=False)
        servers.start(runner)
        environment |= servers.environment
        catches_mail = "EMAIL_URL" in environment
        if catches_mail:
            runner.start(self._mail(environment))
        # What is made anew at every start need not be on the disk at every step.
        hurried = {"PGOPTIONS": "-c synchronous_commit=off"} if servers.postgres else {}
        prepare = runner.start(self._prepare(environment | hurried), stays=False)
        runner.await_end(prepare, seconds=300)
        runner.await_end(static, seconds=120)
        with runner.console.step("Web, worker, beat"):
            runner.start(self._worker(environment))
            runner.start(self._beat(environment))
            runner.start(self._web(environment))
            runner.wait(self._answers, seconds=90, what="The web did not answer")
            if catches_mail:
                post = int(_port(environment["EMAIL_URL"]))
                runner.wait(lambda: ports.answers(post), seconds=30, what="Mail did not answer")
        runner.console.total()

    def _environment(self) -> dict[str, str]:
        environment = {
            "BASE_URL": self.url,
            "DEMO_POST_FOLDER": str(self.folder / "post"),
            "DJANGO_SETTINGS_MODULE": "topcentrum.settings",
            "PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            "SECRET_KEY": os.environ.get("SECRET_KEY") or places.secret_key(self.folder),
            "STATIC_ROOT": str(self.folder / "static"),
            "TOPCENTRUM_DEMO": "1",
        }
        if not os.environ.get("EMAIL_URL"):
            environment["EMAIL_URL"] = f"smtp://localhost:{ports.unused()}"
        return environment

    def _static(self, environment: dict[str, str]) -> Program:
        command = [PYTHON, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        return Program("static", command, environment, folder=PROJECT)

    def _mail(self, environment: dict[str, str]) -> Program:
        command = [PYTHON, "-m", "topcentrum.services.post"]
        command += ["--port", _port(environment["EMAIL_URL"])]
        command += ["--folder", environment["DEMO_POST_FOLDER"]]
        return Program("mail", command, environment, folder=PROJECT)

    def _prepare(self, environment: dict[str, str]) -> Program:
        command = [PYTHON, "-m", "topcentrum.services.prepare"]
        return Program("prepare", command, environment, folder=PROJECT)

    def _worker(self, environment: dict[str, str]) -> Program:
        command = [PYTHON, "-m", "celery", "--quiet", "-A", "topcentrum", "worker"]
        command += ["--concurrency", "2", "--loglevel", "INFO", "-n", "demo@localhost"]
        # One worker has nobody to gossip with; without these it is there a second sooner.
        command += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        environment = environment | {"PYTHONWARNINGS": QUIET_ROOT}
        # What it breaks off is taken up again: rows are the truth, with leases that run out.
        return Program("worker", command, environment, folder=PROJECT, grace=3, needed=False)

    def _beat(self, environment: dict[str, str]) -> Program:
        command = [PYTHON, "-m", "celery", "--quiet", "-A", "topcentrum", "beat"]
        command += ["--loglevel", "INFO", "--schedule", str(self.folder / "beat-schedule")]
        command += ["--pidfile", ""]  # none: the leash knows
        return Program("beat", command, environment, folder=PROJECT, needed=False)

    def _web(self, environment: dict[str, str]) -> Program:
        command = [PYTHON, "-m", "gunicorn", "-c", "topcentrum/gunicorn.py", "topcentrum.wsgi"]
        bind = [
            f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"
            for _, address in ports.addresses(self.host)
        ]
        environment = environment | {"DATABASE_KEEP_CONNECTIONS": "1", "WEB_BIND": ",".join(bind)}
        return Program("web", command, environment, folder=PROJECT, needed=False)

    def _answers(self) -> bool:
        host = ports.addresses(self.host)[0][1].replace("0.0.0.0", "127.0.0.1")
        host = f"[{host}]" if ":" in host else host
        page = urllib.request.Request(
            f"http://{host}:{self.port}/", headers={"Host": f"localhost:{self.port}"}
        )
        # Never through a proxy that the environment may name.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(page, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def _port(url: str) -> str:
    return url.rpartition(":")[2]


def _shown(folder: Path) -> str:
    """A folder as short as it can be named from here."""
    try:
        return str(folder.relative_to(Path.cwd()))
    except ValueError:
        return str(folder)
