"""The coordinator's start page, and one proposal with everything that can be done with it."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import HistoryEntry, User
from accounts.queries import history_of
from companies import states as offer_states
from companies.actions import Refused
from companies.queries import offers_visible_to
from companies.reasons import closing_words
from education.models import School, Season
from education.queries import season_in_view
from education.views.asking import school_of, takes_form, user_of
from matching import queries, states
from matching.actions import answers, approval, ending
from matching.forms import ReasonForm
from matching.models import Proposal, Round
from matching.reasons import (
    STUDENT_DECLINES,
    decline_words,
    explanation_words,
)
from matching.snapshot import Frozen
from matching.views.asking import fit_rows, proposal_for_school, refusal_words, withdrawal_words
from matching.views.outcome import flags_of
from students import queries as student_queries

MOST_NAMED = 10
AGREE = "agree"  # with a team that is smaller than its minimum

# Moves on this page, and whether they need a reason.
NEEDS_REASON = {
    AGREE: True,
    "approve": False,
    "undo": False,
    "release": False,
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
        "seeking": _without_place(season, school) if season else 0,
        "incomplete": student_queries.incomplete(season, school).count() if season else 0,
        "to_review": offers_visible_to(user_of(request))
        .filter(state=offer_states.SUBMITTED)
        .count(),
        "small_teams": queries.small_teams(
            queries.stranded().filter(student__programme__school=school)
        ),
        "loose": queries.proposals_visible_to(user_of(request))
        .filter(
            student__programme__school=school,
            round__isnull=True,
            state__in=(states.PROPOSED, states.APPROVED),
        )
        .order_by("pk")[:MOST_NAMED],
        "rounds": queries.rounds_visible_to(user_of(request)).filter(
            school=school, state=Round.State.OPEN
        ),
        "answers": queries.proposals_visible_to(user_of(request))
        .filter(
            student__programme__school=school,
            state__in=(states.AGREED, states.DECLINED, states.EXPIRED),
            offer__season=season,
        )
        .order_by("-moved_at", "-pk")[:8],
    }
    return render(request, "matching/school/home.html", context)


def _without_place(season: Season, school: School) -> int:
    """How many students still look for a place."""
    seeking = student_queries.seeking(season, school)
    return seeking.exclude(student__in=queries.with_a_place(season)).count()


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
    team = queries.small_teams(queries.stranded().filter(pk=found.pk))
    frozen = _seen(found)
    pair = found.student_id, found.offer_id
    context = {
        "school": found.student.programme.school,
        "proposal": found,
        "small_team": team[0] if team else None,
        "offer": found.offer,
        "flags": flags_of(found, frozen),
        "km": frozen.fit(*pair).km if frozen and frozen.knows(*pair) else None,
        "parts": fit_rows(found.parts, found.round.weights if found.round else None),
        "why": _why(found, frozen),
        "ended": _ended(found),
        "timeline": _timeline(found),
        "moves": [
            (name, form if form and name == wanted else _reason_form(name, found))
            for name in _possible(found, stranded=bool(team))
        ],
        "rivals": ending.withdrawn_rivals(found) if found.generation > 1 else [],
        "form": form,
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
        return str(decline_words(found.declined_by, found.reason_code))
    if found.state == states.WITHDRAWN:
        return withdrawal_words(found.reason_code)
    if found.state == states.EXPIRED:
        side = Proposal.Side(found.silent_side).label
        return _("Geen antwoord van: %(side)s.") % {"side": side}
    return ""


def _reason_form(name: str, found: Proposal, posted: QueryDict | None = None) -> ReasonForm:
    return ReasonForm(posted, readers=_readers(name, found), auto_id=f"{name}-%s")


def _readers(name: str, found: Proposal) -> str:
    """Who reads the reason for a move, before it is written: some of them get it by mail."""
    if name == "cancel":
        return _("De student en het bedrijf krijgen deze reden per mail.")
    asked_for = found.origin in (Proposal.Origin.APPLICATION, Proposal.Origin.OWN_PLACE)
    if name == "withdraw" and found.state == states.OFFERED:
        return _(
            "De student krijgt deze reden per mail. Het bedrijf hoort alleen dat je school het "
            "voorstel heeft ingetrokken."
        )
    if name in ("drop", "withdraw") and asked_for:
        return _("De student krijgt deze reden per mail.")
    return _("Alleen je school leest dit. Het blijft bewaard bij het voorstel.")


MOVE_WORDS: dict[str, Callable[[], str]] = {
    "propose": lambda: _("Voorgesteld"),
    "approve": lambda: _("Goedgekeurd"),
    "undo": lambda: _("Goedkeuring teruggenomen"),
    "release": lambda: _("Verstuurd"),
    "drop": lambda: _("Geschrapt"),
    "supersede": lambda: _("Vervangen door een nieuwe berekening"),
    "accept": lambda: _("Ja gezegd"),
    AGREE: lambda: _("Het kleinere team gaat door"),
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
            # Only a coordinator agrees with a reason, in place of the rest of a team.
            "label": MOVE_WORDS[AGREE if _is_for_a_team(entry) else entry.move](),
            "at": entry.at,
            "who": str(entry.actor) if entry.actor else "Topcentrum",
            "reason": _reason_words(entry.reason),
        }
        for entry in history_of("matching.proposal", found.pk)
    ]


def _is_for_a_team(entry: HistoryEntry) -> bool:
    return entry.move == "accept" and bool(entry.reason)


def _reason_words(reason: str) -> str:
    """The history keeps a code, a code with a note, or plain words."""
    code, _sep, note = reason.partition(": ")
    known = withdrawal_words(code) or str(STUDENT_DECLINES.get(code, ""))
    if known:
        return f"{known} {note}".strip()
    company = decline_words(Proposal.Side.COMPANY, code)
    return f"{company} {note}".strip() if company else closing_words(reason)


def _is_sent_with_its_round(found: Proposal) -> bool:
    return found.round is not None and found.round.state == Round.State.OPEN


def _possible(found: Proposal, *, stranded: bool) -> list[str]:
    """The moves that a coordinator may make from here."""
    before_start = found.starts_on > timezone.localdate()
    first = [AGREE] if stranded else []
    return first + [
        name
        for name in NEEDS_REASON
        if name != AGREE
        and states.PROPOSAL.allows(name, found.state)
        and (before_start or name not in ("reopen", "cancel"))
        and not (name == "withdraw" and found.state == states.PROPOSED)
        and not (name == "release" and _is_sent_with_its_round(found))
    ]


@takes_form
def move(request: HttpRequest, slug: str, proposal_id: int, move: str) -> HttpResponse:
    """Approve, undo, release, drop, withdraw, reopen or cancel one proposal; agree for a team."""
    found = proposal_for_school(request, slug, proposal_id)
    if move not in NEEDS_REASON:
        raise Http404
    if move == "release" and _is_sent_with_its_round(found):
        messages.warning(request, _("Dit voorstel verstuur je samen met de rest van de ronde."))
        return redirect("matching:round", slug, found.round_id)
    if request.method != "POST":
        return redirect("matching:school_proposal", slug, found.pk)
    form = _reason_form(move, found, request.POST)
    if NEEDS_REASON[move] and not form.is_valid():
        return _page(request, slug, found, form, move)
    reason = form.cleaned_data["reason"] if NEEDS_REASON[move] else ""
    try:
        trouble = _do(move, found, reason, user_of(request))
    except Refused as error:
        trouble = refusal_words(error.code)
    # The same form once more gets the same answer.
    made = "accept" if move == AGREE else move
    if trouble and not queries.moved_last(user_of(request), made, [found.pk], reason=reason):
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
    if move == AGREE:
        answers.agree_as_a_smaller_team(found.pk, reason=reason, by=by)
        return ""
    if move == "reopen":
        ending.reopen(found.pk, reason=reason, today=today, by=by)
        return ""
    if move == "cancel":
        ending.cancel(found.pk, reason=reason, today=today, by=by)
        return ""
    if move == "undo":
        done = approval.undo([found.pk], by=by)
    elif move == "release":
        done = approval.release([found.pk], by=by)
    elif move == "drop":
        done = approval.drop([found.pk], reason=reason, by=by)
    else:
        done = ending.withdraw([found.pk], code="coordinator", reason=reason, by=by)
    return "" if done else refusal_words("")
