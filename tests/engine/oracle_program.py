"""A second slow truth, beyond brute force: the definitions as one plain integer program.

One variable per student and row, and the conditions of Cooper and Manlove (2018) written down as
they stand: no reductions, no parts, no cuts, nothing of the exact effort. It is solved by
`scipy.optimize.milp` with presolve off, which has given wrong answers on programs of this kind.

    x[s, p]   the student is at the place
    o[p]      the project starts; 1 where it has no minimum, or a pin
    f[p]      the place is counted on to be full, of claims at least as strong, see below
    g[p]      the same of its owner
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import LinearConstraint, milp
from scipy.sparse import csr_array

from tests.engine.instances import Instance
from tests.engine.oracle import Tastes

Name = tuple[str, ...]
Terms = dict[Name, float]


def seat(student: str, place: str) -> Name:
    """The column that says whether the student is at the place."""
    return "x", student, place


@dataclass
class _Program:
    """Columns of 0 or 1 by name, and rows ``terms ≥ low``."""

    column: dict[Name, int] = field(default_factory=dict)
    rows: list[tuple[Terms, float]] = field(default_factory=list)

    def add(self, terms: Terms, low: float) -> None:
        for name in terms:
            self.column.setdefault(name, len(self.column))
        self.rows.append((terms, low))

    def equal(self, terms: Terms, value: float) -> None:
        self.add(terms, value)
        self.add({name: -times for name, times in terms.items()}, -value)

    def largest(self, worth: Terms) -> dict[Name, int]:
        """The values of all columns that are worth most; they are known to exist."""
        entries = [
            (row, self.column[name], times)
            for row, (terms, _) in enumerate(self.rows)
            for name, times in terms.items()
        ]
        row, column, times = (np.array(each) for each in zip(*entries, strict=True))
        size = len(self.column)
        cost = np.zeros(size)
        for name, times_worth in worth.items():
            cost[self.column[name]] = -times_worth
        matrix = csr_array((times, (row, column)), shape=(len(self.rows), size))
        found = milp(
            cost,
            integrality=np.ones(size),
            bounds=(0, 1),
            constraints=LinearConstraint(matrix, np.array([low for _, low in self.rows])),
            options={"presolve": False, "mip_rel_gap": 0.0},
        )
        assert found.success, found.message
        return {name: round(found.x[at]) for name, at in self.column.items()}


def best(instance: Instance, *, stable: bool = True) -> tuple[int, int]:
    """How many students who are not pinned can be placed, and the smallest sum of their ranks then.

    Where pins hold a project open, nobody may be missing there: such instances are left to brute
    force. ``stable=False`` leaves out stability: another problem, which a test must notice.
    """
    tastes = Tastes(instance)
    program = _Program()
    _seats(program, tastes)
    if stable:
        for student, place in tastes.rank:
            _does_not_block(program, tastes, student, place)
    size = dict.fromkeys((seat(*pair) for pair in tastes.rank), 1.0)
    if not size:
        return 0, 0
    found = program.largest(size)
    placed = sum(found[name] for name in size)
    program.equal(size, placed)
    ranks = {seat(*pair): -float(rank) for pair, rank in tastes.rank.items()}
    found = program.largest(ranks)
    return placed, sum(rank for pair, rank in tastes.rank.items() if found[seat(*pair)])


def _seats(program: _Program, tastes: Tastes) -> None:
    """One place per student, no more than the seats of a place and the room of an owner, and no
    fewer than the minimum where a project starts."""
    for student in tastes.instance.choices:
        program.add({seat(student, p): -1.0 for s, p in tastes.rank if s == student}, -1)
    for place, capacity in tastes.instance.capacity.items():
        held = list(tastes.pinned.values()).count(place)
        here = {seat(s, p): 1.0 for s, p in tastes.rank if p == place}
        least = tastes.instance.minimum.get(place, 0)
        if least and not held:
            program.add({**dict.fromkeys(here, -1.0), ("o", place): float(capacity)}, 0)
            program.add({**here, ("o", place): -float(least)}, 0)
        else:
            program.equal({("o", place): 1.0}, 1)
            program.add(dict.fromkeys(here, -1.0), held - capacity)
    for owner in {tastes.owner(place) for place in tastes.instance.capacity}:
        there = {seat(s, p): -1.0 for s, p in tastes.rank if tastes.owner(p) == owner}
        program.add(there, _held_at(tastes, owner) - tastes.room(owner))


def _held_at(tastes: Tastes, owner: str) -> int:
    return sum(tastes.owner(place) == owner for place in tastes.pinned.values())


def _does_not_block(program: _Program, tastes: Tastes, student: str, place: str) -> None:
    """The place is closed; or the student is somewhere at least as good; or the place is full of
    claims at least as strong; or its owner is, and the student is nowhere else with that owner."""
    rank, priority = tastes.rank[student, place], tastes.priority[student, place]
    owner, room = tastes.owner(place), tastes.room(tastes.owner(place))
    capacity = tastes.instance.capacity[place]
    if capacity == 0:
        return
    place_full, owner_full = ("f", student, place), ("g", student, place)
    content = {
        seat(student, p): 1.0 for s, p in tastes.rank if s == student and tastes.rank[s, p] <= rank
    }
    program.add({**content, ("o", place): -1.0, place_full: 1.0, owner_full: 1.0}, 0)
    as_strong = {
        (s, p): seat(s, p) for (s, p), other in tastes.priority.items() if other <= priority
    }
    held = list(tastes.pinned.values()).count(place)
    here = {name: 1.0 for (_, p), name in as_strong.items() if p == place}
    program.add({**here, place_full: -float(capacity)}, -held)
    there = {name: 1.0 for (_, p), name in as_strong.items() if tastes.owner(p) == owner}
    program.add({**there, owner_full: -float(room)}, -_held_at(tastes, owner))
    for s, p in tastes.rank:
        if s == student and tastes.owner(p) == owner and tastes.rank[s, p] > rank:
            program.add({owner_full: -1.0, seat(s, p): -1.0}, -1)
