"""A school's roster comes in: choose a file, say which column holds what, look at what it would
change, and take it over. Nothing changes before the last step."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from education.models import School
from education.views.asking import school_of, takes_form, user_of
from students import imports
from students.actions import choose_columns, keep_upload
from students.exports import spreadsheet
from students.forms import RosterColumnsForm, RosterConsentForm, RosterFileForm
from students.imports import Change, Plan, Sheet, StalePlan, Unreadable
from students.models import RosterUpload
from students.queries import latest_roster, uploads_of
from students.reasons import ROSTER_CHANGES, ROSTER_FIELDS

MOST_FAULTS = 100  # on the page; the file has them all
MOST_NAMED = 25
EXAMPLES = 3  # rows that show what stands in a column


def _crumbs(school: School, *rest: tuple[str, str]) -> list[dict[str, str]]:
    trail = [
        (school.short_name, reverse("matching:school", args=[school.slug])),
        (_("Studenten"), reverse("matching:students", args=[school.slug])),
    ]
    return [{"label": label, "url": url} for label, url in (*trail, *rest)]


def _upload_of(request: HttpRequest, slug: str, upload_id: int) -> RosterUpload:
    """The roster that this coordinator sent in; 404 for everybody else."""
    school = school_of(request, slug)
    return get_object_or_404(uploads_of(user_of(request), school), pk=upload_id)


# --- A file ----------------------------------------------------------------------------------


@takes_form
def file(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose the file with the students of the school."""
    school = school_of(request, slug)
    form = RosterFileForm()
    if request.method == "POST":
        form = RosterFileForm(request.POST, request.FILES)
        upload = _kept(request, school, form)
        if upload is not None:
            return redirect("students:roster_columns", school.slug, upload.pk)
    context = {
        "school": school,
        "form": form,
        "latest": latest_roster(school),
        "crumbs": _crumbs(school, (_("Lijst bijwerken"), "")),
    }
    status = 422 if form.errors else 200
    return render(request, "students/roster/file.html", context, status=status)


def _kept(request: HttpRequest, school: School, form: RosterFileForm) -> RosterUpload | None:
    """The upload, when the file can be read; otherwise the form says why not."""
    if not form.is_valid():
        return None
    sent = form.cleaned_data["file"]
    try:
        # One byte too many is enough to know that it is too large.
        sheet = imports.read(sent.read(imports.MOST_BYTES + 1))
    except Unreadable as error:
        form.add_error("file", str(error))
        return None
    return keep_upload(school, file_name=sent.name, sheet=sheet.pack(), by=user_of(request))


@require_safe
def template(request: HttpRequest, slug: str) -> HttpResponse:
    """An empty list with the right headings."""
    school = school_of(request, slug)
    headings = [str(label) for field, label in ROSTER_FIELDS.items() if field != "name"]
    return spreadsheet(f"studenten-{school.slug}.csv", [headings])


# --- Its columns -----------------------------------------------------------------------------


@takes_form
def columns(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Say in which column each thing stands; what can be guessed is filled in."""
    upload = _upload_of(request, slug, upload_id)
    if upload.applied_at is not None:
        return redirect("matching:students", slug)
    sheet = Sheet.unpack(bytes(upload.sheet))
    headings = sheet.headings
    chosen = upload.columns or imports.guess(headings, upload.school)
    initial = {**chosen, "is_whole": "yes" if upload.is_whole else "no"}
    form = RosterColumnsForm(headings=headings, initial=initial)
    if request.method == "POST":
        form = RosterColumnsForm(request.POST, headings=headings)
        if form.is_valid():
            choose_columns(upload, form.columns(), headings, is_whole=form.cleaned_data["is_whole"])
            return redirect("students:roster_check", slug, upload.pk)
    context = {
        "school": upload.school,
        "upload": upload,
        "form": form,
        "count": len(sheet.rows),
        "headings": headings,
        "examples": sheet.rows[:EXAMPLES],
        "crumbs": _crumbs(upload.school, (_("Kolommen"), "")),
    }
    status = 422 if form.errors else 200
    return render(request, "students/roster/columns.html", context, status=status)


# --- What it would change --------------------------------------------------------------------


@takes_form
def check(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Look at what the roster would change, and take it over."""
    upload = _upload_of(request, slug, upload_id)
    if request.method == "POST" and (upload.columns or upload.applied_at):
        return _take_over(request, upload)
    if upload.applied_at is not None:
        return redirect("matching:students", slug)
    if not upload.columns:
        return redirect("students:roster_columns", slug, upload.pk)
    return _check_page(request, upload, imports.plan_of(upload, today=timezone.localdate()))


def _take_over(request: HttpRequest, upload: RosterUpload) -> HttpResponse:
    """Do what the page showed. When it would be something else by now, show that first."""
    slug = upload.school.slug
    if upload.applied_at is None:
        plan = imports.plan_of(upload, today=timezone.localdate())
        form = RosterConsentForm(request.POST, leaving=len(plan.leaving))
        if plan.faults or not form.is_valid():
            return _check_page(request, upload, plan, form)
        fingerprint = form.cleaned_data["fingerprint"]
    else:
        fingerprint = ""  # the same form once more
    try:
        figures = imports.carry_out(
            upload.pk, fingerprint, by=user_of(request), today=timezone.localdate()
        )
    except StalePlan:
        messages.warning(
            request,
            _("De lijst is intussen veranderd. Kijk nog eens wat dit bestand nu verandert."),
        )
        return redirect("students:roster_check", slug, upload.pk)
    messages.success(request, _taken_over(figures))
    return redirect("matching:students", slug)


def _taken_over(figures: dict[str, int]) -> str:
    new, changed, leaving = (figures[name] for name in ("new", "changed", "leaving"))
    return _("De lijst is bijgewerkt: %(new)s, %(changed)s, %(leaving)s.") % {
        "new": ngettext("%(n)s nieuwe student", "%(n)s nieuwe studenten", new) % {"n": new},
        "changed": ngettext("%(n)s veranderd", "%(n)s veranderd", changed) % {"n": changed},
        "leaving": ngettext("%(n)s van school", "%(n)s van school", leaving) % {"n": leaving},
    }


def _check_page(
    request: HttpRequest, upload: RosterUpload, plan: Plan, form: RosterConsentForm | None = None
) -> HttpResponse:
    consent = form or RosterConsentForm(
        leaving=len(plan.leaving), initial={"fingerprint": plan.fingerprint}
    )
    columns_url = reverse("students:roster_columns", args=[upload.school.slug, upload.pk])
    context: dict[str, Any] = {
        "school": upload.school,
        "upload": upload,
        "plan": plan,
        "faults": plan.faults[:MOST_FAULTS],
        "changes": [(c.line.name, _changes(c)) for c in plan.changed[:MOST_NAMED]],
        "new": plan.new[:MOST_NAMED],
        "leaving": plan.leaving[:MOST_NAMED],
        "most": MOST_NAMED,
        "most_faults": MOST_FAULTS,
        "form": consent,
        "nothing": not (plan.new or plan.changed or plan.leaving),
        "crumbs": _crumbs(upload.school, (_("Kolommen"), columns_url), (_("Controle"), "")),
    }
    status = 422 if form is not None else 200
    return render(request, "students/roster/check.html", context, status=status)


def _changes(change: Change) -> list[str]:
    """What changes for one student, in words."""
    back = [_("weer op school")] if change.is_back else []
    return back + [str(ROSTER_CHANGES[name]) for name in change.fields]


@require_safe
def faults(request: HttpRequest, slug: str, upload_id: int) -> HttpResponse:
    """Every fault as a file, to mend them one by one."""
    upload = _upload_of(request, slug, upload_id)
    if upload.applied_at is not None or not upload.columns:
        return redirect("students:roster", slug)
    plan = imports.plan_of(upload, today=timezone.localdate())
    head = [_("Regel"), _("Kolom"), _("Wat er staat"), _("Wat er mis is")]
    rows = [[fault.at, fault.heading, fault.value, fault.words] for fault in plan.faults]
    return spreadsheet(f"fouten-{upload.school.slug}.csv", [head, *rows])
