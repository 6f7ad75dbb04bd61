"""Every component in every state, on one page. What is shown is invented: it is content, so it
stays as it is in every language."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cockpit import access
from cockpit.forms import PlacesForm, SampleForm
from cockpit.queries import Place
from companies.models import Offer
from matching.models import Proposal, Run

COLOURS = (
    ("canvas", "surface", "sunken", "line", "edge", "soft", "ink"),
    ("accent", "accent-strong", "accent-soft", "spark"),
    ("success", "success-soft", "warning", "warning-soft", "danger", "danger-soft", "info"),
    ("chart-1", "chart-2", "chart-3", "chart-4"),
)
SPACES = range(1, 9)
TONES = ("info", "success", "warning", "error")
CHOICES = [("1", 61), ("2", 24), ("3", 11), ("4", 3), ("5", 1)]
SCHOOLS = [("Deltion", 31, 12, 11), ("Windesheim", 24, 20, 5), ("Landstede", 9, 6, 13)]
STEPS = [("Zoekt", 170), ("Heeft een lijst", 150), ("Heeft een voorstel", 121), ("Akkoord", 98)]
WEEKS = [("3 nov", 4), ("10 nov", 9), ("17 nov", 6), ("24 nov", 14), ("1 dec", 11)]
PLACES = [
    Place("GM0193", "Zwolle", offers=30, openings=41, free=20, seeking=34),
    Place("GM0166", "Kampen", offers=2, openings=3, free=0, seeking=33),
    Place("GM0184", "Urk", offers=3, openings=4, free=3, seeking=1),
]


@dataclass(frozen=True)
class Sample:
    """Whatever a component reads of a thing, by name."""

    label: str
    url: str = ""
    current: bool = False
    count: int | None = None
    score: int = 0
    weight: int = 0
    why: str = ""
    at: datetime | None = None
    who: str = ""
    reason: str = ""


@require_safe
@login_not_required
def style(request: HttpRequest) -> HttpResponse:
    """All components, for whoever builds or judges pages."""
    if not access.can_see_style(request.user):
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        raise Http404
    context = _looks() | _navigation() | _content() | _charts()
    context["filled"] = SampleForm(prefix="filled", initial=SampleForm.example())
    context["wrong"] = SampleForm(prefix="wrong", data=SampleForm.mistakes("wrong"))
    asked = PlacesForm(request.GET)
    asked.is_valid()
    context["sort"], context["places"] = asked.sorting().code, asked.sorting().of(PLACES)
    return render(request, "cockpit/style/page.html", context)


def icons() -> list[str]:
    """The names of the sprite, as they stand in its file."""
    sprite = finders.find("icons.svg")
    assert isinstance(sprite, str)
    return re.findall(r'<symbol id="([a-z-]+)"', Path(sprite).read_text(encoding="utf-8"))


def _looks() -> dict[str, Any]:
    return {
        "colours": COLOURS,
        "spaces": SPACES,
        "icons": icons(),
        "tones": TONES,
        "states": [
            (Offer._meta.verbose_name, Offer.State.choices),
            (Proposal._meta.verbose_name, Proposal.State.choices),
            (Run._meta.verbose_name, Run.State.choices),
        ],
    }


def _navigation() -> dict[str, Any]:
    tabs = (("Te beoordelen", 8), ("Gepubliceerd", 85), ("Alles", 96))
    return {
        "crumbs": [Sample("Deltion", url="#navigatie"), Sample("Rondes")],
        "tabs": [
            Sample(label, url="#navigatie", current=not place, count=count)
            for place, (label, count) in enumerate(tabs)
        ],
        "page": Paginator(range(50), 10).page(2),
    }


def _content() -> dict[str, Any]:
    moment = datetime(2026, 11, 23, 10, 12, tzinfo=timezone.get_current_timezone())
    return {
        "criteria": [
            Sample("Vaardigheden", score=90, weight=3, why="Je kent 4 van de 5 vaardigheden."),
            Sample("Reisafstand", score=70, weight=2),
        ],
        "moves": [
            Sample("Voorgesteld", at=moment, who="ronde van Deltion"),
            Sample("Goedgekeurd", at=moment, who="Annelies Kuiper", reason="Past goed bij elkaar."),
        ],
    }


def _charts() -> dict[str, Any]:
    return {
        "school_heads": (_("School"), _("heeft een plek"), _("voorstel onderweg"), _("nog niets")),
        "school_rows": SCHOOLS,
        "short_rows": [row[:2] for row in SCHOOLS],
        "short_heads": (_("School"), _("heeft een plek")),
        "step_heads": (_("Stap"), _("Studenten")),
        "step_rows": STEPS,
        "choice_heads": (_("Keus"), _("Studenten")),
        "choice_rows": CHOICES,
        "week_heads": (_("Week van"), _("Nieuw aanbod")),
        "week_rows": WEEKS,
        "nothing": [("Deltion", 0)],
    }
