"""Who acts for a company: colleagues, invitations, and whoever asks to be let in."""

from collections.abc import Callable
from typing import cast

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.actions import withdraw as withdraw_invitation
from accounts.views import asked_by, show_invitation
from companies import actions, queries, reasons
from companies.access import can_remove, is_admin
from companies.actions import Refused
from companies.forms import AccessForm, ColleagueForm
from companies.models import ColleagueInvitation, Company
from companies.views.asking import company_of
from education.views.asking import takes_form, user_of


def _page_of(company: Company) -> str:
    return reverse("companies:colleagues", args=[company.pk])


@require_http_methods(["GET", "HEAD", "POST"])
def colleagues(request: HttpRequest, company_id: int) -> HttpResponse:
    """Everybody who acts for the company; its administrators ask others here."""
    company = company_of(request, company_id)
    user = user_of(request)
    if request.method != "POST":
        form = ColleagueForm(initial={"email": request.GET.get("email", "")[:254]})
        return _colleagues_page(request, company, form)
    if not is_admin(user, company):
        raise PermissionDenied
    form = ColleagueForm(request.POST)
    if form.is_valid():
        try:
            actions.invite_colleague(company, email=form.cleaned_data["email"], by=user)
        except Refused as error:
            form.add_error("email", str(reasons.refusal(error.code)))
        else:
            messages.success(request, _("De uitnodiging is verstuurd."))
            return redirect(_page_of(company))
    return _colleagues_page(request, company, form)


def _colleagues_page(request: HttpRequest, company: Company, form: ColleagueForm) -> HttpResponse:
    members = list(queries.colleagues(company))
    mine = next(one for one in members if one.user == user_of(request))
    context = {
        "company": company,
        "members": members,
        "mine": mine,
        "invitations": queries.open_invitations(company) if mine.is_admin else [],
        "nobody_decides": not any(one.is_admin for one in members),
        "today": timezone.now(),
        "form": form,
        "crumbs": [
            {"label": company.name, "url": reverse("matching:company", args=[company.pk])},
            {"label": _("Collega's")},
        ],
    }
    status = 422 if form.errors else 200
    return render(request, "companies/colleagues.html", context, status=status)


def _do(
    request: HttpRequest, company: Company, verb: Callable[[], object], done: str
) -> HttpResponse:
    """Do it and say so, or say why not."""
    try:
        verb()
    except Refused as error:
        messages.warning(request, reasons.refusal(error.code))
    else:
        messages.success(request, done)
    return redirect(_page_of(company))


@takes_form
def remove(request: HttpRequest, company_id: int, member_id: int) -> HttpResponse:
    """Take a colleague out, or leave oneself."""
    company = company_of(request, company_id)
    user = user_of(request)
    member = get_object_or_404(company.members, pk=member_id)
    if not can_remove(user, member):
        raise PermissionDenied
    if request.method != "POST":
        return redirect(_page_of(company))
    try:
        actions.remove_colleague(member)
    except Refused as error:
        messages.warning(request, reasons.refusal(error.code))
        return redirect(_page_of(company))
    if member.user_id == user.pk:
        messages.success(request, _("Je doet niet meer mee voor dit bedrijf."))
        return redirect("cockpit:today")
    messages.success(request, _("Je collega kan niet meer bij dit bedrijf."))
    return redirect(_page_of(company))


@takes_form
def take_over(request: HttpRequest, company_id: int) -> HttpResponse:
    """Become administrator of a company that has none."""
    company = company_of(request, company_id)
    if request.method != "POST":
        return redirect(_page_of(company))
    user = user_of(request)
    done = _("Je bent nu beheerder. Je kunt collega's uitnodigen en verwijderen.")
    return _do(request, company, lambda: actions.take_over(company, by=user), done)


def _invitation_of(
    request: HttpRequest, company_id: int, invitation_id: int
) -> ColleagueInvitation:
    """An invitation of the company in the address, for its administrators."""
    company = company_of(request, company_id)
    found = get_object_or_404(
        ColleagueInvitation.objects.select_related("company", "user", "invited_by"),
        pk=invitation_id,
        company=company,
    )
    if not is_admin(user_of(request), company):
        raise PermissionDenied
    return found


@takes_form
def send_again(request: HttpRequest, company_id: int, invitation_id: int) -> HttpResponse:
    """A new letter with a new link."""
    found = _invitation_of(request, company_id, invitation_id)
    if request.method != "POST":
        return redirect(_page_of(found.company))
    done = _("De uitnodiging is opnieuw verstuurd. De vorige link werkt niet meer.")
    return _do(request, found.company, lambda: actions.send_invitation_again(found), done)


@takes_form
def withdraw(request: HttpRequest, company_id: int, invitation_id: int) -> HttpResponse:
    """End the link. Who posts the same again gets the same answer."""
    found = _invitation_of(request, company_id, invitation_id)
    if request.method == "POST":
        if withdraw_invitation(found) or found.withdrawn_at is not None:
            messages.success(request, _("De uitnodiging is ingetrokken."))
        else:
            messages.warning(request, reasons.refusal("invitation_answered"))
    return redirect(_page_of(found.company))


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link of the letter. Looking changes nothing; only whoever was asked accepts."""
    row, trouble = asked_by(request, ColleagueInvitation, token)
    found = cast(ColleagueInvitation | None, row)
    if request.method == "POST" and found is not None and not trouble:
        try:
            actions.accept_invitation(found, by=user_of(request))
        except Refused:
            found.refresh_from_db()
            trouble = "used"
        else:
            messages.success(request, _("Welkom! Je doet nu mee voor dit bedrijf."))
            return redirect("matching:company", found.company_id)
    asks = ""
    if found is not None:
        asks = _("Doe mee voor %(company)s") % {"company": found.company.name}
    return show_invitation(request, found, trouble, asks=asks)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def ask_access(request: HttpRequest) -> HttpResponse:
    """Somebody whose company stands here already asks its administrators to be let in. The answer
    is the same whether there is such a company or not."""
    if request.method != "POST":
        given = {name: request.GET.get(name, "")[:254] for name in ("email", "kvk")}
        return render(request, "companies/ask_access.html", {"form": AccessForm(initial=given)})
    form = AccessForm(request.POST)
    if not form.is_valid():
        return render(request, "companies/ask_access.html", {"form": form}, status=422)
    email = form.cleaned_data["email"].lower()
    if not ratelimit.consume(request, action="ask_access", key=email):
        return cast(HttpResponse, ratelimit.respond_429(request))
    actions.ask_access(form.cleaned_data["kvk"], email=email, day=timezone.localdate())
    return render(request, "companies/access_asked.html")
