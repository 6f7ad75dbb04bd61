"""Starts processes on leashes, passes their lines on, restarts what dies, ends all in order."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from topcentrum.services.accounts import Account
from topcentrum.services.console import Console, RefusalError

LEASH = Path(__file__).with_name("leash.py")
QUICK_DEATHS = 5  # so many deaths …
QUICK_SECONDS = 60.0  # … within this time, and restarting is pointless
FIRST_PAUSE = 0.5
LONGEST_PAUSE = 8.0
TICK = 0.05


class AskedToEndError(Exception):
    """Somebody asked us to end."""


class KeepsDyingError(RefusalError):
    """A process that we cannot do without does not stay alive."""


@dataclass(frozen=True)
class Program:
    """What to run, and how to end it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 5.0
    needed: bool = True  # by others: it is asked to end when those that started after it have
    remove: tuple[Path, ...] = ()  # folders that go when the program has ended


@dataclass
class Running:
    """A program on its leash."""

    program: Program
    process: subprocess.Popen[bytes]
    pipe: int
    reader: threading.Thread | None
    tail: deque[str]
    stays: bool  # its end is unexpected
    deaths: list[float] = field(default_factory=list)
    restart_at: float | None = None
    asked: bool = False  # to end; the second time its leash has no more patience

    def ended(self) -> bool:
        """Whether the program is over."""
        return self.process.poll() is not None


class Runner:
    """Use as a context: on leaving, everything is ended, the last started first."""

    def __init__(self, console: Console, *, hold: tuple[int, ...] = ()) -> None:
        self.console = console
        self.hold = hold
        self.running: list[Running] = []
        self.asked = 0
        self._listen, self._ring = os.pipe()
        for end in (self._listen, self._ring):
            os.set_blocking(end, False)

    def __enter__(self) -> "Runner":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop_all()

    def obey_signals(self) -> None:
        """Let Ctrl-C and SIGTERM ask us to end, in order and not in the middle of a line."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self.ask())

    def ask(self) -> None:
        """Ask the runner to end; twice: at once."""
        self.asked += 1
        with contextlib.suppress(BlockingIOError):
            os.write(self._ring, b"!")

    def start(self, program: Program, *, stays: bool = True, foreground: bool = False) -> Running:
        """Start a program. One that `stays` is restarted when it dies."""
        running = self._launch(program, stays=stays, foreground=foreground)
        self.running.append(running)
        return running

    def finish(self, program: Program, *, seconds: float) -> None:
        """Run a program to its end; refuse with its last lines when it fails."""
        self.await_end(self.start(program, stays=False), seconds=seconds)

    def await_end(self, running: Running, *, seconds: float) -> None:
        """Wait until a program that does not stay has done its work."""
        name = running.program.name
        self.wait(running.ended, seconds=seconds, what=f"{name} did not finish")
        self._forget(running)
        if running.process.returncode:
            raise RefusalError(f"{name} failed:\n{self._excerpt(running)}")

    def wait(self, reached: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Look every moment whether something is reached, minding signals and deaths meanwhile."""
        deadline = time.monotonic() + seconds
        while not reached():
            if time.monotonic() > deadline:
                raise RefusalError(f"{what} within {seconds:.0f} seconds.\n{self._excerpts()}")
            self._tick()
            self.mind_deaths()

    def watch(self) -> None:
        """Stay until asked to end, restarting what dies."""
        while True:
            self._tick()
            self.mind_deaths()

    def mind_deaths(self) -> None:
        """Restart what died unexpectedly, a little later each time; give up when it is hopeless."""
        now = time.monotonic()
        for place, one in enumerate(self.running):
            if not one.stays or not one.ended():
                continue
            if one.restart_at is None:
                self._note_death(one, now)
            elif now >= one.restart_at:
                self._join(one)
                again = self._launch(one.program, stays=True)
                again.deaths = one.deaths
                self.running[place] = again
                self.console.say(f"Restarted {one.program.name}.")

    def stop_all(self) -> None:
        """End everything, the last started first, so that nobody loses what it still needs. What
        nobody needs ends at the same time."""
        self.asked = 0
        for one in self.running:
            if not one.program.needed:
                self._ask_to_end(one)
        while self.running:
            self.stop(self.running[-1])

    def stop(self, running: Running) -> None:
        """End one program; it never takes longer than its grace and a little."""
        self._ask_to_end(running)
        deadline = time.monotonic() + running.program.grace + 4
        while not running.ended():
            if self.asked or time.monotonic() > deadline:
                # The second time the leash stops being patient.
                self.asked = 0
                running.process.terminate()
                deadline += 1
            self._listen_for(TICK / 2)
        self._forget(running)

    @staticmethod
    def _ask_to_end(running: Running) -> None:
        running.stays = False
        if not running.asked and not running.ended():
            running.asked = True
            with contextlib.suppress(ProcessLookupError):
                running.process.terminate()

    def _launch(self, program: Program, *, stays: bool, foreground: bool = False) -> Running:
        ours, theirs = self._pipe()
        command = [sys.executable, "-I", "-S", str(LEASH), "--runner-pipe", str(theirs)]
        command += ["--stop-signal", str(int(program.stop_signal)), "--grace", str(program.grace)]
        for file in self.hold:
            command += ["--hold", str(file)]
        if program.account:
            command += ["--uid", str(program.account.uid), "--gid", str(program.account.gid)]
        for path in program.remove:
            command += ["--remove", str(path)]
        command += ["--foreground"] if foreground else []
        command += ["--", *program.command]
        try:
            process = subprocess.Popen(
                command,
                env={**os.environ, **program.environment},
                cwd=program.folder,
                stdin=None if foreground else subprocess.DEVNULL,
                stdout=None if foreground else subprocess.PIPE,
                stderr=None if foreground else subprocess.STDOUT,
                pass_fds=(theirs, *self.hold),
                start_new_session=not foreground,
            )
        finally:
            os.close(theirs)
        running = Running(program, process, ours, None, deque(maxlen=25), stays)
        if not foreground:
            running.reader = threading.Thread(target=self._read, args=(running,), daemon=True)
            running.reader.start()
        return running

    @staticmethod
    def _pipe() -> tuple[int, int]:
        """The end that says we live, and the end for the leash to watch."""
        theirs, ours = os.pipe()
        return ours, theirs

    def _read(self, running: Running) -> None:
        """Pass a program's lines on: to its log file, and to the console."""
        name = running.program.name
        path = self.console.log(name)
        stream = running.process.stdout
        assert stream is not None
        with contextlib.ExitStack() as stack:
            log = stack.enter_context(path.open("ab")) if path else None
            for raw in stream:
                if log:
                    log.write(raw)
                    log.flush()
                text = raw.decode(errors="replace").rstrip()
                running.tail.append(text)
                self.console.line(name, text)

    def _note_death(self, one: Running, now: float) -> None:
        name, code = one.program.name, one.process.returncode
        one.deaths = [at for at in one.deaths if now - at < QUICK_SECONDS] + [now]
        if len(one.deaths) >= QUICK_DEATHS:
            raise KeepsDyingError(
                f"{name} died {QUICK_DEATHS} times within {QUICK_SECONDS:.0f} seconds; "
                f"its last lines:\n{self._excerpt(one)}"
            )
        pause = min(FIRST_PAUSE * 2 ** (len(one.deaths) - 1), LONGEST_PAUSE)
        one.restart_at = now + pause
        self.console.say(f"{name} ended unexpectedly (code {code}); again in {pause:.1f} s.")

    def _tick(self) -> None:
        self._listen_for(TICK)
        if self.asked:
            raise AskedToEndError

    def _listen_for(self, seconds: float) -> None:
        if select.select([self._listen], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                os.read(self._listen, 64)

    def _join(self, running: Running) -> None:
        os.close(running.pipe)
        if running.reader:
            running.reader.join(2)

    def _forget(self, running: Running) -> None:
        self._join(running)
        self.running.remove(running)

    def _excerpt(self, running: Running) -> str:
        if running.reader and running.ended():
            running.reader.join(1)
        return "\n".join(f"    {line}" for line in running.tail) or "    (it said nothing)"

    def _excerpts(self) -> str:
        return "\n".join(f"{one.program.name}:\n{self._excerpt(one)}" for one in self.running)
