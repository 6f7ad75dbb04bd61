"""What every page here asks first, who is it and may they; and how it says no."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy

from companies.actions import Refused
from companies.models import Company
from companies.queries import companies_of
from education.views.asking import school_of, user_of
from matching import access, queries, states
from matching.models import Proposal, Round
from matching.reasons import CRITERIA, WITHDRAWALS, decline_words, refusal
from students.models import Student


def student_of(request: HttpRequest) -> Student:
    """The student who is signed in; 404 for anybody else."""
    return get_object_or_404(
        Student.objects.select_related("user", "programme__school", "postcode"),
        user=user_of(request),
    )


def company_of(request: HttpRequest, company_id: int) -> Company:
    """A company for which the person acts; 404 for outsiders."""
    return get_object_or_404(companies_of(user_of(request)), pk=company_id)


def round_of(request: HttpRequest, slug: str, round_id: int) -> Round:
    """A round of the school in the address; 404 for outsiders."""
    school = school_of(request, slug)
    found = get_object_or_404(
        queries.rounds_visible_to(user_of(request)), pk=round_id, school=school
    )
    if not access.can_run(user_of(request), found):
        raise PermissionDenied
    return found


def proposal_for_school(request: HttpRequest, slug: str, proposal_id: int) -> Proposal:
    """A proposal of a student of the school in the address; 404 for outsiders."""
    school = school_of(request, slug)
    found = get_object_or_404(
        queries.proposals_visible_to(user_of(request)),
        pk=proposal_id,
        student__programme__school=school,
    )
    if not access.can_decide(user_of(request), found):
        raise PermissionDenied
    return found


# Refusals of this room beside those that stand with the other reasons.
REFUSALS: dict[str, Any] = {
    "round_closed": gettext_lazy("Deze ronde is al gesloten. Begin een nieuwe ronde."),
    "round_has_approved": gettext_lazy(
        "Er staan nog goedgekeurde voorstellen klaar. Verstuur ze eerst, of neem de goedkeuring "
        "terug."
    ),
    "student_taken": gettext_lazy(
        "De student heeft in deze periode al een ander voorstel dat is goedgekeurd of verstuurd. "
        "Wil je de student laten kiezen? Maak dit voorstel dan met de hand en schrijf waarom."
    ),
    "run_just_done": gettext_lazy("De ronde is net berekend. Hieronder zie je wat eruit kwam."),
    "team_not_ready": gettext_lazy("De student en het bedrijf hebben nog niet allebei ja gezegd."),
}


WITHDRAWN: dict[str, Any] = {
    "team_too_small": gettext_lazy("Het team bleef te klein tot de dag waarop het zou beginnen."),
}


def withdrawal_words(code: str) -> str:
    """Why a proposal was withdrawn; nothing for a code that is none."""
    return str(WITHDRAWN.get(code) or WITHDRAWALS.get(code, ""))


def refusal_words(code: str) -> str:
    """What to tell somebody whose action was not possible."""
    return str(REFUSALS.get(code) or refusal(code))


def say_refused(request: HttpRequest, error: Refused, to: str, *args: object) -> HttpResponse:
    """A move that came too late is an ordinary answer: say why, and show how it stands now."""
    messages.warning(request, refusal_words(error.code))
    return redirect(to, *args)


def fit_rows(
    parts: Mapping[str, float], weights: Mapping[str, float] | None = None
) -> list[dict[str, object]]:
    """The fit per criterion as a percentage, with how many times it counts; in a fixed order."""
    known = weights or queries.DEFAULT_WEIGHTS
    return [
        {
            "label": words,
            "score": round(parts[criterion] * 100),
            "weight": round(known.get(criterion, 0)),
        }
        for criterion, words in CRITERIA.items()
        if criterion in parts
    ]


def no_words(proposal: Proposal) -> str:
    """Why somebody said no, as the other side reads it; "another reason" says nothing."""
    if proposal.state != states.DECLINED or proposal.reason_code == "other":
        return ""
    words = str(decline_words(proposal.declined_by, proposal.reason_code))
    return words[:1].lower() + words[1:]
