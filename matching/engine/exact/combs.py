"""Inequalities that every stable assignment satisfies, found where a fractional one does not.

Take a place p with c seats, a priority l, and at most c students K with claims up to l on p. If p
is not full with claims up to l, then each student i of K, who is not pushed out of p, is at p or at
a place that i ranks no worse: i sits on its *tooth*. If p is full, c seats are taken on the
*shaft*, the claims on p up to l. Either way

    filled + Σ over K (tooth of i outside p) ≥ |K|                                 (the comb)

With an owner k the students on p's shaft may also be kept out because k is full with claims up to
l; but not those who sit at k at a place that they rank worse than p. So a student of K may count in
either of two ways, and the way that is violated more is taken:

    filled + Σ over K₁ (tooth − 1 + owner_full) − Σ over K₂ (seats at k that i ranks worse) ≥ 0

For an owner k of C seats, with K students at its places, no more at each than it has seats, C in
all: either k is full with claims up to l, or each of its places obeys its own comb. Hence

    load + Σ over K (tooth of i outside its p) ≥ |K|                               (a comb of combs)

Where a minimum may close p, ``started`` stands for the 1 in each term.

Source: Baïou and Balinski (2000), "The stable admissions polytope", Mathematical Programming 87,
427-439: with strict preferences and without owners these combs describe the convex hull of all
stable assignments. With ties they remain valid, as the argument above shows, which uses weak
stability only, and leave a small gap; owners and minimums are added here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Float64, Int64
from matching.engine.exact.polytope import NONE, Entries, Polytope, Rows

# Violations below this are left alone: nothing is gained by them.
LEAST = 1e-3
_IDLE = 1e-9


@dataclass(frozen=True)
class Point:
    """A fractional assignment, and what the combs are made of.

    column  float64 (columns)
    tooth   float64 (E)  the student's seats of the same rank or better, the row's own left out
    worse   float64 (E)  the student's seats at the same owner that the student ranks worse
    started float64 (E)  how far the row's place starts
    kept_out float64 (E) how far its owner is full with claims up to the row's
    """

    column: Float64
    tooth: Float64
    worse: Float64
    started: Float64
    kept_out: Float64

    @classmethod
    def of(cls, polytope: Polytope, column: Float64) -> Point:
        """What belongs to these values of the columns, float64 (relaxed columns)."""
        part = polytope.part
        started = np.ones(len(part.capacity))
        started[polytope.optional] = column[polytope.started]
        kept_out = np.zeros(len(part.student))
        shared = polytope.by_owner.step != NONE
        kept_out[shared] = column[polytope.owner_full[polytope.by_owner.step[shared]]]
        return cls(
            column=column,
            tooth=column[polytope.served[polytope.by_student.step]] - column[polytope.seat],
            worse=part.worse_here @ column[polytope.seat],
            started=started[part.place],
            kept_out=kept_out,
        )


def violated(polytope: Polytope, column: Float64) -> Rows:
    """The most violated comb of each place and priority, and of each owner and priority, at these
    values of the columns, float64 (relaxed columns); no rows where none is violated.

    For each the best K is found at once: its terms are the smallest ones.
    """
    point = Point.of(polytope, column)
    entries = Entries(polytope.relaxed)
    for step in range(len(polytope.by_place)):
        _add_comb(polytope, point, step, entries)
    for step in range(len(polytope.by_owner)):
        _add_owner_comb(polytope, point, step, entries)
    return entries.rows()


def _add_comb(polytope: Polytope, point: Point, step: int, entries: Entries) -> None:
    part = polytope.part
    place = polytope.by_place.key[step]
    seats = part.capacity[place]
    filled = point.column[polytope.filled[step]]
    # Each term is at least −1.
    if filled >= seats - LEAST:
        return
    rows = polytope.by_place.up_to(step)
    owner_full = point.kept_out[rows[-1]]
    outside = point.tooth[rows] + owner_full - point.started[rows]
    inside = 1 - point.started[rows] - point.worse[rows]
    term = np.minimum(outside, inside)
    if len(rows) > seats:
        chosen = np.argpartition(term, seats - 1)[:seats]
        # In one order, whatever the partition made of equal terms.
        chosen = np.sort(chosen)
    else:
        chosen = np.arange(len(rows))
    chosen = chosen[term[chosen] < -_IDLE]
    if filled + term[chosen].sum() > -LEAST:
        return
    by_tooth = rows[chosen[outside[chosen] <= inside[chosen]]]
    by_worse = rows[chosen[outside[chosen] > inside[chosen]]]
    optional = bool(part.may_close[place])
    low = -len(by_worse) if optional else len(by_tooth)
    row = entries.begin(1, float(low), np.inf)
    entries.add(row, polytope.filled[step : step + 1], 1)
    _add_teeth(polytope, by_tooth, row, entries)
    if part.shared[place] and len(by_tooth):
        entries.add(row, polytope.owner_full[polytope.by_owner.step[rows[-1:]]], len(by_tooth))
    if optional:
        entries.add(row, polytope.place_started[[place]], -len(chosen))
    worse = part.worse_here[by_worse].indices
    entries.add(np.repeat(row, len(worse)), polytope.seat[worse], -1)


def _add_owner_comb(polytope: Polytope, point: Point, step: int, entries: Entries) -> None:
    part = polytope.part
    seats = part.owner_capacity[polytope.by_owner.key[step]]
    load = point.column[polytope.load[step]]
    if load >= seats - LEAST:
        return
    rows = polytope.by_owner.up_to(step)
    term = point.tooth[rows] - point.started[rows]
    rows = rows[np.lexsort((term, part.place[rows]))]
    term = point.tooth[rows] - point.started[rows]
    place = part.place[rows]
    first = np.searchsorted(place, place)
    # The best of each place, up to its seats; of these the best of all, up to the owner's.
    allowed = np.flatnonzero(
        (np.arange(len(rows)) - first < part.capacity[place]) & (term < -_IDLE)
    )
    chosen = allowed[np.argsort(term[allowed], kind="stable")[:seats]]
    if load + term[chosen].sum() > -LEAST:
        return
    optional = part.may_close[place[chosen]]
    row = entries.begin(1, float(np.count_nonzero(~optional)), np.inf)
    entries.add(row, polytope.load[step : step + 1], 1)
    _add_teeth(polytope, rows[chosen], row, entries)
    starting = polytope.place_started[place[chosen[optional]]]
    entries.add(np.repeat(row, len(starting)), starting, -1)


def _add_teeth(polytope: Polytope, rows: Int64, row: Int64, entries: Entries) -> None:
    """The teeth of these rows, each without its own seat."""
    repeated = np.repeat(row, len(rows))
    entries.add(repeated, polytope.served[polytope.by_student.step[rows]], 1)
    entries.add(repeated, polytope.seat[rows], -1)
