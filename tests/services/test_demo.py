"""The demo as a person starts it: real servers, real web, real worker, and a real end."""

import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.waiting import PROJECT, alive, gone, marked_environment, until
from topcentrum.services import ports


class Portal:
    """A demo in a folder of its own."""

    def __init__(self, folder: Path, *, before: tuple[str, ...] = ()) -> None:
        self.port = ports.unused()
        self.folder = folder
        self.environment = marked_environment()
        self.output = folder / "output"
        command = [*before, sys.executable, "-m", "topcentrum.services", "demo"]
        command += ["--port", str(self.port), "--data", str(folder / "data")]
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                command, cwd=PROJECT, env=self.environment, stdout=output, stderr=output
            )

    @property
    def said(self) -> str:
        return self.output.read_text()

    def await_ready(self) -> None:
        until(
            lambda: "Topcentrum is ready" in self.said or self.process.poll() is not None,
            seconds=60,
            what="the portal is ready",
        )
        assert "Topcentrum is ready" in self.said, self.said

    def page(self) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://localhost:{self.port}/", timeout=10) as answer:
            assert answer.status == 200
            return str(answer.read().decode())

    def mail_port(self) -> int:
        line = next(line for line in alive(self.environment).values() if "services.post" in line)
        return int(re.findall(r"--port (\d+)", line)[0])

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pid in alive(self.environment):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="tc-test-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def test_the_demo_starts_twice_and_leaves_nothing(folder: Path) -> None:
    first = Portal(folder)
    try:
        first.await_ready()
        assert "<html" in first.page()
        assert f"http://localhost:{first.port}/demo/post/" in first.said
        for step in ("PostgreSQL", "Valkey", "Tables", "The invented region", "In all"):
            assert re.search(rf"{step} .*\d s", first.said), step
        # A letter that is sent lies in the folder that the portal's page reads.
        with smtplib.SMTP("localhost", first.mail_port()) as post:
            post.sendmail("a@b.example", ["c@d.example"], "Subject: hello\n\nthere")
        letters = list((folder / "data" / "post" / "new").iterdir())
        assert any("Subject: hello" in letter.read_text() for letter in letters)
        assert (folder / "data" / "secret-key").stat().st_mode & 0o077 == 0
        logs = folder / "data" / "logs"
        until(lambda: " ready." in (logs / "worker.log").read_text(), what="the worker works")
        assert " ready." not in first.said, "the terminal is for the address"

        first.process.kill()
        until(gone(first.environment), seconds=12, what="nothing left")
    finally:
        first.close()

    second = Portal(folder)
    try:
        second.await_ready()
        second.page()
        second.process.send_signal(signal.SIGINT)
        assert second.process.wait(30) == 0
        assert "Everything has ended." in second.said
        assert not alive(second.environment)
    finally:
        second.close()
