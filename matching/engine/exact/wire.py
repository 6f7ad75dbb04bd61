"""What goes between the two processes: a question one way, answers the other way.

Both are arrays, written as NPZ without pickles; in front of each answer stands its length, so that
one that was cut off is known for what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from io import BytesIO

import numpy as np

from matching.engine.arrays import Bool, Int32

_LENGTH_BYTES = 8


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: the rows that are possible at all, and an assignment to begin with.

    student, place, rank, priority  int32 (E)  as in `Contest`
    capacity, needed, owner         int32 (m)
    owner_capacity                  int32 (L)
    held_open                       bool (m)
    witness                         int32 (n)  a stable assignment: place per student, −1 unplaced
    largest                         it is known that no more students can be placed
    node_limit                      nodes of each search tree, at most
    seconds                         after so long on the clock the answer is what there is
    """

    student: Int32
    place: Int32
    rank: Int32
    priority: Int32
    capacity: Int32
    needed: Int32
    owner: Int32
    owner_capacity: Int32
    held_open: Bool
    witness: Int32
    largest: bool
    node_limit: int
    seconds: float


@dataclass(frozen=True, eq=False)
class Answer:
    """What is known: see `Certified`, which has the same fields, and how far it is.

    share  the parts that are done, from 0 to 1, by their rows
    """

    place: Int32
    bound: int
    proven: bool
    rank_sum_bound: int
    rank_sum_proven: bool
    profile_proven: bool
    share: float


def packed(message: Question | Answer) -> bytes:
    """A message as bytes."""
    target = BytesIO()
    np.savez(target, **{field.name: getattr(message, field.name) for field in fields(message)})
    return target.getvalue()


def question_of(packed_question: bytes) -> Question:
    """The question that these bytes hold."""
    with np.load(BytesIO(packed_question), allow_pickle=False) as arrays:
        values = {name: arrays[name] for name in arrays.files}
    for name in ("largest", "node_limit", "seconds"):
        values[name] = values[name].item()
    return Question(**values)


def answer_of(packed_answer: bytes) -> Answer:
    """The answer that these bytes hold."""
    with np.load(BytesIO(packed_answer), allow_pickle=False) as arrays:
        values = {name: arrays[name] for name in arrays.files}
    for name in values.keys() - {"place"}:
        values[name] = values[name].item()
    return Answer(**values)


def framed(answer: Answer) -> bytes:
    """An answer with its length in front."""
    block = packed(answer)
    return len(block).to_bytes(_LENGTH_BYTES, "big") + block


def blocks(stream: bytes) -> Iterator[bytes]:
    """The answers that came, still packed, up to the last whole one."""
    at = 0
    while at + _LENGTH_BYTES <= len(stream):
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(stream[at:begin], "big")
        if at <= len(stream):
            yield stream[begin:at]
