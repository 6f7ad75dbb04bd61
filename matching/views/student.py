"""The student's pages: start, offers, ranking, proposals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from companies.actions import Refused
from companies.models import Offer
from education.models import Season
from education.queries import season_in_view
from education.views.asking import takes_form, user_of
from matching import access, queries, states
from matching.actions import answers, rankings
from matching.forms import BrowseForm, RankingForm, StudentDeclineForm
from matching.models import MOST_WISHES, Proposal
from matching.reasons import MISSING, refusal, rule_words
from matching.snapshot import Fit, fits_for
from matching.views.asking import fit_rows, no_words, say_refused, student_of
from students.actions import go_beyond_list
from students.models import Availability, Student
from students.queries import missing_fields, says_nothing_of_skills

PER_PAGE = 24
FEWEST_WISHES = 3


@dataclass(frozen=True)
class Seeker:
    """A student and the season in view: what the pages below all need."""

    student: Student
    season: Season | None
    availability: Availability | None
    missing: list[str]

    @classmethod
    def of(cls, request: HttpRequest) -> "Seeker":
        student = student_of(request)
        season = season_in_view(timezone.localdate())
        availability = None
        if season is not None:
            availability = (
                Availability.objects.filter(student=student, season=season)
                .select_related("student__programme", "student__postcode")
                .first()
            )
        return cls(student, season, availability, missing_fields(student, availability))

    @property
    def ready(self) -> bool:
        """Whether offers can be compared with the profile."""
        return self.season is not None and not self.missing

    def missing_words(self) -> list[str]:
        """What the profile still needs."""
        return [str(MISSING[code]) for code in self.missing]

    def fits(self, offers: Sequence[Offer], today: date) -> dict[int, Fit]:
        """Fit per offer; empty while the profile is not complete."""
        if not self.ready or self.availability is None:
            return {}
        declined = Proposal.objects.filter(student=self.student, state=states.DECLINED)
        banned = {(self.student.pk, pk) for pk in declined.values_list("offer_id", flat=True)}
        return fits_for(self.availability, offers, today=today, banned=banned)


@dataclass(frozen=True)
class Card:
    """An offer as a student sees it."""

    offer: Offer
    fit: Fit | None
    tier: int | None

    @property
    def why_not(self) -> list[str]:
        """The hard rules in the way, in words."""
        return rule_words(self.fit.rules) if self.fit else []

    @property
    def parts(self) -> list[dict[str, object]]:
        """The fit per criterion, as the fit part of the page wants it."""
        if self.fit is None:
            return []
        return fit_rows(self.fit.parts)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What is there to do for me? Answer a proposal, complete the profile, rank, or wait."""
    seeker = Seeker.of(request)
    proposals = list(
        queries.proposals_visible_to(user_of(request))
        .filter(student=seeker.student)
        .order_by("-moved_at", "-pk")
    )
    wishes = list(queries.wishes_of(seeker.student, seeker.season)) if seeker.season else []
    to_answer = [p for p in proposals if p.state == states.OFFERED and not p.student_answered]
    context = {
        "seeker": seeker,
        "to_answer": to_answer,
        # Before it is offered, a student sees only what the student asked for.
        "waiting": [p for p in proposals if p.state in states.OPEN and p not in to_answer],
        "agreed": [p for p in proposals if p.state == states.AGREED],
        "past": [p for p in proposals if p.state not in (*states.OPEN, states.AGREED)],
        "wishes": wishes,
        "fewest": FEWEST_WISHES,
    }
    return render(request, "matching/student/home.html", context)


@require_safe
def browse(request: HttpRequest) -> HttpResponse:
    """Offers of the season, those that fit best first."""
    seeker = Seeker.of(request)
    form = BrowseForm(request.GET)
    form.is_valid()
    cards = _cards(seeker) if seeker.season else []
    # Of the whole season, whatever somebody searches for: a word changes nothing in a profile.
    fitting = sum(card.fit is not None and card.fit.eligible for card in cards)
    everything = form.cleaned_data.get("fitting") == "all"
    if seeker.ready and not everything:
        cards = [card for card in cards if card.fit and card.fit.eligible]
    narrowed = form.narrows()
    if narrowed and seeker.season:
        found = _found(seeker.season, form.cleaned_data)
        cards = [card for card in cards if card.offer.pk in found]
    page = Paginator(cards, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "seeker": seeker,
        "form": form,
        "page": page,
        "fitting": fitting,
        "no_skills": seeker.ready and says_nothing_of_skills(seeker.student),
        "narrowed": narrowed,
        "everything": everything,
    }
    return render(request, "matching/student/browse.html", context)


def _found(season: Season, wanted: dict[str, str]) -> set[int]:
    """The offers of a kind, and with a word in their title, text, company or place."""
    rows = queries.published_offers(season)
    if wanted.get("kind"):
        rows = rows.filter(kind=wanted["kind"])
    if wanted.get("q"):
        rows = rows.filter(
            Q(title__icontains=wanted["q"])
            | Q(text__icontains=wanted["q"])
            | Q(site__company__name__icontains=wanted["q"])
            | Q(site__postcode__place__icontains=wanted["q"])
        )
    return set(rows.values_list("pk", flat=True))


def _cards(seeker: Seeker) -> list[Card]:
    """All published offers of the season with their fit: eligible first, best first."""
    assert seeker.season is not None
    offers = list(queries.published_offers(seeker.season))
    fits = seeker.fits(offers, timezone.localdate())
    tiers = {w.offer_id: w.tier for w in queries.wishes_of(seeker.student, seeker.season)}
    cards = [Card(o, fits.get(o.pk), tiers.get(o.pk)) for o in offers]
    return sorted(
        cards,
        key=lambda c: (
            not (c.fit and c.fit.eligible),
            -(c.fit.score if c.fit else 0),
            c.offer.pk,
        ),
    )


@require_safe
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """One offer: what it is, how well it fits and why, and the ranking button."""
    seeker = Seeker.of(request)
    found = get_object_or_404(
        queries.offers_for(seeker.student).prefetch_related("skills", "programmes"), pk=offer_id
    )
    context = {
        "seeker": seeker,
        "card": _card(seeker, found),
        # Schools teach programmes of the same name.
        "programmes": sorted({p.name for p in found.programmes.all()}),
        "own_skills": set(seeker.student.skills.values_list("pk", flat=True)),
        "wanted_skills": set(seeker.student.wants.values_list("pk", flat=True)),
        "crumbs": [
            {"label": _("Plekken"), "url": reverse("matching:browse")},
            {"label": found.title},
        ],
    }
    return render(request, "matching/student/offer.html", context)


def _card(seeker: Seeker, found: Offer) -> Card:
    tier = (
        queries.wishes_of(seeker.student, found.season)
        .filter(offer=found)
        .values_list("tier", flat=True)
        .first()
    )
    in_view = seeker.season is not None and found.season_id == seeker.season.pk
    fits = seeker.fits([found], timezone.localdate()) if in_view else {}
    return Card(found, fits.get(found.pk), tier)


@takes_form
def wish(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Put an offer on the ranking, or take it off with `off`."""
    student = student_of(request)
    found = get_object_or_404(queries.offers_for(student), pk=offer_id)
    if request.method != "POST":
        return redirect("matching:offer", found.pk)
    off = "off" in request.POST
    trouble = ""
    try:
        if off:
            rankings.remove_wish(student, found)
        else:
            rankings.add_wish(student, found)
    except Refused as error:
        trouble = refusal(error.code)
    if request.headers.get("HX-Request"):
        card = _card(Seeker.of(request), found)
        return render(request, "matching/student/_wish.html", {"card": card, "trouble": trouble})
    if trouble:
        messages.warning(request, trouble)
    elif off:
        messages.success(request, _("Van je lijst gehaald."))
    else:
        messages.success(request, _("Op je lijst gezet."))
    return redirect("matching:ranking")


@require_http_methods(["GET", "HEAD", "POST"])
def ranking(request: HttpRequest) -> HttpResponse:
    """The ranking: read it, and change the order; equal numbers are a tie."""
    seeker = Seeker.of(request)
    if seeker.season is None:
        raise Http404
    wishes = list(queries.wishes_of(seeker.student, seeker.season))
    form = RankingForm(
        request.POST or None,
        wishes=wishes,
        beyond_list=seeker.availability.beyond_list if seeker.availability else None,
    )
    if request.method == "POST" and form.is_valid():
        try:
            rankings.change_ranking(seeker.student, seeker.season, form.tiers(), seen=form.seen())
        except Refused as error:
            return say_refused(request, error, "matching:ranking")
        if (wanted := form.goes_beyond_list()) is not None:
            go_beyond_list(seeker.student, seeker.season, wanted=wanted)
        messages.success(request, _("Je lijst is bewaard."))
        return redirect("matching:ranking")
    published = {o.pk: o for o in queries.published_offers(seeker.season)}
    offers = published | {w.offer_id: w.offer for w in wishes}
    fits = seeker.fits(list(offers.values()), timezone.localdate())
    context = {
        "seeker": seeker,
        "form": form,
        "rows": [
            {
                "card": Card(w.offer, fits.get(w.offer_id), w.tier),
                "field": form[f"tier_{w.offer_id}"],
            }
            for w in wishes
        ],
        "fewest": FEWEST_WISHES,
        "most": MOST_WISHES,
        "fitting": sum(fit.eligible for pk, fit in fits.items() if pk in published),
        "crumbs": [
            {"label": _("Start"), "url": reverse("matching:student")},
            {"label": _("Mijn lijst")},
        ],
    }
    status = 422 if form.errors else 200
    return render(request, "matching/student/ranking.html", context, status=status)


def _own_proposal(request: HttpRequest, proposal_id: int) -> Proposal:
    student = student_of(request)
    return get_object_or_404(
        queries.proposals_visible_to(user_of(request)), pk=proposal_id, student=student
    )


def _refuse_others(request: HttpRequest, found: Proposal) -> None:
    if not access.can_answer_as_student(user_of(request), found):
        raise PermissionDenied


@require_safe
def proposal(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """One proposal: what, where, when, and the two answers."""
    return _proposal_page(request, _own_proposal(request, proposal_id))


def _proposal_page(
    request: HttpRequest, found: Proposal, form: StudentDeclineForm | None = None
) -> HttpResponse:
    context = {
        "proposal": found,
        "offer": found.offer,
        "company": found.offer.site.company,
        "why": no_words(found),
        "place": queries.place_beside(found),
        "beside": queries.offered_beside(found),
        "form": form or StudentDeclineForm(),
        "crumbs": [
            {"label": _("Start"), "url": reverse("matching:student")},
            {"label": found.offer.title},
        ],
    }
    status = 422 if form is not None else 200
    return render(request, "matching/student/proposal.html", context, status=status)


@takes_form
def accept(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The student says yes."""
    found = _own_proposal(request, proposal_id)
    _refuse_others(request, found)
    if request.method != "POST":
        return redirect("matching:student_proposal", found.pk)
    try:
        done = answers.accept(found.pk, side=Proposal.Side.STUDENT, by=user_of(request))
    except Refused as error:
        return say_refused(request, error, "matching:student_proposal", found.pk)
    if done.state == states.AGREED:
        messages.success(request, _("Gelukt! Jullie zijn het eens. Je hebt deze plek."))
    elif done.waits_for_team:
        messages.success(request, _("Je hebt ja gezegd. Nu wachten we op de rest van het team."))
    else:
        messages.success(request, _("Je hebt ja gezegd. Nu wachten we op het bedrijf."))
    return redirect("matching:student_proposal", found.pk)


@takes_form
def decline(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """The student says no, with a reason."""
    found = _own_proposal(request, proposal_id)
    _refuse_others(request, found)
    if request.method != "POST":
        return redirect("matching:student_proposal", found.pk)
    form = StudentDeclineForm(request.POST)
    if not form.is_valid():
        return _proposal_page(request, found, form)
    try:
        answers.decline(
            found.pk,
            side=Proposal.Side.STUDENT,
            code=form.cleaned_data["code"],
            note=form.cleaned_data["note"],
            by=user_of(request),
        )
    except Refused as error:
        return say_refused(request, error, "matching:student_proposal", found.pk)
    messages.success(request, _("Je hebt nee gezegd. Je stagecoördinator zoekt verder met je."))
    return redirect("matching:student_proposal", found.pk)
