"""The coordinator's rounds: what goes in, run, outcome, approve, release."""

from collections import Counter
from dataclasses import dataclass, field

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from companies import states as offer_states
from companies.actions import Refused
from companies.models import Offer
from education.models import School
from education.queries import open_seasons, season_in_view
from matching import queries, states
from matching.actions import approval
from matching.actions.rounds import create_round, start_run
from matching.forms import ByHandForm, PairForm, RoundForm
from matching.models import Proposal, Round, Run
from matching.reasons import explanation_words, part_words, refusal, rule_words, unplaced_words
from matching.snapshot import Fit, Frozen, entrants, fits_for
from matching.views.asking import round_of, say_refused, school_of, user_of
from students import queries as student_queries
from students.models import Student

WEAK_FIT = 0.2


@dataclass
class Row:
    """A proposal on the coordinator's table, with what deserves a second look."""

    proposal: Proposal
    flags: list[str] = field(default_factory=list)


def _crumbs(school: School, *more: tuple[str, str]) -> list[dict[str, str]]:
    trail = [
        (school.short_name, reverse("matching:school", args=[school.slug])),
        (_("Rondes"), reverse("matching:rounds", args=[school.slug])),
        *more,
    ]
    crumbs = [{"label": label, "url": url} for label, url in trail]
    crumbs[-1].pop("url")
    return crumbs


def _round_url(round_: Round) -> str:
    return reverse("matching:round", args=[round_.school.slug, round_.pk])


def index(request: HttpRequest, slug: str) -> HttpResponse:
    """The rounds of a school, and a new one."""
    school = school_of(request, slug)
    today = timezone.localdate()
    form = RoundForm(
        request.POST or None,
        seasons=open_seasons(today),
        initial={"season": season_in_view(today)},
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = create_round(form.cleaned_data["season"], school, by=user_of(request))
        except Refused as error:
            return say_refused(request, error, "matching:rounds", slug)
        return redirect("matching:round", slug, made.pk)
    context = {
        "school": school,
        "form": form,
        "rounds": queries.rounds_visible_to(user_of(request)).filter(school=school),
        "crumbs": _crumbs(school),
    }
    status = 422 if form.errors else 200
    return render(request, "matching/round/index.html", context, status=status)


@require_GET
def detail(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """What goes in; while it runs, that it runs; afterwards what came out."""
    round_ = round_of(request, slug, round_id)
    latest = queries.latest_run(round_)
    context = {
        "round": round_,
        "school": round_.school,
        "run": latest,
        "under_way": latest is not None and latest.state in states.UNDER_WAY,
        "going_in": entrants(round_.season, round_.school),
        "crumbs": _crumbs(round_.school, (str(round_.season), "")),
        "outcome": _outcome(round_),
    }
    return render(request, "matching/round/detail.html", context)


@dataclass(frozen=True)
class Outcome:
    """What the latest finished run found, and what became of it; `flagged` rows are proposed and
    deserve a second look, `plain` ones are proposed without."""

    done: Run | None
    flagged: list[Row]
    plain: list[Row]
    approved: list[Row]
    further: list[Row]
    profile: list[tuple[int, int]]
    teams: list[tuple[Offer, int]]
    unplaced: list[dict[str, object]]


def _outcome(round_: Round) -> Outcome:
    done = round_.runs.filter(state=states.DONE).first()
    proposals = list(queries.proposals_of_round(round_))
    frozen = Frozen.read(bytes(done.snapshot)) if done and done.snapshot else None
    rows = _rows(proposals, frozen)
    proposed = [r for r in rows if r.proposal.state == states.PROPOSED]
    settled = (states.PROPOSED, states.APPROVED)
    return Outcome(
        done=done,
        flagged=[r for r in proposed if r.flags],
        plain=[r for r in proposed if not r.flags],
        approved=[r for r in rows if r.proposal.state == states.APPROVED],
        further=[r for r in rows if r.proposal.state not in settled],
        profile=_profile(done),
        teams=_teams_below(proposals),
        unplaced=_unplaced(
            frozen, {p.student_id for p in proposals if p.state in (*states.OPEN, states.AGREED)}
        ),
    )


def _profile(done: Run | None) -> list[tuple[int, int]]:
    """(choice, students) pairs of a finished run."""
    return list(enumerate(done.figures["profile"], start=1)) if done else []


def _teams_below(proposals: list[Proposal]) -> list[tuple[Offer, int]]:
    """Projects whose team has students, but fewer than it needs, with how many it has."""
    size = Counter(p.offer_id for p in proposals if p.state in (*states.OPEN, states.AGREED))
    projects = {p.offer_id: p.offer for p in proposals if p.offer.is_project}
    return [
        (offer, size[pk])
        for pk, offer in sorted(projects.items())
        if 0 < size[pk] < (offer.team_min or 0)
    ]


def _rows(proposals: list[Proposal], frozen: Frozen | None) -> list[Row]:
    """Proposals with their flags: whatever a coordinator should look at before approving."""
    small = {offer.pk for offer, _size in _teams_below(proposals)}
    rows = []
    for proposal in proposals:
        row = Row(proposal)
        rows.append(row)
        if proposal.state != states.PROPOSED:
            continue
        pair = proposal.student_id, proposal.offer_id
        if frozen and frozen.knows(*pair) and frozen.fit(*pair).uncheckable:
            row.flags.append(_("Erkenning niet te controleren"))
        if proposal.score is not None and proposal.score < WEAK_FIT:
            row.flags.append(_("Past maar matig"))
        if proposal.offer_id in small:
            row.flags.append(_("Team is nog te klein"))
        if proposal.offer.state == offer_states.FILLED:
            row.flags.append(_("Plek is inmiddels vol"))
        elif proposal.offer.state != offer_states.PUBLISHED:
            row.flags.append(_("Aanbod staat niet meer open"))
        if proposal.reason and proposal.origin == Proposal.Origin.COORDINATOR:
            row.flags.append(_("Met de hand, met een reden"))
    return rows


def _unplaced(frozen: Frozen | None, with_one: set[int]) -> list[dict[str, object]]:
    """Students whom the run found no place for, and who have none by now, with the reason."""
    if frozen is None:
        return []
    reasons = {pk: r for pk, r in frozen.unplaced().items() if pk not in with_one}
    students = Student.objects.filter(pk__in=reasons).select_related("user", "programme")
    offers = Offer.objects.select_related("site__company").in_bulk(
        {
            frozen.snapshot.offer_ids[choice.place]
            for found in reasons.values()
            for choice in found.choices
        }
    )
    return [
        {
            "student": student,
            "why": unplaced_words(reasons[student.pk]),
            "choices": [
                (
                    offers[frozen.snapshot.offer_ids[choice.place]],
                    explanation_words(choice),
                    rule_words(choice.rules),
                )
                for choice in reasons[student.pk].choices
                if frozen.snapshot.offer_ids[choice.place] in offers
            ],
        }
        for student in students.order_by("user__name", "pk")
    ]


@require_POST
def run(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Queue a calculation; a worker does it."""
    round_ = round_of(request, slug, round_id)
    going_in = entrants(round_.season, round_.school)
    if not going_in.ready:
        messages.warning(
            request,
            _("Er valt nog niets te verdelen: er zijn studenten én vrije plekken nodig."),
        )
        return redirect(_round_url(round_))
    try:
        start_run(round_, by=user_of(request))
    except Refused as error:
        return say_refused(request, error, "matching:round", slug, round_id)
    return redirect(_round_url(round_))


@require_GET
def status(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """The state of the latest run, for a page that waits; it is read anew when the run ended."""
    round_ = round_of(request, slug, round_id)
    latest = queries.latest_run(round_)
    if latest is None:
        raise Http404
    if latest.state in states.UNDER_WAY:
        context = {"round": round_, "school": round_.school, "run": latest}
        return render(request, "matching/round/_running.html", context)
    if not request.headers.get("HX-Request"):
        return redirect(_round_url(round_))
    return HttpResponse(headers={"HX-Refresh": "true"})


def _chosen(request: HttpRequest, round_: Round) -> list[int]:
    """The proposals that were ticked, or all without a flag, of this round only."""
    if request.POST.get("scope") == "plain":
        return [row.proposal.pk for row in _outcome(round_).plain]
    ticked = [pk for pk in request.POST.getlist("proposal") if pk.isdecimal() and len(pk) < 19]
    found = Proposal.objects.filter(round=round_, pk__in=ticked)
    return list(found.values_list("pk", flat=True))


@require_POST
def approve(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Approve the ticked proposals, or all that have no flag."""
    round_ = round_of(request, slug, round_id)
    ids = _chosen(request, round_)
    if not ids:
        messages.warning(request, _("Kies eerst een of meer voorstellen."))
        return redirect(_round_url(round_))
    try:
        result = approval.approve(ids, by=user_of(request))
    except Refused as error:
        return say_refused(request, error, "matching:round", slug, round_id)
    if result.done:
        messages.success(
            request,
            ngettext(
                "%(n)s voorstel goedgekeurd. Er is nog niets verstuurd.",
                "%(n)s voorstellen goedgekeurd. Er is nog niets verstuurd.",
                len(result.done),
            )
            % {"n": len(result.done)},
        )
    for proposal, code in result.refused:
        messages.warning(request, f"{proposal.student} – {proposal.offer}: {refusal(code)}")
    return redirect(_round_url(round_))


@require_POST
def undo(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Take the approval of the ticked proposals back."""
    round_ = round_of(request, slug, round_id)
    ids = _chosen(request, round_)
    undone = approval.undo(ids, by=user_of(request))
    if undone:
        messages.success(
            request,
            ngettext(
                "%(n)s goedkeuring teruggenomen.",
                "%(n)s goedkeuringen teruggenomen.",
                len(undone),
            )
            % {"n": len(undone)},
        )
    else:
        messages.warning(request, _("Er was niets om terug te nemen."))
    return redirect(_round_url(round_))


@require_POST
def release(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Send all approved proposals to students and companies."""
    round_ = round_of(request, slug, round_id)
    sent = approval.release_round(round_, by=user_of(request))
    if sent:
        messages.success(
            request,
            ngettext(
                "%(n)s voorstel verstuurd. Student en bedrijf krijgen een brief.",
                "%(n)s voorstellen verstuurd. Studenten en bedrijven krijgen een brief.",
                len(sent),
            )
            % {"n": len(sent)},
        )
    else:
        messages.warning(request, _("Er was niets om te versturen. Keur eerst voorstellen goed."))
    return redirect(_round_url(round_))


@require_GET
def why(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Why does this student get, or not get, this place? For any pair of the round."""
    round_ = round_of(request, slug, round_id)
    done = round_.runs.filter(state=states.DONE).first()
    if done is None or done.snapshot is None:
        messages.warning(request, _("Reken de ronde eerst door."))
        return redirect(_round_url(round_))
    frozen = Frozen.read(bytes(done.snapshot))
    form = _pair_form(PairForm, request, frozen)
    context = {
        "round": round_,
        "school": round_.school,
        "form": form,
        "crumbs": _crumbs(
            round_.school, (str(round_.season), _round_url(round_)), (_("Waarom?"), "")
        ),
    }
    if form.is_bound and form.is_valid():
        context |= _answer(frozen, form.cleaned_data["student"], form.cleaned_data["offer"])
    code = 422 if form.is_bound and form.errors else 200
    return render(request, "matching/round/why.html", context, status=code)


def _pair_form(kind: type[PairForm], request: HttpRequest, frozen: Frozen) -> PairForm:
    """A form over the students and offers that took part in a run."""
    asked = request.GET if {"student", "offer"} & set(request.GET) else None
    return kind(
        asked,
        students=Student.objects.filter(pk__in=frozen.snapshot.student_ids)
        .select_related("user")
        .order_by("user__name", "pk"),
        offers=Offer.objects.filter(pk__in=frozen.snapshot.offer_ids)
        .select_related("site__company")
        .order_by("title", "pk"),
    )


def _answer(frozen: Frozen, student: Student, offer: Offer) -> dict[str, object]:
    found = frozen.why(student.pk, offer.pk)
    fit = frozen.fit(student.pk, offer.pk)
    got = frozen.offer_of(student.pk)
    return {
        "student": student,
        "offer": offer,
        "why": explanation_words(found),
        "found": found,
        "rules": rule_words(found.rules),
        "fit": fit,
        "parts": [{"label": words, "score": part} for words, part in part_words(fit.parts)],
        "got": Offer.objects.select_related("site__company").filter(pk=got).first()
        if got
        else None,
    }


def by_hand(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Put a student and an offer together; rules may be set aside with a reason."""
    round_ = round_of(request, slug, round_id)
    seeking = student_queries.complete(round_.season, round_.school).select_related(
        "student__postcode"
    )
    offers = queries.published_offers(round_.season)
    form = ByHandForm(
        request.POST or None,
        initial={key: request.GET[key] for key in ("student", "offer") if key in request.GET},
        students=Student.objects.filter(pk__in=seeking.values("student"))
        .select_related("user")
        .order_by("user__name", "pk"),
        offers=offers,
    )
    student_id = str((form.data if form.is_bound else form.initial).get("student", ""))
    chosen = seeking.filter(student=int(student_id)).first() if _is_key(student_id) else None
    open_offers = [o for o in offers if o.free > 0]
    fits = fits_for(chosen, open_offers, today=timezone.localdate()) if chosen else {}
    if request.method == "POST" and form.is_valid():
        answer = _propose(request, round_, form, fits)
        if answer is not None:
            return answer
    context = {
        "round": round_,
        "school": round_.school,
        "form": form,
        "chosen": chosen,
        "suggestions": _suggestions(open_offers, fits),
        "crumbs": _crumbs(
            round_.school, (str(round_.season), _round_url(round_)), (_("Met de hand"), "")
        ),
    }
    status_code = 422 if form.is_bound and form.errors else 200
    return render(request, "matching/round/by_hand.html", context, status=status_code)


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


def _suggestions(offers: list[Offer], fits: dict[int, Fit]) -> list[tuple[Offer, Fit]]:
    """The ten eligible offers that fit best."""
    eligible = [(o, fits[o.pk]) for o in offers if o.pk in fits and fits[o.pk].eligible]
    return sorted(eligible, key=lambda pair: (-pair[1].score, pair[0].pk))[:10]


def _propose(
    request: HttpRequest, round_: Round, form: ByHandForm, fits: dict[int, Fit]
) -> HttpResponse | None:
    """Make the proposal; None when a rule is in the way and no reason was given."""
    student, offer = form.cleaned_data["student"], form.cleaned_data["offer"]
    reason, fit = form.cleaned_data["reason"], fits.get(offer.pk)
    if fit is not None and not fit.eligible and not reason:
        form.add_error(
            "reason",
            _("Volgens de regels kan dit niet (%(rules)s). Schrijf waarom het toch kan.")
            % {"rules": ", ".join(rule_words(fit.rules)).lower()},
        )
        return None
    user: User = user_of(request)
    try:
        approval.propose_by_hand(
            student,
            offer,
            by=user,
            round_=round_,
            reason=reason,
            score=fit.score if fit else None,
            parts=fit.parts if fit else None,
        )
    except Refused as error:
        form.add_error("offer", refusal(error.code))
        return None
    messages.success(
        request,
        _("Voorstel gemaakt: %(student)s bij %(company)s. Keur het goed om het te versturen.")
        % {"student": student, "company": offer.site.company},
    )
    return redirect(_round_url(round_))
