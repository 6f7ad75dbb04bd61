"""What the tests of the exact effort share: instances by seed, and the solver in this process."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from matching.engine import Problem
from matching.engine.arrays import Bool, Int32
from matching.engine.contest import Contest
from matching.engine.exact.part import Part, parts
from matching.engine.exact.process import answers
from matching.engine.exact.reduction import possible_rows
from matching.engine.exact.wire import Answer, Question, answer_of, packed, question_of
from tests.engine.instances import Instance, random_market
from tests.engine.oracle import Assignment, Tastes


@dataclass(frozen=True)
class Trial:
    """A tiny instance and all its stable assignments."""

    instance: Instance
    problem: Problem
    contest: Contest
    tastes: Tastes
    stable: list[dict[str, str | None]]

    def place(self, assignment: Assignment) -> Int32:
        """An assignment as the engine has it: pinned students are not in the contest."""
        ids = self.problem.place_ids or ()
        return np.array(
            [
                -1 if at is None or student in self.tastes.pinned else ids.index(at)
                for student, at in assignment.items()
            ],
            dtype=np.int32,
        )

    def assignment(self, place: Int32) -> dict[str, str | None]:
        """The way back."""
        ids = self.problem.place_ids or ()
        return {
            student: self.tastes.pinned.get(student, ids[at] if at >= 0 else None)
            for student, at in zip(self.instance.choices, place.tolist(), strict=True)
        }

    def taken(self, part: Part, assignment: Assignment) -> Bool:
        """The rows of a part that an assignment takes."""
        place = self.place(assignment)
        taken: Bool = place[part.student_name[part.student]] == part.place_name[part.place]
        return taken


def trial(seed: int, *, students: int = 6, places: int = 4) -> Trial:
    """The instance of a seed."""
    rng = random.Random(seed)
    instance = random_market(rng, rng.randint(1, students), rng.randint(1, places))
    tastes = Tastes(instance)
    problem = instance.problem()
    stable = tastes.stable(strict=False)
    assert stable, "with all projects closed that may close, there is a stable assignment"
    return Trial(instance, problem, Contest.of(problem, None), tastes, stable)


def trials(first: int, last: int) -> Iterator[Trial]:
    """The instances of these seeds."""
    return map(trial, range(first, last))


def question(contest: Contest, witness: Int32) -> Question:
    """What is asked about a contest, without a known bound."""
    rows = np.flatnonzero(possible_rows(contest))
    return Question(
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
        largest=False,
        node_limit=2_000,
        seconds=100.0,
    )


def only_part(one: Trial) -> Part | None:
    """The contest of a tiny instance as one part; None where nothing is undecided."""
    every = list(parts(question(one.contest, one.place(one.stable[0]))))
    assert len(every) <= 1
    return every[0] if every else None


def ask_here(asked: Question) -> Answer:
    """What `child.ask` does, without a process: thousands would take too long to start."""
    there = question_of(packed(asked))
    *_, last = answers(there, time.monotonic() + there.seconds)
    return answer_of(packed(last))
