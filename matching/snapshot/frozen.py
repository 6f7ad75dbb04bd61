"""A round as it was seen: kept as bytes with its outcome, and asked for reasons afterwards."""

import io
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from matching.engine import (
    UNPLACED,
    Candidates,
    Explanation,
    Outcome,
    Problem,
    Standings,
    Unplaced,
    UnplacedCode,
    explain,
    standings,
    unplaced_reason,
)
from matching.snapshot.fit import Fit, fit_at
from matching.snapshot.posing import NO_OWNER, ids_of

# What every snapshot has; what is left out of an old one means: none of these.
_PROBLEM = (
    "choice_start",
    "choice_place",
    "choice_rank",
    "choice_priority",
    "capacity",
    "minimum",
    "lottery",
)
_SINCE_OWNERS = ("owner", "owner_capacity", "tail_start", "tail_place", "tail_priority")
_CANDIDATES = ("eligible", "failed", "uncheckable", "km", "parts", "score")


@dataclass(frozen=True)
class Snapshot:
    """All that a round is decided by: ids of rows, columns and owners, candidates, rankings,
    problem."""

    student_ids: tuple[int, ...]
    offer_ids: tuple[int, ...]
    company_ids: tuple[int, ...]
    candidates: Candidates
    wishes: tuple[tuple[int, int, int], ...]
    problem: Problem

    def freeze(self, outcome: Outcome) -> bytes:
        """Snapshot and outcome as a compressed NPZ archive of plain arrays."""
        arrays = {name: getattr(self.problem, name) for name in (*_PROBLEM, *_SINCE_OWNERS)}
        arrays |= {name: getattr(self.candidates, name) for name in _CANDIDATES}
        target = io.BytesIO()
        np.savez_compressed(
            target,
            student_ids=np.array(self.student_ids, dtype=np.int64),
            offer_ids=np.array(self.offer_ids, dtype=np.int64),
            company_ids=np.array(self.company_ids, dtype=np.int64),
            wishes=np.array(self.wishes, dtype=np.int64).reshape(-1, 3),
            place=outcome.place,
            effort=np.array(outcome.effort),
            bound=np.array(outcome.bound, dtype=np.int64),
            closed=np.array(outcome.closed, dtype=np.int32),
            **arrays,
        )
        return target.getvalue()


@dataclass(frozen=True)
class ClosedProject:
    """A project that does not start.

    needs    students that its team needs, or needs still
    wanted   students who may go there and have it on their own list
    waiting  students who would rather be there than where they are, tails included
    room     students that its company can guide, where that is less than its offers have seats
    """

    offer_id: int
    needs: int
    wanted: int
    waiting: int
    room: int | None

    @property
    def missing(self) -> int:
        """How many more students would have to want it."""
        return max(0, self.needs - self.wanted)

    @property
    def without_guidance(self) -> bool:
        """Whether the company cannot guide so large a team."""
        return self.room is not None and self.room < self.needs


@dataclass(frozen=True)
class Frozen:
    """A finished run: what it saw and what came out, by primary keys of students and offers."""

    snapshot: Snapshot
    outcome: Outcome

    @classmethod
    def read(cls, stored: bytes) -> "Frozen":
        """The counterpart of `Snapshot.freeze`, also for what was frozen before there were owners,
        tails and projects that the engine closes."""
        with np.load(io.BytesIO(stored), allow_pickle=False) as file:
            kept = {name: file[name] for name in file.files}
        student_ids, offer_ids, company_ids = (
            tuple(kept[name].tolist()) if name in kept else ()
            for name in ("student_ids", "offer_ids", "company_ids")
        )
        problem = Problem(
            **{name: kept[name] for name in (*_PROBLEM, *_SINCE_OWNERS) if name in kept},
            **ids_of(student_ids, offer_ids, company_ids),
        )
        snapshot = Snapshot(
            student_ids=student_ids,
            offer_ids=offer_ids,
            company_ids=company_ids,
            candidates=Candidates(**{name: kept[name] for name in _CANDIDATES}),
            wishes=tuple((s, o, t) for s, o, t in kept["wishes"].tolist()),
            problem=problem,
        )
        outcome = Outcome.of(
            problem,
            kept["place"],
            effort=str(kept["effort"]),
            bound=int(kept["bound"]) if "bound" in kept else None,
        )
        # Once, all projects were open, also those to which nobody went.
        closed = tuple(kept["closed"].tolist()) if "closed" in kept else ()
        return cls(snapshot, replace(outcome, closed=closed))

    @cached_property
    def _row(self) -> dict[int, int]:
        return {pk: i for i, pk in enumerate(self.snapshot.student_ids)}

    @cached_property
    def _column(self) -> dict[int, int]:
        return {pk: j for j, pk in enumerate(self.snapshot.offer_ids)}

    @cached_property
    def _standings(self) -> Standings:
        return standings(self.snapshot.problem, self.outcome)

    def knows(self, student_id: int, offer_id: int) -> bool:
        """Whether both took part in the run."""
        return student_id in self._row and offer_id in self._column

    def fit(self, student_id: int, offer_id: int) -> Fit:
        """The fit of the pair as the run saw it. Raises KeyError when one did not take part."""
        row, column = self._row[student_id], self._column[offer_id]
        return fit_at(self.snapshot.candidates, row, column, student_id, offer_id)

    def why(self, student_id: int, offer_id: int) -> Explanation:
        """Why this student is, or is not, at this offer. Raises KeyError as `fit`."""
        row, column = self._row[student_id], self._column[offer_id]
        return explain(
            self.snapshot.problem,
            self.outcome,
            row,
            column,
            failed=self.snapshot.candidates.reasons(row, column),
            standing=self._standings,
        )

    def assignment(self) -> list[tuple[int, int, int | None]]:
        """Who goes where: (student, offer, tier of the choice), by student. The tier is None where
        the place is not on the student's own list."""
        off_the_list = (0, self.snapshot.problem.tail_rank)
        return [
            (
                student_id,
                self.snapshot.offer_ids[place],
                None if (rank := int(self.outcome.rank[row])) in off_the_list else rank,
            )
            for student_id, row in self._row.items()
            if (place := int(self.outcome.place[row])) != UNPLACED
        ]

    def profile(self) -> list[int]:
        """How many got their 1st, 2nd, … choice; places off the own list are not among them."""
        tiers = [tier for _student, _offer, tier in self.assignment() if tier is not None]
        return np.bincount(tiers, minlength=1)[1:].tolist() if tiers else []

    def offer_of(self, student_id: int) -> int | None:
        """The offer that the run found for a student, if any."""
        row = self._row.get(student_id)
        place = UNPLACED if row is None else int(self.outcome.place[row])
        return None if place == UNPLACED else self.snapshot.offer_ids[place]

    def unplaced(self) -> dict[int, Unplaced]:
        """Per student without a place: why. Ranked offers that took no part in the run, because
        they were full, closed or paused by then, count as gone to others."""
        here, gone = self._ranked()
        found = {
            student_id: unplaced_reason(
                self.snapshot.problem,
                self.outcome,
                row,
                struck={
                    column: self.snapshot.candidates.reasons(row, column)
                    for column in here.get(student_id, [])
                    if not self.snapshot.candidates.eligible[row, column]
                },
                standing=self._standings,
            )
            for student_id, row in self._row.items()
            if self.outcome.place[row] == UNPLACED
        }
        return {
            pk: replace(one, code=UnplacedCode.ALL_FULL) if pk in gone else one
            for pk, one in found.items()
        }

    def gone(self) -> dict[int, list[int]]:
        """Per student the ranked offers that took no part in the run."""
        return self._ranked()[1]

    def _ranked(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        """What each student ranked: the columns of offers of the run, and the offers not in it."""
        here: dict[int, list[int]] = {}
        gone: dict[int, list[int]] = {}
        for student_id, offer_id, _ in self.snapshot.wishes:
            if offer_id in self._column:
                here.setdefault(student_id, []).append(self._column[offer_id])
            else:
                gone.setdefault(student_id, []).append(offer_id)
        return here, gone

    def closed_projects(self) -> list["ClosedProject"]:
        """The projects that the run did not let start, the most wanted first."""
        problem, found = self.snapshot.problem, self._standings
        wanted = np.bincount(problem.choice_place, minlength=problem.places)
        waiting = np.diff(found.queue_start)
        closed = [
            ClosedProject(
                offer_id=self.snapshot.offer_ids[j],
                needs=int(problem.minimum[j]),
                wanted=int(wanted[j]),
                waiting=int(waiting[j]),
                room=int(problem.owner_capacity[problem.owner[j]])
                if problem.owner[j] != NO_OWNER
                else None,
            )
            for j in self.outcome.closed
        ]
        return sorted(closed, key=lambda one: (-one.wanted, one.offer_id))

    def teams_below_minimum(self) -> tuple[int, ...]:
        """The projects that got students, but too few."""
        return tuple(self.snapshot.offer_ids[j] for j in self.outcome.below_minimum)
