"""What has to be solved: who asks for which place, in which order, and how many seats there are.

The student-project allocation problem with ties (SPA-ST), here in the case where every place is
its own owner: the hospitals/residents problem with ties, seen from the students.
Source: Cooper and Manlove (2018), "A 3/2-approximation algorithm for the student-project
allocation problem", SEA 2018; Irving, Manlove and Scott (2000), "The hospitals/residents problem
with ties", SWAT 2000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matching.engine.arrays import (
    Int32,
    Int64,
    Layout,
    ProblemError,
    UInt64,
    admit,
    require_distinct,
    require_ids,
)
from matching.engine.fingerprint import fingerprint
from matching.engine.lottery import place_numbers

# Far above anything meant, far below anything that would fill the memory: a longer list or a
# larger place is a slip of the pen, and is said to be one.
LARGEST_RANK = 100_000
LARGEST_CAPACITY = 1_000_000

_LAYOUT: Layout = {
    "lottery": (np.uint64, ("n",)),
    "choice_start": (np.int64, ("n + 1",)),
    "choice_place": (np.int32, ("E",)),
    "choice_rank": (np.int32, ("E",)),
    "choice_priority": (np.int32, ("E",)),
    "capacity": (np.int32, ("m",)),
    "minimum": (np.int32, ("m",)),
}


@dataclass(frozen=True, eq=False)
class Problem:
    """n students, m places, and E choices in rows that stand together for each student.

    The choices of student i are the rows ``choice_start[i] : choice_start[i + 1]``. A row exists
    only where both sides accept each other: what a hard rule forbids, or the place refuses, is
    left out.

    choice_start     int64 (n + 1)  from 0, never falling, ending at E
    choice_place     int32 (E)      index of a place, at most once per student
    choice_rank      int32 (E)      the student's order: 1 is best, equal is tied, ascending. A gap
                                    is allowed: where a choice was left out, the others keep the
                                    rank that the student gave them
    choice_priority  int32 (E)      the place's order: lower is better, equal is tied
    capacity         int32 (m)      free seats, 0 or more
    minimum          int32 (m)      the smallest team that can start, counted in these same free
                                    seats; 0 is none
    lottery          uint64 (n)     lower is better, all different; see `lottery_numbers`
    student_ids, place_ids          for messages, and place_ids also for the order in which a
                                    student's equally liked places are asked; without ids the
                                    index is the id

    Raises ProblemError, naming student or place, for anything that cannot be meant.
    """

    choice_start: Int64
    choice_place: Int32
    choice_rank: Int32
    choice_priority: Int32
    capacity: Int32
    minimum: Int32
    lottery: UInt64
    student_ids: tuple[str, ...] | None = None
    place_ids: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        sizes = admit(self, "problem", _LAYOUT)
        if sizes["n + 1"] != sizes["n"] + 1:
            raise ProblemError(
                f"problem.choice_start: {sizes['n + 1']} numbers for {sizes['n']} students, "
                f"{sizes['n'] + 1} expected"
            )
        require_ids("problem", "student_ids", self.student_ids, sizes["n"])
        require_ids("problem", "place_ids", self.place_ids, sizes["m"])
        require_distinct("problem", "lottery", self.lottery)
        self._check_starts()
        self._check_seats()
        self._check_places()
        self._check_ranks()

    @classmethod
    def of(
        cls,
        choices: Mapping[str, Sequence[Sequence[str]]],
        capacity: Mapping[str, int],
        *,
        rankings: Mapping[str, Sequence[Sequence[str]]] | None = None,
        minimum: Mapping[str, int] | None = None,
        lottery: Mapping[str, int] | None = None,
    ) -> Problem:
        """A problem in words, for tests and for reading along.

        choices    per student the tie groups of places, best first
        capacity   per place the free seats
        rankings   per place the tie groups of students, best first. A place without a ranking
                   holds all in one tie; a student who is missing from one is not accepted there,
                   and the choice is left out
        minimum    per place the smallest team; missing is 0
        lottery    per student the draw; without it the first student has the best draw
        """
        places = {name: index for index, name in enumerate(capacity)}
        priorities = _priorities(choices, places, rankings or {})
        for name in (minimum or {}).keys() - places.keys():
            raise ProblemError(f"minimum: place {name} does not exist")
        start, rows = [0], []
        for student, groups in choices.items():
            for rank, group in enumerate(groups, start=1):
                for place in group:
                    if place not in places:
                        raise ProblemError(f"student {student}: place {place} does not exist")
                    accepted = priorities.get(place)
                    if accepted is None or student in accepted:
                        priority = 0 if accepted is None else accepted[student]
                        rows.append((places[place], rank, priority))
            start.append(len(rows))
        table = np.array(rows, dtype=np.int32).reshape(len(rows), 3)
        draws = range(len(choices)) if lottery is None else [lottery[name] for name in choices]
        return cls(
            choice_start=np.array(start, dtype=np.int64),
            choice_place=table[:, 0],
            choice_rank=table[:, 1],
            choice_priority=table[:, 2],
            capacity=np.array(list(capacity.values()), dtype=np.int32),
            minimum=np.array([(minimum or {}).get(name, 0) for name in places], dtype=np.int32),
            lottery=np.array(draws, dtype=np.uint64),
            student_ids=tuple(choices),
            place_ids=tuple(places),
        )

    @property
    def students(self) -> int:
        """How many students there are: n."""
        return len(self.lottery)

    @property
    def places(self) -> int:
        """How many places there are: m."""
        return len(self.capacity)

    @cached_property
    def choice_student(self) -> Int32:
        """The student of each choice: int32 (E)."""
        return np.repeat(np.arange(self.students, dtype=np.int32), np.diff(self.choice_start))

    @cached_property
    def place_number(self) -> UInt64:
        """A number per place that follows from its id: uint64 (m), all different."""
        return place_numbers(self.place_ids or [str(index) for index in range(self.places)])

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over all that the problem holds, ids included: they take part in ties."""
        return fingerprint(
            {name: getattr(self, name) for name in (*_LAYOUT, "student_ids", "place_ids")}
        )

    def student_name(self, student: int) -> str:
        """How messages call a student: by id, or by index where there are no ids."""
        return f"student {self.student_ids[student] if self.student_ids else student}"

    def place_name(self, place: int) -> str:
        """How messages call a place: by id, or by index where there are no ids."""
        return f"place {self.place_ids[place] if self.place_ids else place}"

    def _check_starts(self) -> None:
        if self.choice_start[0] != 0:
            raise ProblemError(f"problem.choice_start begins at {self.choice_start[0]}, not at 0")
        falling = np.flatnonzero(np.diff(self.choice_start) < 0)
        if falling.size:
            raise ProblemError(
                f"{self.student_name(int(falling[0]))}: choices end before they begin"
            )
        if self.choice_start[-1] != len(self.choice_place):
            raise ProblemError(
                f"problem.choice_start ends at {self.choice_start[-1]}, "
                f"but there are {len(self.choice_place)} choices"
            )

    def _check_seats(self) -> None:
        for name, seats in (("capacity", self.capacity), ("minimum", self.minimum)):
            wrong = np.flatnonzero((seats < 0) | (seats > LARGEST_CAPACITY))
            if wrong.size:
                place = int(wrong[0])
                raise ProblemError(
                    f"{self.place_name(place)}: {name} {seats[place]}, "
                    f"0 to {LARGEST_CAPACITY} expected"
                )
        above = np.flatnonzero(self.minimum > self.capacity)
        if above.size:
            place = int(above[0])
            raise ProblemError(
                f"{self.place_name(place)}: minimum {self.minimum[place]} above "
                f"capacity {self.capacity[place]}"
            )

    def _check_places(self) -> None:
        wrong = np.flatnonzero((self.choice_place < 0) | (self.choice_place >= self.places))
        if wrong.size:
            row = int(wrong[0])
            raise ProblemError(
                f"{self.student_name(int(self.choice_student[row]))}: place "
                f"{self.choice_place[row]} does not exist (there are {self.places})"
            )
        order = np.lexsort((self.choice_place, self.choice_student))
        student, place = self.choice_student[order], self.choice_place[order]
        again = np.flatnonzero((student[1:] == student[:-1]) & (place[1:] == place[:-1]))
        if again.size:
            row = int(again[0])
            raise ProblemError(
                f"{self.student_name(int(student[row]))}: "
                f"{self.place_name(int(place[row]))} stands twice"
            )

    def _check_ranks(self) -> None:
        wrong = np.flatnonzero((self.choice_rank < 1) | (self.choice_rank > LARGEST_RANK))
        if wrong.size:
            row = int(wrong[0])
            raise ProblemError(
                f"{self.student_name(int(self.choice_student[row]))}: "
                f"{self.place_name(int(self.choice_place[row]))} has rank "
                f"{self.choice_rank[row]}, 1 to {LARGEST_RANK} expected"
            )
        same = self.choice_student[1:] == self.choice_student[:-1]
        falling = np.flatnonzero(same & (self.choice_rank[1:] < self.choice_rank[:-1]))
        if falling.size:
            row = int(falling[0])
            raise ProblemError(
                f"{self.student_name(int(self.choice_student[row]))}: rank "
                f"{self.choice_rank[row + 1]} after rank {self.choice_rank[row]}, "
                "ascending expected"
            )


def _priorities(
    choices: Mapping[str, object],
    places: Mapping[str, int],
    rankings: Mapping[str, Sequence[Sequence[str]]],
) -> dict[str, dict[str, int]]:
    """Per ranked place: the number of the tie group, from 0, in which each student stands."""
    priorities: dict[str, dict[str, int]] = {}
    for place, groups in rankings.items():
        if place not in places:
            raise ProblemError(f"rankings: place {place} does not exist")
        accepted = priorities.setdefault(place, {})
        for priority, group in enumerate(groups):
            for student in group:
                if student not in choices:
                    raise ProblemError(f"place {place}: student {student} does not exist")
                if student in accepted:
                    raise ProblemError(f"place {place}: student {student} stands twice")
                accepted[student] = priority
    return priorities
