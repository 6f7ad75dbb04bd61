"""Companies and offers."""

from typing import Any

import factory
from django.db import transaction

from accounts.actions import moving
from accounts.models import CLOCK
from companies import states
from companies.models import Company, Member, Offer, Site
from tests.factories.accounts import UserFactory
from tests.factories.education import SeasonFactory
from tests.factories.geo import postcode


class CompanyFactory(factory.django.DjangoModelFactory):
    """A company; see `SiteFactory` for its place."""

    class Meta:
        model = Company

    kvk = factory.Sequence(lambda n: f"{10_000_000 + n}")
    name = factory.Sequence(lambda n: f"Webwinkel {n}")


class SiteFactory(factory.django.DjangoModelFactory):
    """A site in Zwolle."""

    class Meta:
        model = Site

    company = factory.SubFactory(CompanyFactory)
    postcode = factory.LazyFunction(postcode)


class MemberFactory(factory.django.DjangoModelFactory):
    """An administrator of a company."""

    class Meta:
        model = Member

    company = factory.SubFactory(CompanyFactory)
    user = factory.SubFactory(UserFactory)
    is_admin = True


# The moves that lead to each state, with the state in between.
WAYS: dict[str, list[tuple[str, str]]] = {
    states.DRAFT: [],
    states.SUBMITTED: [("submit", states.SUBMITTED)],
    states.RETURNED: [("submit", states.SUBMITTED), ("return", states.RETURNED)],
    states.PUBLISHED: [("submit", states.SUBMITTED), ("publish", states.PUBLISHED)],
}
WAYS[states.PAUSED] = [*WAYS[states.PUBLISHED], ("pause", states.PAUSED)]
WAYS[states.CLOSED] = [*WAYS[states.PUBLISHED], ("close", states.CLOSED)]
WAYS[states.EXPIRED] = [*WAYS[states.PUBLISHED], ("expire", states.EXPIRED)]
WAYS[states.FILLED] = [*WAYS[states.PUBLISHED], ("fill", states.FILLED)]


class OfferFactory(factory.django.DjangoModelFactory):
    """A published internship with one opening for every level; `project` for a team of 2 to 4.

    `state` is reached by the moves of the table; `programmes` and `skills` are lists.
    """

    class Meta:
        model = Offer

    class Params:
        project = factory.Trait(kind=Offer.Kind.PROJECT, team_min=2, openings=4)

    site = factory.SubFactory(SiteFactory)
    season = factory.SubFactory(SeasonFactory)
    kind = Offer.Kind.INTERNSHIP
    state = states.PUBLISHED
    title = factory.Sequence(lambda n: f"Stagiair webshop {n}")
    text = "Je werkt mee aan onze webshop."
    starts_on = factory.LazyAttribute(lambda offer: offer.season.starts_on)
    ends_on = factory.LazyAttribute(lambda offer: offer.season.ends_on)
    days_min = 3
    days_max = 5
    openings = 1
    levels = factory.LazyFunction(lambda: [2, 3, 4, 6])

    @classmethod
    def _create(cls, model_class: type[Offer], *args: Any, **fields: Any) -> Offer:
        state = fields.pop("state")
        programmes, skills = fields.pop("programmes", []), fields.pop("skills", [])
        with transaction.atomic():
            with moving("create", by=CLOCK):
                offer = model_class(**fields)
                offer.save()
            if state == states.FILLED:
                Offer.objects.filter(pk=offer.pk).update(held=offer.openings)
            for move, target in WAYS[state]:
                with moving(move, by=CLOCK):
                    Offer.objects.filter(pk=offer.pk).update(state=target)
            offer.programmes.set(programmes)
            offer.skills.set(skills)
        offer.refresh_from_db()
        return offer
