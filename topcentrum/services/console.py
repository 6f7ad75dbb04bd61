"""What the person at the terminal reads: steps with their times, log lines with their process."""

import re
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

ROUTINE = re.compile(r": (?:DEBUG|INFO)/")  # as Celery marks a line
MARK = "\x1e"  # starts a line by which a process reports a finished step
COLOURS = (36, 32, 33, 35, 34, 96, 92, 93, 95, 94)


class RefusalError(Exception):
    """Something that the person has to put right; the message says what, in plain words."""


class Console:
    """One stdout for all. Lines of processes wait in their log files until `open_floor`; what the
    hushed ones do as a matter of routine stays there, or it would push all else off the screen."""

    def __init__(
        self,
        names: tuple[str, ...] = (),
        *,
        logs: Path | None = None,
        hushed: Iterable[str] = (),
        stream: TextIO | None = None,
    ) -> None:
        self.stream = stream or sys.stdout
        self.width = max((len(name) for name in names), default=0)
        self.colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
        self.logs = logs
        self.hushed = frozenset(hushed)
        self.floor_open = False
        self.tty = self.stream.isatty()
        self.started = time.monotonic()
        self._lock = threading.Lock()
        if logs:
            logs.mkdir(parents=True, exist_ok=True)

    def say(self, text: str = "") -> None:
        """A line of our own."""
        with self._lock:
            self._write(text + "\n")

    def done(self, step: str, seconds: float, remark: str = "") -> None:
        """A step that is finished, with its time."""
        remark = f"  ({remark})" if remark else ""
        self.say(f"  {step:<44} {seconds:5.1f} s{remark}")

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step and report it when it went well."""
        since = time.monotonic()
        yield
        self.done(name, time.monotonic() - since)

    def total(self) -> None:
        """How long it took in all."""
        self.done("In all", time.monotonic() - self.started)

    def open_floor(self) -> None:
        """From now on show what the processes say."""
        self.floor_open = True

    def line(self, name: str, text: str) -> None:
        """A line that a process wrote."""
        if text.startswith(MARK):
            step, _, seconds = text.strip(MARK).partition(MARK)
            self.done(step, float(seconds))
            return
        if not self.floor_open or (name in self.hushed and ROUTINE.search(text)):
            return
        label = f"{name:<{self.width}} |"
        if self.tty:
            label = f"\033[{self.colours.get(name, 37)}m{label}\033[0m"
        with self._lock:
            self._write(f"{label} {text}\n")

    def log(self, name: str) -> Path | None:
        """The file that keeps a process's lines."""
        return self.logs / f"{name}.log" if self.logs else None

    def _write(self, text: str) -> None:
        # The reader of our stdout may be gone (a closed terminal): ending in order matters more.
        try:
            self.stream.write(text)
            self.stream.flush()
        except (OSError, ValueError):
            self.floor_open = False
