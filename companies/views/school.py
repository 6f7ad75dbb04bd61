"""A coordinator's pages about offers: the queue, and one offer to publish or to send back."""

from collections.abc import Callable, Iterable
from typing import Any, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.queries import history_of
from companies import actions, queries, reasons
from companies.access import can_review
from companies.actions import Refused
from companies.forms import AccreditationForm, ReturnForm, SearchForm
from companies.models import Offer
from companies.states import LIVE, OFFER
from companies.views.asking import offer_for_school
from education.models import School
from education.views.asking import school_of, takes_form, user_of

PER_PAGE = 25
# Where anybody can look up which companies are accredited for which programmes.
REGISTER = "https://stagemarkt.nl/"


def _crumbs(school: School, *rest: tuple[str, str]) -> list[dict[str, str]]:
    home = reverse("matching:school", args=[school.slug])
    return [{"label": school.short_name, "url": home}] + [{"label": s, "url": u} for s, u in rest]


# --- The queue -------------------------------------------------------------------------------


class _Pages(Paginator):
    """Pages of rows that were counted before, with the tabs."""

    def __init__(self, rows: QuerySet[Offer], per_page: int, counted: int) -> None:
        super().__init__(rows, per_page)
        self._counted = counted

    @cached_property
    def count(self) -> int:
        return self._counted

    def page(self, number: Any) -> Page:
        found = super().page(number)
        rows = cast(QuerySet[Offer], found.object_list)
        found.object_list = queries.page_of_queue(rows, today=timezone.localdate())
        return found


@require_safe
def offers(request: HttpRequest, school_slug: str) -> HttpResponse:
    """Offers to review, the oldest first; those that are published; all that was handed in."""
    school = school_of(request, school_slug)
    search = SearchForm(request.GET)
    words = search.words()
    found = queries.matching_words(queries.offers_overseen_by(user_of(request)), words)
    counts = queries.tab_counts(found)
    labels = {
        "submitted": _("Te beoordelen"),
        "published": _("Gepubliceerd"),
        "all": _("Alle"),
    }
    tab = request.GET.get("tab", "")
    tab = tab if tab in labels else "submitted"
    rows = queries.offers_on_tab(found, tab)
    context = {
        "school": school,
        "search": search,
        "words": words,
        "tab": tab,
        "found_elsewhere": counts["all"] > counts[tab],
        "tabs": [
            {
                "url": "?" + urlencode({"tab": name, **({"q": words} if words else {})}),
                "label": label,
                "current": name == tab,
                "count": counts[name],
            }
            for name, label in labels.items()
        ],
        "page": _Pages(rows, PER_PAGE, counts[tab]).get_page(request.GET.get("page")),
        "crumbs": _crumbs(school, (_("Aanbod"), "")),
    }
    return render(request, "companies/school_offers.html", context)


# --- One offer -------------------------------------------------------------------------------


@require_safe
def review(request: HttpRequest, school_slug: str, offer_id: int) -> HttpResponse:
    """Read an offer as a student would, and decide."""
    school, offer = offer_for_school(request, school_slug, offer_id)
    return _review_page(request, school, offer, ReturnForm())


def _review_page(
    request: HttpRequest, school: School, offer: Offer, return_form: ReturnForm
) -> HttpResponse:
    today = timezone.localdate()
    company = offer.site.company
    programmes = list(queries.mbo_programmes(offer, today=today))
    may_review = can_review(user_of(request), offer, today=today)
    queries.load_details(offer)
    context = {
        "school": school,
        "offer": offer,
        "levels": reasons.level_words(offer.levels),
        "company": company,
        "contacts": queries.members_to_write(company),
        "handed_in": queries.offers_handed_in(company),
        "accreditation": _accreditation_form(offer, programmes),
        "accredited": list({p.code: p for p in programmes if p.checked_on}.values()),
        "waits": offer.state in LIVE and any(p.code and not p.checked_on for p in programmes),
        "return_form": return_form,
        "moves": reasons.timeline(list(history_of(OFFER.subject, offer.pk))),
        "can_decide": may_review and offer.state == Offer.State.SUBMITTED,
        "can_accredit": may_review and offer.state in LIVE,
        "register_url": REGISTER,
        "kept_for": None if may_review else offer.earmarked_for,
        "crumbs": _crumbs(
            school,
            (_("Aanbod"), reverse("companies:school_offers", args=[school.slug])),
            (offer.title, ""),
        ),
    }
    status = 422 if return_form.errors else 200
    return render(request, "companies/review.html", context, status=status)


def _accreditation_form(
    offer: Offer, programmes: Iterable[Any], posted: QueryDict | None = None
) -> AccreditationForm:
    """What is left to look up before all mbo students can get this offer."""
    to_check: dict[str, str] = {}
    unknown: list[str] = []
    for programme in programmes:
        if not programme.code:
            unknown.append(f"{programme.name} ({programme.school})")
        elif not programme.checked_on:
            to_check.setdefault(programme.code, programme.name)
    if offer.accreditation_confirmed_at:
        unknown = []
    return AccreditationForm(posted, to_check=list(to_check.items()), unknown=unknown)


def _for_a_decision(request: HttpRequest, school_slug: str, offer_id: int) -> tuple[School, Offer]:
    """The offer, for whoever may decide on it; 403 while it is kept for another school."""
    school, offer = offer_for_school(request, school_slug, offer_id)
    if not can_review(user_of(request), offer, today=timezone.localdate()):
        raise PermissionDenied
    return school, offer


def _decide(
    request: HttpRequest, school: School, offer: Offer, name: str, verb: Callable[[], None]
) -> bool:
    """Make a move. False when somebody else was first, and the coordinator has been told who;
    posting one's own decision twice is no such thing."""
    try:
        verb()
    except Refused:
        offer.refresh_from_db()
        last = history_of(OFFER.subject, offer.pk).last()
        if last is None or last.move != name or last.actor != user_of(request):
            messages.warning(request, reasons.what_happened(offer.title, last))
            return False
    return True


@takes_form
def publish(request: HttpRequest, school_slug: str, offer_id: int) -> HttpResponse:
    """Let students see an offer; what was looked up on the way is kept in any case."""
    school, offer = _for_a_decision(request, school_slug, offer_id)
    if request.method != "POST":
        return redirect("companies:review", school.slug, offer.pk)
    form = _keep_accreditation(request, offer)
    user, vouches = user_of(request), form.vouches()
    if not _decide(
        request,
        school,
        offer,
        "publish",
        lambda: actions.publish_offer(offer, confirm_accreditation=vouches, by=user),
    ):
        return redirect("companies:review", school.slug, offer.pk)
    messages.success(
        request,
        _("“%(title)s” is gepubliceerd. Studenten kunnen het zien; %(company)s krijgt een mail.")
        % {"title": offer.title, "company": offer.site.company},
    )
    waiting = [name for _c, name in queries.crebos_to_check(offer, today=timezone.localdate())]
    if waiting:
        messages.warning(
            request,
            _("Wacht op erkenning: mbo-studenten van %(names)s kunnen deze plek nog niet krijgen.")
            % {"names": ", ".join(waiting)},
        )
    return redirect("companies:school_offers", school.slug)


def _keep_accreditation(request: HttpRequest, offer: Offer) -> AccreditationForm:
    programmes = queries.mbo_programmes(offer, today=timezone.localdate())
    form = _accreditation_form(offer, programmes, request.POST)
    form.is_valid()  # nothing in it can be wrong
    actions.record_accreditations(
        offer.site, form.accredited(), today=timezone.localdate(), by=user_of(request)
    )
    return form


@takes_form
def accredit(request: HttpRequest, school_slug: str, offer_id: int) -> HttpResponse:
    """Write down, also after publishing, for which programmes a company proved accredited."""
    school, offer = _for_a_decision(request, school_slug, offer_id)
    if request.method != "POST":
        return redirect("companies:review", school.slug, offer.pk)
    form = _keep_accreditation(request, offer)
    if form.vouches():
        actions.confirm_accreditation(offer)
    messages.success(request, _("De erkenning is bijgewerkt."))
    return redirect("companies:review", school.slug, offer.pk)


@takes_form
def return_(request: HttpRequest, school_slug: str, offer_id: int) -> HttpResponse:
    """Send an offer back to the company, with what has to change."""
    school, offer = _for_a_decision(request, school_slug, offer_id)
    if request.method != "POST":
        return redirect("companies:review", school.slug, offer.pk)
    form = ReturnForm(request.POST)
    if not form.is_valid():
        return _review_page(request, school, offer, form)
    user, reason = user_of(request), form.cleaned_data["reason"]
    if not _decide(
        request,
        school,
        offer,
        "return",
        lambda: actions.return_offer(offer, reason=reason, by=user),
    ):
        return redirect("companies:review", school.slug, offer.pk)
    messages.success(
        request,
        _("“%(title)s” is teruggestuurd. %(company)s krijgt een mail met wat er anders moet.")
        % {"title": offer.title, "company": offer.site.company},
    )
    return redirect("companies:school_offers", school.slug)
