"""The slow truth: definitions spelled out over tiny instances, with no line of the engine in it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping

from tests.engine.instances import Instance

Assignment = Mapping[str, str | None]

_MASK = 2**64 - 1


def pair_draw(lottery: int, place: str) -> int:
    """The draw that orders a student's equally liked places, in whole numbers of Python."""
    mixed = lottery ^ int.from_bytes(hashlib.sha256(place.encode()).digest()[:8], "big")
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return mixed ^ (mixed >> 31)


class Tastes:
    """Ranks and priorities of an instance, pair by pair; a pair that is missing is impossible."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.rank: dict[tuple[str, str], int] = {}
        self.priority: dict[tuple[str, str], int] = {}
        for student, groups in instance.choices.items():
            for rank, group in enumerate(groups, start=1):
                for place in group:
                    priority = self._priority(student, place)
                    if priority is not None:
                        self.rank[student, place] = rank
                        self.priority[student, place] = priority

    def _priority(self, student: str, place: str) -> int | None:
        if place not in self.instance.rankings:
            return 0
        for priority, group in enumerate(self.instance.rankings[place]):
            if student in group:
                return priority
        return None

    def strict_rank(self, student: str, place: str) -> tuple[int, int, int]:
        """Ties broken as promised: rank, then the better claim, then the draw of the pair."""
        pair = student, place
        return (
            self.rank[pair],
            self.priority[pair],
            pair_draw(self.instance.lottery[student], place),
        )

    def strict_claim(self, student: str, place: str) -> tuple[int, int]:
        return self.priority[student, place], self.instance.lottery[student]

    def assignments(self) -> Iterator[dict[str, str | None]]:
        """Every assignment within lists and capacities."""
        students = list(self.instance.choices)
        options = [
            [None, *(place for place in self.instance.capacity if (student, place) in self.rank)]
            for student in students
        ]
        for row in itertools.product(*options):
            if all(row.count(place) <= seats for place, seats in self.instance.capacity.items()):
                yield dict(zip(students, row, strict=True))

    def blocking_pairs(self, assignment: Assignment, *, strict: bool) -> set[tuple[str, str]]:
        """Pairs who would both rather have each other, with the ties as they are, or broken."""
        found = set()
        for student, place in self.rank:
            own = assignment[student]
            if strict:
                wished = own is None or self.strict_rank(student, place) < self.strict_rank(
                    student, own
                )
            else:
                wished = own is None or self.rank[student, place] < self.rank[student, own]
            there = [other for other, at in assignment.items() if at == place]
            seats = self.instance.capacity[place]
            if own == place or not wished or seats == 0:
                continue
            if strict:
                claim = self.strict_claim(student, place)
                weaker = any(self.strict_claim(other, place) > claim for other in there)
            else:
                priority = self.priority[student, place]
                weaker = any(self.priority[other, place] > priority for other in there)
            if len(there) < seats or weaker:
                found.add((student, place))
        return found

    def stable(self, *, strict: bool) -> list[dict[str, str | None]]:
        """Every stable assignment."""
        return [
            assignment
            for assignment in self.assignments()
            if not self.blocking_pairs(assignment, strict=strict)
        ]
