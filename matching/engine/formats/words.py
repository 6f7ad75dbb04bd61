"""From names and tie groups to the arrays of a problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from matching.engine.arrays import ProblemError

TieGroups: TypeAlias = Sequence[Sequence[str]]

_REFUSED = 2**31 - 1


def fields_of(
    *,
    choices: Mapping[str, TieGroups],
    tails: Mapping[str, Sequence[str]],
    capacity: Mapping[str, int],
    minimum: Mapping[str, int],
    owners: Mapping[str, str],
    owner_capacity: Mapping[str, int],
    rankings: Mapping[str, TieGroups],
    pins: Sequence[tuple[str, str]],
    bans: Sequence[tuple[str, str]],
) -> dict[str, Any]:
    """The fields of a `Problem`, ids included, without a lottery; see `Problem.of`.

    A place and an owner may bear the same name: `rankings` of an owner goes before that of a
    place, as a place with an owner has none of its own.

    Raises ProblemError, naming who says it, for a name that does not exist or stands twice.
    """
    words = _Words(choices, capacity, owners, owner_capacity, rankings)
    for place in minimum.keys() - words.place.keys():
        raise ProblemError(f"minimum: place {place} does not exist")
    own = [
        (row, words.place_of(student, name), rank)
        for row, (student, groups) in enumerate(choices.items())
        for rank, group in enumerate(groups, start=1)
        for name in group
    ]
    for student in tails:
        words.student_of("tails", student)
    after = [
        (row, words.place_of(student, name), 0)
        for row, student in enumerate(choices)
        for name in tails.get(student, ())
    ]
    choice_start, choice = words.rows(own)
    tail_start, tail = words.rows(after)
    pin = [(words.student_of("pins", s), words.place_of("pins", p)) for s, p in pins]
    ban = [(words.student_of("bans", s), words.place_of("bans", p)) for s, p in bans]
    owner_row = {name: row for row, name in enumerate(owner_capacity)}
    return {
        "choice_start": choice_start,
        "choice_place": choice[:, 0],
        "choice_rank": choice[:, 1],
        "choice_priority": choice[:, 2],
        "capacity": np.array(list(capacity.values()), dtype=np.int32),
        "minimum": np.array([minimum.get(name, 0) for name in capacity], dtype=np.int32),
        "owner": np.array(
            [owner_row[owners[name]] if name in owners else -1 for name in capacity],
            dtype=np.int32,
        ),
        "owner_capacity": np.array(list(owner_capacity.values()), dtype=np.int32),
        "tail_start": tail_start,
        "tail_place": tail[:, 0],
        "tail_priority": tail[:, 2],
        "pin_student": np.array([s for s, _ in pin], dtype=np.int32),
        "pin_place": np.array([p for _, p in pin], dtype=np.int32),
        "ban_student": np.array([s for s, _ in ban], dtype=np.int32),
        "ban_place": np.array([p for _, p in ban], dtype=np.int32),
        "student_ids": tuple(choices),
        "place_ids": tuple(capacity),
        "owner_ids": tuple(owner_capacity),
    }


class _Words:
    """Who is who, and how high each student stands where."""

    def __init__(
        self,
        choices: Mapping[str, TieGroups],
        capacity: Mapping[str, int],
        owners: Mapping[str, str],
        owner_capacity: Mapping[str, int],
        rankings: Mapping[str, TieGroups],
    ) -> None:
        self.student = {name: row for row, name in enumerate(choices)}
        self.place = {name: row for row, name in enumerate(capacity)}
        self.place_names = tuple(capacity)
        for place, owner in owners.items():
            self.place_of("owners", place)
            if owner not in owner_capacity:
                raise ProblemError(f"place {place}: owner {owner} does not exist")
            if place in rankings and place not in owner_capacity:
                raise ProblemError(f"place {place}: has both an owner and a ranking of its own")
        self._ranker = [owners.get(name, name) for name in capacity]
        self._standing = {
            name: dict(self._positions(name, groups, owner_capacity))
            for name, groups in rankings.items()
        }

    def _positions(
        self, name: str, groups: TieGroups, owner_capacity: Mapping[str, int]
    ) -> Iterator[tuple[int, int]]:
        if name not in self.place and name not in owner_capacity:
            raise ProblemError(f"rankings: place {name} does not exist")
        kind = "owner" if name in owner_capacity else "place"
        seen: set[str] = set()
        for priority, group in enumerate(groups):
            for student in group:
                if student not in self.student:
                    raise ProblemError(f"{kind} {name}: student {student} does not exist")
                if student in seen:
                    raise ProblemError(f"{kind} {name}: student {student} stands twice")
                seen.add(student)
                yield self.student[student], priority

    def student_of(self, source: str, name: str) -> int:
        """The row of a student; ``source`` is who says the name."""
        if name not in self.student:
            raise ProblemError(f"{source}: student {name} does not exist")
        return self.student[name]

    def place_of(self, student: str, name: str) -> int:
        """The row of a place that a student, or a list of pairs, names."""
        if name not in self.place:
            source = f"student {student}" if student in self.student else student
            raise ProblemError(f"{source}: place {name} does not exist")
        return self.place[name]

    def rows(
        self, wishes: Sequence[tuple[int, int, int]]
    ) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Where each student's rows start, int64 (n + 1), and place, rank and priority, int32."""
        per_student = np.bincount([row for row, _, _ in wishes] or [0], minlength=len(self.student))
        if not wishes:
            per_student[:] = 0
        start = np.concatenate([[0], np.cumsum(per_student[: len(self.student)])])
        table = [(place, rank, self._priority(row, place)) for row, place, rank in wishes]
        return start.astype(np.int64), np.array(table, dtype=np.int32).reshape(-1, 3)

    def _priority(self, student: int, place: int) -> int:
        standing = self._standing.get(self._ranker[place])
        return 0 if standing is None else standing.get(student, _REFUSED)
