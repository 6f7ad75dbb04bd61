"""Pages over all rooms: the front door, the way to one's own page, the region."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from cockpit import access, queries
from companies.queries import companies_of
from education.queries import coordinated_schools, season_in_view
from students.models import Student


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """What the portal is, how the region stands, and the three ways in."""
    season = season_in_view(timezone.localdate())
    figures = queries.region_figures(season) if season else None
    return render(request, "cockpit/home.html", {"season": season, "figures": figures})


@require_safe
@login_not_required
def about(request: HttpRequest) -> HttpResponse:
    """What this is, and where its public figures come from."""
    return render(request, "cockpit/about.html")


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
            "is_student": any(name == "matching:student" for name, _, _ in doors),
            "companies": companies_of(user),
            "schools": coordinated_schools(user),
            "is_lead": access.can_see_region(user),
            "nothing": not doors,
        },
    )


@require_safe
def region(request: HttpRequest) -> HttpResponse:
    """How the region stands in the season that comes: where places are short."""
    assert isinstance(request.user, User)
    if not access.can_see_region(request.user):
        raise Http404
    season = season_in_view(timezone.localdate())
    context = {
        "season": season,
        "figures": queries.region_figures(season) if season else None,
        "schools": queries.per_school(season) if season else [],
    }
    return render(request, "cockpit/region.html", context)
