"""The exact effort: the optimum with a proof, or the best that was found and how far it may be off.

1. Leave out the rows that are in no stable assignment (`reduction`).
2. In a process of its own (`child`, `process`), part by part (`part`): settle the goals in their
   order (`stages`), with a relaxation whose bounds are checked in whole numbers (`relaxation`,
   `combs`, `bound`), and branch and bound where it leaves a gap (`branching`).
3. Look at what comes back (`stability`): what is not stable, or no better, is not taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Bool, Int32
from matching.engine.contest import Contest
from matching.engine.exact.child import ask
from matching.engine.exact.reduction import possible_rows
from matching.engine.exact.stability import blocking_rows, closed_places, feasible, merit
from matching.engine.exact.wire import Answer, Question


@dataclass(frozen=True, eq=False)
class Certified:
    """What was found and what was proven.

    place            int32 (n)  place per student, −1 unplaced; never worse than the witness
    bound            at most so many students can be placed in an assignment that leaves as few
                     missing at places held open
    proven           fewest missing at places held open, then most students: ``bound`` is reached
    rank_sum_bound   with so many students the sum of ranks is at least this
    rank_sum_proven  it is this
    profile_proven   and with this sum fewest are at the worst rank, then at the next
    closed           bool (m)   places that do not start
    """

    place: Int32
    bound: int
    proven: bool
    rank_sum_bound: int
    rank_sum_proven: bool
    profile_proven: bool
    closed: Bool


def certified(
    contest: Contest,
    witness: Int32,
    *,
    bound: int | None = None,
    node_limit: int = 2_000,
    seconds: float = 60.0,
    progress: Callable[[float], None] = lambda share: None,
) -> Certified:
    """The best stable assignment of a contest, with proof as far as it goes.

    Best is, in this order: fewest students missing at places that pins hold open; most students
    placed; the smallest sum of ranks; fewest at the worst rank, then at the next.

    witness     int32 (n)  a stable assignment to begin with: the better, the sooner it is done
    bound       at most so many students of the contest can be placed, where that is known
    node_limit  nodes of each search tree, at most: what is found does not depend on the machine
    seconds     unless so much time goes by on the clock; then the answer is what there is
    progress    is told every second the share of the work or the time that has gone, from 0 to 1

    Raises ValueError where the witness is not feasible and stable, or above the bound;
    SolverError where the solver cannot be run.
    """
    if not feasible(contest, witness):
        raise ValueError("witness: not an assignment within lists, seats and minimums")
    blocking = np.flatnonzero(blocking_rows(contest, witness))
    if blocking.size:
        row = int(blocking[0])
        raise ValueError(
            f"witness: not stable; student {contest.student[row]} and place {contest.place[row]} "
            "would rather have each other"
        )
    placed = int(np.count_nonzero(witness >= 0))
    if bound is not None and bound < placed:
        raise ValueError(f"bound: {bound}, but the witness places {placed}")
    rows = np.flatnonzero(possible_rows(contest))
    answer = ask(
        Question(
            student=contest.student[rows],
            place=contest.place[rows],
            rank=contest.rank[rows],
            priority=contest.priority[rows],
            capacity=contest.capacity,
            needed=contest.needed,
            owner=contest.owner,
            owner_capacity=contest.owner_capacity,
            held_open=contest.held_open,
            witness=witness,
            largest=bound == placed,
            node_limit=node_limit,
            seconds=seconds,
        ),
        progress,
    )
    limit = len(np.unique(contest.student)) if bound is None else bound
    return _checked(contest, witness, limit, answer)


def _checked(contest: Contest, witness: Int32, limit: int, answer: Answer | None) -> Certified:
    """What stands of an answer: nothing of one that contradicts itself or the witness."""
    if answer is not None:
        placed = int(np.count_nonzero(answer.place >= 0))
        believed = (
            feasible(contest, answer.place)
            and not np.any(blocking_rows(contest, answer.place))
            and merit(contest, answer.place) <= merit(contest, witness)
            and placed <= min(answer.bound, limit)
        )
        if believed:
            return Certified(
                place=answer.place,
                bound=min(answer.bound, limit),
                proven=answer.proven,
                rank_sum_bound=answer.rank_sum_bound,
                rank_sum_proven=answer.rank_sum_proven,
                profile_proven=answer.profile_proven,
                closed=closed_places(contest, answer.place),
            )
    return Certified(
        place=witness,
        bound=limit,
        proven=False,
        rank_sum_bound=0,
        rank_sum_proven=False,
        profile_proven=False,
        closed=closed_places(contest, witness),
    )
