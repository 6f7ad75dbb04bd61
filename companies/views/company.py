"""A company's pages about itself and its offers: correct, make, read, change, pause, close."""

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.queries import history_of
from companies import actions, queries, reasons
from companies.access import can_change
from companies.actions import Refused
from companies.forms import TAKEN, CloseForm, CompanyForm, OfferForm, values_of
from companies.models import Company, Offer
from companies.states import OFFER
from companies.views.asking import company_of, offer_of_company
from education.queries import season_in_view
from education.views.asking import takes_form, user_of

KINDS = {"stage": Offer.Kind.INTERNSHIP, "opdracht": Offer.Kind.PROJECT}


def _crumbs(company: Company, *rest: tuple[str, str]) -> list[dict[str, str]]:
    home = reverse("matching:company", args=[company.pk])
    return [{"label": company.name, "url": home}] + [{"label": s, "url": url} for s, url in rest]


def _page_of(offer: Offer) -> str:
    return reverse("companies:offer", args=[offer.site.company_id, offer.pk])


# --- The company itself ----------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def details(request: HttpRequest, company_id: int) -> HttpResponse:
    """Correct what was said at signing up."""
    company = company_of(request, company_id)
    form = CompanyForm(request.POST if request.method == "POST" else None, company=company)
    if form.is_valid():
        try:
            actions.change_company(company, **form.company())
        except IntegrityError:
            form.add_error("kvk", TAKEN)  # somebody else was quicker
        except Refused as error:
            messages.warning(request, reasons.refusal(error.code))
            return redirect("companies:details", company.pk)
        else:
            actions.limit_guidance(company, form.cleaned_data["guides_at_most"])
            messages.success(request, _("De gegevens van je bedrijf zijn bewaard."))
            return redirect("matching:company", company.pk)
    context = {
        "company": company,
        "form": form,
        "crumbs": _crumbs(company, (_("Gegevens"), "")),
    }
    status = 422 if form.errors else 200
    return render(request, "companies/details.html", context, status=status)


# --- Make and change -------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def offer_new(request: HttpRequest, company_id: int, kind: str) -> HttpResponse:
    """A new internship or project. The form knows most answers already."""
    company = company_of(request, company_id)
    if kind not in KINDS:
        raise Http404
    today = timezone.localdate()
    season = season_in_view(today)
    title = _("Nieuwe opdracht") if kind == "opdracht" else _("Nieuwe stage")
    context = {
        "company": company,
        "kind": kind,
        "title": title,
        "season": season,
        "crumbs": _crumbs(company, (title, "")),
        "offer": None,
        "first": not queries.has_offers(company),
    }
    if season is None:
        return render(request, "companies/no_season.html", context)
    form = OfferForm(
        request.POST if request.method == "POST" else None,
        kind=KINDS[kind],
        season=season,
        today=today,
        site=company.sites.select_related("postcode").first(),
    )
    if form.is_valid():
        return _store_new(request, company, form)
    return _form_page(request, form, context)


@require_http_methods(["GET", "HEAD", "POST"])
def offer_edit(request: HttpRequest, company_id: int, offer_id: int) -> HttpResponse:
    """Change a draft or a returned offer. A season that is over gives way to the next one."""
    offer = offer_of_company(request, company_id, offer_id)
    if request.method != "POST" and not can_change(user_of(request), offer):
        messages.warning(request, _("Dit aanbod kun je nu niet aanpassen."))
        return redirect(_page_of(offer))
    today = timezone.localdate()
    over = offer.season.ends_on < today
    form = OfferForm(
        request.POST if request.method == "POST" else None,
        kind=offer.kind,
        season=(season_in_view(today) if over else None) or offer.season,
        today=today,
        site=offer.site,
        initial={**values_of(offer), "form_token": ""},
    )
    if form.is_valid():
        return _store_changes(request, offer, form)
    context = {
        "company": offer.site.company,
        "kind": "opdracht" if offer.is_project else "stage",
        "title": _("Pas je aanbod aan"),
        "season": form.season,
        "crumbs": _crumbs(offer.site.company, (offer.title, _page_of(offer)), (_("Pas aan"), "")),
        "offer": offer,
    }
    return _form_page(request, form, context)


def _form_page(request: HttpRequest, form: OfferForm, context: dict[str, Any]) -> HttpResponse:
    return render(
        request,
        "companies/offer_form.html",
        {**context, "form": form},
        status=422 if form.errors else 200,
    )


def _store_new(request: HttpRequest, company: Company, form: OfferForm) -> HttpResponse:
    """One form makes one offer, however often it is posted."""
    # Made this company's own: a token of another company must not stand in the way.
    token = uuid.uuid5(form.cleaned_data["form_token"] or uuid.uuid4(), str(company.pk))
    site = actions.site_at(company, form.cleaned_data["postcode"])
    offer = Offer(site=site, kind=form.kind, form_token=token, **form.columns())
    try:
        actions.create_offer(
            offer, submit=_wants_to_submit(request), by=user_of(request), **_links(form)
        )
    except Refused:
        return _store_changes(request, queries.offer_of_form(company, token), form)
    return _say_stored(request, offer)


def _store_changes(request: HttpRequest, offer: Offer, form: OfferForm) -> HttpResponse:
    """Rewrite the offer as far as that is still possible; a second click changes nothing."""
    user, submit = user_of(request), _wants_to_submit(request)
    if can_change(user, offer):
        site = actions.site_at(offer.site.company, form.cleaned_data["postcode"])
        changes = {**form.columns(), "site": site}
        try:
            actions.change_offer(offer, changes, submit=submit, by=user, **_links(form))
            return _say_stored(request, offer)
        except Refused:
            offer.refresh_from_db()
    if form.says_the_same_as(offer):
        return _say_stored(request, offer)
    messages.warning(
        request, _("Dit aanbod was al verstuurd. Wat je daarna veranderde, is niet bewaard.")
    )
    return redirect(_page_of(offer))


def _wants_to_submit(request: HttpRequest) -> bool:
    return "submit" in request.POST


def _links(form: OfferForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("programmes", "skills")}


def _say_stored(request: HttpRequest, offer: Offer) -> HttpResponse:
    if offer.state == Offer.State.DRAFT:
        messages.success(request, _("Je concept is bewaard."))
    else:
        messages.success(request, _("Je aanbod is verstuurd. Je krijgt een mail met een kopie."))
    return redirect(_page_of(offer))


# --- Read and move ---------------------------------------------------------------------------


@require_safe
def offer(request: HttpRequest, company_id: int, offer_id: int) -> HttpResponse:
    """How an offer stands, what happens next, and what can be done."""
    return _offer_page(request, offer_of_company(request, company_id, offer_id), CloseForm())


def _offer_page(request: HttpRequest, offer: Offer, close_form: CloseForm) -> HttpResponse:
    company = offer.site.company
    queries.load_details(offer)
    moves = {name: OFFER.allows(name, offer.state) for name in ("submit", "pause", "resume")}
    context = {
        "company": company,
        "offer": offer,
        "levels": reasons.level_words(offer.levels),
        "next": reasons.NEXT[offer.state],
        "moves": reasons.timeline(list(history_of(OFFER.subject, offer.pk))),
        "can": {
            **moves,
            "change": offer.state in (Offer.State.DRAFT, Offer.State.RETURNED),
            "close": OFFER.allows("close", offer.state),
        },
        "waits": _waits(offer),
        "close_form": close_form,
        "crumbs": _crumbs(company, (offer.title, "")),
    }
    status = 422 if close_form.errors else 200
    return render(request, "companies/offer.html", context, status=status)


def _waits(offer: Offer) -> list[str]:
    """Programmes whose students cannot get this published offer until it is accredited."""
    if offer.state != Offer.State.PUBLISHED:
        return []
    return [name for _code, name in queries.crebos_to_check(offer, today=timezone.localdate())]


def _move(
    request: HttpRequest, offer: Offer, verb: Callable[[], None], target: str, done: str
) -> HttpResponse:
    """Make a move; who posts the same again, or loses a race to a colleague who wanted the same,
    gets the same answer."""
    try:
        verb()
    except Refused as error:
        offer.refresh_from_db()
        if offer.state != target:
            messages.warning(request, reasons.refusal(error.code))
            return redirect(_page_of(offer))
    messages.success(request, done)
    return redirect(_page_of(offer))


@takes_form
def offer_submit(request: HttpRequest, company_id: int, offer_id: int) -> HttpResponse:
    """Hand a draft to the coordinators as it stands."""
    offer = offer_of_company(request, company_id, offer_id)
    if request.method != "POST":
        return redirect(_page_of(offer))
    return _move(
        request,
        offer,
        lambda: actions.submit_offer(offer, by=user_of(request)),
        Offer.State.SUBMITTED,
        _("Je aanbod is verstuurd. Je krijgt een mail met een kopie."),
    )


@takes_form
def offer_pause(request: HttpRequest, company_id: int, offer_id: int) -> HttpResponse:
    """Hide an offer for a while."""
    offer = offer_of_company(request, company_id, offer_id)
    if request.method != "POST":
        return redirect(_page_of(offer))
    return _move(
        request,
        offer,
        lambda: actions.pause_offer(offer, by=user_of(request)),
        Offer.State.PAUSED,
        _("Je aanbod staat op pauze. Studenten zien het nu niet."),
    )


@takes_form
def offer_resume(request: HttpRequest, company_id: int, offer_id: int) -> HttpResponse:
    """Show a paused offer again."""
    offer = offer_of_company(request, company_id, offer_id)
    if request.method != "POST":
        return redirect(_page_of(offer))
    return _move(
        request,
        offer,
        lambda: actions.resume_offer(offer, by=user_of(request)),
        Offer.State.PUBLISHED,
        _("Je aanbod staat weer open. Studenten kunnen het zien."),
    )


@takes_form
def offer_close(request: HttpRequest, company_id: int, offer_id: int) -> HttpResponse:
    """Close an offer for good, with a reason."""
    offer = offer_of_company(request, company_id, offer_id)
    if request.method != "POST":
        return redirect(_page_of(offer))
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _offer_page(request, offer, form)
    return _move(
        request,
        offer,
        lambda: actions.close_offer(offer, reason=form.told(), by=user_of(request)),
        Offer.State.CLOSED,
        _("Je aanbod is gesloten. Bedankt dat je het laat weten."),
    )
