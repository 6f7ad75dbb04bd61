"""A part of a contest that has nothing to do with the rest, with all its numbers beginning at 0.

Parts are the connected components of the graph of students and owners. Small ones are packed
together, because each has a cost of its own to set up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components

from matching.engine.arrays import Bool, Int64
from matching.engine.exact.wire import Question

# Components are packed together up to so many rows.
PACK = 400


@dataclass(frozen=True, eq=False)
class Part:
    """n students, m places, L owners and E rows of a question, each numbered from 0.

    student, place, rank, priority  int64 (E)  rows by student, best rank first
    capacity         int64 (m)  never more than the place has rows: more would stay empty
    needed           int64 (m)  students that a team needs if it starts
    held_open        bool (m)   starts in any case
    owner            int64 (m)
    owner_capacity   int64 (L)
    witness          bool (E)   the rows of the assignment to begin with
    student_name, place_name  int64  what they are called in the question
    """

    student: Int64
    place: Int64
    rank: Int64
    priority: Int64
    capacity: Int64
    needed: Int64
    held_open: Bool
    owner: Int64
    owner_capacity: Int64
    witness: Bool
    student_name: Int64
    place_name: Int64

    @classmethod
    def of(cls, question: Question, rows: Int64) -> Part:
        """The part of a question that these rows make up."""
        rows = rows[np.lexsort((question.rank[rows], question.student[rows]))]
        student_name, student = np.unique(question.student[rows], return_inverse=True)
        place_name, place = np.unique(question.place[rows], return_inverse=True)
        owner_name, owner = np.unique(question.owner[place_name], return_inverse=True)
        owner_capacity = question.owner_capacity[owner_name].astype(np.int64)
        capacity = np.minimum(question.capacity[place_name], owner_capacity[owner])
        return cls(
            student=student.astype(np.int64),
            place=place.astype(np.int64),
            rank=question.rank[rows].astype(np.int64),
            priority=question.priority[rows].astype(np.int64),
            capacity=np.minimum(capacity, np.bincount(place, minlength=len(place_name))),
            needed=question.needed[place_name].astype(np.int64),
            held_open=question.held_open[place_name],
            owner=owner.astype(np.int64),
            owner_capacity=owner_capacity,
            witness=question.witness[question.student[rows]] == question.place[rows],
            student_name=student_name.astype(np.int64),
            place_name=place_name.astype(np.int64),
        )

    @property
    def students(self) -> int:
        """How many students there are: n."""
        return len(self.student_name)

    @property
    def may_close(self) -> Bool:
        """The places that start only if their minimum is reached: bool (m)."""
        return (self.needed > 0) & ~self.held_open

    @cached_property
    def shared(self) -> Bool:
        """Where an owner may be full while a place of it has a free seat: bool (m).

        Elsewhere the owner plays no part, because its places together have no more seats.
        """
        seats = np.bincount(self.owner, self.capacity, len(self.owner_capacity))
        shared: Bool = (seats > self.owner_capacity)[self.owner]
        return shared

    @cached_property
    def worse_here(self) -> csr_matrix:
        """In each row 1 at the rows of the same student at the same owner that the student ranks
        worse: int64 (E, E). Empty where the owner plays no part.
        """
        owner = self.owner[self.place]
        rows = np.flatnonzero(self.shared[self.place])
        rows = rows[np.lexsort((self.rank[rows], owner[rows], self.student[rows]))]
        pair = self.student[rows] * len(self.owner_capacity) + owner[rows]
        better: list[Int64] = [rows[:0]]
        worse: list[Int64] = [rows[:0]]
        # Rows so far apart may still be of one student and owner, up to the longest such list.
        longest = np.unique(pair, return_counts=True)[1].max(initial=1)
        for apart in range(1, int(longest)):
            first, second = rows[:-apart], rows[apart:]
            found = (pair[:-apart] == pair[apart:]) & (self.rank[second] > self.rank[first])
            better.append(first[found])
            worse.append(second[found])
        row, column = np.concatenate(better), np.concatenate(worse)
        size = len(self.student)
        return csr_matrix((np.ones(len(row), dtype=np.int64), (row, column)), shape=(size, size))

    def missing(self, taken: Bool) -> int:
        """How many students the places that are held open miss, with these rows taken."""
        load = np.bincount(self.place[taken], minlength=len(self.capacity))
        short = np.maximum(self.needed - load, 0)[self.held_open]
        return int(short.sum())


def parts(question: Question) -> Iterator[Part]:
    """The parts of a question, smallest first."""
    students, owners = len(question.witness), len(question.owner_capacity)
    link = students + question.owner[question.place]
    graph = coo_matrix(
        (np.ones(len(link), dtype=np.int8), (question.student, link)),
        shape=(students + owners, students + owners),
    )
    _, component = connected_components(graph, directed=False)
    _, component, size = np.unique(
        component[question.student], return_inverse=True, return_counts=True
    )
    order = np.argsort(component, kind="stable")
    by_component = np.split(order, np.cumsum(size)[:-1])
    pack: list[Int64] = []
    packed = 0
    for one in np.argsort(size, kind="stable"):
        if pack and packed + size[one] > PACK:
            yield Part.of(question, np.concatenate(pack))
            pack, packed = [], 0
        pack.append(by_component[one])
        packed += int(size[one])
    if pack:
        yield Part.of(question, np.concatenate(pack))
