"""Asking the process in which HiGHS runs, and ending it in any case.

A subprocess and not `multiprocessing`: the workers that call this are daemons, which may have no
children of that kind. The solver cannot take the caller down with it, nor leave its memory behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from matching.engine.exact.wire import Answer, Question, answer_of, blocks, packed

COMMAND = (sys.executable, "-m", "matching.engine.exact.process")
_ROOT = Path(__file__).parents[3]
# Starting takes a second or two where the machine is busy; then the process ends itself in time.
_GRACE = 15.0
BETWEEN_REPORTS = 1.0  # seconds
# One thread for the solver's linear algebra too.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class SolverError(RuntimeError):
    """The process in which the solver runs could not do its work; the message is what it wrote."""


def ask(
    question: Question, progress: Callable[[float], None] = lambda share: None
) -> Answer | None:
    """The best answer to a question that came in time; None where there was none.

    ``progress`` is told every second, whatever the solver does meanwhile, which share of the work
    is done, or of the time, if that is more: from 0 to 1. What it raises ends the process.

    Raises SolverError where the process ends with an error of its own. One that is killed, by the
    system or because the time is over, leaves what it had written.
    """
    # A file and not a pipe: what a pipe has not taken yet when `communicate` runs out of time the
    # first time is never sent, and the process would wait for it until its own time is over.
    with tempfile.TemporaryFile() as message:
        message.write(packed(question))
        message.seek(0)
        process = subprocess.Popen(  # noqa: S603 (its own module, and nothing from outside)
            COMMAND,
            stdin=message,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=_ROOT,
            env={**os.environ, **_ONE_THREAD},
        )
    try:
        written, said = _conversation(process, question, progress)
    finally:
        process.kill()
        process.wait()
    if process.returncode > 0:
        raise SolverError(said.decode(errors="replace").strip()[-2000:])
    progress(1.0)
    return _last(written)


def _conversation(
    process: subprocess.Popen[bytes], question: Question, progress: Callable[[float], None]
) -> tuple[bytes, bytes]:
    """All that the process writes on its two channels until it ends, or the time is over."""
    begun = time.monotonic()
    share = 0.0
    while time.monotonic() < begun + question.seconds + _GRACE:
        try:
            return process.communicate(timeout=BETWEEN_REPORTS)
        except subprocess.TimeoutExpired as so_far:
            known = _last(so_far.output or b"")
            spent = (time.monotonic() - begun) / (question.seconds + _GRACE)
            share = min(1.0, max(share, spent, known.share if known else 0.0))
            progress(share)
    process.kill()
    return process.communicate()


def _last(written: bytes) -> Answer | None:
    """The last whole answer in what was written."""
    every = list(blocks(written))
    return answer_of(every[-1]) if every else None
