"""The students of a school: who they are, and how far each of them is."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from education.queries import season_in_view
from education.views.asking import school_of
from matching.forms import StudentsForm
from matching.queries.students import Progress, listed_students
from students.models import is_minor
from students.queries import latest_roster

PER_PAGE = 50

# How a state looks; it has words beside it.
TONES = {
    Progress.PLACED: "success",
    Progress.RANKED: "info",
    Progress.COMPLETE: "info",
    Progress.INCOMPLETE: "warning",
}
ICONS = {
    Progress.PLACED: "check",
    Progress.RANKED: "list",
    Progress.COMPLETE: "user",
    Progress.INCOMPLETE: "edit",
    Progress.UNINVITED: "mail",
    Progress.LEFT: "minus",
}


@require_safe
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody whom the school lists, with search and filter."""
    school = school_of(request, slug)
    form = StudentsForm(request.GET)
    words, progress = form.words(), form.progress_wanted()
    today = timezone.localdate()
    found = listed_students(school, season_in_view(today), words=words, progress=progress)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {
            **row,
            "state": Progress(row["progress"]).label,
            "tone": TONES.get(Progress(row["progress"]), ""),
            "icon": ICONS[Progress(row["progress"])],
            "minor": is_minor(row["listed_birth"], today),
        }
        for row in page
    ]
    context = {
        "school": school,
        "form": form,
        "filtered": bool(words or progress),
        "page": page,
        "rows": rows,
        "latest": latest_roster(school),
        "crumbs": [
            {"label": school.short_name, "url": reverse("matching:school", args=[school.slug])},
            {"label": _("Studenten"), "url": ""},
        ],
    }
    return render(request, "matching/school/students.html", context)
