"""The linear relaxation of a part, made tight by combs: the root of the proof.

1. Solve the linear program, at first without any condition of stability.
2. Add the combs that its solution violates; drop those that have been slack for a while.
3. Until no comb is violated, or the bound no longer falls, or it cannot fall further: go to 1.

The bound of each round is checked in whole numbers (`bound`), so nothing rests on the solver's
tolerances. All limits are counts, none is a clock, but for the last one: the deadline.
"""

from __future__ import annotations

import time

import highspy
import numpy as np
from scipy.sparse import csr_matrix

from matching.engine.arrays import Bool, Float64, Int64
from matching.engine.exact.bound import SCALE, Bound, safe_bound
from matching.engine.exact.combs import violated
from matching.engine.exact.polytope import Polytope, Rows

ROUNDS = 100
# Where so many rounds together bring the bound down by less than this, nothing more is to be had.
PATIENCE, LEAST_GAIN = 6, 0.02
# A comb goes when it has been slack for so many rounds.
AGE = 2
# When a round takes the simplex method so many steps, the program is degenerate: then interior
# points are found sooner, and combs at them cut deeper (Gondzio, González-Brevis and Munari 2013,
# "New developments in the primal-dual column generation technique", European Journal of
# Operational Research 224).
DEGENERATE = 1500
_SLACK_AT_VERTEX, _SLACK_INSIDE = 1e-6, 1e-2


class Relaxation:
    """A linear program over the relaxed columns of a polytope, which grows by combs.

    rows     linking rows, then demands and combs as they came
    age      int64 (rows)  for how many rounds a row has been slack
    stays    bool (rows)   whether it stays whatever its age
    column   float64 (relaxed columns)  the last solution; empty before the first
    """

    def __init__(self, polytope: Polytope, deadline: float) -> None:
        self.polytope = polytope
        self.deadline = deadline
        self.high = polytope.limits()[: polytope.relaxed]
        self.cost = np.zeros(polytope.relaxed, dtype=np.int64)
        self.rows = polytope.linking()
        self.age = np.zeros(len(self.rows), dtype=np.int64)
        self.stays = np.ones(len(self.rows), dtype=np.bool_)
        self.column: Float64 = np.empty(0)
        self.inside = False
        self.solver = quiet_solver()
        self.solver.passModel(linear_program(self.rows, self.high))

    def aim(self, cost: Int64) -> None:
        """From now on the largest ``cost · x`` is sought: int64 (relaxed columns)."""
        self.cost = cost
        columns = np.arange(len(cost), dtype=np.int32)
        self.solver.changeColsCost(len(cost), columns, -cost.astype(np.float64))

    def demand(self, rows: Rows) -> None:
        """From now on these rows hold too."""
        self._append(rows, stays=True)

    def tighten(self, enough: int) -> Bound | None:
        """Add combs; returns the best bound. Stops when no more than ``enough`` can be reached."""
        best: Bound | None = None
        history: list[int] = []
        while len(history) < ROUNDS:
            bound = self._solve()
            if bound is None:
                break
            best = bound if best is None or bound.scaled < best.scaled else best
            history.append(best.scaled)
            if best.value <= enough or _stalled(history):
                break
            found = violated(self.polytope, self.column)
            if not len(found):
                break
            steps = self.solver.getInfo().simplex_iteration_count
            self._drop_slack()
            self._append(found, stays=False)
            if steps > DEGENERATE and len(history) > 1:
                self._go_inside()
        return best

    def whole(self) -> Bool | None:
        """The rows that are taken in the last solution, bool (E), if all its seats are whole."""
        if not len(self.column):
            return None
        seats = self.column[self.polytope.seat]
        taken = seats > 0.5
        return taken if np.all(np.abs(seats - taken) < _SLACK_AT_VERTEX) else None

    def _solve(self) -> Bound | None:
        """Solve what there is now; None where there is no solution, for want of time or numbers."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            return None
        # The solver counts the time of all its runs together.
        self.solver.setOptionValue("time_limit", self.solver.getRunTime() + left)
        self.solver.run()
        solution = self.solver.getSolution()
        column, dual = np.asarray(solution.col_value), -np.asarray(solution.row_dual)
        if len(column) != len(self.high) or len(dual) != len(self.rows):
            return None
        self.column = column
        return safe_bound(self.rows, self.high, self.cost, dual)

    def _go_inside(self) -> None:
        self.inside = True
        self.solver.setOptionValue("solver", "ipm")
        self.solver.setOptionValue("run_crossover", "off")

    def _drop_slack(self) -> None:
        """Drop rows that have been slack for long."""
        value = self.rows.matrix @ self.column
        slack = value - self.rows.low > (_SLACK_INSIDE if self.inside else _SLACK_AT_VERTEX)
        self.age = np.where(slack, self.age + 1, 0)
        old = (self.age >= AGE) & ~self.stays
        if np.any(old):
            gone = np.flatnonzero(old).astype(np.int32)
            self.solver.deleteRows(len(gone), gone)
            self.rows = self.rows.only(~old)
            self.age, self.stays = self.age[~old], self.stays[~old]

    def _append(self, rows: Rows, *, stays: bool) -> None:
        self.rows = self.rows.and_also(rows)
        self.age = np.append(self.age, np.zeros(len(rows), dtype=np.int64))
        self.stays = np.append(self.stays, np.full(len(rows), stays))
        matrix = rows.matrix
        self.solver.addRows(
            len(rows),
            rows.low,
            rows.high,
            matrix.nnz,
            matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
        )


def _stalled(history: list[int]) -> bool:
    return len(history) > PATIENCE and history[-1 - PATIENCE] - history[-1] < LEAST_GAIN * SCALE


def quiet_solver() -> highspy.Highs:
    """A solver that prints nothing, on one thread, from one seed: the same on every run."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 1)
    return solver


def linear_program(rows: Rows, high: Int64) -> highspy.HighsLp:
    """The program with these rows, and columns from 0 to ``high``, int64 (columns)."""
    matrix: csr_matrix = rows.matrix
    program = highspy.HighsLp()
    program.num_col_ = len(high)
    program.num_row_ = len(rows)
    program.col_cost_ = np.zeros(len(high))
    program.col_lower_ = np.zeros(len(high))
    program.col_upper_ = high.astype(np.float64)
    program.row_lower_ = rows.low
    program.row_upper_ = rows.high
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = matrix.indptr
    program.a_matrix_.index_ = matrix.indices
    program.a_matrix_.value_ = matrix.data
    return program
