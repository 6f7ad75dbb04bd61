"""Asking the process in which HiGHS runs, and ending it in any case.

A subprocess and not `multiprocessing`: the workers that call this are daemons, which may have no
children of that kind. The solver cannot take the caller down with it, nor leave its memory behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from matching.engine.exact.wire import Answer, Question, answer_of, blocks, packed

COMMAND = (sys.executable, "-m", "matching.engine.exact.process")
_ROOT = Path(__file__).parents[3]
# Starting takes a second or two where the machine is busy; then the process ends itself in time.
_GRACE = 15.0
# One thread for the solver's linear algebra too.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class SolverError(RuntimeError):
    """The process in which the solver runs could not do its work; the message is what it wrote."""


def ask(question: Question) -> Answer | None:
    """The best answer to a question that came in time; None where there was none.

    Raises SolverError where the process ends with an error of its own. One that is killed, by the
    system or because the time is over, leaves what it had written.
    """
    process = subprocess.Popen(  # noqa: S603 (its own module, and nothing from outside)
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=_ROOT,
        env={**os.environ, **_ONE_THREAD},
    )
    try:
        written, said = _conversation(process, packed(question), question.seconds + _GRACE)
    finally:
        process.kill()
        process.wait()
    if process.returncode > 0:
        raise SolverError(said.decode(errors="replace").strip()[-2000:])
    every = list(blocks(written))
    return answer_of(every[-1]) if every else None


def _conversation(
    process: subprocess.Popen[bytes], question: bytes, seconds: float
) -> tuple[bytes, bytes]:
    """All that the process writes on its two channels until it ends, or the time is over."""
    try:
        return process.communicate(question, timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()
