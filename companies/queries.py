"""Which companies and offers somebody may see, and what they wait for."""

import uuid
from datetime import date, timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BooleanField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    prefetch_related_objects,
)
from django.db.models.functions import Now
from django.db.models.lookups import IsNull

from accounts.models import User
from accounts.queries import alphabetical, unanswered
from companies import states
from companies.models import Accreditation, ColleagueInvitation, Company, Member, Offer
from education.models import Programme, StaffMember

# So long a company may take to confirm the address it signed up with.
TIME_TO_CONFIRM = timedelta(hours=1)
# What every page about an offer shows with it.
BESIDE = ("site__company", "site__postcode", "season", "earmarked_for")


def companies_of(user: User) -> QuerySet[Company]:
    """The companies for which `user` acts."""
    return Company.objects.filter(members__user=user).distinct()


def never_came() -> QuerySet[User]:
    """Whoever gave an address and neither confirmed it nor came in: it may be anybody's."""
    return User.objects.filter(
        Exists(EmailAddress.objects.filter(user=OuterRef("pk"))),
        ~Exists(EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)),
        last_login=None,
    )


def _nobody_came_for() -> QuerySet[Company]:
    """Companies that offer nothing, and whose members never came in."""
    members = Member.objects.filter(company=OuterRef("pk"))
    return Company.objects.filter(
        Exists(members),
        ~Exists(members.exclude(user__in=never_came())),
        ~Exists(Offer.objects.filter(site__company=OuterRef("pk"))),
    )


def abandoned_companies(kvk: str) -> QuerySet[Company]:
    """The company with this number if nobody ever came in for it, for longer than confirming an
    address takes."""
    return _nobody_came_for().filter(kvk=kvk, created_at__lt=Now() - Value(TIME_TO_CONFIRM))


def signed_up_before(user: User) -> QuerySet[Company]:
    """The company that somebody who never came in registered alone."""
    others = Member.objects.filter(company=OuterRef("pk")).exclude(user=user)
    return _nobody_came_for().filter(~Exists(others), members__user=user)


def is_registered(kvk: str, *, besides: Company | None = None) -> bool:
    """Whether a company with this number stands here, another than `besides`, and somebody may
    still come in for it."""
    found = Company.objects.filter(kvk=kvk).exclude(pk__in=abandoned_companies(kvk))
    return (found.exclude(pk=besides.pk) if besides else found).exists()


def has_offers(company: Company) -> bool:
    """Whether a company ever made an offer, if only a draft."""
    return Offer.objects.filter(site__company=company).exists()


def was_published(company: Company) -> bool:
    """Whether students and schools know this company by something it published."""
    offers = Offer.objects.filter(site__company=company)
    return offers.exclude(state__in=states.UNPUBLISHED).exists()


def offers_overseen_by(user: User) -> QuerySet[Offer]:
    """What any company has handed in, for coordinators and the project lead; others nothing."""
    coordinates = StaffMember.objects.filter(user=user, role=StaffMember.Role.COORDINATOR)
    handed_in = Offer.objects.exclude(state=states.DRAFT)
    return handed_in if user.is_project_lead else handed_in.filter(Exists(coordinates))


def offers_visible_to(user: User) -> QuerySet[Offer]:
    """Members see all offers of their company; coordinators and the project lead see what any
    company has submitted; others nothing (students look through the room of matching)."""
    own = Member.objects.filter(user=user).values("company")
    return Offer.objects.filter(
        Q(site__company__in=own) | Q(pk__in=offers_overseen_by(user))
    ).select_related(*BESIDE)


def offer_of_form(company: Company, token: uuid.UUID) -> Offer:
    """The offer that a form of this company made before.

    Raises Offer.DoesNotExist.
    """
    return Offer.objects.select_related(*BESIDE).get(form_token=token, site__company=company)


def load_details(offer: Offer) -> None:
    """Fetch what a page about one offer shows beside its columns."""
    programmes = Programme.objects.select_related("school")
    prefetch_related_objects([offer], "skills", Prefetch("programmes", programmes))


def matching_words(offers: QuerySet[Offer], words: str) -> QuerySet[Offer]:
    """Offers with these words in their title or in the name of their company."""
    if not words:
        return offers
    return offers.filter(Q(title__icontains=words) | Q(site__company__name__icontains=words))


def tab_counts(offers: QuerySet[Offer]) -> dict[str, int]:
    """How many there are to review, published, and in all."""
    rows = offers.order_by().values_list("state").annotate(number=Count("*"))
    found: dict[str, int] = dict(rows)
    return {
        "submitted": found.get(states.SUBMITTED, 0),
        "published": found.get(states.PUBLISHED, 0),
        "all": sum(found.values()),
    }


def offers_on_tab(offers: QuerySet[Offer], tab: str) -> QuerySet[Offer]:
    """What stands on a tab of the queue: to review the oldest first, the rest the newest."""
    if tab == "submitted":
        return offers.filter(state=states.SUBMITTED).order_by("submitted_at", "pk")
    if tab == "published":
        return offers.filter(state=states.PUBLISHED).order_by("-published_at", "-pk")
    return offers.order_by("-submitted_at", "-pk")


def page_of_queue(offers: QuerySet[Offer], *, today: date) -> QuerySet[Offer]:
    """A slice of offers with all that the queue shows. Only the keys are sliced, so that what is
    not on the page is not fetched, joined or looked up."""
    rows = Offer.objects.filter(pk__in=offers.values("pk")).order_by(*offers.query.order_by)
    return with_accreditation(rows.select_related(*BESIDE), today=today)


def members_to_write(company: Company) -> list[User]:
    """Who gets the letters of a company: its active members."""
    return list(
        User.objects.filter(is_active=True, company_roles__company=company)
        .distinct()
        .order_by("pk")
    )


def offers_handed_in(company: Company) -> int:
    """How many offers a company ever handed in."""
    return Offer.objects.filter(site__company=company).exclude(state=states.DRAFT).count()


# --- Accreditation ---------------------------------------------------------------------------


def _accredited(site: Any, today: date) -> QuerySet[Accreditation]:
    """What a site is accredited for today; inside a subquery of programmes."""
    return Accreditation.objects.filter(
        Q(valid_until=None) | Q(valid_until__gte=today),
        site=site,
        crebo=OuterRef("code"),
        status=Accreditation.Status.ACCREDITED,
    )


def _open_to_mbo(offer: Any, levels: Any) -> QuerySet[Programme]:
    """mbo programmes whose students an offer is meant for. `offer` is used one subquery deeper
    than `levels`."""
    chosen = Offer.programmes.through.objects.filter(offer=offer)
    place = Func(levels, F("level"), function="array_position", output_field=IntegerField())
    fits = Q(IsNull(place, False))
    return Programme.objects.filter(
        Q(pk__in=chosen.values("programme")) | ~Q(Exists(chosen)) & fits, code_type="crebo"
    )


def mbo_programmes(offer: Offer, *, today: date) -> QuerySet[Any]:
    """mbo programmes whose students the offer is meant for, each with `checked_on`: when its site
    was found accredited for the programme, or None."""
    levels = Value(offer.levels, output_field=ArrayField(IntegerField()))
    checked = _accredited(offer.site_id, today).values("checked_on")[:1]
    return (
        _open_to_mbo(offer.pk, levels)
        .annotate(checked_on=Subquery(checked))
        .select_related("school")
        .order_by("name_nl", "pk")
    )


def crebos_to_check(offer: Offer, *, today: date) -> list[tuple[str, str]]:
    """(code, programme) pairs of mbo programmes that the offer is open to and for which its site
    is not known to be accredited, by name."""
    names: dict[str, str] = {}
    for programme in mbo_programmes(offer, today=today):
        if programme.code and programme.checked_on is None:
            names.setdefault(programme.code, programme.name)
    return list(names.items())


def with_accreditation(offers: QuerySet[Offer], *, today: date) -> QuerySet[Offer]:
    """Offers with `waits`: students may hold proposals on them, but some mbo students cannot get
    them until the site is accredited."""
    site = OuterRef(OuterRef("site"))
    waiting = _open_to_mbo(OuterRef(OuterRef("pk")), OuterRef("levels")).filter(
        ~Q(code=""), ~Exists(_accredited(site, today))
    )
    return offers.annotate(
        waits=ExpressionWrapper(Q(Exists(waiting), state__in=states.LIVE), BooleanField())
    )


# --- Colleagues ------------------------------------------------------------------------------

MOST_ASKED = 2


def colleagues(company: Company) -> QuerySet[Member]:
    """Who acts for a company, by name."""
    order = (alphabetical("user__name"), "user__email")
    return company.members.select_related("user").order_by(*order)


def open_invitations(company: Company) -> QuerySet[ColleagueInvitation]:
    """Who was asked and did not answer yet, in time or not."""
    rows = ColleagueInvitation.objects.filter(company=company)
    return unanswered(rows).select_related("user", "company", "invited_by")


def administrators(company: Company) -> list[User]:
    """Who decides on colleagues, and can read a letter about it."""
    rows = company.members.filter(is_admin=True, user__is_active=True).order_by("pk")
    return [row.user for row in rows.select_related("user")]


def most_recently_active(company: Company) -> list[User]:
    """The members who came in last: they know best whether the company still takes part."""
    rows = company.members.filter(user__is_active=True).select_related("user")
    latest = F("user__last_login").desc(nulls_last=True)
    return [row.user for row in rows.order_by(latest, "pk")[:MOST_ASKED]]
