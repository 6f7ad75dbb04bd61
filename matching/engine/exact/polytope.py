"""The integer program: columns and rows whose whole-numbered points are the stable assignments.

Columns, all whole numbers from 0:

    seat        E  1 if the row is taken
    served      G  students sorted by rank: 1 if the student has a place of this tie group or better
    filled      Z  places sorted by priority: how many sit there with a claim of this or better
    load        V  the same for owners, where they play a part
    owner_full  V  1 only if the owner is full with claims of this priority or better
    started     T  1 if the place starts, where a minimum may close it
    missing     H  students below the minimum, at places that are held open
    place_full  F  1 only if the place, of more seats than one, is full with claims up to this

Row e = (s, p) with owner k does not block:

    served_e + place_full_e + owner_full_e ≥ started_p
    served_e + place_full_e − (seats of s at k that s ranks worse) ≥ started_p − 1

where ``started`` is 1 if the place cannot close, and ``owner_full`` with the whole second row
falls away if the owner plays no part. A place of one seat is full if somebody sits there, who is
not s: ``filled_e − seat_e`` stands for ``place_full_e``, with which the relaxation is tighter.

As it stands, the relaxation of this is weak; the inequalities of `combs` make it tight. The sums
that are columns of their own (served, filled, load) keep all rows short.

Sources: Kwanashie and Manlove (2014), "An integer programming approach to the hospitals/residents
problem with ties", Operations Research Proceedings 2013; Cooper and Manlove (2018), "A
3/2-approximation algorithm for the student-project allocation problem", SEA 2018, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix, vstack

from matching.engine.arrays import Bool, Float64, Int64
from matching.engine.exact.part import Part

NONE = -1


@dataclass(frozen=True)
class Rows:
    """Linear conditions: ``low ≤ matrix × columns ≤ high``; all numbers are whole or infinite."""

    matrix: csr_matrix
    low: Float64
    high: Float64

    def __len__(self) -> int:
        return len(self.low)

    def and_also(self, *others: Rows) -> Rows:
        """These and the others, in this order."""
        every = (self, *others)
        return Rows(
            vstack([rows.matrix for rows in every], format="csr"),
            np.concatenate([rows.low for rows in every]),
            np.concatenate([rows.high for rows in every]),
        )

    def wider(self, columns: int) -> Rows:
        """The same over more columns, which play no part in them."""
        wide = self.matrix.copy()
        wide.resize(len(self), columns)
        return Rows(wide, self.low, self.high)

    def only(self, kept: Bool) -> Rows:
        """Those that are marked: bool (rows)."""
        return Rows(self.matrix[np.flatnonzero(kept)], self.low[kept], self.high[kept])


class Ladder:
    """Rows grouped by key and step, and sums up to each step.

    A student's tie groups, or the priorities of a place, are steps of a ladder, best first.

    step      int64 (E)  the step on which a row stands; `NONE` for rows left out
    key       int64 (G)  the student, place or owner of each step
    before    int64 (G)  the step before, `NONE` at the first of a key
    last      int64 (keys)  the last step of each key; `NONE` where there is none
    """

    def __init__(self, key: Int64, value: Int64, rows: Int64, keys: int) -> None:
        order = rows[np.lexsort((value[rows], key[rows]))]
        new = np.ones(len(order), dtype=np.bool_)
        new[1:] = (np.diff(key[order]) != 0) | (np.diff(value[order]) != 0)
        self.step = np.full(len(key), NONE, dtype=np.int64)
        self.step[order] = np.cumsum(new) - 1
        self.key: Int64 = key[order[new]]
        steps = np.arange(len(self.key), dtype=np.int64)
        same = np.zeros(len(self.key), dtype=np.bool_)
        same[1:] = self.key[1:] == self.key[:-1]
        self.before = np.where(same, steps - 1, NONE)
        self.last = np.full(keys, NONE, dtype=np.int64)
        self.last[self.key] = steps
        self.rows = order
        self.end: Int64 = np.append(np.flatnonzero(new)[1:], len(order))
        self.begin: Int64 = np.searchsorted(self.key[self.step[order]], self.key)

    def __len__(self) -> int:
        return len(self.key)

    def up_to(self, step: int) -> Int64:
        """The rows of the same key up to this step, best first."""
        return self.rows[self.begin[step] : self.end[step]]

    def sums(self, taken: Float64) -> Float64:
        """The sum of a number per row, float64 (E), up to each step: float64 (G)."""
        total = np.concatenate([[0.0], np.cumsum(taken[self.rows])])
        sums: Float64 = total[self.end] - total[self.begin]
        return sums


class Entries:
    """Rows that are being written, entry by entry; several may fall on the same column."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.written = 0
        self.row: list[Int64] = []
        self.column: list[Int64] = []
        self.value: list[Float64] = []
        self.low: list[Float64] = []
        self.high: list[Float64] = []

    def begin(self, count: int, low: float | Float64, high: float) -> Int64:
        """So many new rows with these limits; returns their numbers."""
        rows = np.arange(self.written, self.written + count, dtype=np.int64)
        self.written += count
        self.low.append(np.broadcast_to(np.asarray(low, dtype=np.float64), count))
        self.high.append(np.full(count, high))
        return rows

    def add(self, row: Int64, column: Int64, value: float | Int64) -> None:
        """Add the value in these columns of these rows."""
        self.row.append(row)
        self.column.append(column)
        self.value.append(np.broadcast_to(np.asarray(value, dtype=np.float64), len(row)))

    def rows(self) -> Rows:
        """All that was written."""
        none = [np.empty(0)]
        matrix = csr_matrix(
            (
                np.concatenate([*self.value, *none]),
                (
                    np.concatenate([*self.row, *none]).astype(np.int64),
                    np.concatenate([*self.column, *none]).astype(np.int64),
                ),
            ),
            shape=(self.written, self.columns),
        )
        matrix.eliminate_zeros()
        return Rows(matrix, np.concatenate([*self.low, *none]), np.concatenate([*self.high, *none]))


class Polytope:
    """The columns of a part, and the rows that tie them together.

    Each attribute named after a kind of column holds the numbers of its columns; see above.
    ``relaxed`` columns come before those of ``place_full``, which the relaxation does without.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        every = np.arange(len(part.student), dtype=np.int64)
        self.by_student = Ladder(part.student, part.rank, every, part.students)
        self.by_place = Ladder(part.place, part.priority, every, len(part.capacity))
        shared = np.flatnonzero(part.shared[part.place])
        owner = part.owner[part.place]
        self.by_owner = Ladder(owner, part.priority, shared, len(part.owner_capacity))
        self.optional = np.flatnonzero(part.may_close)
        self.wanting = np.flatnonzero(part.held_open & (part.needed > 0))
        self.roomy = np.flatnonzero(part.capacity[self.by_place.key] > 1)
        sizes = [
            len(part.student),
            len(self.by_student),
            len(self.by_place),
            len(self.by_owner),
            len(self.by_owner),
            len(self.optional),
            len(self.wanting),
            len(self.roomy),
        ]
        ends = np.cumsum(sizes)
        self.seat, self.served, self.filled, self.load, self.owner_full = (
            np.arange(end - size, end, dtype=np.int64)
            for size, end in zip(sizes[:5], ends[:5], strict=True)
        )
        self.started, self.missing, self.place_full = (
            np.arange(end - size, end, dtype=np.int64)
            for size, end in zip(sizes[5:], ends[5:], strict=True)
        )
        self.relaxed, self.columns = int(ends[6]), int(ends[7])
        # The column that says whether a row's place starts; `NONE` where it always does.
        started = np.full(len(part.capacity), NONE, dtype=np.int64)
        started[self.optional] = self.started
        self.place_started = started

    def limits(self) -> Int64:
        """The largest value of each column: int64 (columns)."""
        part = self.part
        high = np.ones(self.columns, dtype=np.int64)
        high[self.filled] = part.capacity[self.by_place.key]
        high[self.load] = part.owner_capacity[self.by_owner.key]
        high[self.missing] = part.needed[self.wanting]
        return high

    def linking(self) -> Rows:
        """What ties the columns together, without stability; ``relaxed`` columns."""
        part = self.part
        entries = Entries(self.relaxed)
        for ladder, columns in (
            (self.by_student, self.served),
            (self.by_place, self.filled),
            (self.by_owner, self.load),
        ):
            rows = entries.begin(len(ladder), 0, 0)
            entries.add(rows, columns, 1)
            later = np.flatnonzero(ladder.before != NONE)
            entries.add(rows[later], columns[ladder.before[later]], -1)
            on = np.flatnonzero(ladder.step != NONE)
            entries.add(rows[ladder.step[on]], self.seat[on], -1)
        rows = entries.begin(len(self.owner_full), 0, np.inf)
        entries.add(rows, self.load, 1)
        entries.add(rows, self.owner_full, -part.owner_capacity[self.by_owner.key])
        # A place has nobody unless it starts, and its minimum if it does.
        entries_of = np.flatnonzero(part.may_close[part.place])
        rows = entries.begin(len(entries_of), 0, np.inf)
        entries.add(rows, self.place_started[part.place[entries_of]], 1)
        entries.add(rows, self.seat[entries_of], -1)
        everybody = self.filled[self.by_place.last[self.optional]]
        rows = entries.begin(len(self.optional), 0, np.inf)
        entries.add(rows, self.started, part.capacity[self.optional])
        entries.add(rows, everybody, -1)
        rows = entries.begin(len(self.optional), 0, np.inf)
        entries.add(rows, everybody, 1)
        entries.add(rows, self.started, -part.needed[self.optional])
        needed = part.needed[self.wanting]
        rows = entries.begin(len(self.wanting), needed.astype(np.float64), np.inf)
        entries.add(rows, self.filled[self.by_place.last[self.wanting]], 1)
        entries.add(rows, self.missing, 1)
        return entries.rows()

    @cached_property
    def stability(self) -> Rows:
        """No row blocks: exact for whole numbers, over all columns."""
        part = self.part
        entries = Entries(self.columns)
        step = self.by_place.key[self.roomy]
        rows = entries.begin(len(self.roomy), 0, np.inf)
        entries.add(rows, self.filled[self.roomy], 1)
        entries.add(rows, self.place_full, -part.capacity[step])
        every = np.arange(len(part.student), dtype=np.int64)
        optional = part.may_close[part.place]
        rows = entries.begin(len(every), np.where(optional, 0.0, 1.0), np.inf)
        self._served_or_full(entries, rows, every)
        shared = np.flatnonzero(part.shared[part.place])
        entries.add(rows[shared], self.owner_full[self.by_owner.step[shared]], 1)
        worse = part.worse_here
        counts = np.diff(worse.indptr)
        some = np.flatnonzero(counts)
        rows = entries.begin(len(some), np.where(optional[some], -1.0, 0.0), np.inf)
        self._served_or_full(entries, rows, some)
        entries.add(np.repeat(rows, counts[some]), self.seat[worse.indices], -1)
        return entries.rows()

    def _served_or_full(self, entries: Entries, rows: Int64, choices: Int64) -> None:
        """The terms that both kinds of row have, for these choices."""
        part = self.part
        entries.add(rows, self.served[self.by_student.step[choices]], 1)
        column = np.full(len(self.by_place), NONE, dtype=np.int64)
        column[self.roomy] = self.place_full
        full = column[self.by_place.step[choices]]
        roomy = full != NONE
        entries.add(rows[roomy], full[roomy], 1)
        entries.add(rows[~roomy], self.filled[self.by_place.step[choices[~roomy]]], 1)
        entries.add(rows[~roomy], self.seat[choices[~roomy]], -1)
        optional = np.flatnonzero(part.may_close[part.place[choices]])
        entries.add(rows[optional], self.place_started[part.place[choices[optional]]], -1)

    def point(self, taken: Bool) -> Int64:
        """The values of all columns for an assignment, given by the rows taken: int64 (columns)."""
        part = self.part
        seats = taken.astype(np.float64)
        point = np.zeros(self.columns, dtype=np.int64)
        point[self.seat] = taken
        point[self.served] = self.by_student.sums(seats)
        point[self.filled] = self.by_place.sums(seats)
        point[self.load] = self.by_owner.sums(seats)
        point[self.owner_full] = point[self.load] >= part.owner_capacity[self.by_owner.key]
        load = np.bincount(part.place[taken], minlength=len(part.capacity))
        point[self.started] = load[self.optional] > 0
        point[self.missing] = np.maximum(part.needed - load, 0)[self.wanting]
        roomy = self.by_place.key[self.roomy]
        point[self.place_full] = point[self.filled[self.roomy]] >= part.capacity[roomy]
        return point
