"""Figures over all rooms."""

from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Sum

from companies.models import Company, Offer
from companies.states import LIVE, SUBMITTED
from education.models import School, Season
from matching import states
from matching.models import Proposal
from students.models import Availability


@dataclass(frozen=True)
class RegionFigures:
    """Demand and supply of a season: who seeks, what is there, what came of it."""

    seeking: int
    companies: int
    offers: int
    openings: int
    free: int
    submitted: int
    agreed: int
    waiting: int

    @property
    def short(self) -> int:
        """How many more students than openings; negative when there is room."""
        return self.seeking - self.openings


def region_figures(season: Season) -> RegionFigures:
    """How the region stands in `season`, in four queries."""
    live = Offer.objects.filter(season=season, state__in=LIVE)
    supply = live.aggregate(
        offers=Count("pk"), seats=Sum("openings"), free=Sum(F("openings") - F("held"))
    )
    outcome = Proposal.objects.filter(offer__season=season).aggregate(
        agreed=Count("pk", filter=Q(state=states.AGREED)),
        waiting=Count("pk", filter=Q(state__in=states.OPEN)),
    )
    return RegionFigures(
        seeking=Availability.objects.filter(season=season).count(),
        companies=Company.objects.filter(sites__offers__in=live).distinct().count(),
        offers=supply["offers"],
        openings=supply["seats"] or 0,
        free=supply["free"] or 0,
        submitted=Offer.objects.filter(season=season, state=SUBMITTED).count(),
        agreed=outcome["agreed"],
        waiting=outcome["waiting"],
    )


def per_school(season: Season) -> QuerySet[School]:
    """Schools with the number of students who seek, and how many of them have a place."""
    seeks = Q(programmes__students__availabilities__season=season)
    agreed = Q(
        programmes__students__proposals__state=states.AGREED,
        programmes__students__proposals__offer__season=season,
    )
    return School.objects.annotate(
        seeking=Count("programmes__students", filter=seeks, distinct=True),
        placed=Count("programmes__students", filter=agreed, distinct=True),
    ).order_by("-seeking", "short_name")
