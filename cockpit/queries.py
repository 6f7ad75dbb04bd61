"""Figures over all rooms."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, F, OuterRef, Q, Sum
from django.db.models.functions import TruncWeek

from companies.models import Offer
from companies.states import LIVE, SUBMITTED
from education.models import HBO_LEVEL, School, Season
from geo.models import Municipality
from matching import states
from matching.models import Proposal, Wish
from students.models import Availability

WEEKS = 12
MBO_LEVELS = [2, 3, 4]
STANDING = (*states.OPEN, states.AGREED)


# --- Supply ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Supply:
    """What companies offer in a season. `mbo` and `hbo` are the openings that students of that
    sector may take: an opening for both is counted in both."""

    companies: int
    offers: int
    openings: int
    free: int
    submitted: int
    mbo: int
    hbo: int
    kinds: list[tuple[str, int, int]]  # words, taken, free


def supply(season: Season) -> Supply:
    """What is offered in `season`, in one query."""
    live = Q(state__in=LIVE)
    free = F("openings") - F("held")
    counted = {
        "companies": Count("site__company", filter=live, distinct=True),
        "offers": Count("pk", filter=live),
        "submitted": Count("pk", filter=Q(state=SUBMITTED)),
        "openings": Sum("openings", filter=live),
        "free": Sum(free, filter=live),
        "mbo": Sum("openings", filter=live & Q(levels__overlap=MBO_LEVELS)),
        "hbo": Sum("openings", filter=live & Q(levels__contains=[HBO_LEVEL])),
    }
    per_kind = {
        f"{name}_{kind}": Sum(seats, filter=live & Q(kind=kind))
        for kind in Offer.Kind.values
        for name, seats in (("taken", F("held")), ("free", free))
    }
    # A prefix, since an aggregate may not be called as a field is.
    asked = {f"n_{name}": aggregate for name, aggregate in (counted | per_kind).items()}
    found = Offer.objects.filter(season=season).aggregate(**asked)
    return Supply(
        **{name: found[f"n_{name}"] or 0 for name in counted},
        kinds=[
            (str(label).capitalize(), found[f"n_taken_{kind}"] or 0, found[f"n_free_{kind}"] or 0)
            for kind, label in Offer.Kind.choices
        ],
    )


def published_per_week(season: Season, today: date) -> list[tuple[date, int]]:
    """(Monday, offers published) of the last weeks, this one included."""
    monday = today - timedelta(days=today.weekday())
    weeks = [monday - timedelta(weeks=n) for n in reversed(range(WEEKS))]
    found = (
        Offer.objects.filter(season=season, published_at__date__gte=weeks[0])
        .annotate(week=TruncWeek("published_at"))
        .values_list("week")
        .annotate(n=Count("pk"))
        .order_by("week")
    )
    number = {week.date(): n for week, n in found}
    return [(week, number.get(week, 0)) for week in weeks]


# --- Demand, and what came of it -------------------------------------------------------------


@dataclass(frozen=True)
class SchoolFigures:
    """The students of a school who seek a place in a season: how many made a list, how many have
    a proposal under way, how many a place."""

    name: str
    sector: str
    seeking: int
    ranked: int
    waiting: int
    placed: int

    @property
    def without(self) -> int:
        """Students with neither place nor proposal."""
        return self.seeking - self.waiting - self.placed


def per_school(season: Season) -> list[SchoolFigures]:
    """Every school, the one with the most students who seek first."""
    student = OuterRef("programmes__students")
    seeks = Q(programmes__students__availabilities__season=season)
    proposals = Proposal.objects.filter(student=student, offer__season=season)
    agreed = Exists(proposals.filter(state=states.AGREED))
    under_way = Exists(proposals.filter(state__in=states.OPEN))
    ranked = Exists(Wish.objects.filter(student=student, offer__season=season))

    def students(condition: Q) -> Count:
        return Count("programmes__students", filter=condition, distinct=True)

    rows = (
        School.objects.annotate(
            seeking=students(seeks),
            ranked=students(seeks & Q(ranked)),
            waiting=students(seeks & Q(under_way) & ~Q(agreed)),
            placed=students(seeks & Q(agreed)),
        )
        .order_by("-seeking", "short_name")
        .values("name", "sector", "seeking", "ranked", "waiting", "placed")
    )
    return [SchoolFigures(**row) for row in rows]


def seekers(season: Season) -> int:
    """How many students seek a place in `season`."""
    return Availability.objects.filter(season=season).count()


def choices_given(season: Season) -> list[tuple[int | None, int]]:
    """(choice, proposals) of what stands or is agreed on; None is a place that was on nobody's
    list. Choices between the first and the last that nobody got are there too."""
    found = Counter(
        dict(
            Proposal.objects.filter(offer__season=season, state__in=STANDING)
            .values_list("choice")
            .annotate(n=Count("pk"))
            .order_by("choice")
        )
    )
    last = max((choice for choice in found if choice), default=0)
    spread: list[tuple[int | None, int]] = [(n, found[n]) for n in range(1, last + 1)]
    return [*spread, (None, found[None])] if found[None] else spread


# --- Per municipality ------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """What is offered and sought in a municipality; without a code it is what lies elsewhere."""

    code: str
    name: str
    offers: int
    openings: int
    free: int
    seeking: int

    @property
    def short(self) -> int:
        """How many more students than openings; negative when there is room."""
        return self.seeking - self.openings


def per_municipality(season: Season, kind: str, elsewhere: str) -> list[Place]:
    """Every municipality of the region by name, and last, when there is anything, `elsewhere`.
    With a kind only offers of that kind are counted."""
    offers = Offer.objects.filter(season=season, state__in=LIVE)
    if kind:
        offers = offers.filter(kind=kind)
    supplied = {
        code: (n, openings, free)
        for code, n, openings, free in offers.values_list("site__postcode__municipality")
        .annotate(n=Count("pk"), seats=Sum("openings"), left=Sum(F("openings") - F("held")))
        .order_by("site__postcode__municipality")
    }
    sought = dict(
        Availability.objects.filter(season=season)
        .values_list("student__postcode__municipality")
        .annotate(n=Count("pk"))
        .order_by("student__postcode__municipality")
    )
    names: Iterable[tuple[str | None, str]] = Municipality.objects.values_list("code", "name")
    places = [
        Place(code or "", name, *supplied.get(code, (0, 0, 0)), sought.get(code, 0))
        for code, name in [*names, (None, elsewhere)]
    ]
    return [place for place in places if place.code or place.offers or place.seeking]
