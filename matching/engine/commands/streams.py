"""What goes to whom: answers to standard output, everything else to standard error.

So equal input gives equal bytes on standard output, whatever the clock and the terminal.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from matching.engine.arrays import ProblemError
from matching.engine.formats.outcomes import Claims, read_outcome
from matching.engine.problem import Problem


def printable(text: str) -> str:
    """The text in one line: what moves a cursor is spelled out, as in Python's source."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def answer(content: bytes) -> None:
    """Write to standard output, byte for byte."""
    sys.stdout.buffer.write(content)


def answer_line(text: str) -> None:
    """Write one line to standard output, in UTF-8."""
    answer(f"{printable(text)}\n".encode())


def remark(text: str) -> None:
    """Write one line to standard error, which escapes what it cannot show."""
    sys.stderr.write(f"{printable(text)}\n")


class Stopwatch:
    """Tells on standard error how long each step took, in seconds."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def lap(self, step: str) -> None:
        """Say that the step is done that began with the one before."""
        now = time.perf_counter()
        remark(f"{step}: {now - self._since:.3f} s")
        self._since = now


def read_problem(path: Path) -> Problem:
    """Read a problem; complaints name the file.

    Raises ProblemError for what cannot be meant, and OSError where there is no file.
    """
    try:
        return Problem.read(path)
    except ProblemError as error:
        raise ProblemError(f"{path}: {error}") from None


def read_claims(problem: Problem, path: Path) -> Claims:
    """Read what a file says of an outcome; complaints name the file.

    Raises ProblemError for what cannot be meant, and OSError where there is no file.
    """
    try:
        return read_outcome(problem, path)
    except ProblemError as error:
        raise ProblemError(f"{path}: {error}") from None


def write_bytes(content: bytes, path: Path | None) -> None:
    """Write to a file, or to standard output where none is named. Raises OSError."""
    if path is None:
        answer(content)
    else:
        path.write_bytes(content)
