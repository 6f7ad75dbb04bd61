"""What is left to be fought over, once everything that is fixed has been taken out.

Pins take their seats, bans and refusals their rows, and own list and tail become one list. What
remains is a plain SPA-ST instance, and whatever is stable in it is stable in the problem: pinned
students block nobody, and pinned seats do not yield.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from matching.engine.arrays import Bool, Int32, Int64, UInt64, uniform
from matching.engine.problem import NO_OWNER, REFUSED, Problem


@dataclass(frozen=True, eq=False)
class Contest:
    """n students, m places, each with one of L owners, and E rows of students who may be granted.

    start            int64 (n + 1)  rows of each student; a pinned student has none
    place            int32 (E)
    rank             int32 (E)      ascending within a student; the tail's rank is the last
    priority         int32 (E)      lower is better
    capacity         int32 (m)      seats that no pin holds; 0 where the place is closed from the
                                    beginning, and never more than its owner has
    needed           int32 (m)      students that a team still needs to reach its minimum
    owner            int32 (m)      0 to L − 1: a place without an owner has one of its own
    owner_capacity   int32 (L)      seats that no pin holds
    held_open        bool (m)       never closed: somebody is pinned there
    hopeless         bool (m)       closed from the beginning: the minimum is above what the owner
                                    can take, and nobody is pinned there
    lottery          uint64 (n)     lower is better

    All are made read-only and contiguous: kernels are compiled for each kind of array anew.
    """

    start: Int64
    place: Int32
    rank: Int32
    priority: Int32
    capacity: Int32
    needed: Int32
    owner: Int32
    owner_capacity: Int32
    held_open: Bool
    hopeless: Bool
    lottery: UInt64

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, uniform(getattr(self, field.name)))

    @property
    def students(self) -> int:
        """How many students there are, pinned ones included: n."""
        return len(self.start) - 1

    @property
    def places(self) -> int:
        """How many places there are: m."""
        return len(self.capacity)

    @cached_property
    def student(self) -> Int32:
        """The student of each row: int32 (E)."""
        return np.repeat(np.arange(self.students, dtype=np.int32), np.diff(self.start))

    @cached_property
    def shared(self) -> Bool:
        """Where the owner, and not the place alone, may decide who is full: bool (m)."""
        alone = np.bincount(self.owner, minlength=len(self.owner_capacity)) == 1
        shared: Bool = ~alone[self.owner] | (self.owner_capacity[self.owner] < self.capacity)
        return shared

    def without(self, closed: Bool) -> Contest:
        """The contest in which these places, bool (m), have no seats."""
        return replace(self, capacity=np.where(closed, 0, self.capacity).astype(np.int32))

    def reordered(self, place_number: UInt64) -> tuple[Contest, Int64, Int64]:
        """The same contest in an order that does not come from the input: students by their
        draw, places by their number, owners by their first place, rows by rank and place.

        Returns it with the old index of each new student, int64 (n), and place, int64 (m).
        """
        student, place = np.argsort(self.lottery), np.argsort(place_number)
        new_student, new_place = np.argsort(student), np.argsort(place)
        _, first, owner = np.unique(self.owner[place], return_index=True, return_inverse=True)
        by_first = np.argsort(first)
        old_owner = self.owner[place][first[by_first]]
        rest = np.setdiff1d(np.arange(len(self.owner_capacity)), old_owner)
        row_student, row_place = new_student[self.student], new_place[self.place]
        rows = np.lexsort((row_place, self.rank, row_student))
        return (
            replace(
                self,
                start=np.concatenate([[0], np.cumsum(np.diff(self.start)[student])]),
                place=row_place[rows].astype(np.int32),
                rank=self.rank[rows],
                priority=self.priority[rows],
                capacity=self.capacity[place],
                needed=self.needed[place],
                owner=np.argsort(by_first)[owner].astype(np.int32),
                owner_capacity=self.owner_capacity[np.concatenate([old_owner, rest])],
                held_open=self.held_open[place],
                hopeless=self.hopeless[place],
                lottery=self.lottery[student],
            ),
            student,
            place,
        )

    @classmethod
    def of(cls, problem: Problem, seed: int | None) -> Contest:
        """The contest in a problem; the seed draws the lottery where the problem has none."""
        owner, owner_capacity = _everybody_owned(problem)
        held = np.bincount(problem.pin_place, minlength=problem.places)
        owner_held = np.bincount(owner, held, len(owner_capacity)).astype(np.int32)
        owner_room = owner_capacity - owner_held
        capacity = np.minimum(problem.capacity - held, owner_room[owner])
        hopeless = (problem.minimum > owner_capacity[owner]) & (held == 0)
        capacity[hopeless] = 0
        start, rows = _rows(problem)
        return cls(
            start=start,
            **rows,
            capacity=capacity.astype(np.int32),
            needed=np.maximum(problem.minimum - held, 0).astype(np.int32),
            owner=owner,
            owner_capacity=owner_room.astype(np.int32),
            held_open=held > 0,
            hopeless=hopeless,
            lottery=problem.drawn(seed),
        )


def _everybody_owned(problem: Problem) -> tuple[Int32, Int32]:
    """Owner per place and capacity per owner, with an owner of its own for each ownerless place."""
    alone = np.flatnonzero(problem.owner == NO_OWNER)
    owner = problem.owner.copy()
    owner[alone] = problem.owners + np.arange(len(alone), dtype=np.int32)
    return owner, np.concatenate([problem.owner_capacity, problem.capacity[alone]])


def _rows(problem: Problem) -> tuple[Int64, dict[str, Int32]]:
    """The rows that may be granted, in the order of each student's ranks."""
    student, place = problem.choice_student, problem.choice_place
    rank, priority = problem.choice_rank, problem.choice_priority
    if len(problem.tail_place):
        student = np.concatenate([student, problem.tail_student])
        place = np.concatenate([place, problem.tail_place])
        priority = np.concatenate([priority, problem.tail_priority])
        tail = np.full(len(problem.tail_place), problem.tail_rank, dtype=np.int32)
        rank = np.concatenate([rank, tail])
    granted = (priority != REFUSED) & (problem.pinned_place[student] < 0)
    if len(problem.ban_student):
        pair = student.astype(np.int64) * problem.places + place
        ban = problem.ban_student.astype(np.int64) * problem.places + problem.ban_place
        granted &= ~np.isin(pair, ban)
    sorted_by_rank = bool(
        np.all((np.diff(student) > 0) | ((np.diff(student) == 0) & (np.diff(rank) >= 0)))
    )
    if bool(granted.all()) and sorted_by_rank and not len(problem.tail_place):
        return problem.choice_start, {"place": place, "rank": rank, "priority": priority}
    kept = np.flatnonzero(granted)
    if not sorted_by_rank:
        kept = kept[np.lexsort((rank[kept], student[kept]))]
    per_student = np.bincount(student[kept], minlength=problem.students)
    start = np.concatenate([[0], np.cumsum(per_student)]).astype(np.int64)
    return start, {"place": place[kept], "rank": rank[kept], "priority": priority[kept]}
