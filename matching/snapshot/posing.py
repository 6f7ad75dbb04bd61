"""Pose the problem: what students ask for, how strong their claims are, how many seats remain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Count, Q

from companies.models import Company, Offer
from education.models import Season
from matching import queries, states
from matching.engine import Candidates, Problem, lottery_numbers, priorities_from_scores
from matching.models import Proposal
from matching.snapshot.market import Market
from students.models import Availability

Wishes = tuple[tuple[int, int, int], ...]

NO_OWNER = -1


@dataclass(frozen=True)
class Owners:
    """Companies that cannot guide as many students as their offers have seats.

    company_ids  one per owner
    room         how many more students each can guide
    of_offer     per offer the index of its owner, −1 is none
    """

    company_ids: tuple[int, ...]
    room: tuple[int, ...]
    of_offer: tuple[int, ...]


def owners_of(season: Season, offers: Sequence[Offer], capacity: Sequence[int]) -> Owners:
    """The companies whose room for guidance is below the seats of their offers.

    Room is what the company says it can guide at once, less the students who have a seat at any
    of its offers in a period that overlaps the season, proposals that were made by hand included.
    The season counts as one period: two short internships after each other count as two students.
    """
    companies = {o.site.company_id: o.site.company for o in offers}
    guided = _guided(season, companies.values())
    seats: dict[int, int] = {}
    for offer, free in zip(offers, capacity, strict=True):
        seats[offer.site.company_id] = seats.get(offer.site.company_id, 0) + free
    room = {
        pk: max(0, company.guides_at_most - guided.get(pk, 0))
        for pk, company in sorted(companies.items())
        if company.guides_at_most is not None
    }
    scarce = {pk: left for pk, left in room.items() if left < seats[pk]}
    index = {pk: k for k, pk in enumerate(scarce)}
    return Owners(
        company_ids=tuple(scarce),
        room=tuple(scarce.values()),
        of_offer=tuple(index.get(o.site.company_id, NO_OWNER) for o in offers),
    )


def _guided(season: Season, companies: Any) -> dict[int, int]:
    """How many students each company with a limit guides in the season."""
    limited: list[Company] = [c for c in companies if c.guides_at_most is not None]
    rows = Proposal.objects.filter(
        Q(holds_seat=True) | Q(state=states.PROPOSED, origin=Proposal.Origin.COORDINATOR),
        queries.overlapping(season.starts_on, season.ends_on),
        offer__site__company__in=limited,
    )
    counted = rows.order_by().values("offer__site__company").annotate(students=Count("pk"))
    return {row["offer__site__company"]: row["students"] for row in counted}


def problem_of(
    season: Season,
    students: Sequence[Availability],
    market: Market,
    found: Candidates,
    wishes: Wishes,
    owners: Owners,
) -> Problem:
    """The choices that may be granted, and after them the tails; the order of places from the fit.

    A tail has all eligible offers that the student did not rank, as one tie. Whoever ranked
    nothing has none: an empty list is no request.
    """
    row = {pk: i for i, pk in enumerate(market.student_ids)}
    column = {pk: j for j, pk in enumerate(market.offer_ids)}
    ranked = np.zeros(found.eligible.shape, dtype=np.int32)
    for student, offer, tier in wishes:
        if offer in column:
            ranked[row[student], column[offer]] = tier
    asks = {student for student, _offer, _tier in wishes}
    goes_on = np.array([a.beyond_list and a.student_id in asks for a in students], dtype=np.bool_)
    priority = priorities_from_scores(_claims(found, owners))
    own = np.argwhere(found.eligible & (ranked > 0))
    # By tier within each student.
    own = own[np.lexsort((own[:, 1], ranked[own[:, 0], own[:, 1]], own[:, 0]))]
    tail = np.argwhere(found.eligible & (ranked == 0) & goes_on[:, None])
    names = [str(pk) for pk in market.student_ids]
    return Problem(
        choice_start=_starts(own, len(names)),
        choice_place=own[:, 1].astype(np.int32),
        choice_rank=ranked[own[:, 0], own[:, 1]],
        choice_priority=priority[own[:, 0], own[:, 1]],
        tail_start=_starts(tail, len(names)),
        tail_place=tail[:, 1].astype(np.int32),
        tail_priority=priority[tail[:, 0], tail[:, 1]],
        capacity=market.offers.capacity,
        minimum=market.offers.minimum,
        owner=np.array(owners.of_offer, dtype=np.int32),
        owner_capacity=np.array(owners.room, dtype=np.int32),
        lottery=lottery_numbers(season.lottery_secret.encode(), names),
        **ids_of(market.student_ids, market.offer_ids, owners.company_ids),
    )


def ids_of(
    student_ids: Sequence[int], offer_ids: Sequence[int], company_ids: Sequence[int]
) -> Mapping[str, Any]:
    """The names by which a problem knows students, offers and companies."""
    return {
        "student_ids": tuple(str(pk) for pk in student_ids),
        "place_ids": tuple(str(pk) for pk in offer_ids),
        "owner_ids": tuple(str(pk) for pk in company_ids),
    }


def _claims(found: Candidates, owners: Owners) -> npt.NDArray[np.float32]:
    """How strong each student's claim to each offer is: the fit there; at a company that is an
    owner the best fit at any of its offers, because it has one order for all of them."""
    claim = found.score.copy()
    of_offer = np.array(owners.of_offer, dtype=np.int64)
    possible = np.where(found.eligible, found.score, np.float32(0))
    for owner in range(len(owners.company_ids)):
        columns = np.flatnonzero(of_offer == owner)
        claim[:, columns] = possible[:, columns].max(axis=1, keepdims=True)
    return claim


def _starts(pairs: npt.NDArray[np.int64], students: int) -> npt.NDArray[np.int64]:
    per_student = np.bincount(pairs[:, 0], minlength=students)
    return np.concatenate([[0], np.cumsum(per_student)]).astype(np.int64)
