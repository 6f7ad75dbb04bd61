"""Freeze what goes into a round."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from companies.models import Offer
from education.models import School, Season
from matching import queries, states
from matching.models import Proposal, Round, Wish
from matching.snapshot.frozen import Snapshot
from matching.snapshot.market import Market, read_market
from matching.snapshot.posing import Wishes, owners_of, problem_of
from students import queries as student_queries
from students.models import Availability


@contextmanager
def repeatable_read() -> Iterator[None]:
    """One transaction in which every query sees the same moment. Must be the outermost one, as
    PostgreSQL sets the isolation level only before the first query."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


@dataclass(frozen=True)
class Entrants:
    """What goes into a round, before it runs: the figures that a coordinator checks."""

    students: list[Availability]
    unranked: list[Availability]
    incomplete: list[Availability]
    left_out: int
    offers: list[Offer]
    openings: int

    @property
    def ready(self) -> bool:
        """Whether there is anything to divide, and anybody to divide it over."""
        return bool(self.students) and self.openings > 0


def entrants(season: Season, school: School | None) -> Entrants:
    """Who and what goes into a round of `season` now."""
    passed_by = set(queries.left_out(season, school).values_list("pk", flat=True))
    complete = list(student_queries.complete(season, school).select_related("student__postcode"))
    students = [a for a in complete if a.student_id not in passed_by]
    ranked = set(
        Wish.objects.filter(offer__season=season).values_list("student_id", flat=True).distinct()
    )
    offers = list(queries.published_offers(season))
    return Entrants(
        students=students,
        unranked=[a for a in students if a.student_id not in ranked],
        incomplete=list(student_queries.incomplete(season, school)),
        left_out=len(passed_by),
        offers=offers,
        openings=sum(_seats(season, offers).values()),
    )


def _seats(season: Season, offers: list[Offer]) -> dict[int, int]:
    """Seats to divide per offer: free ones, less those for which a proposal made by hand waits."""
    waiting = Counter(
        Proposal.objects.filter(
            state=states.PROPOSED, origin=Proposal.Origin.COORDINATOR, offer__season=season
        ).values_list("offer_id", flat=True)
    )
    return {o.pk: max(0, o.free - waiting[o.pk]) for o in offers}


def take(round_: Round, *, today: date) -> Snapshot:
    """Read all that the round is decided by. Call it inside `repeatable_read`."""
    season = round_.season
    going_in = entrants(season, round_.school)
    seats = _seats(season, going_in.offers)
    market = read_market(going_in.students, going_in.offers, today=today, seats=seats)
    found = market.candidates(banned=queries.banned_pairs(round_), weights=round_.weights)
    wishes = _wishes(season, market)
    owners = owners_of(season, going_in.offers, market.offers.capacity.tolist())
    return Snapshot(
        student_ids=market.student_ids,
        offer_ids=market.offer_ids,
        company_ids=owners.company_ids,
        candidates=found,
        wishes=wishes,
        problem=problem_of(season, going_in.students, market, found, wishes, owners),
    )


def _wishes(season: Season, market: Market) -> Wishes:
    """(student, offer, tier) of everybody in the market, also for offers that are not in it."""
    return tuple(
        Wish.objects.filter(student__in=market.student_ids, offer__season=season)
        .order_by("student", "tier", "offer")
        .values_list("student_id", "offer_id", "tier")
    )
