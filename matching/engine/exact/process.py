"""The process in which HiGHS runs: a question on standard input, answers on standard output.

    python -m matching.engine.exact.process

An answer is written whenever something new is known, so that the last one stands if the process is
stopped. The process ends itself when the time is over, whatever the solver does and whether or not
anybody still waits for it.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from matching.engine.arrays import Int32
from matching.engine.exact.part import Part, parts
from matching.engine.exact.stages import Settled, Stages
from matching.engine.exact.wire import Answer, Question, framed, question_of

# How long the solver may overrun its time: it looks at the clock now and then only.
GRACE = 5.0
_STDOUT, _STDERR = 1, 2


def answers(question: Question, deadline: float) -> Iterator[Answer]:
    """Settle a question part by part, the smallest first; each answer says all that is known.

    ``deadline``  on `time.monotonic`; after it no new goal is begun
    """
    every = list(parts(question))
    known = [unsettled(part, largest=question.largest) for part in every]
    place = question.witness.copy()
    yield _answer(place, known, 0.0)
    rows = np.cumsum([len(part.student) for part in every])
    for number, part in enumerate(every):
        stages = Stages(part, node_limit=question.node_limit, deadline=deadline)
        for state in stages.settle(largest=question.largest):
            known[number] = state
            place[part.student_name] = -1
            place[part.student_name[part.student[state.taken]]] = part.place_name[
                part.place[state.taken]
            ]
            done = rows[number] - len(part.student)
            yield _answer(place, known, done / rows[-1])
    yield _answer(place, known, 1.0)


def unsettled(part: Part, *, largest: bool) -> Settled:
    """What is known of a part before anything is done."""
    placed = int(np.count_nonzero(part.witness))
    reached = largest and part.missing(part.witness) == 0
    return Settled(
        taken=part.witness,
        bound=placed if reached else min(part.students, int(part.capacity.sum())),
        proven=reached,
        rank_sum_bound=0,
        rank_sum_proven=False,
        profile_proven=False,
    )


def _answer(place: Int32, known: list[Settled], share: float) -> Answer:
    return Answer(
        place=place.copy(),
        bound=sum(one.bound for one in known),
        proven=all(one.proven for one in known),
        rank_sum_bound=sum(one.rank_sum_bound for one in known),
        rank_sum_proven=all(one.rank_sum_proven for one in known),
        profile_proven=all(one.profile_proven for one in known),
        share=share,
    )


def serve(source: BinaryIO, target: BinaryIO) -> None:
    """Read the question, and write answers until there is nothing more to be known."""
    question = question_of(source.read())
    # Not a thread or a timer of Python's: the solver does not return to Python for long.
    signal.alarm(math.ceil(question.seconds + GRACE))
    for answer in answers(question, time.monotonic() + question.seconds):
        target.write(framed(answer))
        target.flush()


if __name__ == "__main__":
    # The solver prints a greeting: keep standard output for the answers alone.
    with os.fdopen(os.dup(_STDOUT), "wb") as channel:
        os.dup2(_STDERR, _STDOUT)
        serve(sys.stdin.buffer, channel)
