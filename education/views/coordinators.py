"""The project lead asks people to coordinate a school; they accept behind the link of a letter."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions import withdraw as withdraw_invitation
from accounts.models import User
from accounts.views import asked_by, show_invitation
from education import actions, queries, reasons
from education.access import can_appoint
from education.actions import Refused
from education.forms import CoordinatorForm
from education.models import CoordinatorInvitation
from education.views.asking import takes_form, user_of

PAGE = "education:coordinators"


def _lead_of(request: HttpRequest) -> User:
    """Who is signed in, when that is the project lead; others find nothing here."""
    user = user_of(request)
    if not can_appoint(user):
        raise Http404
    return user


@require_http_methods(["GET", "HEAD", "POST"])
def coordinators(request: HttpRequest) -> HttpResponse:
    """Who coordinates which school, who was asked, and asking somebody."""
    lead = _lead_of(request)
    form = CoordinatorForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            actions.invite_coordinator(**form.cleaned_data, by=lead)
        except Refused as error:
            form.add_error("email", str(reasons.REFUSALS[error.code]))
        else:
            messages.success(request, _("De uitnodiging is verstuurd."))
            return redirect(PAGE)
    context = {
        "form": form,
        "schools": queries.schools_with_coordinators(),
        "invitations": queries.open_invitations(),
        "today": timezone.now(),
    }
    status = 422 if form.errors else 200
    return render(request, "education/coordinators.html", context, status=status)


def _invitation_of(request: HttpRequest, invitation_id: int) -> CoordinatorInvitation:
    _lead_of(request)
    rows = CoordinatorInvitation.objects.select_related("school", "user", "invited_by")
    return get_object_or_404(rows, pk=invitation_id)


@takes_form
def send_again(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """A new letter with a new link."""
    found = _invitation_of(request, invitation_id)
    if request.method == "POST":
        try:
            actions.send_again(found)
        except Refused as error:
            messages.warning(request, reasons.REFUSALS[error.code])
        else:
            done = _("De uitnodiging is opnieuw verstuurd. De vorige link werkt niet meer.")
            messages.success(request, done)
    return redirect(PAGE)


@takes_form
def withdraw(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """End the link. Who posts the same again gets the same answer."""
    found = _invitation_of(request, invitation_id)
    if request.method == "POST":
        if withdraw_invitation(found) or found.withdrawn_at is not None:
            messages.success(request, _("De uitnodiging is ingetrokken."))
        else:
            messages.warning(request, reasons.REFUSALS["invitation_answered"])
    return redirect(PAGE)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link of the letter. Looking changes nothing; only whoever was asked accepts."""
    row, trouble = asked_by(request, CoordinatorInvitation, token)
    found = cast(CoordinatorInvitation | None, row)
    if request.method == "POST" and found is not None and not trouble:
        try:
            actions.accept_invitation(found, by=user_of(request))
        except Refused:
            trouble = "used"
        else:
            messages.success(request, _("Welkom! Je bent nu stagecoördinator."))
            return redirect("cockpit:today")
    asks = ""
    if found is not None:
        asks = _("Word stagecoördinator van %(school)s") % {"school": found.school.name}
    return show_invitation(request, found, trouble, asks=asks)
