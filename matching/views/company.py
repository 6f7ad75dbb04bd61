"""The company's pages: its offers with their proposals, and one proposal to answer."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from companies import states as offer_states
from companies.actions import Refused
from companies.models import Company, Offer
from companies.queries import with_accreditation
from education.views.asking import takes_form, user_of
from matching import access, queries, states
from matching.actions import answers
from matching.forms import CompanyDeclineForm
from matching.models import Proposal
from matching.views.asking import company_of, no_words, say_refused


@require_safe
def home(request: HttpRequest, company_id: int) -> HttpResponse:
    """What is there to do for us? Answer proposals, finish offers."""
    company = company_of(request, company_id)
    found = queries.offers_of_company(company.pk)
    offers = list(with_accreditation(found, today=timezone.localdate()))
    proposals = list(
        queries.proposals_told_to(company, user_of(request)).order_by("company_respond_by", "pk")
    )
    to_answer = [p for p in proposals if p.state == states.OFFERED and not p.company_answered]
    # Without names, what they can do is what tells two students apart.
    prefetch_related_objects(to_answer, "student__skills")
    elsewhere = (offer_states.RETURNED, offer_states.CLOSED, offer_states.EXPIRED)
    context = {
        "company": company,
        # A coordinator asked something: that waits for the company as a proposal does.
        "returned": [o for o in offers if o.state == offer_states.RETURNED],
        "offers": [o for o in offers if o.state not in elsewhere],
        "past_offers": [
            o for o in offers if o.state in (offer_states.CLOSED, offer_states.EXPIRED)
        ],
        "to_answer": to_answer,
        "waiting": [p for p in proposals if p.state == states.OFFERED and p.company_answered],
        "agreed": [p for p in proposals if p.state == states.AGREED],
    }
    return render(request, "matching/company/home.html", context)


def _proposal_on_offer(request: HttpRequest, company: Company, proposal_id: int) -> Proposal:
    found = get_object_or_404(queries.proposals_told_to(company, user_of(request)), pk=proposal_id)
    if not access.can_answer_as_company(user_of(request), found):
        raise PermissionDenied
    return found


@require_safe
def proposal(request: HttpRequest, company_id: int, proposal_id: int) -> HttpResponse:
    """One proposal, or the whole team of a project. No name until both sides agreed."""
    company = company_of(request, company_id)
    return _proposal_page(request, company, _proposal_on_offer(request, company, proposal_id))


def _proposal_page(
    request: HttpRequest,
    company: Company,
    found: Proposal,
    form: CompanyDeclineForm | None = None,
) -> HttpResponse:
    team = [found]
    if found.offer.is_project:
        team = list(
            queries.proposals_told_to(company, user_of(request))
            .filter(offer=found.offer, state__in=(states.OFFERED, states.AGREED))
            .order_by("pk")
        ) or [found]
    prefetch_related_objects(team, "student__skills", "student__wants", "offer__skills")
    context = {
        "company": company,
        "proposal": found,
        "offer": found.offer,
        "team": [_profile(p) for p in team],
        "why": no_words(found),
        "form": form or CompanyDeclineForm(),
        "crumbs": [
            {"label": company.name, "url": reverse("matching:company", args=[company.pk])},
            {"label": found.offer.title},
        ],
    }
    status = 422 if form is not None else 200
    return render(request, "matching/company/proposal.html", context, status=status)


def _profile(proposal: Proposal) -> dict[str, object]:
    """What a company may know of a student: name and address only when it is agreed."""
    student = proposal.student
    agreed = proposal.state == states.AGREED
    asked = {skill.pk for skill in proposal.offer.skills.all()}
    return {
        "proposal": proposal,
        "programme": student.programme,
        "learning_goal": student.learning_goal,
        "skills": [(skill, skill.pk in asked) for skill in student.skills.all()],
        "wants": [(skill, skill.pk in asked) for skill in student.wants.all()],
        "name": student.user.name if agreed else "",
        "email": student.user.email if agreed else "",
    }


@takes_form
def accept(request: HttpRequest, company_id: int, proposal_id: int) -> HttpResponse:
    """The company says yes; for a project to the whole team."""
    company = company_of(request, company_id)
    found = _proposal_on_offer(request, company, proposal_id)
    if request.method != "POST":
        return redirect("matching:company_proposal", company.pk, found.pk)
    try:
        done = answers.accept(found.pk, side=Proposal.Side.COMPANY, by=user_of(request))
    except Refused as error:
        return say_refused(request, error, "matching:company_proposal", company.pk, found.pk)
    if done.state == states.AGREED:
        messages.success(request, _("Gelukt! Jullie zijn het eens. Je ziet nu de naam."))
    elif done.waits_for_team:
        messages.success(request, _("Je hebt ja gezegd. Nu wachten we op de rest van het team."))
    else:
        messages.success(request, _("Je hebt ja gezegd. Nu wachten we op de student."))
    return redirect("matching:company_proposal", company.pk, found.pk)


@takes_form
def decline(request: HttpRequest, company_id: int, proposal_id: int) -> HttpResponse:
    """The company says no, with a reason."""
    company = company_of(request, company_id)
    found = _proposal_on_offer(request, company, proposal_id)
    if request.method != "POST":
        return redirect("matching:company_proposal", company.pk, found.pk)
    form = CompanyDeclineForm(request.POST)
    if not form.is_valid():
        return _proposal_page(request, company, found, form)
    try:
        done = answers.decline(
            found.pk,
            side=Proposal.Side.COMPANY,
            code=form.cleaned_data["code"],
            note=form.cleaned_data["note"],
            by=user_of(request),
        )
    except Refused as error:
        return say_refused(request, error, "matching:company_proposal", company.pk, found.pk)
    messages.success(request, _("Je hebt nee gezegd.") + " " + _after_no(done))
    return redirect("matching:company_proposal", company.pk, found.pk)


def _after_no(declined: Proposal) -> str:
    """What becomes of the place, as the offer stands now."""
    offer = Offer.objects.get(pk=declined.offer_id)
    if offer.state == offer_states.PAUSED:
        return _("Je aanbod staat op pauze, zodat niemand anders deze plek krijgt.")
    if declined.reason_code == answers.PLACE_GONE:
        return ngettext(
            "De plek is van je aanbod af. Er blijft %(n)s plek over.",
            "De plek is van je aanbod af. Er blijven %(n)s plekken over.",
            offer.openings,
        ) % {"n": offer.openings}
    return _("De plek is weer vrij voor een ander.")
