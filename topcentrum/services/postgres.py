"""An own PostgreSQL, on a unix socket, for as long as the portal runs."""

import contextlib
import locale
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from topcentrum.services import programs
from topcentrum.services.accounts import Account, for_postgres
from topcentrum.services.console import RefusalError
from topcentrum.services.places import Places
from topcentrum.services.programs import PostgresPrograms
from topcentrum.services.runner import Program, Runner

ROLE = "topcentrum"
DATABASE = "topcentrum"
THROWAWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_min_messages": "fatal",  # tests break constraints on purpose
}
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "log_checkpoints": "off",
    "timezone": "UTC",
}


@dataclass(frozen=True)
class Postgres:
    """One cluster: where it lies, who it belongs to, what runs it."""

    programs: PostgresPrograms
    cluster: Path
    sockets: Path
    account: Account | None
    settings: dict[str, str]
    passing: tuple[Path, ...] = ()

    @property
    def url(self) -> str:
        """The address for DATABASE_URL. A path that starts with a slash names the socket."""
        return f"postgres://{ROLE}@/{quote(str(self.sockets))}/{DATABASE}"

    def start(self, runner: Runner) -> None:
        """Make the cluster when there is none, and start the server."""
        if not self.cluster.exists():
            self._make_cluster(runner)
        self._clear_stale_pid()
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        self._give(self.sockets)
        command = [str(self.programs.folder / "postgres"), "-D", str(self.cluster)]
        command += ["-k", str(self.sockets)]
        for name, value in {**SETTINGS, **self.settings}.items():
            command += ["-c", f"{name}={value}"]
        runner.start(
            Program(
                name="postgres",
                command=tuple(command),
                account=self.account,
                stop_signal=signal.SIGINT,  # fast: ends sessions, then writes everything down
                grace=10,
                remove=self.passing,
            )
        )

    def await_ready(self, runner: Runner) -> None:
        """Wait until it answers, and make the database when it is not there."""
        runner.wait(self._answers, seconds=60, what="PostgreSQL did not answer")
        with self._connection() as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if row.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _answers(self) -> bool:
        try:
            with self._connection():
                return True
        except psycopg.OperationalError:
            return False

    @contextlib.contextmanager
    def _connection(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(
            host=str(self.sockets), user=ROLE, dbname="postgres", autocommit=True, connect_timeout=5
        ) as connection:
            yield connection

    def _make_cluster(self, runner: Runner) -> None:
        """Build it beside its place and move it there: half a cluster is never taken for one."""
        half = self.cluster.with_name(f"{self.cluster.name}.half")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(mode=0o700)
        self._give(half)
        command = [str(self.programs.folder / "initdb"), "-D", str(half), "-U", ROLE]
        # The folder of the socket is closed to others, so who gets there is trusted.
        command += ["--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions"]
        command += _locale_options()
        runner.finish(Program("initdb", tuple(command), account=self.account), seconds=60)
        half.rename(self.cluster)

    def _give(self, folder: Path) -> None:
        if self.account:
            shutil.chown(folder, self.account.uid, self.account.gid)

    def _clear_stale_pid(self) -> None:
        """After a crash a lock file names a process; after a reboot that may be somebody else.

        PostgreSQL then refuses to start. Only we start servers in this folder, and our lock proves
        that none of ours is left, so the file is wrong unless it names a server of this cluster.
        """
        file = self.cluster / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="utf-8").split("\n", 1)[0])
        except (OSError, ValueError):
            file.unlink(missing_ok=True)
            return
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/cwd").resolve() == self.cluster.resolve():
                raise RefusalError(
                    f"A PostgreSQL (process {pid}) still runs on {self.cluster}. End it first."
                )
        if Path("/proc/self").exists():
            file.unlink(missing_ok=True)


def prepare(places: Places, *, lasting: bool) -> Postgres:
    """Choose programs, user and cluster for a folder."""
    account = for_postgres(places.clusters)
    found = programs.postgres(account)
    cluster = places.clusters / f"postgres-{found.major}"
    if cluster.exists():
        account = for_postgres(cluster)
        found = programs.postgres(account)
        _demand_owner(cluster)
    return Postgres(
        programs=found,
        cluster=cluster,
        sockets=places.sockets / "postgres",
        account=account,
        settings={} if lasting else THROWAWAY,
        passing=places.passing,  # the last to end takes them along
    )


def _demand_owner(cluster: Path) -> None:
    try:
        next(cluster.iterdir(), None)
    except PermissionError as error:
        raise RefusalError(
            f"The database in {cluster} belongs to another user (was the portal started as root\n"
            "before?). Start it as that user, or use other data:  make demo DATA=.data/mine"
        ) from error


def _locale_options() -> list[str]:
    """Sorting by code point wherever we are; words and capitals as in any language."""
    before = locale.setlocale(locale.LC_CTYPE)
    for name in ("C.UTF-8", "en_US.UTF-8"):
        try:
            locale.setlocale(locale.LC_CTYPE, name)
        except locale.Error:
            continue
        locale.setlocale(locale.LC_CTYPE, before)
        return [f"--locale={name}", "--lc-collate=C"]
    return ["--locale=C"]
