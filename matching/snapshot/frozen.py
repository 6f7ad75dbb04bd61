"""A round as it was seen: kept as bytes with its outcome, and asked for reasons afterwards."""

import io
from dataclasses import dataclass
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
    explain,
    standings,
    unplaced_reason,
)
from matching.snapshot.fit import Fit, fit_at

_PROBLEM = (
    "choice_start",
    "choice_place",
    "choice_rank",
    "choice_priority",
    "capacity",
    "minimum",
    "lottery",
)
_CANDIDATES = ("eligible", "failed", "uncheckable", "km", "parts", "score")


@dataclass(frozen=True)
class Snapshot:
    """All that a round is decided by: ids of rows and columns, candidates, rankings, problem."""

    student_ids: tuple[int, ...]
    offer_ids: tuple[int, ...]
    candidates: Candidates
    wishes: tuple[tuple[int, int, int], ...]
    problem: Problem

    def freeze(self, outcome: Outcome) -> bytes:
        """Snapshot and outcome as a compressed NPZ archive of plain arrays."""
        arrays = {name: getattr(self.problem, name) for name in _PROBLEM}
        arrays |= {name: getattr(self.candidates, name) for name in _CANDIDATES}
        target = io.BytesIO()
        np.savez_compressed(
            target,
            student_ids=np.array(self.student_ids, dtype=np.int64),
            offer_ids=np.array(self.offer_ids, dtype=np.int64),
            wishes=np.array(self.wishes, dtype=np.int64).reshape(-1, 3),
            place=outcome.place,
            effort=np.array(outcome.effort),
            **arrays,
        )
        return target.getvalue()


@dataclass(frozen=True)
class Frozen:
    """A finished run: what it saw and what came out, by primary keys of students and offers."""

    snapshot: Snapshot
    outcome: Outcome

    @classmethod
    def read(cls, stored: bytes) -> "Frozen":
        """The counterpart of `Snapshot.freeze`."""
        with np.load(io.BytesIO(stored), allow_pickle=False) as kept:
            student_ids = tuple(kept["student_ids"].tolist())
            offer_ids = tuple(kept["offer_ids"].tolist())
            problem = Problem(
                **{name: kept[name] for name in _PROBLEM},
                student_ids=tuple(str(pk) for pk in student_ids),
                place_ids=tuple(str(pk) for pk in offer_ids),
            )
            snapshot = Snapshot(
                student_ids=student_ids,
                offer_ids=offer_ids,
                candidates=Candidates(**{name: kept[name] for name in _CANDIDATES}),
                wishes=tuple((s, o, t) for s, o, t in kept["wishes"].tolist()),
                problem=problem,
            )
            outcome = Outcome.of(problem, kept["place"], effort=str(kept["effort"]))
        return cls(snapshot, outcome)

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

    def assignment(self) -> list[tuple[int, int, int]]:
        """Who goes where: (student, offer, tier of the choice), by student."""
        return [
            (student_id, self.snapshot.offer_ids[place], int(self.outcome.rank[row]))
            for student_id, row in self._row.items()
            if (place := int(self.outcome.place[row])) != UNPLACED
        ]

    def offer_of(self, student_id: int) -> int | None:
        """The offer that the run found for a student, if any."""
        row = self._row.get(student_id)
        place = UNPLACED if row is None else int(self.outcome.place[row])
        return None if place == UNPLACED else self.snapshot.offer_ids[place]

    def unplaced(self) -> dict[int, Unplaced]:
        """Per student without a place: why."""
        choices = self._ranked_columns()
        return {
            student_id: unplaced_reason(
                self.snapshot.problem,
                self.outcome,
                row,
                struck={
                    column: self.snapshot.candidates.reasons(row, column)
                    for column in choices.get(student_id, [])
                    if not self.snapshot.candidates.eligible[row, column]
                },
                standing=self._standings,
            )
            for student_id, row in self._row.items()
            if self.outcome.place[row] == UNPLACED
        }

    def _ranked_columns(self) -> dict[int, list[int]]:
        """Per student the offers of the run that stand on the ranking."""
        found: dict[int, list[int]] = {}
        for student_id, offer_id, _ in self.snapshot.wishes:
            if offer_id in self._column:
                found.setdefault(student_id, []).append(self._column[offer_id])
        return found

    def teams_below_minimum(self) -> tuple[int, ...]:
        """The projects that got students, but too few."""
        return tuple(self.snapshot.offer_ids[j] for j in self.outcome.below_minimum)
