"""The coordinator's rounds: what goes in, run, approve, undo, release."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from companies.actions import Refused
from education.models import School
from education.queries import open_seasons, season_in_view
from education.views.asking import school_of, takes_form, user_of
from matching import queries, states
from matching.actions import approval
from matching.actions.rounds import create_round, start_run
from matching.forms import EffortForm, RoundForm
from matching.models import Proposal, Round
from matching.reasons import EFFORTS
from matching.snapshot import entrants
from matching.views.asking import refusal_words, round_of, say_refused
from matching.views.outcome import outcome_of


def crumbs_of(school: School, *more: tuple[str, str]) -> list[dict[str, str]]:
    """The way to a page of rounds: school, rounds, and what comes after; the last has no link."""
    trail = [
        (school.short_name, reverse("matching:school", args=[school.slug])),
        (_("Rondes"), reverse("matching:rounds", args=[school.slug])),
        *more,
    ]
    crumbs = [{"label": label, "url": url} for label, url in trail]
    crumbs[-1].pop("url")
    return crumbs


def url_of(round_: Round) -> str:
    """The page of a round."""
    return reverse("matching:round", args=[round_.school.slug, round_.pk])


@require_http_methods(["GET", "HEAD", "POST"])
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
            own = queries.open_round_of(form.cleaned_data["season"], school, by=user_of(request))
            if own is None:
                return say_refused(request, error, "matching:rounds", slug)
            made = own  # the same form once more
        return redirect("matching:round", slug, made.pk)
    context = {
        "school": school,
        "form": form,
        "rounds": queries.rounds_visible_to(user_of(request)).filter(school=school),
        "crumbs": crumbs_of(school),
    }
    status = 422 if form.errors else 200
    return render(request, "matching/round/index.html", context, status=status)


@require_safe
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
        "crumbs": crumbs_of(round_.school, (str(round_.season), "")),
        "small_teams": queries.small_teams(queries.stranded().filter(round=round_)),
        "outcome": outcome_of(round_),
        "efforts": [
            {"code": code, "name": name, "meaning": meaning}
            for code, (name, meaning) in EFFORTS.items()
        ],
    }
    return render(request, "matching/round/detail.html", context)


@takes_form
def run(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Queue a calculation with the effort that was chosen; a worker does it."""
    round_ = round_of(request, slug, round_id)
    if request.method != "POST":
        return redirect(url_of(round_))
    form = EffortForm(request.POST)
    if not form.is_valid():
        messages.warning(request, _("Kies hoe het portaal rekent: standaard, snel of exact."))
        return redirect(url_of(round_))
    going_in = entrants(round_.season, round_.school)
    if not going_in.ready:
        messages.warning(
            request,
            _("Er valt nog niets te verdelen: er zijn studenten én vrije plekken nodig."),
        )
        return redirect(url_of(round_))
    try:
        start_run(round_, effort=form.chosen(), seen=form.cleaned_data["seen"], by=user_of(request))
    except Refused as error:
        asked = error.code == "run_under_way" and queries.is_running_for(round_, user_of(request))
        if error.code == "run_just_done":
            messages.success(request, refusal_words(error.code))
        elif not asked:
            return say_refused(request, error, "matching:round", slug, round_id)
    return redirect(url_of(round_))


@require_safe
def status(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """The state of the latest run, for a page that waits; it is read anew when the run ended.

    `seen` is what the page said last, so that it speaks up only when there is news.
    """
    round_ = round_of(request, slug, round_id)
    latest = queries.latest_run(round_)
    if latest is None:
        raise Http404
    if latest.state in states.UNDER_WAY:
        news = request.GET.get("seen") != latest.stage
        context = {"round": round_, "school": round_.school, "run": latest, "news": news}
        return render(request, "matching/round/_running.html", context)
    if not request.headers.get("HX-Request"):
        return redirect(url_of(round_))
    return HttpResponse(headers={"HX-Refresh": "true"})


def _chosen(request: HttpRequest, round_: Round) -> list[int]:
    """The proposals that were ticked, or all without a flag, of this round only."""
    if request.POST.get("scope") == "plain":
        return [row.proposal.pk for row in outcome_of(round_).plain]
    ticked = [pk for pk in request.POST.getlist("proposal") if pk.isdecimal() and len(pk) < 19]
    found = Proposal.objects.filter(round=round_, pk__in=ticked)
    return list(found.values_list("pk", flat=True))


@takes_form
def approve(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Approve the ticked proposals, or all that have no flag."""
    round_ = round_of(request, slug, round_id)
    if request.method != "POST":
        return redirect(url_of(round_))
    ids = _chosen(request, round_)
    if not ids:
        _say_nothing_to_approve(request, round_)
        return redirect(url_of(round_))
    try:
        result = approval.approve(ids, by=user_of(request))
    except Refused as error:
        return say_refused(request, error, "matching:round", slug, round_id)
    twice = [p.pk for p, code in result.refused if code == "proposal_approved"]
    own = queries.moved_last(user_of(request), "approve", twice)
    approved = len(result.done) + len(own)
    if approved:
        messages.success(
            request,
            ngettext(
                "%(n)s voorstel goedgekeurd. Er is nog niets verstuurd.",
                "%(n)s voorstellen goedgekeurd. Er is nog niets verstuurd.",
                approved,
            )
            % {"n": approved},
        )
    for proposal, code in result.refused:
        if proposal.pk not in own:
            words = refusal_words(code)
            messages.warning(request, f"{proposal.student} – {proposal.offer}: {words}")
    return redirect(url_of(round_))


def _say_nothing_to_approve(request: HttpRequest, round_: Round) -> None:
    """Nothing was ticked; or all without a flag were approved a moment ago."""
    waiting = Proposal.objects.filter(round=round_, state=states.APPROVED).exists()
    if request.POST.get("scope") == "plain" and waiting:
        messages.success(
            request, _("Alles zonder aandachtspunt is goedgekeurd. Er is nog niets verstuurd.")
        )
    else:
        messages.warning(request, _("Kies eerst een of meer voorstellen."))


@takes_form
def undo(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Take the approval of the ticked proposals back."""
    round_ = round_of(request, slug, round_id)
    if request.method != "POST":
        return redirect(url_of(round_))
    ids = _chosen(request, round_)
    if not ids:
        messages.warning(request, _("Kies eerst een of meer voorstellen."))
        return redirect(url_of(round_))
    undone = {p.pk for p in approval.undo(ids, by=user_of(request))}
    undone |= queries.moved_last(user_of(request), "undo", ids)
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
    return redirect(url_of(round_))


@takes_form
def release(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Send all approved proposals to students and companies."""
    round_ = round_of(request, slug, round_id)
    if request.method != "POST":
        return redirect(url_of(round_))
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
    elif queries.was_sent(round_):
        messages.success(request, _("Alles wat klaarstond, is verstuurd."))
    else:
        messages.warning(request, _("Er was niets om te versturen. Keur eerst voorstellen goed."))
    return redirect(url_of(round_))


@takes_form
def close(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """End a round of which nothing is left to send."""
    round_ = round_of(request, slug, round_id)
    if request.method != "POST":
        return redirect(url_of(round_))
    try:
        approval.close_round(round_, reason=_("De ronde is gesloten."), by=user_of(request))
    except Refused as error:
        return say_refused(request, error, "matching:round", slug, round_id)
    messages.success(request, _("Deze ronde is gesloten. Je kunt een nieuwe ronde beginnen."))
    return redirect(url_of(round_))
