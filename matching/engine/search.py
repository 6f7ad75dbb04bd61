"""Local search over stable assignments: teams complete, more students placed, better ranks.

Ties leave many stable assignments, of different size, and the largest is hard to find (Manlove,
Irving, Iwama, Miyazaki and Morita 2002, "Hard variants of stable marriage", Theoretical Computer
Science 276). Each step disturbs a stable assignment where a tie permits it, or closes or opens a
project with a minimum, lets it become stable again (`board.settle`), and keeps the result if it is
better, or for a while if it is a little worse: threshold accepting, Dueck and Scheuer (1990),
Journal of Computational Physics 90.

The search is bounded by counted effort, not by a clock, so that it gives the same every time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Bool, Int32, Int64, UInt64
from matching.engine.board import (
    AT,
    EFFORT,
    FIRST_ROW,
    FREE,
    HELD,
    HELD_MISSING,
    LEVEL,
    MISSING,
    NO,
    NOBODY,
    OPEN_NEEDED,
    OPEN_SEATS,
    OWNER,
    PER_CENT,
    PLACE,
    RANK,
    RANK_SUM,
    SEATS,
    STEP,
    TOUCHED,
    UNPLACED,
    WHO,
    YES,
    Board,
    draw,
    flip,
    leave,
    set_open,
    set_up,
    settle,
    sit,
    take_back,
    take_seat,
    yields,
)
from matching.engine.contest import Contest
from matching.engine.jit import Number, Truth, kernel
from matching.engine.outcome import UNPLACED as NO_PLACE

# Effort per row at which something can be chosen, up to so many rows. What is larger falls apart
# into regions that hardly touch, and needs less for each row.
EFFORT_PER_OPTION = 1200
SMALL = 2000
# One student more is worth so many ranks, a student whom a team still needs three times that. The
# rest was found by trial on generated instances with few and with many ties.
STUDENT_WORTH, MISSING_WORTH = 20, 60
PHASES = (
    # share of the effort, heat in ranks, per cent of steps that begin with an unplaced student
    (0.65, 8, 30),
    (0.35, 1, 0),
)
CHANCE = np.int64(30)  # per cent of equal claims that a seeker pushes out
FLIPS = np.int64(4)  # per cent of steps that close or open a project
LONGEST_STEP, TWO = np.int64(4000), np.int64(2)
SLICES = 10

# A record: students whom pinned teams miss, students unplaced, sum of ranks.
_RECORD = 3


def _first_luck(lottery: UInt64) -> int:
    """Where the random numbers begin: it follows from all draws, in whatever order they stand."""
    return int(np.bitwise_xor.reduce(lottery, initial=0)) ^ 0x9E3779B97F4A7C15 or 1


@dataclass(frozen=True)
class Found:
    """What the search found: place per student, int32 (n), −1 unplaced; closed places, bool (m)."""

    place: Int32
    closed: Bool


def improved(
    contest: Contest,
    place: Int32,
    closed: Bool,
    place_number: UInt64,
    *,
    patience: float = 1.0,
    progress: Callable[[float], None] = lambda share: None,
) -> Found:
    """Search from a stable assignment, int32 (n), with closed places, bool (m), for a better one.

    Better is, in this order: no open team below its minimum; fewer students missing in teams that
    pins hold open; more students placed; a smaller sum of ranks; fewer at the worst rank, then at
    the next. The result depends on lottery and ids, not on the order of the input.

    ``patience`` multiplies the effort; ``progress`` is told the share of the work that is done,
    from 0 to 1.
    """
    ordered, student, where = contest.reordered(place_number)
    # With one number more at the end, where −1 finds it: unplaced stays unplaced.
    new_place = np.append(np.argsort(where), NO_PLACE)
    b = set_up(ordered, _first_luck(ordered.lottery))
    _seat(b, new_place[place[student]], np.flatnonzero(closed[where]))
    possible = (b.place[:, OPEN_NEEDED] > 0) & (b.place[:, OPEN_NEEDED] <= b.place[:, OPEN_SEATS])
    teams = np.flatnonzero(possible & (b.place[:, HELD] == 0))
    options = _options(b)
    best = np.full(contest.students, -1, dtype=np.int64)
    seats = b.place[:, SEATS].copy()
    if len(options) or len(teams):
        budget = int(patience * _effort(len(options) + 8 * len(teams)))
        seats = _search(b, options, teams, best, budget, progress)
    else:
        best[:] = b.student[:-1, AT]
    found = np.full(contest.students, NO_PLACE, dtype=np.int32)
    sits = best >= 0
    found[student[sits]] = where[b.row[best[sits], PLACE]]
    shut = contest.hopeless.copy()
    shut[where] |= (seats == 0) & (b.place[:, OPEN_NEEDED] > 0) & (b.place[:, HELD] == 0)
    return Found(found, shut)


def _effort(options: int) -> float:
    """How much effort so many options are worth."""
    damped: float = SMALL**0.4 * options**0.6
    return EFFORT_PER_OPTION * min(options, damped)


def _search(
    b: Board,
    options: Int64,
    teams: Int64,
    best: Int64,
    budget: int,
    progress: Callable[[float], None],
) -> Int64:
    """Run the phases; fills ``best`` with rows and returns the seats of each place with it."""
    record = np.array([1, 0, 0], dtype=np.int64) << 40
    best_profile, best_seats = b.profile.copy(), b.place[:, SEATS].copy()
    _note(b, best, record, best_profile, best_seats)
    done = 0.0
    for share, heat, eager in PHASES:
        begin = int(b.tally[EFFORT])
        span = max(1, int(budget * share))
        for part in range(1, SLICES + 1):
            until = begin + span * part // SLICES
            schedule = (begin, span, until, heat, eager)
            anneal(b, options, teams, best, record, best_profile, best_seats, schedule)
            progress(done + share * part / SLICES)
        done += share
        _return_to(b, best, best_seats)
    return best_seats


@kernel
def _seat(b: Board, place: Int64, closed: Int64) -> None:
    """Seat an assignment, place per student, on an empty board, with these places closed."""
    for p in closed:
        set_open(b, p, NO)
    for e in range(len(b.row)):
        if b.row[e, PLACE] == place[b.row[e, WHO]]:
            sit(b, b.row[e, WHO], e)


def _options(b: Board) -> Int64:
    """The rows at which a tie leaves a choice: another student with an equal claim on the owner,
    or another place that the student likes as much."""
    row = b.row[b.claims]
    owner = b.place[row[:, PLACE], OWNER]
    # Equal claims stand together, by student: they are of two students if first and last differ.
    begins = _changes(owner) | _changes(row[:, LEVEL])
    group = np.cumsum(begins) - 1
    ends = np.append(np.flatnonzero(begins)[1:], len(row)) - 1
    rivals = row[begins, WHO] != row[ends[: begins.sum()], WHO]
    choice = np.zeros(len(row), dtype=np.bool_)
    choice[b.claims] = rivals[group]
    tied = ~(_changes(b.row[:, WHO]) | _changes(b.row[:, RANK]))
    choice |= tied
    choice[:-1] |= tied[1:]
    return np.flatnonzero(choice)


def _changes(column: Int64) -> Bool:
    """Where a column differs from the row before; the first row does."""
    changes = np.ones(len(column), dtype=np.bool_)
    changes[1:] = column[1:] != column[:-1]
    return changes


@kernel
def _note(b: Board, best: Int64, record: Int64, best_profile: Int64, best_seats: Int64) -> None:
    """Keep the assignment if it is the best so far."""
    if b.tally[MISSING] > 0:
        return
    order = 0
    now = (b.tally[HELD_MISSING], b.tally[UNPLACED], b.tally[RANK_SUM])
    for i in range(_RECORD):
        if order == 0:
            order = now[i] - record[i]
    rank = len(best_profile) - 1
    while order == 0 and rank > 0:
        order = b.profile[rank] - best_profile[rank]
        rank -= 1
    if order >= 0:
        return
    for i in range(_RECORD):
        record[i] = now[i]
    best_profile[:] = b.profile
    for s in range(len(best)):
        best[s] = b.student[s, AT]
    for p in range(len(best_seats)):
        best_seats[p] = b.place[p, SEATS]


@kernel
def _return_to(b: Board, best: Int64, best_seats: Int64) -> None:
    """Go back to the best assignment."""
    b.tally[STEP] += 1
    b.tally[TOUCHED] = 0
    for s in range(len(best)):
        if b.student[s, AT] >= 0:
            leave(b, s)
    for p in range(len(best_seats)):
        if b.place[p, SEATS] != best_seats[p]:
            flip(b, p)
    take_back(b, FREE, FREE)
    for s in range(len(best)):
        if best[s] >= 0:
            sit(b, s, best[s])


@kernel
def _cost(b: Board) -> Number:
    """What the search minimises, in ranks."""
    missing = b.tally[MISSING] + b.tally[HELD_MISSING]
    unplaced = b.tally[UNPLACED] * STUDENT_WORTH
    cost: Number = missing * MISSING_WORTH + unplaced + b.tally[RANK_SUM]
    return cost


@kernel
def _disturb(b: Board, e: Number) -> Truth:
    """Move the student of the row there, if a free seat or an equal claim permits it and it is no
    step down; false where it does not."""
    s = b.row[e, WHO]
    at = b.student[s, AT]
    if at == e or (at >= 0 and b.row[e, RANK] > b.row[at, RANK]):
        return False
    loser = yields(b, s, e)
    if loser == NOBODY:
        return False
    take_seat(b, s, e, loser, YES)
    return True


@kernel
def _choose(b: Board, options: Int64, eager: Number) -> Number:
    """A row to begin a step with: any with a choice, or one of an unplaced student."""
    if len(options) == 0 or (b.tally[UNPLACED] > 0 and draw(b, PER_CENT) < eager):
        if b.tally[UNPLACED] == 0:
            return -1
        s = b.work[UNPLACED, draw(b, b.tally[UNPLACED])]
        first = b.student[s, FIRST_ROW]
        row: Number = first + draw(b, b.student[s + 1, FIRST_ROW] - first)
    else:
        row = options[draw(b, len(options))]
    return row


@kernel
def _counterpart(b: Board, teams: Int64, flipped: Number) -> Number:
    """Every other time, a project to open where one was closed, or to close where one was opened:
    two that want the same students cannot change places one by one. −1 is none."""
    if draw(b, TWO) == 0:
        return FREE
    p = teams[draw(b, len(teams))]
    same = (b.place[p, SEATS] > 0) == (b.place[flipped, SEATS] > 0)
    return p if same and p != flipped else FREE


@kernel
def anneal(
    b: Board,
    options: Int64,
    teams: Int64,
    best: Int64,
    record: Int64,
    best_profile: Int64,
    best_seats: Int64,
    schedule: tuple[Number, ...],
) -> None:
    """Take steps until the effort of this slice is spent.

    ``schedule``: the effort at which the phase began, how much it has, the effort at which this
    slice ends, the heat in ranks, falling to 0 over the phase, and how eagerly unplaced students
    are tried, in per cent.
    """
    begin, span, until, heat, eager = schedule
    while b.tally[EFFORT] < until:
        b.tally[STEP] += 1
        b.tally[TOUCHED] = 0
        b.tally[EFFORT] += 4
        before = _cost(b)
        flipped: Number = FREE
        other: Number = FREE
        if len(teams) > 0 and draw(b, PER_CENT) < FLIPS:
            flipped = teams[draw(b, len(teams))]
            flip(b, flipped)
            other = _counterpart(b, teams, flipped)
            if other >= 0:
                flip(b, other)
        else:
            e = _choose(b, options, eager)
            if e < 0 or not _disturb(b, e):
                continue
        calm = settle(b, CHANCE, LONGEST_STEP)
        # In 1,024ths of a rank, so that the heat falls evenly.
        left = max(0, begin + span - b.tally[EFFORT])
        allowed = draw(b, 1024 + 1024 * heat * left // span) // 1024
        if not calm or _cost(b) - before > allowed:
            take_back(b, flipped, other)
        else:
            _note(b, best, record, best_profile, best_seats)
