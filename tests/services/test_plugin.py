"""The servers of the tests themselves: one pair for all workers, gone when pytest is killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.services.waiting import PROJECT, alive, marked_environment, until

WAITING_TESTS = """
import os, pathlib, time
import psycopg, environ, redis
def look():
    found = environ.Env.db_url_config(os.environ["DATABASE_URL"])
    psycopg.connect(host=found["HOST"], user=found["USER"], dbname=found["NAME"]).close()
    redis.Redis.from_url(os.environ["REDIS_URL"]).ping()
    here = pathlib.Path(__file__).with_name(os.environ["PYTEST_XDIST_WORKER"])
    here.write_text(os.environ["DATABASE_URL"] + " " + os.environ["REDIS_URL"])
    time.sleep(600)
def test_one():
    look()
def test_two():
    look()
"""


def test_workers_share_servers_that_end_with_pytest(tmp_path: Path) -> None:
    tests = tmp_path / "test_waiting.py"
    tests.write_text(WAITING_TESTS)
    environment = marked_environment(TMPDIR="/tmp")
    command = [sys.executable, "-m", "pytest", "-n", "2", "-o", "addopts=", "-p", "no:django"]
    command += ["-p", "tests.services_plugin", "-c", "/dev/null", "--rootdir", str(tmp_path)]
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(
            [*command, str(tests)],
            cwd=PROJECT,
            env={**environment, "PYTEST_ADDOPTS": ""},
            stdout=output,
            stderr=output,
        )
    said = [tmp_path / "gw0", tmp_path / "gw1"]
    try:
        until(lambda: all(path.exists() for path in said), seconds=30, what="two tests")
        until(lambda: all(path.read_text() for path in said), what="two addresses")
        assert said[0].read_text() == said[1].read_text()
        assert len(servers(environment)) == 2  # one of each
        process.kill()
        until(lambda: not servers(environment), seconds=12, what="no server left")
    finally:
        process.kill()
        process.wait()
        for pid in alive(environment):  # workers notice late that nobody directs them
            os.kill(pid, signal.SIGKILL)


def servers(environment: dict[str, str]) -> list[str]:
    return [line for line in alive(environment).values() if "services/leash.py" in line]
