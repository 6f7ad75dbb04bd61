"""The best offers of each student, as one table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from matching.engine.arrays import Bool, Float32, Int32, Int64
from matching.engine.scores import CRITERIA, Criterion


@dataclass(frozen=True, eq=False)
class Shortlist:
    """E eligible pairs of n students and their offers, at most ``k`` for each student.

    start        int64 (n + 1)   rows of each student
    offer        int32 (E)       best first; of equal scores the lower index
    score        float32 (E)     weighted mean of the parts, 0 to 1
    parts        float32 (E, C)  score per criterion, 0 to 1, in the order of `CRITERIA`
    km           float32 (E)     estimated kilometres by road
    uncheckable  bool (E)        the accreditation could not be looked up, and no coordinator has
                                 confirmed it; says nothing about eligibility
    eligible     int64 (n)       how many offers each student may go to, those beyond ``k`` included
    examined     pairs that had to be looked at to find them
    """

    start: Int64
    offer: Int32
    score: Float32
    parts: Float32
    km: Float32
    uncheckable: Bool
    eligible: Int64
    examined: int

    @cached_property
    def student(self) -> Int32:
        """The student of each row: int32 (E)."""
        return np.repeat(np.arange(len(self.eligible), dtype=np.int32), np.diff(self.start))

    def rows(self, student: int) -> slice:
        """The rows of one student, so that ``offer[rows(s)]`` are the offers of s."""
        return slice(int(self.start[student]), int(self.start[student + 1]))

    def breakdown(self, row: int) -> dict[Criterion, float]:
        """The score per criterion of one row."""
        return dict(zip(CRITERIA, self.parts[row].tolist(), strict=True))
