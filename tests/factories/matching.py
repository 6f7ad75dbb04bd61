"""Rankings, rounds and proposals in any state."""

from datetime import timedelta
from typing import Any

import factory
from django.db import transaction
from django.utils import timezone

from accounts.actions import moving
from accounts.models import CLOCK
from companies.actions import free_seats, take_seats
from companies.models import Offer
from matching import states
from matching.models import Proposal, Round, Wish
from matching.queries import DEFAULT_WEIGHTS
from students.models import Student
from tests.factories.accounts import UserFactory
from tests.factories.companies import OfferFactory
from tests.factories.education import SchoolFactory, SeasonFactory
from tests.factories.students import AvailabilityFactory, StudentFactory


class WishFactory(factory.django.DjangoModelFactory):
    """A first choice."""

    class Meta:
        model = Wish

    student = factory.SubFactory(StudentFactory)
    offer = factory.SubFactory(OfferFactory)
    tier = 1


class RoundFactory(factory.django.DjangoModelFactory):
    """An open round of one school."""

    class Meta:
        model = Round

    season = factory.SubFactory(SeasonFactory)
    school = factory.SubFactory(SchoolFactory)
    weights = factory.LazyFunction(lambda: dict(DEFAULT_WEIGHTS))
    created_by = factory.SubFactory(UserFactory)


# The moves that lead to each state.
WAYS: dict[str, list[tuple[str, str]]] = {
    states.PROPOSED: [],
    states.APPROVED: [("approve", states.APPROVED)],
    states.OFFERED: [("approve", states.APPROVED), ("release", states.OFFERED)],
    states.DROPPED: [("drop", states.DROPPED)],
    states.SUPERSEDED: [("supersede", states.SUPERSEDED)],
    states.WITHDRAWN: [("withdraw", states.WITHDRAWN)],
}
WAYS[states.AGREED] = [*WAYS[states.OFFERED], ("accept", states.AGREED)]
WAYS[states.DECLINED] = [*WAYS[states.OFFERED], ("decline", states.DECLINED)]
WAYS[states.EXPIRED] = [*WAYS[states.OFFERED], ("expire", states.EXPIRED)]
WAYS[states.CANCELLED] = [*WAYS[states.AGREED], ("cancel", states.CANCELLED)]


class ProposalFactory(factory.django.DjangoModelFactory):
    """A proposal made by hand, in any `state`, with its seat held and its clocks running."""

    class Meta:
        model = Proposal

    student = factory.SubFactory(StudentFactory)
    offer = factory.SubFactory(OfferFactory)
    origin = Proposal.Origin.COORDINATOR
    state = states.PROPOSED

    @classmethod
    def _create(cls, model_class: type[Proposal], *args: Any, **fields: Any) -> Proposal:
        state = fields.pop("state")
        offer = fields["offer"]
        fields.setdefault("starts_on", offer.starts_on)
        fields.setdefault("ends_on", offer.ends_on)
        fields.setdefault("is_internship", not offer.is_project)
        with transaction.atomic():
            with moving("propose", by=CLOCK):
                proposal = model_class(**fields)
                proposal.save()
            for move, target in WAYS[state]:
                _step(proposal, move, target)
        proposal.refresh_from_db()
        return proposal


def _step(proposal: Proposal, move: str, target: str) -> None:
    """One move with what belongs to it: seat, clocks, acceptances."""
    now = timezone.now()
    held = Proposal.objects.get(pk=proposal.pk).holds_seat
    also: dict[str, Any] = {"holds_seat": target in states.TAKEN}
    if move == "release":
        later = now + timedelta(days=15)
        also |= {"student_respond_by": later, "company_respond_by": later}
    if move == "accept":
        also |= {"student_accepted_at": now, "company_accepted_at": now}
    if move == "decline":
        also |= {"declined_by": Proposal.Side.STUDENT, "reason_code": "too_far"}
    if move == "expire":
        also |= {"silent_side": Proposal.Side.STUDENT}
    if also["holds_seat"] and not held:
        assert take_seats(proposal.offer_id), "the offer has no free seat for this proposal"
    with moving(move, by=CLOCK):
        Proposal.objects.filter(pk=proposal.pk).update(state=target, **also)
    if held and not also["holds_seat"]:
        free_seats(proposal.offer_id)


def seeking_student(**fields: Any) -> Student:
    """A student with a complete profile who seeks a place in the season."""
    season = fields.pop("season", None) or SeasonFactory()
    student = StudentFactory(**fields)
    AvailabilityFactory(student=student, season=season)
    return student


def ranked(student: Student, *tiers: Offer | list[Offer]) -> None:
    """Let the student rank offers, best first; a list is a tie."""
    for tier, group in enumerate(tiers, start=1):
        for offer in group if isinstance(group, list) else [group]:
            WishFactory(student=student, offer=offer, tier=tier)
