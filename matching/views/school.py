"""The coordinator's start page, and one proposal with everything that can be done with it."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.queries import history_of
from companies import states as offer_states
from companies.actions import Refused
from companies.queries import offers_visible_to
from companies.views.asking import takes_form
from education.queries import season_in_view
from matching import queries, states
from matching.actions import approval, ending
from matching.forms import ReasonForm
from matching.models import Proposal
from matching.reasons import (
    STUDENT_DECLINES,
    WITHDRAWALS,
    decline_words,
    explanation_words,
)
from matching.snapshot import Frozen
from matching.views.asking import (
    fit_rows,
    proposal_for_school,
    refusal_words,
    say_refused,
    school_of,
    user_of,
)
from matching.views.outcome import flags_of
from students import queries as student_queries

# Moves on this page, and whether they need a reason.
NEEDS_REASON = {
    "approve": False,
    "undo": False,
    "drop": True,
    "withdraw": True,
    "reopen": True,
    "cancel": True,
}


@require_safe
def home(request: HttpRequest, slug: str) -> HttpResponse:
    """What is there to do today, and how does it stand?"""
    school = school_of(request, slug)
    season = season_in_view(timezone.localdate())
    own = Proposal.objects.filter(student__programme__school=school)
    if season is not None:
        own = own.filter(offer__season=season)
    figures = own.aggregate(
        proposed=Count("pk", filter=Q(state=states.PROPOSED)),
        approved=Count("pk", filter=Q(state=states.APPROVED)),
        offered=Count("pk", filter=Q(state=states.OFFERED)),
        agreed=Count("pk", filter=Q(state=states.AGREED)),
    )
    context = {
        "school": school,
        "season": season,
        "figures": figures,
        "seeking": student_queries.seeking(season, school).count() if season else 0,
        "incomplete": student_queries.incomplete(season, school).count() if season else 0,
        "to_review": offers_visible_to(user_of(request))
        .filter(state=offer_states.SUBMITTED)
        .count(),
        "rounds": queries.rounds_visible_to(user_of(request)).filter(school=school)[:5],
        "answers": queries.proposals_visible_to(user_of(request))
        .filter(
            student__programme__school=school,
            state__in=(states.AGREED, states.DECLINED, states.EXPIRED),
            offer__season=season,
        )
        .order_by("-moved_at", "-pk")[:8],
    }
    return render(request, "matching/school/home.html", context)


@require_safe
def proposal(request: HttpRequest, slug: str, proposal_id: int) -> HttpResponse:
    """One proposal: who, where, why, what happened, what can be done."""
    found = proposal_for_school(request, slug, proposal_id)
    return _page(request, slug, found)


def _page(
    request: HttpRequest,
    slug: str,
    found: Proposal,
    form: ReasonForm | None = None,
    wanted: str = "",
) -> HttpResponse:
    frozen = _seen(found)
    pair = found.student_id, found.offer_id
    context = {
        "school": found.student.programme.school,
        "proposal": found,
        "offer": found.offer,
        "flags": flags_of(found, frozen),
        "km": frozen.fit(*pair).km if frozen and frozen.knows(*pair) else None,
        "parts": fit_rows(found.parts, found.round.weights if found.round else None),
        "why": _why(found, frozen),
        "ended": _ended(found),
        "timeline": _timeline(found),
        "moves": _possible(found),
        "rivals": ending.withdrawn_rivals(found) if found.generation > 1 else [],
        "form": form or ReasonForm(),
        "wanted": wanted,
        "crumbs": _crumbs(slug, found),
    }
    status = 422 if form is not None else 200
    return render(request, "matching/school/proposal.html", context, status=status)


def _crumbs(slug: str, found: Proposal) -> list[dict[str, str]]:
    crumbs = [
        {
            "label": found.student.programme.school.short_name,
            "url": reverse("matching:school", args=[slug]),
        }
    ]
    if found.round_id:
        crumbs.append(
            {"label": _("Ronde"), "url": reverse("matching:round", args=[slug, found.round_id])}
        )
    return [*crumbs, {"label": str(found.student)}]


def _seen(found: Proposal) -> Frozen | None:
    """What the run saw that proposed this; for one made by hand, the newest run of its round."""
    run = found.run
    if run is None and found.round is not None:
        run = found.round.runs.filter(state=states.DONE).first()
    return Frozen.read(bytes(run.snapshot)) if run and run.snapshot else None


def _why(found: Proposal, frozen: Frozen | None) -> str:
    """Why the round proposed this, from what the run saw."""
    pair = found.student_id, found.offer_id
    if found.run_id is None or frozen is None or not frozen.knows(*pair):
        return ""
    return explanation_words(frozen.why(*pair))


def _ended(found: Proposal) -> str:
    """Why a proposal ended, in words."""
    if found.state == states.DECLINED:
        return decline_words(found.declined_by, found.reason_code)
    if found.state == states.WITHDRAWN:
        return str(WITHDRAWALS.get(found.reason_code, ""))
    if found.state == states.EXPIRED:
        side = Proposal.Side(found.silent_side).label
        return _("Geen antwoord van: %(side)s.") % {"side": side}
    return ""


MOVE_WORDS: dict[str, Callable[[], str]] = {
    "propose": lambda: _("Voorgesteld"),
    "approve": lambda: _("Goedgekeurd"),
    "undo": lambda: _("Goedkeuring teruggenomen"),
    "release": lambda: _("Verstuurd"),
    "drop": lambda: _("Geschrapt"),
    "supersede": lambda: _("Vervangen door een nieuwe berekening"),
    "accept": lambda: _("Ja gezegd"),
    "decline": lambda: _("Nee gezegd"),
    "expire": lambda: _("Verlopen"),
    "withdraw": lambda: _("Ingetrokken"),
    "reopen": lambda: _("Opnieuw voorgelegd"),
    "cancel": lambda: _("Geannuleerd"),
}


def _timeline(found: Proposal) -> list[dict[str, object]]:
    """Who did what when, oldest first."""
    return [
        {
            "label": MOVE_WORDS[entry.move](),
            "at": entry.at,
            "who": str(entry.actor) if entry.actor else "Topcentrum",
            "reason": _reason_words(entry.reason),
        }
        for entry in history_of("matching.proposal", found.pk)
    ]


def _reason_words(reason: str) -> str:
    """The history keeps a code, a code with a note, or plain words."""
    code, _sep, note = reason.partition(": ")
    known = {**WITHDRAWALS, **STUDENT_DECLINES}
    if code in known:
        return f"{known[code]} {note}".strip()
    company = decline_words(Proposal.Side.COMPANY, code)
    return f"{company} {note}".strip() if company else reason


def _possible(found: Proposal) -> list[str]:
    """The moves that a coordinator may make from here."""
    before_start = found.starts_on > timezone.localdate()
    return [
        name
        for name in NEEDS_REASON
        if states.PROPOSAL.allows(name, found.state)
        and (before_start or name not in ("reopen", "cancel"))
        and not (name == "withdraw" and found.state == states.PROPOSED)
    ]


@takes_form
def move(request: HttpRequest, slug: str, proposal_id: int, move: str) -> HttpResponse:
    """Approve, undo, drop, withdraw, reopen or cancel one proposal."""
    found = proposal_for_school(request, slug, proposal_id)
    if move not in NEEDS_REASON:
        raise Http404
    if request.method != "POST":
        return redirect("matching:school_proposal", slug, found.pk)
    form = ReasonForm(request.POST)
    if NEEDS_REASON[move] and not form.is_valid():
        return _page(request, slug, found, form, move)
    reason = form.cleaned_data["reason"] if NEEDS_REASON[move] else ""
    try:
        trouble = _do(move, found, reason, user_of(request))
    except Refused as error:
        return say_refused(request, error, "matching:school_proposal", slug, found.pk)
    if trouble:
        messages.warning(request, trouble)
    else:
        messages.success(request, f"{MOVE_WORDS[move]()}.")
    return redirect("matching:school_proposal", slug, found.pk)


def _do(move: str, found: Proposal, reason: str, by: User) -> str:
    """Make the move; words when it was not possible any more."""
    today = timezone.localdate()
    if move == "approve":
        refused = approval.approve([found.pk], by=by).refused
        return refusal_words(refused[0][1]) if refused else ""
    if move == "reopen":
        ending.reopen(found.pk, reason=reason, today=today, by=by)
        return ""
    if move == "cancel":
        ending.cancel(found.pk, reason=reason, today=today, by=by)
        return ""
    if move == "undo":
        done = approval.undo([found.pk], by=by)
    elif move == "drop":
        done = approval.drop([found.pk], reason=reason, by=by)
    else:
        done = ending.withdraw([found.pk], code="coordinator", reason=reason, by=by)
    return "" if done else refusal_words("")
