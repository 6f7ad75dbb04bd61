"""The page of a student's own profile."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from education.queries import season_in_view
from students.actions import save_profile
from students.forms import ProfileForm
from students.models import Student


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Read and change the own profile. Whoever is no student has no such page."""
    assert isinstance(request.user, User)
    student = get_object_or_404(
        Student.objects.select_related("programme__school", "user"), user=request.user
    )
    season = season_in_view(timezone.localdate())
    if season is None:
        return render(request, "students/no_season.html", {"student": student})
    form = ProfileForm(request.POST or None, student=student, season=season)
    if request.method == "POST" and form.is_valid():
        save_profile(student, season, form.profile(), form.availability())
        messages.success(request, _("Je profiel is bewaard. Kijk welke plekken bij je passen."))
        return redirect("matching:browse")
    context = {
        "form": form,
        "student": student,
        "season": season,
        "crumbs": [
            {"label": _("Start"), "url": reverse("matching:student")},
            {"label": _("Mijn profiel")},
        ],
    }
    return render(request, "students/profile.html", context, status=422 if form.errors else 200)
