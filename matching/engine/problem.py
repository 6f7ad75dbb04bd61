"""What has to be solved: who asks for which place, in which order, and how many seats there are.

The student-project allocation problem with ties (SPA-ST): students rank places in tie groups,
places have seats, and an *owner* (a company that cannot fill all its places at once) has a
capacity over its places and one ranking of students for all of them. A place without an owner
owns itself; where all do, it is the hospitals/residents problem with ties.

Source: Cooper and Manlove (2018), "A 3/2-approximation algorithm for the student-project
allocation problem", SEA 2018; Irving, Manlove and Scott (2000), "The hospitals/residents problem
with ties", SWAT 2000.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from matching.engine import formats
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
from matching.engine.lottery import index_numbers, lottery_numbers, place_numbers

# The priority of a student whom the place does not accept. Such a choice is kept, so that it can
# be explained; it is never granted.
REFUSED = 2**31 - 1
NO_OWNER = -1

# Far above anything meant, far below anything that would fill the memory: a longer list or a
# larger place is a slip of the pen, and is said to be one.
LARGEST_RANK = 100_000
LARGEST_CAPACITY = 1_000_000
LARGEST_PRIORITY = 100_000_000

_LAYOUT: Layout = {
    "choice_start": (np.int64, ("n + 1",)),
    "choice_place": (np.int32, ("E",)),
    "choice_rank": (np.int32, ("E",)),
    "choice_priority": (np.int32, ("E",)),
    "capacity": (np.int32, ("m",)),
    "minimum": (np.int32, ("m",)),
    "owner": (np.int32, ("m",)),
    "owner_capacity": (np.int32, ("L",)),
    "tail_start": (np.int64, ("n + 1",)),
    "tail_place": (np.int32, ("T",)),
    "tail_priority": (np.int32, ("T",)),
    "pin_student": (np.int32, ("pins",)),
    "pin_place": (np.int32, ("pins",)),
    "ban_student": (np.int32, ("bans",)),
    "ban_place": (np.int32, ("bans",)),
}
ARRAYS = tuple(_LAYOUT)


def _left_out() -> Any:
    """Stands for an array that the caller did not give, until `Problem.__post_init__` fills it."""
    return None


@dataclass(frozen=True, eq=False)
class Problem:
    """n students, m places, L owners, and E choices in rows that stand together for each student.

    The choices of student i are the rows ``choice_start[i] : choice_start[i + 1]``.

    choice_start     int64 (n + 1)  from 0, never falling, ending at E
    choice_place     int32 (E)      index of a place, at most once per student
    choice_rank      int32 (E)      the student's order: 1 is best, equal is tied; rows in any
                                    order. A gap is allowed: where a choice was left out, the
                                    others keep the rank that the student gave them
    choice_priority  int32 (E)      the order of the place, or of its owner: lower is better,
                                    equal is tied. `REFUSED`: not accepted. A student has the same
                                    priority at all places of one owner
    capacity         int32 (m)      seats, 0 or more

    The rest may be left out:

    minimum          int32 (m)      the smallest team that can start; 0 is none
    owner            int32 (m)      index of the owner; −1: the place owns itself
    owner_capacity   int32 (L)      seats of the owner over all its places
    tail_start       int64 (n + 1)  rows of the tail per student, as ``choice_start``
    tail_place       int32 (T)      places that the student did not rank and still prefers to none:
    tail_priority    int32 (T)      one tie group after all ranks, see `tail_rank`
    pin_student, pin_place  int32   pairs that are fixed, also outside list and ranking
    ban_student, ban_place  int32   pairs that are forbidden
    lottery          uint64 (n)     lower is better, all different; left out, it follows from the
                                    seed with which the problem is solved: see `drawn`
    student_ids, place_ids, owner_ids   for messages, and for draws that do not depend on the
                                    order of the input; without ids the index is the id

    Raises ProblemError, naming student, place or owner, for anything that cannot be meant.
    """

    choice_start: Int64
    choice_place: Int32
    choice_rank: Int32
    choice_priority: Int32
    capacity: Int32
    minimum: Int32 = field(default_factory=_left_out)
    owner: Int32 = field(default_factory=_left_out)
    owner_capacity: Int32 = field(default_factory=_left_out)
    tail_start: Int64 = field(default_factory=_left_out)
    tail_place: Int32 = field(default_factory=_left_out)
    tail_priority: Int32 = field(default_factory=_left_out)
    pin_student: Int32 = field(default_factory=_left_out)
    pin_place: Int32 = field(default_factory=_left_out)
    ban_student: Int32 = field(default_factory=_left_out)
    ban_place: Int32 = field(default_factory=_left_out)
    lottery: UInt64 | None = None
    student_ids: tuple[str, ...] | None = None
    place_ids: tuple[str, ...] | None = None
    owner_ids: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        self._fill_in()
        sizes = admit(self, "problem", _LAYOUT)
        n = sizes["n + 1"] - 1
        if n < 0:
            raise ProblemError("problem.choice_start: empty, a 0 expected where nobody asks")
        require_ids("problem", "student_ids", self.student_ids, n)
        require_ids("problem", "place_ids", self.place_ids, sizes["m"])
        require_ids("problem", "owner_ids", self.owner_ids, sizes["L"])
        if self.lottery is not None:
            admit(self, "problem", {"lottery": (np.uint64, (n,))})
            require_distinct("problem", "lottery", self.lottery)
        _check_seats(self)
        _check_starts(self, "choice")
        _check_starts(self, "tail")
        _check_ranks(self)
        _check_rows(self)
        _check_owners(self)
        _check_pins(self)

    def _fill_in(self) -> None:
        """Give each array that was left out its meaning: no minimum, no owner, no rows."""
        n_start = getattr(self.choice_start, "shape", (0,))[:1]
        m = getattr(self.capacity, "shape", (0,))[:1]
        meant: dict[str, Any] = {
            "minimum": np.zeros(m, np.int32),
            "owner": np.full(m, NO_OWNER, np.int32),
            "tail_start": np.zeros(n_start, np.int64),
        }
        for name, (dtype, _) in _LAYOUT.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, meant.get(name, np.empty(0, dtype)))

    @classmethod
    def read(cls, path: str | Path) -> Problem:
        """Read a file: NPZ by its name, JSON otherwise; see `formats` for what they hold.

        Raises ProblemError, naming the place in the file, for what cannot be read or meant, and
        OSError where there is no file.
        """
        return cls(**formats.read_problem(Path(path)))

    @classmethod
    def of(
        cls,
        choices: Mapping[str, Sequence[Sequence[str]]],
        capacity: Mapping[str, int],
        *,
        rankings: Mapping[str, Sequence[Sequence[str]]] | None = None,
        minimum: Mapping[str, int] | None = None,
        owners: Mapping[str, str] | None = None,
        owner_capacity: Mapping[str, int] | None = None,
        tails: Mapping[str, Sequence[str]] | None = None,
        pins: Sequence[tuple[str, str]] = (),
        bans: Sequence[tuple[str, str]] = (),
        lottery: Mapping[str, int] | None = None,
    ) -> Problem:
        """A problem in words, for tests and for reading along.

        choices    per student the tie groups of places, best first
        capacity   per place the seats
        rankings   per place without an owner, and per owner, the tie groups of students, best
                   first. Without a ranking all stand in one tie; a student who is missing from
                   one is not accepted there
        minimum    per place the smallest team; missing is 0
        owners     per place its owner, with the seats of each in ``owner_capacity``
        tails      per student the places after the own list
        lottery    per student the draw; without it the first student has the best draw
        """
        draws = range(len(choices)) if lottery is None else [lottery[name] for name in choices]
        fields = formats.fields_of(
            choices=choices,
            tails=tails or {},
            capacity=capacity,
            minimum=minimum or {},
            owners=owners or {},
            owner_capacity=owner_capacity or {},
            rankings=rankings or {},
            pins=pins,
            bans=bans,
        )
        return cls(**fields, lottery=np.array(draws, dtype=np.uint64))

    @property
    def students(self) -> int:
        """How many students there are: n."""
        return len(self.choice_start) - 1

    @property
    def places(self) -> int:
        """How many places there are: m."""
        return len(self.capacity)

    @property
    def owners(self) -> int:
        """How many owners there are: L."""
        return len(self.owner_capacity)

    @cached_property
    def tail_rank(self) -> int:
        """The rank of every place in a tail: one more than the worst rank on any own list."""
        return int(self.choice_rank.max(initial=0)) + 1

    @cached_property
    def choice_student(self) -> Int32:
        """The student of each choice: int32 (E)."""
        return np.repeat(np.arange(self.students, dtype=np.int32), np.diff(self.choice_start))

    @cached_property
    def tail_student(self) -> Int32:
        """The student of each row of a tail: int32 (T)."""
        return np.repeat(np.arange(self.students, dtype=np.int32), np.diff(self.tail_start))

    @cached_property
    def pinned_place(self) -> Int32:
        """The place to which each student is pinned: int32 (n), −1 is none."""
        pinned = np.full(self.students, -1, dtype=np.int32)
        pinned[self.pin_student] = self.pin_place
        return pinned

    @cached_property
    def place_number(self) -> UInt64:
        """A number per place that follows from its id alone: uint64 (m), all different."""
        if self.place_ids is None:
            return index_numbers(0, self.places)
        return place_numbers(self.place_ids)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over all that the problem holds, ids included: they take part in ties."""
        names = (*ARRAYS, "lottery", "student_ids", "place_ids", "owner_ids")
        return fingerprint({name: getattr(self, name) for name in names})

    def drawn(self, seed: int | None) -> UInt64:
        """The lottery: uint64 (n), lower is better. The problem's own, or else drawn from the seed.

        With ids a number follows from seed and id alone, so that whoever joins or leaves changes
        nobody else's draw. No seed counts as seed 0.
        """
        if self.lottery is not None:
            return self.lottery
        if self.student_ids is None:
            return index_numbers(seed or 0, self.students)
        return lottery_numbers(f"seed {seed or 0}".encode(), self.student_ids)

    def student_name(self, student: int) -> str:
        """How messages call a student: by id, or by index where there are no ids."""
        return f"student {self.student_ids[student] if self.student_ids else student}"

    def place_name(self, place: int) -> str:
        """How messages call a place: by id, or by index where there are no ids."""
        return f"place {self.place_ids[place] if self.place_ids else place}"

    def owner_name(self, owner: int) -> str:
        """How messages call an owner: by id, or by index where there are no ids."""
        return f"owner {self.owner_ids[owner] if self.owner_ids else owner}"


def _check_starts(problem: Problem, kind: str) -> None:
    start: Int64 = getattr(problem, f"{kind}_start")
    rows = len(getattr(problem, f"{kind}_place"))
    if start[0] != 0:
        raise ProblemError(f"problem.{kind}_start begins at {start[0]}, not at 0")
    falling = np.flatnonzero(np.diff(start) < 0)
    if falling.size:
        raise ProblemError(
            f"{problem.student_name(int(falling[0]))}: {kind} rows end before they begin"
        )
    if start[-1] != rows:
        raise ProblemError(
            f"problem.{kind}_start ends at {start[-1]}, but there are {rows} {kind} rows"
        )


def _check_seats(problem: Problem) -> None:
    for name in ("capacity", "minimum"):
        seats: Int32 = getattr(problem, name)
        wrong = np.flatnonzero((seats < 0) | (seats > LARGEST_CAPACITY))
        if wrong.size:
            place = int(wrong[0])
            raise ProblemError(
                f"{problem.place_name(place)}: {name} {seats[place]}, "
                f"0 to {LARGEST_CAPACITY} expected"
            )
    above = np.flatnonzero(problem.minimum > problem.capacity)
    if above.size:
        place = int(above[0])
        raise ProblemError(
            f"{problem.place_name(place)}: minimum {problem.minimum[place]} above "
            f"capacity {problem.capacity[place]}"
        )
    wrong = np.flatnonzero(
        (problem.owner_capacity < 0) | (problem.owner_capacity > LARGEST_CAPACITY)
    )
    if wrong.size:
        owner = int(wrong[0])
        raise ProblemError(
            f"{problem.owner_name(owner)}: capacity {problem.owner_capacity[owner]}, "
            f"0 to {LARGEST_CAPACITY} expected"
        )
    wrong = np.flatnonzero((problem.owner < NO_OWNER) | (problem.owner >= problem.owners))
    if wrong.size:
        place = int(wrong[0])
        raise ProblemError(
            f"{problem.place_name(place)}: owner {problem.owner[place]} does not exist "
            f"(there are {problem.owners})"
        )


def _check_ranks(problem: Problem) -> None:
    wrong = np.flatnonzero((problem.choice_rank < 1) | (problem.choice_rank > LARGEST_RANK))
    if wrong.size:
        row = int(wrong[0])
        raise ProblemError(
            f"{problem.student_name(int(problem.choice_student[row]))}: row {row} has rank "
            f"{problem.choice_rank[row]}, 1 to {LARGEST_RANK} expected"
        )


def _all_rows(problem: Problem) -> tuple[Int32, Int32, Int32]:
    """Student, place and priority of own list and tail together."""
    if not len(problem.tail_place):
        return problem.choice_student, problem.choice_place, problem.choice_priority
    return (
        np.concatenate([problem.choice_student, problem.tail_student]),
        np.concatenate([problem.choice_place, problem.tail_place]),
        np.concatenate([problem.choice_priority, problem.tail_priority]),
    )


def _check_rows(problem: Problem) -> None:
    student, place, priority = _all_rows(problem)
    wrong = np.flatnonzero((place < 0) | (place >= problem.places))
    if wrong.size:
        row = int(wrong[0])
        raise ProblemError(
            f"{problem.student_name(int(student[row]))}: place {place[row]} does not exist "
            f"(there are {problem.places})"
        )
    beyond = (priority < -LARGEST_PRIORITY) | (priority > LARGEST_PRIORITY)
    wrong = np.flatnonzero(beyond & (priority != REFUSED))
    if wrong.size:
        row = int(wrong[0])
        raise ProblemError(
            f"{problem.student_name(int(student[row]))}: {problem.place_name(int(place[row]))} has "
            f"priority {priority[row]}, {-LARGEST_PRIORITY} to {LARGEST_PRIORITY} expected"
        )
    pair = np.sort(student.astype(np.int64) * max(1, problem.places) + place)
    again = np.flatnonzero(pair[1:] == pair[:-1])
    if again.size:
        who, where = divmod(int(pair[again[0]]), problem.places)
        raise ProblemError(f"{problem.student_name(who)}: {problem.place_name(where)} stands twice")


def _check_owners(problem: Problem) -> None:
    """A company has one ranking: a student stands equally high at all its places."""
    if not problem.owners:
        return
    student, place, priority = _all_rows(problem)
    rows = np.flatnonzero(problem.owner[place] != NO_OWNER)
    rows = rows[np.lexsort((problem.owner[place[rows]], student[rows]))]
    who, owner = student[rows], problem.owner[place[rows]]
    differs = (
        (who[1:] == who[:-1]) & (owner[1:] == owner[:-1]) & (np.diff(priority[rows]) != 0)
    ).nonzero()[0]
    if differs.size:
        at = int(differs[0])
        raise ProblemError(
            f"{problem.student_name(int(who[at]))}: priorities {priority[rows[at]]} and "
            f"{priority[rows[at + 1]]} at {problem.owner_name(int(owner[at]))}, which has one "
            "ranking for all its places"
        )


def _check_pins(problem: Problem) -> None:
    for kind in ("pin", "ban"):
        student: Int32 = getattr(problem, f"{kind}_student")
        place: Int32 = getattr(problem, f"{kind}_place")
        if len(student) != len(place):
            raise ProblemError(f"problem.{kind}_place: {len(place)} rows, {len(student)} expected")
        for row, (who, where) in enumerate(zip(student.tolist(), place.tolist(), strict=True)):
            if not (0 <= who < problem.students and 0 <= where < problem.places):
                raise ProblemError(f"{kind} {row}: student {who}, place {where} do not exist")
    pins = list(zip(problem.pin_student.tolist(), problem.pin_place.tolist(), strict=True))
    bans = set(zip(problem.ban_student.tolist(), problem.ban_place.tolist(), strict=True))
    seen: set[int] = set()
    for who, where in pins:
        if who in seen:
            raise ProblemError(f"{problem.student_name(who)}: pinned twice")
        if (who, where) in bans:
            raise ProblemError(
                f"{problem.student_name(who)}: pinned to and banned from "
                f"{problem.place_name(where)}"
            )
        seen.add(who)
    held = np.bincount(problem.pin_place, minlength=problem.places)
    above = np.flatnonzero(held > problem.capacity)
    if above.size:
        at = int(above[0])
        raise ProblemError(
            f"{problem.place_name(at)}: {held[at]} pins, capacity {problem.capacity[at]}"
        )
    owned = problem.owner != NO_OWNER
    load = np.bincount(problem.owner[owned], held[owned], problem.owners).astype(np.int64)
    above = np.flatnonzero(load > problem.owner_capacity)
    if above.size:
        at = int(above[0])
        raise ProblemError(
            f"{problem.owner_name(at)}: {load[at]} pins, capacity {problem.owner_capacity[at]}"
        )
