"""Leash and runner: what is started ends, in order, within bounds, however the starter ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.services.waiting import PROJECT, alive, gone, marked_environment, until

LEASH = PROJECT / "topcentrum" / "services" / "leash.py"

# A program that is hard to end: deaf to SIGTERM, and its child has left for a session of its own.
STUBBORN = """
import os, signal, sys, time
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
open(os.path.join(sys.argv[1], "up"), "a").write("up\\n")
time.sleep(600)
"""

# A program that writes down when it is up and when it was asked to end.
POLITE = """
import os, signal, sys
folder, name = sys.argv[1:]
def end(*_):
    with open(os.path.join(folder, "ended"), "a") as file:
        file.write(name + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
with open(os.path.join(folder, "up"), "a") as file:
    file.write("up\\n")
print("hello from", name, flush=True)
while True:
    signal.pause()
"""

RUNNER = """
import sys
from pathlib import Path
from topcentrum.services import runner as module
from topcentrum.services.console import Console, RefusalError
from topcentrum.services.runner import AskedToEndError, Program, Runner
module.FIRST_PAUSE = 0.01
folder = sys.argv[1]
programs = {programs}
console = Console(tuple(programs), logs=Path(folder, "logs"))
console.open_floor()
try:
    with Runner(console) as runner:
        runner.obey_signals()
        for name, code in programs.items():
            command = [sys.executable, "-S", "-c", code, folder, name]
            needed = not name.startswith("leaf")
            runner.start(Program(name, command, grace={grace}, needed=needed))
        runner.watch()
except AskedToEndError:
    sys.exit(0)
except RefusalError as error:
    sys.exit(str(error))
"""


class Started:
    """A runner with a table of programs, in a process of its own."""

    def __init__(self, folder: Path, programs: dict[str, str], *, grace: float = 5) -> None:
        self.folder = folder
        self.environment = marked_environment()
        code = RUNNER.format(programs=programs, grace=grace)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            cwd=PROJECT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().split() if path.exists() else []

    def await_up(self, number: int) -> None:
        until(lambda: len(self.lines("up")) >= number, what="all programs up")

    def has_a_leash(self) -> bool:
        return len(alive(self.environment)) > 1

    def program(self, name: str) -> int:
        """The process of a program, not of its leash."""
        lines = alive(self.environment).items()
        return next(pid for pid, line in lines if line.endswith(name) and "leash.py" not in line)

    def end(self, number: signal.Signals) -> str:
        """End it; Ctrl-C goes to all in the foreground, as a terminal does it."""
        if number == signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        return self.process.communicate(timeout=20)[0]

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        for pid in alive(self.environment):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Started]]:
    started: list[Started] = []

    def starter(programs: dict[str, str], *, grace: float = 5) -> Started:
        started.append(Started(tmp_path, programs, grace=grace))
        return started[-1]

    yield starter
    for one in started:
        one.close()


def on_a_leash(
    *program: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program on a leash whose runner is this test."""
    theirs, ours = os.pipe()
    command = [sys.executable, "-I", "-S", str(LEASH), "--runner-pipe", str(theirs), "--"]
    try:
        return subprocess.run(
            [*command, *program],
            env=env,
            pass_fds=[theirs],
            start_new_session=True,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    finally:
        os.close(theirs)
        os.close(ours)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise SystemExit(0)", 0),
        ("raise SystemExit(7)", 7),
        ("import os; os.kill(os.getpid(), 9)", 137),
    ],
)
def test_a_leash_returns_the_exit_code_of_its_program(code: str, expected: int) -> None:
    assert on_a_leash(sys.executable, "-c", code).returncode == expected


def test_a_program_that_is_not_there_is_named() -> None:
    done = on_a_leash("/nowhere/program")
    assert "cannot start /nowhere/program" in done.stderr
    assert done.returncode == 127


def test_what_a_program_leaves_behind_ends_with_it() -> None:
    environment = marked_environment()
    code = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    os.close(1); os.close(2)\n"
    code += "    time.sleep(600)"
    assert on_a_leash(sys.executable, "-c", code, env=environment).returncode == 0
    assert not alive(environment)


def test_programs_cannot_hold_the_pipe_or_the_lock(tmp_path: Path) -> None:
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(lock, True)
    code = "import os; print(*[os.readlink(f'/proc/self/fd/{n}') for n in range(3, 20) if "
    code += "os.path.exists(f'/proc/self/fd/{n}')])"
    theirs, ours = os.pipe()
    command = [sys.executable, "-I", "-S", str(LEASH), "--runner-pipe", str(theirs)]
    command += ["--hold", str(lock), "--", sys.executable, "-c", code]
    said = subprocess.run(command, pass_fds=[theirs, lock], capture_output=True, check=True).stdout
    assert b"pipe" not in said
    assert b"lock" not in said
    for file in (lock, theirs, ours):
        os.close(file)


def test_killing_the_runner_leaves_nothing(start, tmp_path: Path) -> None:
    started = start({"one": STUBBORN, "two": STUBBORN, "three": POLITE}, grace=60)
    started.await_up(3)
    # The runner, 3 leashes, 3 programs, 4 grandchildren.
    until(lambda: len(alive(started.environment)) == 11, what="all grandchildren up")
    started.process.kill()
    until(gone(started.environment), seconds=9, what="nothing left")


def test_killing_the_runner_at_any_moment_leaves_nothing(start, tmp_path: Path) -> None:
    for moment in range(6):
        folder = tmp_path / str(moment)
        folder.mkdir()
        started = Started(folder, {f"{n}": POLITE for n in range(4)})
        # From before the first leash is up to when all programs are.
        until(started.has_a_leash, what="a first leash")
        time.sleep(moment * 0.015)
        started.process.kill()
        until(gone(started.environment), seconds=9, what=f"nothing left of kill {moment}")
        started.close()


def test_killing_a_leash_ends_its_program_and_the_runner_starts_it_again(start) -> None:
    started = start({"one": POLITE})
    started.await_up(1)
    before = {pid for pid, line in alive(started.environment).items() if "leash.py" in line}
    os.kill(before.pop(), signal.SIGKILL)
    started.await_up(2)
    assert started.lines("ended") == ["one"]
    assert "one ended unexpectedly" in started.end(signal.SIGTERM)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_started_last_ends_first(start, number: signal.Signals) -> None:
    names = ["postgres", "valkey", "mail", "worker", "beat", "web"]
    started = start(dict.fromkeys(names, POLITE))
    started.await_up(len(names))
    started.end(number)
    assert started.process.returncode == 0
    assert started.lines("ended") == names[::-1]
    assert not alive(started.environment)


def test_what_nobody_needs_ends_at_the_same_time(start) -> None:
    started = start({"first": POLITE, "leaf-a": STUBBORN, "leaf-b": STUBBORN}, grace=3)
    started.await_up(3)
    since = time.monotonic()
    started.end(signal.SIGTERM)
    assert 3 <= time.monotonic() - since < 6, "one after the other"
    assert started.lines("ended") == ["first"]
    assert not alive(started.environment)


def test_a_deaf_program_is_killed_after_its_grace(start) -> None:
    started = start({"deaf": STUBBORN}, grace=0.5)
    started.await_up(1)
    since = time.monotonic()
    started.end(signal.SIGTERM)
    assert 0.5 <= time.monotonic() - since < 4
    assert not alive(started.environment)


def test_a_second_ctrl_c_ends_patience(start) -> None:
    started = start({"deaf": STUBBORN}, grace=60)
    started.await_up(1)
    started.process.send_signal(signal.SIGINT)
    time.sleep(0.3)  # two signals at once are one signal
    since = time.monotonic()
    started.end(signal.SIGINT)
    assert time.monotonic() - since < 5
    assert not alive(started.environment)


def test_what_dies_is_started_again(start) -> None:
    started = start({"one": POLITE, "two": POLITE})
    started.await_up(2)
    os.kill(started.program("one"), signal.SIGKILL)
    started.await_up(3)
    said = started.end(signal.SIGTERM)
    assert "one ended unexpectedly (code 137)" in said
    assert "Restarted one." in said
    # It keeps its place in the order.
    assert started.lines("ended") == ["two", "one"]


def test_what_keeps_dying_ends_all_with_its_last_words(start) -> None:
    started = start({"one": POLITE, "sick": "import sys; sys.exit('no disk')"})
    said = started.process.communicate(timeout=20)[0]
    assert started.process.returncode == 1
    assert "sick died 5 times within 60 seconds" in said
    assert "no disk" in said
    assert not alive(started.environment)


def test_lines_carry_the_name_of_their_process_and_stay_in_a_file(start, tmp_path: Path) -> None:
    started = start({"web": POLITE, "postgres": POLITE})
    started.await_up(2)
    logs = tmp_path / "logs"
    until(lambda: (logs / "web.log").exists() and (logs / "web.log").read_text(), what="a log")
    said = started.end(signal.SIGTERM)
    assert "web      | hello from web" in said
    assert "postgres | hello from postgres" in said
    assert "\033" not in said  # colours are for terminals
    assert (logs / "postgres.log").read_text() == "hello from postgres\n"


def test_killing_the_caller_ends_a_runner_that_watches_it() -> None:
    environment = marked_environment(DATABASE_URL="postgres://x@y/z", REDIS_URL="redis://x")
    command = f"{sys.executable} -m topcentrum.services --watch-parent run -- sleep 600; true"
    make = subprocess.Popen(["sh", "-c", command], cwd=PROJECT, env=environment)
    try:
        until(lambda: "sleep 600" in alive(environment).values(), what="the command is up")
        make.kill()
        make.wait()
        until(gone(environment), seconds=9, what="nothing left")
    finally:
        for pid in alive(environment):
            os.kill(pid, signal.SIGKILL)
