"""The one way in: a problem and an effort give an outcome."""

from __future__ import annotations

from collections.abc import Callable

from matching.engine.contest import Contest
from matching.engine.outcome import Outcome
from matching.engine.problem import Problem

EFFORTS = ("quick", "standard", "exact")
# How much of the exact effort's progress is the search, which gives it its witness.
SEARCH_SHARE = 0.1


def solve(
    problem: Problem,
    *,
    effort: str = "standard",
    seed: int | None = None,
    progress: Callable[[float], None] = lambda share: None,
) -> Outcome:
    """Divide the places.

    In this order: pins, bans and refusals hold; open projects reach their minimum; no pair blocks;
    most students are placed; the sum of their ranks is smallest; fewest sit at the worst rank,
    then at the next; a lottery decides.

    effort  ``quick``: deferred acceptance with the lottery. Stable, the best stable assignment for
            all students at once under that lottery, and where no project misses its minimum no
            student gains by ranking untruthfully
            ``standard``: then stable improvement cycles and local search, bounded by steps.
            Stable; more students placed, in better ranks, near the optimum. Strategy-proof no more
            ``exact``: then integer programming, which proves how far the optimum is, or reaches
            it: see ``Outcome.bound``
    seed    draws the lottery where the problem has none; what else is random follows from the
            lottery. None counts as 0

    ``progress`` is told the share of the work that is done while it goes on: it never falls, and
    ends at 1. The proof tells it every second; what ``progress`` raises ends all work.

    Raises ValueError for an effort that does not exist, or a seed below 0.
    """
    if effort not in EFFORTS:
        raise ValueError(f"effort {effort!r} does not exist; known: {', '.join(EFFORTS)}")
    if seed is not None and seed < 0:
        raise ValueError(f"seed {seed}: 0 or more expected")
    # Here and not above: who only asks for candidates or reasons never loads a compiler.
    from matching.engine.cycles import traded
    from matching.engine.flow import upper_bound
    from matching.engine.search import improved
    from matching.engine.teams import accepted_with_teams

    contest = Contest.of(problem, seed)
    number = problem.place_number
    place, closed = accepted_with_teams(contest, number)
    bound = upper_bound(problem, contest, place)
    searching = SEARCH_SHARE if effort == "exact" else 1.0
    if effort != "quick":
        place = traded(contest.without(closed), place)
        place = improved(
            contest, place, closed, number, progress=lambda share: progress(searching * share)
        ).place
    if effort == "exact":
        from matching.engine.exact import certified

        pinned = len(problem.pin_student)
        proven = certified(
            contest,
            place,
            bound=bound - pinned,
            progress=lambda share: progress(searching + (1 - searching) * share),
        )
        place, bound = proven.place, proven.bound + pinned
    progress(1.0)
    place = place.copy()
    place[problem.pin_student] = problem.pin_place
    return Outcome.of(problem, place, effort=effort, seed=seed, bound=bound)
