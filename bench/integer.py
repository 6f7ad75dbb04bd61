"""The standard effort beside a plain integer program: ``python -m bench.integer [--limit 300]``.

The program is the textbook's (Kwanashie and Manlove 2014, "An integer programming approach to the
hospitals/residents problem with ties"; owners as Cooper and Manlove 2018 have them): a variable
for each choice, and for each choice two that say why it does not block. It goes to HiGHS as it is,
without presolve, which has given wrong answers on such programs, and with a limit of time; where
that is not enough, its bound stands for the optimum, which makes our share smaller than it is.
Times are the processor's, of one thread on either side.
"""

from __future__ import annotations

import argparse
import platform
import resource
import time
from typing import Any, Literal, TypeAlias

import highspy
import numpy as np
import numpy.typing as npt
from scipy.sparse import block_array, csr_array, dia_array

from matching.engine import solve, verify
from matching.engine.arrays import Float64
from matching.engine.contest import Contest
from matching.engine.generating import generate

Numbers: TypeAlias = npt.NDArray[Any]

STUDENTS, CHOICES = 5_000, 5
TIES = (0.2, 0.5)
OWNERS = (0, 1_000)


def main() -> None:
    """Compare on instances with few and with many ties, without and with owners."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for HiGHS, each")
    parser.add_argument("--students", type=int, default=STUDENTS)
    asked = parser.parse_args()
    machine = platform.processor() or platform.machine()
    print(f"{machine}, Python {platform.python_version()}, numpy {np.__version__}\n")
    for owners in OWNERS:
        for ties in TIES:
            compare(asked.students, owners * asked.students // STUDENTS, ties, asked.limit)


def compare(students: int, owners: int, ties: float, limit: float) -> None:
    """Print what either way places, and in how much time."""
    problem = generate(
        students, CHOICES, owners=owners, ties=ties, place_ties=ties, regions=2, seed=1
    )
    print(f"{students:,} students with {CHOICES} choices, {owners:,} owners, ties {ties}")
    begin = time.process_time()
    placed, bound = integer_program(Contest.of(problem, 1), limit)
    theirs = time.process_time() - begin
    print(f"  HiGHS     placed {placed:,}, at most {bound:,}, {theirs:.1f} s", flush=True)
    bound = min(bound, solve(problem, effort="exact", seed=1).bound)
    for effort in ("quick", "standard", "exact"):
        solve(problem, effort=effort, seed=1)
        begin = time.process_time() + of_children()
        outcome = solve(problem, effort=effort, seed=1)
        seconds = time.process_time() + of_children() - begin
        if not verify(problem, outcome).ok:
            raise SystemExit("the outcome is wrong, so its figures mean nothing")
        print(
            f"  {effort:<9} placed {outcome.placed:,}: {100 * outcome.placed / bound:.2f} % of "
            f"{bound:,} in {seconds:.2f} s, {100 * seconds / theirs:.2f} % of the time",
            flush=True,
        )


def of_children() -> float:
    """Seconds of processes that have ended: the exact effort works in one of its own."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime


def integer_program(contest: Contest, limit: float) -> tuple[int, int]:
    """Most students in a stable assignment: how many were found, and a bound."""
    choices = len(contest.place)
    matrix, lower = constraints(contest)
    solver = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("presolve", "off"),
        ("threads", 1),
        ("mip_rel_gap", 0.0),
        ("time_limit", limit),
    ):
        solver.setOptionValue(option, value)
    program = highspy.HighsLp()
    program.num_col_, program.num_row_ = 3 * choices, len(lower)
    program.sense_ = highspy.ObjSense.kMaximize
    program.col_cost_ = np.repeat([1.0, 0.0, 0.0], choices)
    program.col_lower_, program.col_upper_ = np.zeros(3 * choices), np.ones(3 * choices)
    program.row_lower_, program.row_upper_ = lower, np.full(len(lower), highspy.kHighsInf)
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_ = matrix.indptr
    program.a_matrix_.index_ = matrix.indices
    program.a_matrix_.value_ = matrix.data
    # The two that say why are whole numbers too: left free, they may share one reason.
    program.integrality_ = [highspy.HighsVarType.kInteger] * (3 * choices)
    solver.passModel(program)
    solver.run()
    found = solver.getInfo()
    placed = round(found.objective_function_value) if found.primal_solution_status else 0
    return placed, int(np.floor(found.mip_dual_bound + 1e-6))


def constraints(contest: Contest) -> tuple[csr_array, Float64]:
    """The program as ``matrix · (taken, full, busy) ≥ lower``, with these three per choice.

    1. Students have one place at most; places and owners have what they can take.
    2. full: the place has as many with claims at least as good as it can take.
    3. busy: so has its owner, and the student has no place of that owner which they like less.
    4. Whoever has none that they like at least as much finds the place full or its owner busy.
    """
    student, place, owner = contest.student, contest.place, contest.owner[contest.place]
    choices = len(place)
    with_owner = student * np.int64(len(contest.owner_capacity)) + owner
    ones, none = np.ones(choices), np.zeros(choices)
    blocks = (
        (-members(student), None, None, -np.ones(contest.students)),
        (-members(place), None, None, -contest.capacity[: place.max() + 1]),
        (-members(owner), None, None, -contest.owner_capacity[: owner.max() + 1]),
        (as_good(place, contest.priority), -diagonal(contest.capacity[place]), None, none),
        (as_good(owner, contest.priority), None, -diagonal(contest.owner_capacity[owner]), none),
        (-better(with_owner, -contest.rank), None, -diagonal(ones), -ones),
        (as_good(student, contest.rank), diagonal(ones), diagonal(ones), ones),
    )
    matrix = block_array([block[:3] for block in blocks], format="csr")
    return matrix, np.concatenate([block[3] for block in blocks]).astype(np.float64)


def diagonal(values: Numbers) -> csr_array:
    """A matrix with these values on its diagonal."""
    return csr_array(dia_array((values[np.newaxis], [0]), shape=(len(values), len(values))))


def members(group: Numbers) -> csr_array:
    """A row per group, with a 1 for each of its choices."""
    choice = np.arange(len(group))
    return csr_array((np.ones(len(group)), (group, choice)), shape=(group.max() + 1, len(group)))


def as_good(group: Numbers, key: Numbers) -> csr_array:
    """A row per choice, with a 1 for each of the same group whose key is as low or lower."""
    return up_to(group, key, "right")


def better(group: Numbers, key: Numbers) -> csr_array:
    """A row per choice, with a 1 for each of the same group whose key is lower."""
    return up_to(group, key, "left")


def up_to(group: Numbers, key: Numbers, side: Literal["left", "right"]) -> csr_array:
    """A row per choice, with a 1 for each choice that stands before it in its group by key."""
    order = np.lexsort((key, group))
    standing = group.astype(np.int64) * 2**32 + key - key.min()
    ordered = standing[order]
    first = np.searchsorted(ordered, group.astype(np.int64) * 2**32)
    count = np.searchsorted(ordered, standing, side=side) - first
    start = np.concatenate([[0], np.cumsum(count)])
    column = np.arange(start[-1]) - np.repeat(start[:-1] - first, count)
    size = (len(group), len(group))
    return csr_array((np.ones(len(column)), order[column], start), shape=size)


if __name__ == "__main__":
    main()
