"""The board: whatever is done to it, its counts are those of a recount, what is taken back is as it
was, and when all is settled nobody blocks."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import Outcome, Problem, verify
from matching.engine import board as rules
from matching.engine.arrays import Int64
from matching.engine.board import Board, flip, seek, set_up, settle, take_back, take_seat, yields
from matching.engine.contest import Contest
from tests.engine.instances import few, markets, random_market, random_problem

CHANCE, PATIENCE = np.int64(30), np.int64(10**9)


def begun(problem: Problem) -> tuple[Contest, Board]:
    """A board on which everybody has asked."""
    contest = Contest.of(problem, None)
    b = set_up(contest, 12345)
    for s in np.flatnonzero(np.diff(contest.start)):
        seek(b, s)
    for p in np.flatnonzero(contest.hopeless):
        rules.set_open(b, p, rules.NO)
    assert settle(b, CHANCE, PATIENCE)
    return contest, b


def placed(b: Board) -> Int64:
    """Where each student sits, −1 for nowhere."""
    at = b.student[:-1, rules.AT]
    return np.where(at >= 0, b.row[np.maximum(at, 0), rules.PLACE] if len(b.row) else -1, -1)


def recounted(contest: Contest, b: Board) -> None:
    """Every count by a slower way."""
    place, at = placed(b), b.student[:-1, rules.AT]
    sits = at >= 0
    rank = b.row[at[sits], rules.RANK]
    asks = np.diff(contest.start) > 0
    taken = np.bincount(place[sits], minlength=contest.places)
    assert b.place[:, rules.TAKEN].tolist() == taken.tolist()
    assert np.all(taken <= b.place[:, rules.SEATS])
    load = np.bincount(contest.owner[place[sits]], minlength=len(contest.owner_capacity))
    assert b.owner[:-1, rules.LOAD].tolist() == load.tolist()
    assert np.all(load <= contest.owner_capacity)
    assert b.tally[rules.RANK_SUM] == rank.sum()
    assert b.profile.tolist() == np.bincount(rank, minlength=len(b.profile)).tolist()
    unplaced = np.flatnonzero(asks & ~sits)
    assert sorted(b.work[rules.UNPLACED, : b.tally[rules.UNPLACED]]) == unplaced.tolist()
    missing = np.maximum(b.place[:, rules.NEEDED] - taken, 0)
    held = b.place[:, rules.HELD] > 0
    assert b.tally[rules.MISSING] == missing[~held].sum()
    assert b.tally[rules.HELD_MISSING] == missing[held].sum()
    for p in range(contest.places):
        first = b.place[p, rules.FIRST_SEAT]
        there = b.seat[first : first + taken[p]]
        assert sorted(there) == np.flatnonzero(place == p).tolist()
        assert b.student[there, rules.POSITION].tolist() == list(range(len(there)))


def nobody_blocks(problem: Problem, contest: Contest, b: Board) -> None:
    place = placed(b).astype(np.int32)
    place[problem.pin_student] = problem.pin_place
    shut = (b.place[:, rules.SEATS] == 0) & (contest.needed > 0) & ~contest.held_open
    closed = tuple(np.flatnonzero(shut).tolist())
    outcome = Outcome.of(problem, place, effort="by hand")
    assert verify(problem, dataclasses.replace(outcome, closed=closed)).blocking_pairs == ()


def teams(contest: Contest, b: Board) -> Int64:
    needed, seats = b.place[:, rules.OPEN_NEEDED], b.place[:, rules.OPEN_SEATS]
    return np.flatnonzero((needed > 0) & (needed <= seats) & ~contest.held_open)


def disturbed(contest: Contest, b: Board, rng: random.Random) -> list[int]:
    """One step, not yet settled; returns two places that were closed or opened, or −1."""
    b.tally[rules.STEP] += 1
    b.tally[rules.TOUCHED] = 0
    projects = teams(contest, b)
    if len(projects) and (rng.random() < 0.3 or not len(b.row)):
        some = rng.sample(projects.tolist(), rng.randint(1, min(2, len(projects))))
        for p in some:
            flip(b, np.int64(p))
        return [*some, -1][:2]
    if len(b.row):
        e = rng.randrange(len(b.row))
        s = b.row[e, rules.WHO]
        at = b.student[s, rules.AT]
        if at != e and (at < 0 or b.row[e, rules.RANK] <= b.row[at, rules.RANK]):
            loser = yields(b, s, e)
            if loser != rules.NOBODY:
                take_seat(b, s, e, loser, rules.YES)
    return [-1, -1]


def state(b: Board) -> tuple[list[object], ...]:
    """All that a step back must restore; the order of seats and of the unplaced plays no part."""
    return (
        b.student[:-1, rules.AT].tolist(),
        b.place.tolist(),
        b.owner.tolist(),
        b.profile.tolist(),
        b.tally[rules.UNPLACED : rules.STEP].tolist(),
        b.student[:, rules.SEEKS].tolist(),
    )


@few
@given(markets(students=8, places=5), st.integers(0, 2**32))
def test_any_steps_keep_the_counts_and_end_in_peace(market: object, seed: int) -> None:
    walk(market.problem(), random.Random(seed), 12)  # type: ignore[attr-defined]


@pytest.mark.parametrize("owners", [0, 5])
def test_many_steps_on_a_larger_board(owners: int) -> None:
    problem = random_problem(owners, n=80, m=16, choices=5, owners=owners)
    walk(problem, random.Random(1), 60)


def walk(problem: Problem, rng: random.Random, steps: int) -> None:
    contest, b = begun(problem)
    recounted(contest, b)
    nobody_blocks(problem, contest, b)
    for _ in range(steps):
        before = state(b)
        flipped = disturbed(contest, b, rng)
        # Some steps are cut short, as where a path to stability is too long.
        calm = settle(b, CHANCE, PATIENCE if rng.random() < 0.8 else np.int64(rng.randint(0, 30)))
        if not calm or rng.random() < 0.3:
            take_back(b, np.int64(flipped[0]), np.int64(flipped[1]))
            assert state(b) == before
        recounted(contest, b)
        nobody_blocks(problem, contest, b)
        assert b.tally[rules.SEEKERS] == b.tally[rules.VACANCIES] == 0


def test_the_walk_takes_every_kind_of_step() -> None:
    """Otherwise the walks above would prove little."""
    seen = set()
    for seed in range(30):
        rng = random.Random(seed)
        contest, b = begun(random_market(rng, 8, 5).problem())
        for _ in range(12):
            before, taken = placed(b).tolist(), b.place[:, rules.SEATS].copy()
            flipped = disturbed(contest, b, rng)
            if flipped[0] >= 0:
                seen |= {"closed" if taken[p] else "opened" for p in flipped if p >= 0}
            elif placed(b).tolist() != before:
                seen.add("pushed out" if b.tally[rules.TOUCHED] > 1 else "moved")
            settle(b, CHANCE, PATIENCE)
    assert seen == {"closed", "opened", "moved", "pushed out"}


def test_an_equal_claim_moves_once_in_a_step() -> None:
    """Three with equal claims on one seat would otherwise push each other out for ever."""
    problem = Problem.of({"a": [["p"]], "b": [["p"]], "c": [["p"]]}, {"p": 1})
    _, b = begun(problem)
    for _ in range(20):
        b.tally[rules.STEP] += 1
        b.tally[rules.TOUCHED] = 0
        s = int(np.flatnonzero(placed(b) < 0)[0])
        take_seat(b, np.int64(s), np.int64(s), yields(b, np.int64(s), np.int64(s)), rules.YES)
        assert settle(b, np.int64(100), np.int64(1000))
        assert np.count_nonzero(placed(b) == 0) == 1


def test_a_draw_is_the_upper_half_of_what_the_generator_gives() -> None:
    """Xorshift64*, in whole numbers of Python."""
    state = 0x9E3779B97F4A7C15
    b = set_up(Contest.of(Problem.of({}, {}), None), state)
    for _ in range(300):
        state ^= state >> 12
        state ^= state << 25 & 2**64 - 1
        state ^= state >> 27
        upper = (state * 0x2545F4914F6CDD1D & 2**64 - 1) >> 33
        assert rules.draw(b, np.int64(2**31)) == upper


def test_draws_are_even_and_repeat() -> None:
    _, b = begun(Problem.of({}, {}))
    _, same = begun(Problem.of({}, {}))
    drawn = [rules.draw(b, np.int64(6)) for _ in range(6000)]
    assert drawn == [rules.draw(same, np.int64(6)) for _ in range(6000)]
    # Expected 1,000 of each, with a standard deviation of about 29.
    assert all(abs(drawn.count(face) - 1000) < 150 for face in range(6))


def test_levels_have_no_gaps_and_follow_the_owner() -> None:
    problem = Problem.of(
        {"a": [["p"], ["q"]], "b": [["q"], ["r"]], "c": [["p"], ["r"]]},
        {"p": 1, "q": 1, "r": 1},
        owners={"p": "k", "q": "k"},
        owner_capacity={"k": 1},
        rankings={"k": [["b"], ["a", "c"]], "r": [["c"], ["b"]]},
    )
    b = set_up(Contest.of(problem, None), 1)
    assert b.row[:, rules.LEVEL].tolist() == [1, 1, 0, 1, 1, 0]
