"""The goals of one part, one after the other: each is settled before the next begins.

1. Fewest students missing at places that pins hold open.
2. Most students. Ranks pull along, so weakly that all of them together never outweigh a student:
   it makes the program less degenerate, and often settles the third goal on the way.
3. The smallest sum of ranks, with so many students.
4. Fewest at the worst rank, then at the next, with that sum: in parts of moderate size.

Each goal begins with the relaxation (`relaxation`), whose bound may meet what is at hand; where it
does not, it goes to branch and bound (`branching`). A goal that is not proven ends the series.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Bool, Int64
from matching.engine.exact.bound import Bound
from matching.engine.exact.branching import branch, holds
from matching.engine.exact.part import Part
from matching.engine.exact.polytope import Entries, Polytope
from matching.engine.exact.relaxation import Relaxation

# Beyond this weight of a student the solver's tolerances are no longer small; then goal 2 goes
# without the pull of the ranks.
_HEAVIEST = 2**16
# Goal 4 alone has many solutions of equal worth, which makes it slow; larger parts go without.
FAIR_ROWS = 4_000


@dataclass(frozen=True)
class Settled:
    """How far a part is.

    taken              bool (E)  the best assignment
    bound              at most so many students can be placed, where the first goal is reached
    proven             the first two goals are reached: nothing goes before these
    rank_sum_bound     the sum of ranks is at least this, with so many students
    rank_sum_proven    it is this
    profile_proven     and no other with this sum is fairer
    """

    taken: Bool
    bound: int
    proven: bool
    rank_sum_bound: int
    rank_sum_proven: bool
    profile_proven: bool


class Stages:
    """The goals of a part, and what has been reached of them."""

    def __init__(self, part: Part, *, node_limit: int, deadline: float) -> None:
        self.part = part
        self.node_limit = node_limit
        self.deadline = deadline
        self.polytope = Polytope(part)
        self.relaxation = Relaxation(self.polytope, deadline)
        self.taken = part.witness
        self.bound = min(part.students, int(part.capacity.sum()))
        self.rank_sum_bound = 0
        self.fewest_missing = self.largest = self.best_ranks = self.fairest = False

    def settle(self, *, largest: bool) -> Iterator[Settled]:
        """Settle the goals; yields how far it is after each.

        ``largest``: it is known already that no more students can be placed.
        """
        if not self._settle_missing():
            yield self.state()
            return
        # An assignment with fewer missing may have fewer students than the one that was largest.
        placed = int(np.count_nonzero(self.taken))
        self.largest = largest and placed == np.count_nonzero(self.part.witness)
        if not self.largest:
            yield from self._settle_size()
        if not self.largest:
            return
        self.bound = int(np.count_nonzero(self.taken))
        yield self.state()
        yield from self._settle_ranks()
        if self.best_ranks and len(self.part.student) <= FAIR_ROWS:
            self._settle_profile()
            yield self.state()

    def state(self) -> Settled:
        """How far it is."""
        return Settled(
            taken=self.taken,
            bound=self.bound,
            proven=self.fewest_missing and self.largest,
            rank_sum_bound=self.rank_sum_bound,
            rank_sum_proven=self.best_ranks,
            profile_proven=self.fairest,
        )

    def _settle_missing(self) -> bool:
        """Goal 1; true where it is reached."""
        columns = self.polytope.missing
        cost = np.zeros(self.polytope.relaxed, dtype=np.int64)
        cost[columns] = -1
        proven = self.part.missing(self.taken) == 0
        if not proven:
            root = self._relax(cost, enough=self._worth(cost))
            proven = root is not None and self._reach(cost, root) == self._worth(cost)
        if len(columns):
            self._demand(columns, np.ones(len(columns), dtype=np.int64))
        self.fewest_missing = proven
        return proven

    def _settle_size(self) -> Iterator[Settled]:
        """Goal 2."""
        rank = self.part.rank - self.part.rank.min()
        worst = np.zeros(self.part.students, dtype=np.int64)
        np.maximum.at(worst, self.part.student, rank)
        weight = int(worst.sum()) + 1
        if weight > _HEAVIEST:
            weight, rank = 1, np.zeros_like(rank)
        cost = np.zeros(self.polytope.relaxed, dtype=np.int64)
        cost[self.polytope.seat] = weight - rank
        # All ranks together are worth less than one student: so much means this many students.
        enough = weight * int(np.count_nonzero(self.taken))
        root = self._relax(cost, enough=enough)
        if root is not None:
            self._limit_size(root.value, weight)
            yield self.state()
            if not self.largest:
                self._limit_size(self._reach(cost, root), weight)
        yield self.state()

    def _limit_size(self, bound: int, weight: int) -> None:
        """With each student worth so much, less a rank, no more than ``bound`` can be reached."""
        self.bound = min(self.bound, -(-bound // weight))
        self.largest = self.bound == np.count_nonzero(self.taken)

    def _settle_ranks(self) -> Iterator[Settled]:
        """Goal 3."""
        seats = self.polytope.seat
        self._demand(seats, np.ones(len(seats), dtype=np.int64))
        cost = np.zeros(self.polytope.relaxed, dtype=np.int64)
        cost[seats] = -self.part.rank
        root = self._relax(cost, enough=self._worth(cost))
        if root is not None:
            self.rank_sum_bound = -root.value
            yield self.state()
            self.rank_sum_bound = -self._reach(cost, root)
            self.best_ranks = self.rank_sum_bound == -self._worth(cost)
        yield self.state()

    def _settle_profile(self) -> None:
        """Goal 4. With students and sum given, the two best ranks follow from the others."""
        seats = self.polytope.seat
        self._demand(seats, self.part.rank)
        for rank in np.unique(self.part.rank)[:1:-1]:
            here = seats[self.part.rank == rank]
            cost = np.zeros(self.polytope.relaxed, dtype=np.int64)
            cost[here] = -1
            root = self._relax(cost, enough=self._worth(cost))
            if root is None or self._reach(cost, root) != self._worth(cost):
                return
            self._demand(here, np.ones(len(here), dtype=np.int64))
        self.fairest = True

    def _worth(self, cost: Int64) -> int:
        """What the assignment at hand is worth."""
        return int(cost @ self.polytope.point(self.taken)[: len(cost)])

    def _demand(self, columns: Int64, value: Int64) -> None:
        """From now on the sum over these columns is what it is in the assignment at hand."""
        entries = Entries(self.polytope.relaxed)
        now = float(value @ self.polytope.point(self.taken)[columns])
        row = entries.begin(1, now, now)
        entries.add(np.repeat(row, len(columns)), columns, value)
        self.relaxation.demand(entries.rows())

    def _relax(self, cost: Int64, *, enough: int) -> Bound | None:
        """The bound of the relaxation; its solution, where it is an assignment, may be the best."""
        self.relaxation.aim(cost)
        root = self.relaxation.tighten(enough)
        candidate = self.relaxation.whole()
        if candidate is not None and holds(self.polytope, self.relaxation.rows, candidate):
            before, at_hand = self._worth(cost), self.taken
            self.taken = candidate
            if self._worth(cost) <= before:
                self.taken = at_hand
        return root

    def _reach(self, cost: Int64, root: Bound) -> int:
        """Go on from the root where it leaves a gap; returns the bound on what can be reached."""
        if root.value <= self._worth(cost):
            return root.value
        found = branch(
            self.polytope,
            self.relaxation.rows,
            cost,
            root,
            self.taken,
            node_limit=self.node_limit,
            deadline=self.deadline,
        )
        self.taken = found.taken
        return found.bound
