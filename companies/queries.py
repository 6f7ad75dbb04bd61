"""Which companies and offers somebody may see, and what they wait for."""

import uuid
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Now

from accounts.models import User
from companies import states
from companies.models import Accreditation, Company, Member, Offer
from education.models import Programme, School, StaffMember

# So long a company may take to confirm the address it signed up with.
TIME_TO_CONFIRM = timedelta(hours=1)


def companies_of(user: User) -> QuerySet[Company]:
    """The companies for which `user` acts."""
    return Company.objects.filter(members__user=user).distinct()


def abandoned_companies(kvk: str) -> QuerySet[Company]:
    """The company with this number if nobody ever came in for it: it offers nothing, and its
    members never confirmed their address, for longer than that takes."""
    never_came = User.objects.filter(last_login=None, emailaddress__verified=False)
    members = Member.objects.filter(company=OuterRef("pk"))
    return Company.objects.filter(
        Exists(members),
        ~Exists(members.exclude(user__in=never_came)),
        ~Exists(Offer.objects.filter(site__company=OuterRef("pk"))),
        kvk=kvk,
        created_at__lt=Now() - Value(TIME_TO_CONFIRM),
    )


def is_registered(kvk: str) -> bool:
    """Whether a company with this number stands here, and somebody came in for it."""
    return Company.objects.filter(kvk=kvk).exclude(pk__in=abandoned_companies(kvk)).exists()


def staffed_schools(user: User) -> QuerySet[School]:
    """The schools that `user` works for; `coordinates` says whether as a coordinator."""
    roles = StaffMember.objects.filter(school=OuterRef("pk"), user=user)
    return School.objects.filter(Exists(roles)).annotate(
        coordinates=Exists(roles.filter(role=StaffMember.Role.COORDINATOR))
    )


def offers_visible_to(user: User) -> QuerySet[Offer]:
    """Members see all offers of their company; coordinators and the project lead see what any
    company has submitted; others nothing (students look through the room of matching)."""
    own = Q(site__company__in=Member.objects.filter(user=user).values("company"))
    coordinates = StaffMember.objects.filter(user=user, role=StaffMember.Role.COORDINATOR)
    handed_in = ~Q(state=states.DRAFT)
    seen = own | handed_in if user.is_project_lead else own | handed_in & Q(Exists(coordinates))
    return Offer.objects.filter(seen).select_related(
        "site__company", "site__postcode", "season", "earmarked_for"
    )


def offer_of_form(company: Company, token: uuid.UUID) -> Offer | None:
    """The offer that a form of this company made before."""
    return (
        Offer.objects.filter(form_token=token, site__company=company)
        .select_related("site__company", "site__postcode", "season")
        .first()
    )


def matching_words(offers: QuerySet[Offer], words: str) -> QuerySet[Offer]:
    """Offers with these words in their title or in the name of their company."""
    if not words:
        return offers
    return offers.filter(Q(title__icontains=words) | Q(site__company__name__icontains=words))


def tab_counts(offers: QuerySet[Offer]) -> dict[str, int]:
    """How many there are to review, published, and in all."""
    return offers.order_by().aggregate(
        submitted=Count("pk", filter=Q(state=states.SUBMITTED)),
        published=Count("pk", filter=Q(state=states.PUBLISHED)),
        all=Count("pk"),
    )


def offers_on_tab(offers: QuerySet[Offer], tab: str) -> QuerySet[Offer]:
    """What stands on a tab of the queue: to review the oldest first, the rest the newest."""
    if tab == "submitted":
        return offers.filter(state=states.SUBMITTED).order_by("submitted_at", "pk")
    if tab == "published":
        return offers.filter(state=states.PUBLISHED).order_by("-published_at", "-pk")
    return offers.order_by(F("submitted_at").desc(nulls_last=True), "-pk")


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
    fits = Q(level=Func(levels, function="ANY", output_field=IntegerField()))
    return Programme.objects.filter(
        Q(pk__in=chosen.values("programme")) | ~Exists(chosen) & fits, code_type="crebo"
    )


def mbo_programmes(offer: Offer, *, today: date) -> QuerySet[Programme]:
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
            names.setdefault(programme.code, programme.name_nl)
    return list(names.items())


def with_accreditation(offers: QuerySet[Offer], *, today: date) -> QuerySet[Offer]:
    """Offers with `waits`: some mbo students cannot get them until the site is accredited."""
    site = OuterRef(OuterRef("site"))
    waiting = _open_to_mbo(OuterRef(OuterRef("pk")), OuterRef("levels")).filter(
        ~Q(code=""), ~Exists(_accredited(site, today))
    )
    return offers.annotate(waits=Exists(waiting))
