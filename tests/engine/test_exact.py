"""The exact effort gives the optimum, proves it, and believes no solver on its word."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from matching.engine import Outcome, Problem, verify
from matching.engine.arrays import Int32
from matching.engine.contest import Contest
from matching.engine.exact import Certified, certificate, certified, child
from matching.engine.exact.process import answers
from matching.engine.exact.stability import blocking_rows, closed_places, feasible, merit
from matching.engine.exact.wire import Answer, Question, packed
from matching.engine.generating import generate
from matching.engine.teams import accepted_with_teams
from tests.engine.exactly import Trial, ask_here, question, trial, trials

Ask = Callable[[Question], Answer | None]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[[Ask], None]:
    """Put something in the place of the process."""

    def instead(other: Ask) -> None:
        monkeypatch.setattr(certificate, "ask", lambda question, progress: other(question))

    return instead


def worst(one: Trial) -> Int32:
    return one.place(max(one.stable, key=one.tastes.worth))


def quick(problem: Problem) -> tuple[Contest, Int32]:
    contest = Contest.of(problem, None)
    return contest, accepted_with_teams(contest, problem.place_number)[0]


# --- the optimum -------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(0, 1000, 250))
def test_it_finds_and_proves_the_best_of_all_stable_assignments(
    first: int, ask: Callable[[Ask], None]
) -> None:
    """Fewest missing, most students, smallest sum of ranks, fairest: from the worst to begin
    with."""
    ask(ask_here)
    for one in trials(first, first + 250):
        found = certified(one.contest, worst(one))
        assignment = one.assignment(found.place)
        assert assignment in one.stable
        assert one.tastes.worth(assignment) == min(map(one.tastes.worth, one.stable))
        assert found.proven
        assert found.rank_sum_proven
        assert found.profile_proven
        assert found.bound == np.count_nonzero(found.place >= 0)
        rank = one.contest.rank[one.contest.place == found.place[one.contest.student]]
        assert found.rank_sum_bound == rank.sum()


def test_a_known_bound_leads_to_the_same(ask: Callable[[Ask], None]) -> None:
    ask(ask_here)
    for one in trials(2000, 2150):
        most = max(int(np.count_nonzero(one.place(each) >= 0)) for each in one.stable)
        found = certified(one.contest, worst(one), bound=most)
        best = min(map(one.tastes.worth, one.stable))
        assert one.tastes.worth(one.assignment(found.place)) == best
        assert found.rank_sum_proven


def test_the_same_question_gets_the_same_answer_and_the_checker_is_content() -> None:
    problem = generate(500, 5, owners=80, ties=0.3, place_ties=0.3, minimums=0.2, regions=2, seed=1)
    contest, witness = quick(problem)
    first, again = certified(contest, witness), certified(contest, witness)
    assert first.rank_sum_proven
    assert merit(contest, first.place) < merit(contest, witness)
    assert np.array_equal(first.place, again.place)
    verdict = verify(problem, Outcome.of(problem, first.place, effort="exact", bound=first.bound))
    assert verdict.ok
    assert np.array_equal(first.closed, closed_places(contest, first.place))


def test_where_nobody_asks_nothing_is_open() -> None:
    contest, witness = quick(Problem.of({"a": [], "b": []}, {"p": 1}))
    found = certified(contest, witness)
    assert found.profile_proven
    assert found.bound == 0


def test_ranks_far_apart_are_not_too_heavy_for_the_solver(ask: Callable[[Ask], None]) -> None:
    """A student is worth more than all ranks together, also where a rank is 100,000."""
    ask(ask_here)
    for one in trials(3000, 3060):
        if not len(one.contest.rank):
            continue
        stretched = replace(one.contest, rank=(one.contest.rank - 1) * 49_000 + 1)
        found = certified(stretched, worst(one))
        values = [merit(stretched, one.place(each)) for each in one.stable]
        assert merit(stretched, found.place) == min(values)
        assert found.rank_sum_proven


# --- nothing is believed -----------------------------------------------------------------------


def honest(contest: Contest, place: Int32) -> Answer:
    return Answer(
        place=place,
        bound=int(np.count_nonzero(place >= 0)),
        proven=True,
        rank_sum_bound=0,
        rank_sum_proven=True,
        profile_proven=True,
        share=1.0,
    )


def gap() -> tuple[Trial, Int32, Int32]:
    """An instance with a stable assignment that is worse than another, and both."""
    for one in trials(0, 200):
        best, bad = one.place(min(one.stable, key=one.tastes.worth)), worst(one)
        if np.count_nonzero(best >= 0) > np.count_nonzero(bad >= 0) > 0:
            return one, best, bad
    raise AssertionError("no such instance")


def refused(found: Certified, witness: Int32) -> bool:
    return np.array_equal(found.place, witness) and not (found.proven or found.rank_sum_proven)


def test_an_answer_is_taken_if_it_is_what_it_says(ask: Callable[[Ask], None]) -> None:
    one, best, bad = gap()
    ask(lambda asked: honest(one.contest, best))
    found = certified(one.contest, bad)
    assert np.array_equal(found.place, best)
    assert found.proven


def test_an_unstable_answer_is_refused(ask: Callable[[Ask], None]) -> None:
    one, best, _ = gap()
    emptied = best.copy()
    emptied[np.flatnonzero(best >= 0)[0]] = -1
    assert np.any(blocking_rows(one.contest, emptied))
    ask(lambda asked: honest(one.contest, emptied))
    assert refused(certified(one.contest, best), best)


def test_an_answer_that_is_no_assignment_is_refused(ask: Callable[[Ask], None]) -> None:
    one, best, _ = gap()
    ask(lambda asked: honest(one.contest, np.zeros_like(best)))
    assert not feasible(one.contest, np.zeros_like(best))
    assert refused(certified(one.contest, best), best)


def test_an_answer_worse_than_the_witness_is_refused(ask: Callable[[Ask], None]) -> None:
    one, best, bad = gap()
    ask(lambda asked: honest(one.contest, bad))
    assert refused(certified(one.contest, best), best)


def test_a_bound_below_what_was_found_is_refused(ask: Callable[[Ask], None]) -> None:
    one, best, _ = gap()
    lie = replace(honest(one.contest, best), bound=int(np.count_nonzero(best >= 0)) - 1)
    ask(lambda asked: lie)
    found = certified(one.contest, best)
    assert refused(found, best)
    assert found.bound >= np.count_nonzero(best >= 0)


def test_without_an_answer_the_witness_stands(ask: Callable[[Ask], None]) -> None:
    one, _, bad = gap()
    ask(lambda asked: None)
    found = certified(one.contest, bad, bound=6)
    assert refused(found, bad)
    assert found.bound == 6


def test_a_witness_must_be_stable(ask: Callable[[Ask], None]) -> None:
    one, best, _ = gap()
    unplaced = np.full_like(best, -1)
    with pytest.raises(ValueError, match=r"witness: not stable; student \d+ and place \d+"):
        certified(one.contest, unplaced)
    with pytest.raises(ValueError, match="witness: not an assignment"):
        certified(one.contest, np.full_like(best, 77))
    with pytest.raises(ValueError, match="bound: 0"):
        certified(one.contest, best, bound=0)


# --- how far it is -----------------------------------------------------------------------------


def several_parts() -> tuple[Contest, Int32]:
    """A contest whose parts are too large to be packed together."""
    return quick(generate(1200, 5, ties=0.2, place_ties=0.5, regions=8, seed=2))


def test_the_share_grows_with_the_parts_and_reaches_the_whole() -> None:
    contest, witness = several_parts()
    asked = question(contest, witness)
    shares = [one.share for one in answers(asked, time.monotonic() + 100)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len(set(shares)) > 2


def test_the_share_comes_along_while_the_solver_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "BETWEEN_REPORTS", 0.02)
    contest, witness = several_parts()
    shares: list[float] = []
    found = certified(contest, witness, progress=shares.append)
    assert found.proven
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    assert shares[-1] == 1.0
    assert len(set(shares)) > 3


def test_a_solver_that_says_nothing_is_still_reported_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a run that grinds on one part would lose its lease. What the report raises, when
    the lease is lost all the same, ends the process."""
    silent = (sys.executable, "-c", "import signal; signal.pause()")
    monkeypatch.setattr(child, "COMMAND", silent)
    monkeypatch.setattr(child, "BETWEEN_REPORTS", 0.02)
    shares: list[float] = []
    processes: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def noted(*arguments: Any, **more: Any) -> subprocess.Popen[bytes]:
        processes.append(start(*arguments, **more))
        return processes[-1]

    def enough(share: float) -> None:
        shares.append(share)
        if len(shares) == 5:
            raise InterruptedError

    monkeypatch.setattr(subprocess, "Popen", noted)
    with pytest.raises(InterruptedError):
        certified(*quick(generate(30, 3, place_ties=0.5, seed=1)), progress=enough)
    assert shares == sorted(shares)
    assert shares[0] > 0
    assert [process.poll() for process in processes] == [-signal.SIGKILL]


# A process that reads nothing before it is told to go, and then does its work.
LATE = """
import pathlib, runpy, sys, time
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
sys.argv = sys.argv[:1]
runpy.run_module("matching.engine.exact.process", run_name="__main__")
"""


def test_a_process_that_starts_late_gets_the_whole_question(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also what no pipe would hold: a process that waits for the rest would never answer."""
    go = tmp_path / "go"
    monkeypatch.setattr(child, "COMMAND", (sys.executable, "-c", LATE, str(go)))
    monkeypatch.setattr(child, "BETWEEN_REPORTS", 0.02)
    contest, witness = quick(generate(8_000, 5, seed=3))
    assert len(packed(question(contest, witness))) > 100_000
    found = certified(contest, witness, seconds=60, progress=lambda share: go.touch())
    assert found.proven


# --- the definitions ---------------------------------------------------------------------------


def test_feasible_blocking_and_merit_are_those_of_the_definitions() -> None:
    for one in trials(5000, 5060):
        for assignment in one.tastes.assignments():
            place = one.place(assignment)
            complete = one.tastes.teams_complete(assignment)
            assert feasible(one.contest, place) == complete
            if not complete:
                continue
            rows = np.flatnonzero(blocking_rows(one.contest, place))
            names = list(one.instance.choices)
            ids = one.problem.place_ids or ()
            found = {(names[one.contest.student[e]], ids[one.contest.place[e]]) for e in rows}
            assert found == one.tastes.blocking_pairs(assignment, strict=False)


def test_merit_orders_as_the_objective_does() -> None:
    for one in trials(5000, 5100):
        by_merit = sorted(one.stable, key=lambda each: merit(one.contest, one.place(each)))
        worth = [one.tastes.worth(each) for each in by_merit]
        assert worth == sorted(worth)


def test_trials_hold_what_they_should() -> None:
    """Otherwise the comparisons above could be idle."""
    several = list(trials(0, 300))
    assert sum(len(one.stable) > 1 for one in several) > 100
    assert any(one.tastes.worth(each)[0] > 0 for one in several for each in one.stable)
    assert any(np.any(one.contest.needed > 0) for one in several)
    assert any(np.any(one.contest.held_open) for one in several)
    assert any(one.instance.owners for one in several)
    assert trial(7).instance == trial(7).instance
