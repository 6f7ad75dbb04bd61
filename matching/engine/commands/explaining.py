"""``explain``: codes and figures, in plain English."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from matching.engine.arrays import ProblemError
from matching.engine.commands.streams import answer_line, read_claims, read_problem
from matching.engine.explanation import Change, Code, Explanation, explain, standings
from matching.engine.formats.tree import quoted
from matching.engine.formats.writing import indices
from matching.engine.outcome import UNPLACED, Outcome
from matching.engine.problem import NO_OWNER, Problem

# What is said of a pair; {owner} is whoever decides over the place.
SENTENCES = {
    Code.PLACED_HERE: "{student} is at {place}",
    Code.PINNED_HERE: "{student} is at {place}: a pin has fixed it beforehand",
    Code.PINNED_ELSEWHERE: "{student} is not at {place}: a pin has fixed another place beforehand",
    Code.NOT_ELIGIBLE: "{student} is not at {place}: a hard rule forbids it",
    Code.BANNED: "{student} is not at {place}: the pair is banned",
    Code.NOT_ACCEPTED: "{student} is not at {place}: the ranking of {owner} leaves them out",
    Code.NOT_RANKED: "{student} is not at {place}: they did not ask for it",
    Code.PREFERRED_ANOTHER: (
        "{student} is not at {place}: they have {own}, which they like at least as well"
    ),
    Code.CLOSED: "{student} is not at {place}: it does not start, as too few would come",
    Code.NO_OPENINGS: "{student} is not at {place}: it has no seat to divide",
    Code.FULL_BETTER_CLAIMS: (
        "{student} is not at {place}: it is full, with students whose claim is better"
    ),
    Code.FULL_EQUAL_CLAIMS: (
        "{student} is not at {place}: it is full, with students whose claim is as good or better"
    ),
    Code.FULL_LOTTERY: (
        "{student} is not at {place}: it is full, and equal claims were drawn by lottery"
    ),
    Code.OWNER_FULL: (
        "{student} is not at {place}: it has a seat left, but {owner} takes nobody more"
    ),
    Code.BLOCKING: (
        "{student} is not at {place}, although the two would rather have each other: "
        "the outcome is not stable"
    ),
}
CHANGES = {
    Change.RANK_IT: "ask for it",
    Change.RANK_IT_HIGHER: "rank it above {own}",
    Change.BE_ACCEPTED: "be accepted there",
    Change.LARGER_TEAM: "a larger team: {missing} more who want to come",
    Change.MORE_OPENINGS: "more openings: {openings}",
    Change.BETTER_CLAIM: "a claim stronger than the weakest there: a priority below {cutoff}",
    Change.BETTER_DRAW: "a better draw",
}


def run_explain(arguments: argparse.Namespace) -> int:
    """Say why a student is or is not at a place; without a place, at each that they ask for.

    Raises ProblemError for files that cannot be meant and ids that do not exist, and OSError.
    """
    problem = read_problem(arguments.problem)
    outcome = read_sound_outcome(problem, arguments.outcome)
    student = _row_of(arguments.student, "student", problem.student_ids, problem.students)
    if arguments.place is None:
        places = _asked(problem, outcome, student)
        answer_line(_where(problem, outcome, student))
    else:
        places = [_row_of(arguments.place, "place", problem.place_ids, problem.places)]
    standing = standings(problem, outcome)
    for place in places:
        explanation = explain(problem, outcome, student, place, standing=standing)
        answer_line("; ".join(_said(problem, outcome, explanation)))
    return 0


def read_sound_outcome(problem: Problem, path: Path) -> Outcome:
    """Read an outcome of which at least the places exist; the rest may be untrue.

    Raises ProblemError where one does not, and for what cannot be read; OSError.
    """
    outcome = read_claims(problem, path).outcome
    named = np.concatenate([outcome.place, outcome.closed, outcome.below_minimum])
    wrong = named[(named < UNPLACED) | (named >= problem.places)]
    if wrong.size:
        raise ProblemError(f"{path}: place {int(wrong[0])} does not exist")
    return outcome


def _row_of(name: str, kind: str, ids: tuple[str, ...] | None, count: int) -> int:
    known = indices(count) if ids is None else ids
    if name not in known:
        raise ProblemError(f"{kind} {quoted(name)} does not exist")
    return known.index(name)


def _asked(problem: Problem, outcome: Outcome, student: int) -> list[int]:
    """The places on list and tail, best rank first, with the place that the student has in front
    where it is on neither."""
    rows = slice(int(problem.choice_start[student]), int(problem.choice_start[student + 1]))
    order = np.argsort(problem.choice_rank[rows], kind="stable")
    tail = slice(int(problem.tail_start[student]), int(problem.tail_start[student + 1]))
    asked: list[int] = [
        *problem.choice_place[rows][order].tolist(),
        *problem.tail_place[tail].tolist(),
    ]
    own = int(outcome.place[student])
    return asked if own in asked or own == UNPLACED else [own, *asked]


def _where(problem: Problem, outcome: Outcome, student: int) -> str:
    own = int(outcome.place[student])
    if own != UNPLACED:
        return f"{problem.student_name(student)} has {problem.place_name(own)}"
    if _asked(problem, outcome, student):
        return f"{problem.student_name(student)} has no place"
    return f"{problem.student_name(student)} has no place, and asked for none"


def _said(problem: Problem, outcome: Outcome, one: Explanation) -> Iterator[str]:
    """The sentence, the figures behind it, and what would help."""
    own, owner = int(outcome.place[one.student]), int(problem.owner[one.place])
    words = {
        "student": problem.student_name(one.student),
        "place": problem.place_name(one.place),
        "own": "none" if own == UNPLACED else problem.place_name(own),
        "owner": problem.place_name(one.place) if owner == NO_OWNER else problem.owner_name(owner),
        "missing": one.missing,
        "openings": one.waiting_before + 1,
        "cutoff": one.cutoff,
    }
    yield SENTENCES[one.code].format(**words)
    yield from _figures(one)
    if one.changes:
        changes = " or ".join(CHANGES[change].format(**words) for change in one.changes)
        yield f"what would help: {changes}"


def _figures(one: Explanation) -> Iterator[str]:
    if one.rank is not None:
        yield f"rank {one.rank}{', in the tail' if one.in_tail else ''}"
    if one.priority is not None:
        limit = "none is needed" if one.cutoff is None else f"the last who got in has {one.cutoff}"
        yield f"priority {one.priority}, {limit}"
    yield f"{one.taken} of {one.capacity} seats taken"
    if one.rivals:
        yield f"others who are there or would rather be: {one.rivals}"
    if one.code is Code.FULL_LOTTERY:
        yield f"drawn: {one.drawn_seats} of {one.drawn_claims} equal claims"
