"""Branch and bound, where the relaxation leaves a gap: the integer program, handed to HiGHS.

Columns that the root bound rules out are fixed first: in a better assignment than the one at hand
they cannot be otherwise. The assignment at hand goes along, so that only better ones are sought.

HiGHS is not believed blindly. Its presolve has called wrong optima on such programs, so it is off,
and with it all that would use it halfway (restarts). What is found is checked as an assignment; a
bound below what is at hand is refused, and the program solved once more along another path.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import highspy
import numpy as np

from matching.engine.arrays import Bool, Int64
from matching.engine.exact.bound import SCALE, Bound
from matching.engine.exact.polytope import Polytope, Rows
from matching.engine.exact.relaxation import linear_program, quiet_solver

# Another seed is another path through the tree.
SEEDS = (1, 2)
# A bound a little below a whole number means that number.
_ROUNDING = 1e-4


@dataclass(frozen=True)
class Found:
    """What the search came to.

    taken  bool (E)  the best assignment, which may be the one it began with
    bound  so much can be reached at most
    """

    taken: Bool
    bound: int


def branch(
    polytope: Polytope,
    rows: Rows,
    cost: Int64,
    root: Bound,
    taken: Bool,
    *,
    node_limit: int,
    deadline: float,
) -> Found:
    """Look for an assignment worth more than the one at hand, bool (E), or prove there is none.

    rows   all that holds, over the relaxed columns: linking rows, demands, and combs
    cost   int64 (relaxed columns)  what each is worth
    root   the bound of the relaxation
    """
    low, high = _fixed(polytope, root, _worth(polytope, cost, taken), taken)
    for seed in SEEDS:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        solver = quiet_solver()
        solver.setOptionValue("random_seed", seed)
        solver.setOptionValue("presolve", "off")
        solver.setOptionValue("mip_allow_restart", False)
        solver.setOptionValue("mip_rel_gap", 0.0)
        # Only whole values occur: what is less than one above is not above.
        solver.setOptionValue("mip_abs_gap", 0.9)
        solver.setOptionValue("mip_max_nodes", node_limit)
        solver.setOptionValue("time_limit", left)
        found = _solve(solver, polytope, rows, cost, low, high, taken)
        if found is not None:
            return Found(found.taken, min(found.bound, root.value))
    return Found(taken, root.value)


def _fixed(polytope: Polytope, root: Bound, at_hand: int, taken: Bool) -> tuple[Int64, Int64]:
    """The limits of all columns, with those of seats narrowed to what is better or at hand."""
    low = np.zeros(polytope.columns, dtype=np.int64)
    high = polytope.limits()
    reduced = root.reduced[polytope.seat]
    room = root.scaled - (at_hand + 1) * SCALE
    high[polytope.seat[(-reduced > room) & ~taken]] = 0
    low[polytope.seat[(reduced > room) & taken]] = 1
    return low, high


def _solve(
    solver: highspy.Highs,
    polytope: Polytope,
    rows: Rows,
    cost: Int64,
    low: Int64,
    high: Int64,
    taken: Bool,
) -> Found | None:
    """Run the solver; None where what it says cannot be."""
    program = linear_program(rows.wider(polytope.columns).and_also(polytope.stability), high)
    program.col_lower_ = low.astype(np.float64)
    program.col_cost_ = -np.append(cost, np.zeros(polytope.columns - len(cost))).astype(np.float64)
    program.integrality_ = [highspy.HighsVarType.kInteger] * polytope.columns
    solver.passModel(program)
    start = highspy.HighsSolution()
    start.col_value = polytope.point(taken).astype(np.float64).tolist()
    solver.setSolution(start)
    solver.run()
    value = -float(solver.getInfo().mip_dual_bound)
    if not np.isfinite(value):
        return None
    bound = int(np.floor(value + _ROUNDING))
    column = np.asarray(solver.getSolution().col_value)
    if len(column) == polytope.columns:
        candidate: Bool = column[polytope.seat] > 0.5
        better = _worth(polytope, cost, candidate) > _worth(polytope, cost, taken)
        if better and holds(polytope, rows, candidate):
            taken = candidate
    return None if bound < _worth(polytope, cost, taken) else Found(taken, bound)


def _worth(polytope: Polytope, cost: Int64, taken: Bool) -> int:
    return int(cost @ polytope.point(taken)[: len(cost)])


def holds(polytope: Polytope, rows: Rows, taken: Bool) -> bool:
    """Whether an assignment, bool (E), is stable and satisfies rows over the relaxed columns.

    In whole numbers: no tolerance plays a part.
    """
    point = polytope.point(taken)
    if np.any(point > polytope.limits()):
        return False
    relaxed = rows.matrix @ point[: polytope.relaxed]
    stable = polytope.stability.matrix @ point
    return bool(
        np.all((relaxed >= rows.low) & (relaxed <= rows.high))
        and np.all(stable >= polytope.stability.low)
    )
