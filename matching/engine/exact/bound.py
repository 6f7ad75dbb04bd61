"""A bound that is certain: rounding errors of the solver cannot make it too good.

For any multipliers λ of the rows, with the sign that their limits demand,

    cost · x ≤ Σ λ_i limit_i + Σ_j max(0, cost_j − (λ A)_j) high_j      for all low ≤ A x ≤ high,
                                                                        0 ≤ x_j ≤ high_j

The solver's dual values are near the best multipliers; they are rounded to a grid, and then all is
reckoned in whole numbers. Whatever the solver did, the result is a proof that anyone can check.

Source: Neumaier and Shcherbina (2004), "Safe bounds in linear and mixed-integer linear
programming", Mathematical Programming 99, 283-296; whole numbers in place of directed rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Float64, Int64
from matching.engine.exact.polytope import Rows

# The grid of the multipliers, and the largest of them.
SCALE = 2**20
_LARGEST = 2**18 * SCALE
# Sums beyond this might leave 64 bits.
_SAFE = 2.0**62


@dataclass(frozen=True)
class Bound:
    """At most ``scaled / SCALE`` can be reached.

    reduced  int64 (columns)  by how much the bound falls, in the same scale, with each step of a
             column up from 0 where it is below 0, down from the largest value where above
    """

    scaled: int
    reduced: Int64

    @property
    def value(self) -> int:
        """The largest whole number that can be reached."""
        return self.scaled // SCALE


def safe_bound(rows: Rows, high: Int64, cost: Int64, dual: Float64) -> Bound | None:
    """A bound on the largest ``cost · x``, by multipliers near ``dual``, float64 (rows).

    high, cost  int64 (columns)  largest values, and what each is worth

    None where the numbers are too large to be sure.
    """
    grid = np.clip(np.rint(np.nan_to_num(dual) * SCALE), -_LARGEST, _LARGEST)
    multiplier = grid.astype(np.int64)
    # A limit that is not there can prove nothing.
    multiplier[(multiplier > 0) & np.isinf(rows.high)] = 0
    multiplier[(multiplier < 0) & np.isinf(rows.low)] = 0
    limit = np.where(multiplier > 0, rows.high, rows.low)
    limit[multiplier == 0] = 0
    whole = rows.matrix.astype(np.int64)
    reduced = cost * SCALE - whole.T @ multiplier
    rising = np.maximum(reduced, 0)
    if np.abs(grid) @ np.abs(limit) + rising.astype(np.float64) @ high > _SAFE:
        return None
    return Bound(int(multiplier @ limit.astype(np.int64)) + int(rising @ high), reduced)
