"""How the region stands in the season that comes: where places are short."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from cockpit import access, queries
from cockpit.forms import PlacesForm
from cockpit.queries import SchoolFigures
from education.models import Season, Sector
from education.queries import season_in_view


@require_safe
def region(request: HttpRequest) -> HttpResponse:
    """Per school and per kind: who seeks, what there is, what came of it."""
    season = _season_for(request)
    context: dict[str, Any] = {"season": season, "tabs": _tabs("cockpit:region")}
    if season:
        context |= _figures(season)
    return render(request, "cockpit/region.html", context)


@require_safe
def places(request: HttpRequest) -> HttpResponse:
    """Per municipality, as a list and on a map."""
    season = _season_for(request)
    form = PlacesForm(request.GET)
    form.is_valid()
    kind, sort = form.cleaned_data.get("kind", ""), form.sorting()
    rows = queries.per_municipality(season, kind, _("Buiten de regio")) if season else []
    # What lies elsewhere stays below: it is no municipality.
    inside = sort.of(place for place in rows if place.code)
    context = {
        "season": season,
        "tabs": _tabs("cockpit:places"),
        "form": form,
        "sort": sort.code,
        "places": inside + [place for place in rows if not place.code],
    }
    return render(request, "cockpit/places.html", context)


def _season_for(request: HttpRequest) -> Season | None:
    """The season in view, for whoever may see the region; for others there is no such page."""
    assert isinstance(request.user, User)
    if not access.can_see_region(request.user):
        raise Http404
    return season_in_view(timezone.localdate())


def _tabs(current: str) -> list[dict[str, object]]:
    """The pages of the region."""
    names = {"cockpit:region": _("Scholen en plekken"), "cockpit:places": _("Per gemeente")}
    return [
        {"url": reverse(name), "label": label, "current": name == current, "count": None}
        for name, label in names.items()
    ]


def _figures(season: Season) -> dict[str, Any]:
    """The tiles, and what the charts show."""
    schools, supply = queries.per_school(season), queries.supply(season)
    seeking = sum(school.seeking for school in schools)
    waiting = sum(school.waiting for school in schools)
    placed = sum(school.placed for school in schools)
    return {
        "supply": supply,
        "seeking": seeking,
        "waiting": waiting,
        "placed": placed,
        "short": seeking - supply.openings,
        "school_heads": (_("School"), _("heeft een plek"), _("voorstel onderweg"), _("nog niets")),
        "schools": [(s.name, s.placed, s.waiting, s.without) for s in schools],
        "step_heads": (_("Stap"), _("Studenten")),
        "steps": [
            (_("Zoeken een plek"), seeking),
            (_("Hebben een lijst met keuzes"), sum(school.ranked for school in schools)),
            (_("Hebben een voorstel of een plek"), waiting + placed),
            (_("Hebben een plek"), placed),
        ],
        "kind_heads": (_("Soort"), _("bezet"), _("nog vrij")),
        "kinds": supply.kinds,
        "choice_heads": (_("Keus"), _("Studenten")),
        "choices": _choices(season),
        "sectors": _sectors(schools, supply),
        "week_heads": (_("Week van"), _("Nieuw aanbod")),
        "weeks": [
            (date_format(monday, "j M"), number)
            for monday, number in queries.published_per_week(season, timezone.localdate())
        ],
    }


def _choices(season: Season) -> list[tuple[str, int]]:
    """The columns of the histogram."""
    return [
        (str(choice) if choice else _("niet op de lijst"), number)
        for choice, number in queries.choices_given(season)
    ]


def _sectors(schools: list[SchoolFigures], supply: queries.Supply) -> list[dict[str, object]]:
    """Per sector: its students, and the openings that they may take."""
    openings = {Sector.MBO: supply.mbo, Sector.HBO: supply.hbo}
    rows: list[dict[str, object]] = []
    for sector in Sector:
        seeking = sum(school.seeking for school in schools if school.sector == sector)
        rows.append(
            {
                "name": sector.label,
                "seeking": seeking,
                "openings": openings[sector],
                "short": max(0, seeking - openings[sector]),
            }
        )
    return rows
