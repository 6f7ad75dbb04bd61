"""Instances to try: seeded, of any size, with tastes that are independent on both sides.

In the manner of the instances on which algorithms for this problem are usually tried: Cooper and
Manlove (2018), "A 3/2-approximation algorithm for the student-project allocation problem", SEA
2018, section 6: places of skewed popularity, ties with a probability of their own on either side,
and owners who cannot fill all their places.

Each aspect has a stream of random numbers of its own. So instances that differ in one parameter
differ in that one thing: with more ties the lists still name the same places in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import Bool, Int32, Int64, ProblemError
from matching.engine.lottery import pair_draws
from matching.engine.problem import LARGEST_CAPACITY, Problem

Random: TypeAlias = np.random.Generator
Table: TypeAlias = npt.NDArray[np.int32]

# How often a draw stays within the student's own region.
LOCAL_SHARE = 0.8
# What an owner can take, as a share of the seats of its places.
OWNER_SHARE = 0.8

# The weight of the most popular place. Weights are whole numbers, so that sums are exact and no
# machine draws another instance.
_HEAVIEST = 2**32
# There are fewer places than the bits that this leaves can tell apart.
_DRAW_BITS = np.uint64(36)
# A place drawn twice for one student is drawn anew, so many times at most.
_ROUNDS = 30


def generate(
    students: int,
    choices: int = 5,
    places: int | None = None,
    *,
    popularity: float = 1.0,
    regions: int = 1,
    ties: float = 0.0,
    place_ties: float = 0.0,
    owners: int = 0,
    minimums: float = 0.0,
    seats_per_student: float = 1.0,
    tail: int = 0,
    seed: int = 0,
    ids: bool = False,
) -> Problem:
    """An instance that follows from its parameters alone: the same arrays on every run.

    students           how many: n
    choices            places on each student's list, all different; all places, if there are fewer
    places             how many: m; None is one for every two students
    popularity         exponent of a power law: the r-th most popular place is drawn with a weight
                       of r to the power −popularity; 0: all are equally popular
    regions            students and places are dealt evenly over so many regions; `LOCAL_SHARE` of
                       all draws are among the places of the student's own region
    ties               probability that a choice ties with the choice before it
    place_ties         probability that a student ties with the student before, in the order of a
                       place, or of its owner. The order itself is drawn evenly
    owners             how many: L; places are dealt evenly over them, and each can take
                       `OWNER_SHARE` of its seats, but no less than its largest place. 0: each
                       place owns itself
    minimums           share of the places with two seats or more that have a minimum, drawn evenly
                       from 2 to the capacity
    seats_per_student  seats of all places together, per student: one each as far as they go, the
                       rest dealt at random
    tail               places in each student's tail, as far as there are others
    seed               0 or more
    ids                whether there are ids: s1, s2, …, p1, …, c1, …

    Raises ProblemError, naming the parameter, for a number that is out of range.
    """
    places = (students + 1) // 2 if places is None else places
    _check_sizes(students, choices, places, regions, owners, tail, seed)
    _check_shares(popularity, ties, place_ties, minimums, seats_per_student)
    streams = [np.random.default_rng(one) for one in np.random.SeedSequence(seed).spawn(6)]
    taste, tie, order, seat, deal, team = streams
    choices = min(choices, places)
    tail = min(tail, places - choices)
    lists = _Tastes.drawn(taste, students, places, regions, popularity).lists(taste, choices + tail)
    capacity = _capacities(seat, places, round(students * seats_per_student))
    owner, owner_capacity = _owners(deal, capacity, owners)
    priority = _priorities(order, lists, owner, owners, place_ties)
    return Problem(
        choice_start=np.arange(students + 1, dtype=np.int64) * choices,
        choice_place=lists[:, :choices].ravel(),
        choice_rank=_ranks(tie, students, choices, ties),
        choice_priority=priority[:, :choices].ravel(),
        capacity=capacity,
        minimum=_minimums(team, capacity, minimums),
        owner=owner,
        owner_capacity=owner_capacity,
        tail_start=np.arange(students + 1, dtype=np.int64) * tail,
        tail_place=lists[:, choices:].ravel(),
        tail_priority=priority[:, choices:].ravel(),
        student_ids=_ids("s", students) if ids else None,
        place_ids=_ids("p", places) if ids else None,
        owner_ids=_ids("c", owners) if ids else None,
    )


def _check_sizes(
    students: int, choices: int, places: int, regions: int, owners: int, tail: int, seed: int
) -> None:
    for name, number, low, high in (
        ("students", students, 0, 10**8),
        ("choices", choices, 0, 10**5),
        ("places", places, 0, 10**8),
        ("regions", regions, 1, max(1, places)),
        ("owners", owners, 0, places),
        ("tail", tail, 0, 10**5),
        ("seed", seed, 0, 2**64 - 1),
    ):
        if not low <= number <= high:
            raise ProblemError(f"{name}: {number}, {low} to {high} expected")


def _check_shares(
    popularity: float, ties: float, place_ties: float, minimums: float, seats_per_student: float
) -> None:
    for name, number, high in (
        ("popularity", popularity, 10),
        ("ties", ties, 1),
        ("place_ties", place_ties, 1),
        ("minimums", minimums, 1),
        ("seats_per_student", seats_per_student, LARGEST_CAPACITY),
    ):
        # Asked this way round, because each comparison with NaN is false.
        if not 0 <= number <= high:
            raise ProblemError(f"{name}: {number:g}, 0 to {high} expected")


@dataclass(frozen=True, eq=False)
class _Tastes:
    """What a student may draw, as stretches of a line on which each place has its weight.

    place       int32 (m)         the places along the line, region by region
    ends        int64 (m)         where the stretch of each ends
    low, high   int64 (regions)   where the stretch of each region begins and ends
    region      int32 (n)         the region of each student
    """

    place: Int32
    ends: Int64
    low: Int64
    high: Int64
    region: Int32

    @classmethod
    def drawn(
        cls, rng: Random, students: int, places: int, regions: int, popularity: float
    ) -> _Tastes:
        """Deal students and places over the regions, and popularity over the places."""
        standing = rng.permutation(places) + 1.0
        weight = np.maximum(1, np.rint(_HEAVIEST * standing**-popularity)).astype(np.int64)
        region_of_place = rng.permutation(places) % regions
        line = np.argsort(region_of_place, kind="stable")
        ends = np.cumsum(weight[line])
        high = np.cumsum(np.bincount(region_of_place, weight, regions).astype(np.int64))
        return cls(
            place=line.astype(np.int32),
            ends=ends,
            low=np.concatenate([[0], high[:-1]]).astype(np.int64),
            high=high,
            region=(rng.permutation(students) % regions).astype(np.int32),
        )

    def lists(self, rng: Random, length: int) -> Table:
        """A list of places per student, none twice, first drawn first: int32 (n, length)."""
        students = len(self.region)
        table = np.empty((students, length), dtype=np.int32)
        table[:] = self._draw(rng, np.repeat(self.region, length)).reshape(table.shape)
        doubtful = np.arange(students)
        for _ in range(_ROUNDS):
            again, column = np.nonzero(_repeated(table[doubtful]))
            row = doubtful[again]
            table[row, column] = self._draw(rng, self.region[row])
            doubtful = np.unique(row)
        for student in doubtful:
            _fill_up(rng, table[student], self.place)
        return table

    def _draw(self, rng: Random, region: Int32) -> Int32:
        stays = rng.random(len(region)) < LOCAL_SHARE
        low = np.where(stays, self.low[region], 0)
        high = np.where(stays, self.high[region], self.high[-1])
        return self.place[np.searchsorted(self.ends, rng.integers(low, high), side="right")]


def _repeated(table: Table) -> Bool:
    """Which entries stand in their row already, further to the left: bool, of the same shape."""
    order = np.argsort(table, axis=1, kind="stable")
    ordered = np.take_along_axis(table, order, axis=1)
    again = np.zeros(table.shape, dtype=np.bool_)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    repeated = np.empty_like(again)
    np.put_along_axis(repeated, order, again, axis=1)
    return repeated


def _fill_up(rng: Random, row: Int32, places: Int32) -> None:
    """Where a list is nearly as long as there are places, chance takes too long: take the rest."""
    repeated = _repeated(row[np.newaxis])[0]
    others = rng.permutation(np.setdiff1d(places, row))
    row[repeated] = others[: np.count_nonzero(repeated)]


def _ranks(rng: Random, students: int, choices: int, ties: float) -> Int32:
    """Ranks from 1 in each row: int32 (n × choices), flat."""
    better = rng.random((students, choices)) >= ties
    better[:, :1] = True
    return np.cumsum(better, axis=1, dtype=np.int32).ravel()


def _capacities(rng: Random, places: int, seats: int) -> Int32:
    capacity = np.zeros(places, dtype=np.int64)
    capacity[rng.permutation(places)[:seats]] = 1
    if places and seats > places:
        capacity += np.bincount(rng.integers(0, places, seats - places), minlength=places)
    return capacity.astype(np.int32)


def _minimums(rng: Random, capacity: Int32, share: float) -> Int32:
    # Drawn for every place, so that the capacity of one changes nothing for another.
    has_one = (rng.random(len(capacity)) < share) & (capacity >= 2)
    team = 2 + np.floor(rng.random(len(capacity)) * (capacity - 1)).astype(np.int32)
    return np.where(has_one, team, 0).astype(np.int32)


def _owners(rng: Random, capacity: Int32, owners: int) -> tuple[Int32, Int32]:
    """The owner of each place, −1 where there are none, and what each can take."""
    if not owners:
        return np.full(len(capacity), -1, dtype=np.int32), np.zeros(0, dtype=np.int32)
    owner = (rng.permutation(len(capacity)) % owners).astype(np.int32)
    seats = np.bincount(owner, capacity, owners)
    largest = np.zeros(owners, dtype=np.int32)
    np.maximum.at(largest, owner, capacity)
    return owner, np.maximum(largest, np.floor(seats * OWNER_SHARE)).astype(np.int32)


def _priorities(rng: Random, lists: Table, owner: Int32, owners: int, ties: float) -> Table:
    """How high whoever decides over a place puts each student who names it, in the lists' shape."""
    alone = owners + np.arange(len(owner))
    decides = np.where(owner >= 0, owner, alone).astype(np.uint64)[lists]
    students, deciders = len(lists), owners + len(owner)
    # A number for each pair of student and decider, however many of an owner's places the student
    # names; the decider in front, so that sorting puts those together who stand in one order.
    draw = pair_draws(
        rng.integers(0, 2**64, (students, 1), dtype=np.uint64),
        rng.integers(0, 2**64, deciders, dtype=np.uint64)[decides.astype(np.int64)],
    )
    number = ((decides << _DRAW_BITS) | (draw >> (np.uint64(64) - _DRAW_BITS))).ravel()
    order = np.argsort(number)
    number = number[order]
    worse = np.zeros(len(order), dtype=np.bool_)
    worse[1:] = number[1:] != number[:-1]
    worse &= rng.random(len(order)) >= ties
    standing = np.cumsum(worse)
    first = np.flatnonzero(np.diff(number >> _DRAW_BITS, prepend=np.uint64(2**64 - 1)))
    priority = np.empty(len(order), dtype=np.int32)
    priority[order] = standing - np.repeat(standing[first], np.diff(first, append=len(order)))
    return priority.reshape(lists.shape)


def _ids(letter: str, count: int) -> tuple[str, ...]:
    return tuple(f"{letter}{row + 1}" for row in range(count))
