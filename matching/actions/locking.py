"""Lock rows in one fixed order: the round or run if one is locked at all, then students, then
offers, then proposals, each by primary key.

Whoever moves a proposal comes through here. As all lock in the same order, two of them wait for
each other at most once, never in a circle.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet

from companies.actions import Refused
from companies.models import Offer
from matching import states
from matching.models import Proposal
from students.models import Student

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 5

Reach = Callable[[set[int]], set[int]]


class _Grown(Exception):
    """Between looking and locking, more rows came to belong to the move."""


def one_transaction(action: Callable[P, R]) -> Callable[P, R]:
    """Run the action in a transaction, again when more rows came to belong to it meanwhile."""

    @wraps(action)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(ATTEMPTS):
            try:
                with transaction.atomic():
                    return action(*args, **kwargs)
            except _Grown:
                continue
        raise Refused("busy")

    return wrapped


def lock_people_and_offers(student_ids: Iterable[int], offer_ids: Iterable[int]) -> None:
    """Lock students, then offers."""
    _hold(Student.objects.filter(pk__in=set(student_ids)))
    _hold(Offer.objects.filter(pk__in=set(offer_ids)))


def _hold(rows: QuerySet[Student] | QuerySet[Offer]) -> None:
    # Only the lock is wanted, not the rows.
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))


def lock(
    ids: Iterable[int], reach: Reach | None = None, *, offers: Iterable[int] = ()
) -> dict[int, Proposal]:
    """Lock proposals with their students and offers; the rows as they stand now, by key.

    `reach` widens the set to whatever else the move touches; `offers` are locked in any case, also
    when no proposal leads to them. Must be called inside an action under `one_transaction`.
    """
    start = set(ids)
    wanted = reach(start) if reach else start
    touched = Proposal.objects.filter(pk__in=wanted).values_list("student_id", "offer_id")
    lock_people_and_offers({s for s, _ in touched}, {*offers, *(o for _, o in touched)})
    rows = (
        Proposal.objects.filter(pk__in=wanted)
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
        .select_related(
            "student__user",
            "student__programme__school",
            "offer__site__company",
            "offer__site__postcode",
            "round",
        )
    )
    locked = {p.pk: p for p in rows}
    if reach and reach(start) - wanted:
        raise _Grown
    return locked


def answering(ids: set[int]) -> set[int]:
    """All that an acceptance may touch: the team mates on a project, the other open proposals of
    everybody who may come to agree, and the open proposals without a seat on the same offer."""
    offers = Proposal.objects.filter(pk__in=ids).values("offer")
    beside = set(
        Proposal.objects.filter(
            Q(state__in=states.OPEN) | Q(state=states.AGREED), offer__in=offers
        ).values_list("pk", flat=True)
    )
    mates = beside | ids
    students = Proposal.objects.filter(pk__in=mates).values("student")
    rivals = Proposal.objects.filter(student__in=students, state__in=[*states.OPEN, states.AGREED])
    return mates | set(rivals.values_list("pk", flat=True))


def the_team(ids: set[int]) -> set[int]:
    """The proposals themselves and, on a project, all that are offered or agreed beside them."""
    projects = Proposal.objects.filter(pk__in=ids, offer__kind=Offer.Kind.PROJECT).values("offer")
    beside = Proposal.objects.filter(
        offer__in=projects, state__in=(states.OFFERED, states.AGREED)
    ).values_list("pk", flat=True)
    return ids | set(beside)
