"""The slow truth: definitions spelled out over tiny instances, with no line of the engine in it.

Stability is that of Cooper and Manlove (2018), over open places: a project that has a minimum,
no pin and nobody is closed.
"""

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
    """Ranks and priorities of an instance, pair by pair.

    ``listed`` has the ranks of all pairs on a list or in a tail; ``rank`` and ``priority`` only
    those that may be granted: accepted, not banned, and of a student who is not pinned.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.pinned = dict(instance.pins)
        self.listed: dict[tuple[str, str], int] = {}
        self.rank: dict[tuple[str, str], int] = {}
        self.priority: dict[tuple[str, str], int] = {}
        self.tail_rank = 1 + max(map(len, instance.choices.values()), default=0)
        for student, groups in instance.choices.items():
            for rank, group in enumerate(groups, start=1):
                for place in group:
                    self._admit(student, place, rank)
            for place in instance.tails.get(student, []):
                self._admit(student, place, self.tail_rank)

    def _admit(self, student: str, place: str, rank: int) -> None:
        self.listed[student, place] = rank
        priority = self._priority(student, place)
        banned = (student, place) in self.instance.bans
        if priority is not None and not banned and student not in self.pinned:
            self.rank[student, place] = rank
            self.priority[student, place] = priority

    def _priority(self, student: str, place: str) -> int | None:
        ranker = self.owner(place)
        if ranker not in self.instance.rankings:
            return 0
        for priority, group in enumerate(self.instance.rankings[ranker]):
            if student in group:
                return priority
        return None

    def owner(self, place: str) -> str:
        """Who owns the place: it may be the place itself."""
        return self.instance.owners.get(place, place)

    def room(self, owner: str) -> int:
        """How many students the owner takes at most, over all its places."""
        return {**self.instance.capacity, **self.instance.owner_capacity}[owner]

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

    def team(self, assignment: Assignment, place: str) -> list[str]:
        """Who is at the place."""
        return [student for student, at in assignment.items() if at == place]

    def closed(self, assignment: Assignment) -> set[str]:
        """The projects that do not start."""
        return {
            place
            for place, least in self.instance.minimum.items()
            if least > 0 and not self.team(assignment, place)
        } - set(self.pinned.values())

    def permitted(self, assignment: Assignment) -> bool:
        """Lists, refusals, bans and pins are respected."""
        return all(
            self.pinned[student] == place
            if student in self.pinned
            else place is None or (student, place) in self.rank
            for student, place in assignment.items()
        )

    def feasible(self, assignment: Assignment) -> bool:
        """So are the seats of places and the room of owners."""
        places = [place for place in assignment.values() if place]
        owners = [self.owner(place) for place in places]
        return (
            self.permitted(assignment)
            and all(places.count(place) <= self.instance.capacity[place] for place in set(places))
            and all(owners.count(owner) <= self.room(owner) for owner in set(owners))
        )

    def short(self, assignment: Assignment) -> dict[str, int]:
        """How many students each project that starts still needs."""
        return {
            place: least - len(team)
            for place, least in self.instance.minimum.items()
            if 0 < len(team := self.team(assignment, place)) < least
        }

    def teams_complete(self, assignment: Assignment) -> bool:
        """Who starts has the minimum, or is held open by a pin."""
        return set(self.short(assignment)) <= set(self.pinned.values())

    def assignments(self) -> Iterator[dict[str, str | None]]:
        """Every feasible assignment."""
        students = list(self.instance.choices)
        options: list[list[str | None]] = [
            [self.pinned[student]]
            if student in self.pinned
            else [
                None,
                *(place for place in self.instance.capacity if (student, place) in self.rank),
            ]
            for student in students
        ]
        for row in itertools.product(*options):
            assignment = dict(zip(students, row, strict=True))
            if self.feasible(assignment):
                yield assignment

    def blocking_pairs(self, assignment: Assignment, *, strict: bool) -> set[tuple[str, str]]:
        """Pairs who would both rather have each other, with the ties as they are, or broken."""
        closed = self.closed(assignment)
        return {
            (student, place)
            for student, place in self.rank
            if place not in closed
            and self._wishes(student, place, assignment[student], strict=strict)
            and self._would_take(student, place, assignment, strict=strict)
        }

    def unfair_pairs(self, assignment: Assignment) -> set[tuple[str, str]]:
        """Pairs who would block if equal claims were ordered by lottery; tastes keep their ties."""
        closed = self.closed(assignment)
        return {
            (student, place)
            for student, place in self.rank
            if place not in closed
            and self._wishes(student, place, assignment[student], strict=False)
            and self._would_take(student, place, assignment, strict=True)
        }

    def _wishes(self, student: str, place: str, own: str | None, *, strict: bool) -> bool:
        if own is None:
            return True
        if strict:
            return self.strict_rank(student, place) < self.strict_rank(student, own)
        return self.rank[student, place] < self.rank[student, own]

    def _would_take(
        self, student: str, place: str, assignment: Assignment, *, strict: bool
    ) -> bool:
        """Cases a, b and c of the definition."""
        owner = self.owner(place)
        own = assignment[student]
        there = self.team(assignment, place)
        at_owner = [
            other for other, at in assignment.items() if at is not None and self.owner(at) == owner
        ]
        if self.instance.capacity[place] == 0:
            return False
        if len(there) >= self.instance.capacity[place]:
            return self._beats_one(student, place, there, assignment, strict=strict)
        if len(at_owner) < self.room(owner):
            return True
        return (own is not None and self.owner(own) == owner) or self._beats_one(
            student, place, at_owner, assignment, strict=strict
        )

    def _beats_one(
        self, student: str, place: str, others: list[str], assignment: Assignment, *, strict: bool
    ) -> bool:
        """Whether the claim is stronger than that of one of these, who is not pinned."""
        for other in others:
            at = assignment[other]
            if at is None or other in self.pinned:
                continue
            if strict:
                stronger = self.strict_claim(student, place) < self.strict_claim(other, at)
            else:
                stronger = self.priority[student, place] < self.priority[other, at]
            if stronger:
                return True
        return False

    def stable(self, *, strict: bool) -> list[dict[str, str | None]]:
        """Every stable assignment in which the projects that start are complete."""
        return [
            assignment
            for assignment in self.assignments()
            if self.teams_complete(assignment)
            and not self.blocking_pairs(assignment, strict=strict)
        ]

    def worth(self, assignment: Assignment) -> tuple[int, int, int, list[int]]:
        """The objective, less is better: students missing in teams that pins hold open, students
        without a place, sum of ranks, and how many sit at the worst rank, at the next, …"""
        ranks = [
            self.rank[student, place]
            for student, place in assignment.items()
            if place is not None and student not in self.pinned
        ]
        unplaced = list(assignment.values()).count(None)
        profile = [ranks.count(rank) for rank in range(self.tail_rank, 0, -1)]
        return sum(self.short(assignment).values()), unplaced, sum(ranks), profile
