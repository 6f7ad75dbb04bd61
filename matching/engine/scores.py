"""How well a student and an offer suit each other: one function per criterion, each from 0 to 1.

The criteria are kept apart, so that an explanation can show them, and summed last, with weights
that people set. Each function gives float32 (n, m), students by offers.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import Bool, Float32, Float64, Int8, Int32, ProblemError
from matching.engine.market import Offers, Students


class Criterion(enum.StrEnum):
    """What a fit is made of. Its value is what is stored; words are made elsewhere."""

    SKILLS = "skills"
    DISTANCE = "distance"
    LEARNING = "learning"
    DAYS = "days"


CRITERIA: tuple[Criterion, ...] = tuple(Criterion)


def skills_score(students: Students, offers: Offers) -> Float32:
    """The share of the skills asked for that the student has; 1 where nothing is asked."""
    return _share(students.skills, offers.skills, of_nothing=1.0)


def learning_score(students: Students, offers: Offers) -> Float32:
    """The share of the offer's skills that the student wants to learn; 0 where it names none."""
    return _share(students.wants, offers.skills, of_nothing=0.0)


def distance_score(students: Students, km: Float64) -> Float32:
    """1 at the door, falling in a straight line to 0 at the student's own maximum and beyond."""
    return nearness(km, students.max_km[:, None])


def days_score(students: Students, offers: Offers) -> Float32:
    """How well the days per week agree: the days worked, as share of what either side has in mind.

    The days worked are the student's, up to the offer's maximum. 1 where both have the same
    number in mind; a student with 5 days at an offer of at most 3, or the reverse, gets 3 / 5.
    """
    return agreement(students.days[:, None], offers.days_max[None, :])


def score_parts(students: Students, offers: Offers, km: Float64) -> Float32:
    """All criteria side by side: float32 (n, m, C), in the order of `CRITERIA`."""
    parts = {
        Criterion.SKILLS: skills_score(students, offers),
        Criterion.DISTANCE: distance_score(students, km),
        Criterion.LEARNING: learning_score(students, offers),
        Criterion.DAYS: days_score(students, offers),
    }
    return np.stack([parts[criterion] for criterion in CRITERIA], axis=2)


def weighted_mean(parts: Float32, weights: Mapping[Criterion, float]) -> Float32:
    """The score, 0 to 1: float32 (n, m). A criterion without a weight does not count.

    Raises ProblemError for an unknown criterion, a negative or infinite weight, or none above 0.
    """
    for criterion, weight in weights.items():
        if criterion not in CRITERIA:
            raise ProblemError(f"weights: {criterion!r} is no criterion")
        if not 0 <= weight < float("inf"):
            raise ProblemError(f"weights: {criterion} weighs {weight}, 0 or more expected")
    total = sum(weights.values())
    if not total > 0:
        raise ProblemError("weights: none is above 0")
    # Added one after another: a matrix product may add in another order on another machine.
    mean = np.zeros(parts.shape[:2], dtype=np.float64)
    for k, criterion in enumerate(CRITERIA):
        mean += parts[:, :, k] * (weights.get(criterion, 0.0) / total)
    return np.clip(mean, 0, 1).astype(np.float32)


def priorities_from_scores(score: npt.NDArray[np.floating], *, bands: int = 20) -> Int32:
    """A place's order from the fit: int32, same shape, 0 is best, ``bands`` − 1 is last.

    Scores are tied in bands of equal width: a difference of a few hundredths means nothing, and
    should not decide over a person where an open lottery can.

    Raises ProblemError for a score outside 0 to 1, NaN, or less than one band.
    """
    if bands < 1:
        raise ProblemError(f"bands: {bands}, 1 or more expected")
    wrong = ~((score >= 0) & (score <= 1))
    if wrong.any():
        raise ProblemError(f"score: {score[wrong][0]}, 0 to 1 expected")
    # Rounded, so that 0.9 falls in the same band whether it came as 32 or 64 bits.
    distance = np.round((1 - score.astype(np.float64)) * bands, 5)
    return np.minimum(np.floor(distance), bands - 1).astype(np.int32)


def _share(own: Bool, asked: Bool, *, of_nothing: float) -> Float32:
    """|own ∩ asked| / |asked| for each student (n, S) and offer (m, S): float32 (n, m)."""
    common = own.astype(np.float32) @ asked.T.astype(np.float32)
    total = asked.sum(axis=1, dtype=np.float32)
    return share(common, total[None, :], of_nothing=of_nothing)


def share(common: Float32, total: Float32, *, of_nothing: float) -> Float32:
    """``common`` / ``total``, and ``of_nothing`` where the total is 0; the shapes are broadcast."""
    part = np.full(common.shape, of_nothing, dtype=np.float32)
    np.divide(common, total, out=part, where=total > 0)
    return part


def nearness(km: Float64, farthest: Float64) -> Float32:
    """The score of a distance, as in `distance_score`; the shapes are broadcast."""
    # Whoever wants to travel 0 km is at the door, or too far away.
    part = np.where(km > 0, np.inf, 0.0)
    np.divide(km, farthest, out=part, where=farthest > 0)
    score: Float32 = np.clip(1 - part, 0, 1).astype(np.float32)
    return score


def agreement(days: Int8, days_max: Int8) -> Float32:
    """The score of two numbers of days, as in `days_score`; the shapes are broadcast."""
    available, at_most = days.astype(np.float32), days_max.astype(np.float32)
    return np.divide(np.minimum(available, at_most), np.maximum(available, at_most))
