"""Crowds: students who compete for too few openings, apart from all others.

The students whom unplaced ones reach in the residual graph of a largest assignment (see `flow`)
ask only for places that are reached as well, and these have fewer openings than they are many:
together they violate Hall's condition, and so does each connected component of them.

Source: Hall (1935), "On representatives of subsets", Journal of the London Mathematical Society
10; Dulmage and Mendelsohn (1958), "Coverings of bipartite graphs", Canadian Journal of Mathematics
10; Galler and Fischer (1964), "An improved equivalence algorithm", Communications of the ACM 7(5),
for the components.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Int32
from matching.engine.flow import CAPACITY, FAR, OWNER, Network
from matching.engine.jit import kernel

NO_CROWD = -1


@dataclass(frozen=True, eq=False)
class Crowd:
    """Students who compete for too few openings: a Hall violator.

    students  int32, ascending: whatever the assignment, some of them have no place, and each of
              them is left out by some largest assignment
    places    int32, ascending: all that they ask for
    owners    int32, ascending: whose room is the limit at these places, rather than their seats
    openings  how many of the students can have a place
    """

    students: Int32
    places: Int32
    owners: Int32
    openings: int

    @property
    def shortage(self) -> int:
        """How many of the students have no place in any assignment."""
        return len(self.students) - self.openings


def crowds(network: Network, reach: Int32) -> tuple[tuple[Crowd, ...], Int32]:
    """The crowds, the largest shortage first, then by the first student.

    Takes a network with a largest assignment, and ``reach`` of `openings.competition`. Returns
    also the index of the crowd of each node, int32 (nodes), −1 where there is none.

    The openings are counted where the minimum cut is: at an owner, if unplaced students reach it,
    because then its room is the limit; and else at the place.
    """
    n, m = len(network.seated), len(network.seats)
    root = np.arange(network.nodes, dtype=np.int32)
    _connect(network, reach, root)
    nodes = np.flatnonzero(reach != FAR)
    first, crowd = np.unique(root[nodes], return_inverse=True)
    counted = np.zeros(network.nodes, dtype=np.int64)
    counted[n : n + m] = network.seats[:, CAPACITY]
    counted[n : n + m][reach[n + m + network.seats[:, OWNER]] != FAR] = 0
    counted[n + m :] = network.owners[:-1, CAPACITY]
    openings = np.bincount(crowd, counted[nodes], len(first)).astype(np.int64)
    shortage = np.bincount(crowd[nodes < n], minlength=len(first)) - openings
    order = np.argsort(-shortage, kind="stable")
    number = np.empty(len(first), dtype=np.int32)
    number[order] = np.arange(len(first), dtype=np.int32)
    label = np.full(network.nodes, NO_CROWD, dtype=np.int32)
    label[nodes] = number[crowd]
    found = zip(
        _members(label[:n], len(first)),
        _members(label[n : n + m], len(first)),
        _members(label[n + m :], len(first)),
        openings[order].tolist(),
        strict=True,
    )
    return tuple(Crowd(*parts) for parts in found), label


def _members(label: Int32, count: int) -> list[Int32]:
    """The indices that carry each label from 0 to ``count`` − 1, ascending."""
    labelled = np.flatnonzero(label != NO_CROWD)
    together = labelled[np.argsort(label[labelled], kind="stable")].astype(np.int32)
    ends = np.cumsum(np.bincount(label[labelled], minlength=count))
    return np.split(together, ends)[:count]


@kernel
def _connect(network: Network, reach: Int32, root: Int32) -> None:
    """Give all reached nodes of a connected component the same root: their first student.

    An owner that is not reached connects nothing: its room is no limit.
    """
    n, m = len(network.seated), len(network.seats)
    for node in range(n + m):
        if reach[node] == FAR:
            continue
        if node < n:
            for row in range(network.start[node], network.start[node + 1]):
                _unite(root, node, n + network.place[row])
        elif reach[n + m + network.seats[node - n, OWNER]] != FAR:
            _unite(root, node, n + m + network.seats[node - n, OWNER])
    for node in range(len(root)):
        # A root never stands above its nodes, and those below have been put right.
        root[node] = root[root[node]]


@kernel
def _unite(root: Int32, one: int, other: int) -> None:
    """Join two trees below the lower root, halving the paths on the way up."""
    while root[one] != one:
        root[one] = root[root[one]]
        one = root[one]
    while root[other] != other:
        root[other] = root[root[other]]
        other = root[other]
    root[max(one, other)] = min(one, other)
