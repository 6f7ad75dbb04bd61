"""What a run came to, and who takes part in it."""

from typing import Any

from matching.models import Proposal, Run
from matching.snapshot import Frozen
from students.models import Student
from tests.conftest import Cast
from tests.factories.matching import seeking_student


def pairs_of(run: Run) -> list[tuple[int, int]]:
    """(student, offer) of the proposals of a run."""
    found = Proposal.objects.filter(run=run).order_by("student", "offer")
    return list(found.values_list("student_id", "offer_id"))


def frozen_of(run: Run) -> Frozen:
    """What a finished run saw and what came out."""
    assert run.snapshot is not None
    return Frozen.read(bytes(run.snapshot))


def classmate(cast: Cast, **fields: Any) -> Student:
    """Another student of Windesheim who seeks a place."""
    return seeking_student(programme=cast.bram.programme, **fields)
