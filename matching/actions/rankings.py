"""A student's list of wanted places."""

from collections.abc import Collection, Mapping

from django.db import transaction

from companies.actions import Refused
from companies.models import Offer
from companies.states import PUBLISHED
from education.models import Season
from matching.models import MOST_WISHES, Wish
from students.models import Student


def save_ranking(student: Student, season: Season, tiers: Mapping[int, int]) -> list[Wish]:
    """Replace the ranking of a student for a season by `tiers`: offer → choice, 1 is best, equal
    is a tie. Gaps are closed: 1, 1, 4 becomes 1, 1, 2.

    Raises Refused: too_many_wishes, wish_not_available; then the old list stands.
    """
    if len(tiers) > MOST_WISHES:
        raise Refused("too_many_wishes")
    with transaction.atomic():
        Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        kept = set(
            Wish.objects.filter(student=student, offer__season=season).values_list(
                "offer_id", flat=True
            )
        )
        available = set(
            Offer.objects.filter(pk__in=tiers, season=season, state=PUBLISHED).values_list(
                "pk", flat=True
            )
        )
        if set(tiers) - available - kept:
            raise Refused("wish_not_available")
        Wish.objects.filter(student=student, offer__season=season).delete()
        ladder = {tier: k for k, tier in enumerate(sorted(set(tiers.values())), start=1)}
        return Wish.objects.bulk_create(
            [
                Wish(student=student, offer_id=offer_id, tier=ladder[tier])
                for offer_id, tier in sorted(tiers.items(), key=lambda pair: (pair[1], pair[0]))
            ]
        )


def change_ranking(
    student: Student, season: Season, tiers: Mapping[int, int], *, seen: Collection[int]
) -> list[Wish]:
    """Give the offers that were `seen` on the list the places in `tiers`, and take the others
    of those off. What came on the list since stays where it is, what went off stays off.

    Raises Refused: too_many_wishes, wish_not_available; then the old list stands.
    """
    with transaction.atomic():
        now = _tiers(student, season)
        kept = {offer: tier for offer, tier in now.items() if offer not in seen}
        wanted = {offer: tier for offer, tier in tiers.items() if offer in now}
        return save_ranking(student, season, kept | wanted)


def add_wish(student: Student, offer: Offer) -> list[Wish]:
    """Put an offer at the end of the student's list; one that stands there stays where it is."""
    with transaction.atomic():
        tiers = _tiers(student, offer.season)
        tiers.setdefault(offer.pk, max(tiers.values(), default=0) + 1)
        return save_ranking(student, offer.season, tiers)


def remove_wish(student: Student, offer: Offer) -> list[Wish]:
    """Take an offer off the student's list."""
    with transaction.atomic():
        tiers = _tiers(student, offer.season)
        tiers.pop(offer.pk, None)
        return save_ranking(student, offer.season, tiers)


def _tiers(student: Student, season: Season) -> dict[int, int]:
    """The list as it stands; nobody else changes it until the commit."""
    Student.objects.select_for_update(no_key=True).get(pk=student.pk)
    return dict(
        Wish.objects.filter(student=student, offer__season=season).values_list("offer_id", "tier")
    )
