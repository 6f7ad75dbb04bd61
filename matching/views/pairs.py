"""One student beside one offer: why, why not, and a proposal made by hand."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.queries import alphabetical
from companies.actions import Refused
from companies.models import Offer
from education.views.asking import user_of
from matching import queries, states
from matching.actions import approval
from matching.forms import ByHandForm, PairForm
from matching.models import Proposal, Round
from matching.reasons import explanation_words, rule_words
from matching.snapshot import Fit, Frozen, fits_for
from matching.views.asking import fit_rows, refusal_words, round_of
from matching.views.rounds import crumbs_of, url_of
from students import queries as student_queries
from students.models import Availability, Student


@require_safe
def why(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Why does this student get, or not get, this place? For any pair of the round."""
    round_ = round_of(request, slug, round_id)
    done = round_.runs.filter(state=states.DONE).first()
    if done is None or done.snapshot is None:
        messages.warning(request, _("Reken de ronde eerst door."))
        return redirect(url_of(round_))
    frozen = Frozen.read(bytes(done.snapshot))
    form = _pair_form(PairForm, request, frozen)
    context = {
        "round": round_,
        "school": round_.school,
        "form": form,
        "crumbs": crumbs_of(
            round_.school, (str(round_.season), url_of(round_)), (_("Waarom?"), "")
        ),
    }
    if form.is_bound and form.is_valid():
        context |= _answer(round_, frozen, form.cleaned_data["student"], form.cleaned_data["offer"])
    code = 422 if form.is_bound and form.errors else 200
    return render(request, "matching/round/why.html", context, status=code)


def _pair_form(kind: type[PairForm], request: HttpRequest, frozen: Frozen) -> PairForm:
    """A form over the students and offers that took part in a run."""
    asked = request.GET if {"student", "offer"} & set(request.GET) else None
    return kind(
        asked,
        students=Student.objects.filter(pk__in=frozen.snapshot.student_ids)
        .select_related("user")
        .order_by(alphabetical("user__name"), "pk"),
        offers=Offer.objects.filter(pk__in=frozen.snapshot.offer_ids)
        .select_related("site__company")
        .order_by(alphabetical("title"), "pk"),
    )


def _answer(round_: Round, frozen: Frozen, student: Student, offer: Offer) -> dict[str, object]:
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
        "parts": fit_rows(fit.parts, round_.weights),
        "got": Offer.objects.select_related("site__company").filter(pk=got).first()
        if got
        else None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def by_hand(request: HttpRequest, slug: str, round_id: int) -> HttpResponse:
    """Put a student and an offer together; rules may be set aside with a reason."""
    round_ = round_of(request, slug, round_id)
    seeking = student_queries.complete(round_.season, round_.school).select_related(
        "student__postcode"
    )
    # Who agreed on a place is not looking for one; the page of that place is where to undo it.
    seeking = seeking.exclude(student__in=queries.with_a_place(round_.season))
    offers = queries.with_waiting(queries.published_offers(round_.season)).order_by(
        alphabetical("title"), "pk"
    )
    form = ByHandForm(
        request.POST or None,
        initial={key: request.GET[key] for key in ("student", "offer") if key in request.GET},
        students=Student.objects.filter(pk__in=seeking.values("student"))
        .select_related("user")
        .order_by(alphabetical("user__name"), "pk"),
        offers=offers,
    )
    if form.is_bound and form.is_valid():
        # As the form reads it: " 7" is student 7 too, and the rules hold for them.
        student_id = str(form.cleaned_data["student"].pk)
    else:
        student_id = str((form.data if form.is_bound else form.initial).get("student", ""))
    chosen = seeking.filter(student=int(student_id)).first() if _is_key(student_id) else None
    open_offers = [o for o in offers if o.free > 0]
    fits = _fits(round_, chosen, open_offers)
    if request.method == "POST" and form.is_valid():
        answer = _propose(request, round_, form, fits)
        if answer is not None:
            return answer
    context = {
        "round": round_,
        "school": round_.school,
        "form": form,
        "chosen": chosen,
        "standing": queries.standing_for(chosen.student, round_.season) if chosen else [],
        "suggestions": _suggestions(open_offers, fits),
        "crumbs": crumbs_of(
            round_.school, (str(round_.season), url_of(round_)), (_("Met de hand"), "")
        ),
    }
    status_code = 422 if form.is_bound and form.errors else 200
    return render(request, "matching/round/by_hand.html", context, status=status_code)


def _fits(round_: Round, chosen: Availability | None, offers: list[Any]) -> dict[int, Fit]:
    """How offers fit the student who was chosen; a pair that somebody said no to is barred, as in
    a run of the round."""
    if chosen is None:
        return {}
    banned = queries.banned_pairs(round_)
    return fits_for(chosen, offers, today=timezone.localdate(), banned=banned)


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


def _suggestions(offers: list[Any], fits: dict[int, Fit]) -> list[tuple[Offer, Fit]]:
    """The ten eligible offers that fit best, and for which nobody waits already."""
    unasked = [o for o in offers if o.free > o.waiting]
    eligible = [(o, fits[o.pk]) for o in unasked if o.pk in fits and fits[o.pk].eligible]
    return sorted(eligible, key=lambda pair: (-pair[1].score, pair[0].pk))[:10]


def _doubts(student: Student, offer: Any, fit: Fit | None) -> list[str]:
    """What speaks against a proposal; with a reason it is made all the same."""
    found = []
    if fit is not None and not fit.eligible:
        found.append(
            _("Volgens de regels kan dit niet (%(rules)s). Schrijf waarom het toch kan.")
            % {"rules": ", ".join(rule_words(fit.rules)).lower()}
        )
    standing = list(queries.standing_for(student, offer))
    # Looked up last: what a form that was sent twice made a moment ago is in both, or in this one.
    if Proposal.objects.filter(student=student, offer=offer, state__in=states.OPEN).exists():
        return found  # the answer to the same proposal once more is another one
    for other in standing:
        found.append(
            _(
                "%(student)s heeft in deze periode al een voorstel: %(offer)s bij %(company)s. "
                "Schrijf waarom dit erbij komt."
            )
            % {"student": student, "offer": other.offer, "company": other.offer.site.company}
        )
    if offer.waiting and offer.waiting >= offer.free:
        found.append(
            _(
                "Elke vrije plek bij dit aanbod is al aan een ander voorgesteld. Schrijf waarom "
                "dit voorstel erbij komt."
            )
        )
    return found


def _propose(
    request: HttpRequest, round_: Round, form: ByHandForm, fits: dict[int, Fit]
) -> HttpResponse | None:
    """Make the proposal; None when a rule is in the way and no reason was given."""
    student, offer = form.cleaned_data["student"], form.cleaned_data["offer"]
    reason, fit = form.cleaned_data["reason"], fits.get(offer.pk)
    for doubt in [] if reason else _doubts(student, offer, fit):
        form.add_error("reason", doubt)
    if form.errors:
        return None
    user: User = user_of(request)
    try:
        approval.propose_by_hand(
            student,
            offer,
            by=user,
            round_=round_,
            reason=reason,
            choice=queries.choice_of(student, offer),
            score=fit.score if fit else None,
            parts=fit.parts if fit else None,
        )
    except Refused as error:
        if not queries.made_before(round_, student, offer, reason=reason, by=user):
            form.add_error("offer", refusal_words(error.code))
            return None
    messages.success(
        request,
        _("Voorstel gemaakt: %(student)s bij %(company)s. Keur het goed om het te versturen.")
        % {"student": student, "company": offer.site.company},
    )
    return redirect(url_of(round_))
