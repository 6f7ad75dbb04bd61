"""What everybody may read, and the way to one's own page."""

from datetime import date
from email.utils import parseaddr

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from cockpit import access, queries
from companies.queries import companies_of
from education.queries import coordinated_schools, lotteries, season_in_view
from students.models import Student

STATEMENT_OF = date(2026, 11, 28)  # when the accessibility statement was last gone through


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """What the portal is, how the region stands, and the three ways in."""
    season = season_in_view(timezone.localdate())
    if season is None:
        return render(request, "cockpit/home.html", {"season": None})
    supply, seeking = queries.supply(season), queries.seekers(season)
    context = {
        "season": season,
        "supply": supply,
        "seeking": seeking,
        "short": seeking - supply.openings,
        "heads": (_("Wat"), _("Aantal")),
        "balance": [
            (_("Studenten die een plek zoeken"), seeking),
            (_("Plekken bij bedrijven"), supply.openings),
        ],
    }
    return render(request, "cockpit/home.html", context)


@require_safe
@login_not_required
def about(request: HttpRequest) -> HttpResponse:
    """What this is, where its public figures come from, and by which lottery ties are broken."""
    drawn = lotteries(timezone.localdate())
    return render(request, "cockpit/about.html", {"lotteries": drawn})


@require_safe
@login_not_required
def accessibility(request: HttpRequest) -> HttpResponse:
    """Who can use this, what was tested, what does not work yet, and where to tell."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    context = {"address": address, "checked_on": STATEMENT_OF}
    return render(request, "cockpit/accessibility.html", context)


@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """To the page where somebody's work is; whoever has several roles chooses."""
    assert isinstance(request.user, User)
    user = request.user
    doors: list[tuple[str, tuple[object, ...], str]] = []
    if Student.objects.filter(user=user).exists():
        doors.append(("matching:student", (), ""))
    doors += [("matching:company", (c.pk,), c.name) for c in companies_of(user)]
    doors += [("matching:school", (s.slug,), s.name) for s in coordinated_schools(user)]
    if access.can_see_region(user):
        doors.append(("cockpit:region", (), ""))
    if len(doors) == 1:
        name, args, _label = doors[0]
        return redirect(name, *args)
    return render(
        request,
        "cockpit/today.html",
        {
            "is_student": any(name == "matching:student" for name, _args, _label in doors),
            "companies": companies_of(user),
            "schools": coordinated_schools(user),
            "is_lead": access.can_see_region(user),
            "nothing": not doors,
        },
    )
