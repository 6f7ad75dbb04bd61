"""Schools, seasons and staff as the rooms above need them."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.text import capfirst

from accounts.models import User
from accounts.queries import alphabetical, unanswered
from education.models import (
    SKILL_CATEGORIES,
    CoordinatorInvitation,
    School,
    Season,
    Skill,
    StaffMember,
)

SEASONS_SHOWN = 4


def coordinated_schools(user: User) -> QuerySet[School]:
    """The schools whose coordinator `user` is."""
    return School.objects.filter(
        staff__user=user, staff__role=StaffMember.Role.COORDINATOR
    ).distinct()


def staffed_schools(user: User) -> QuerySet[Any]:
    """The schools that `user` works for; `coordinates` says whether as a coordinator."""
    roles = StaffMember.objects.filter(school=OuterRef("pk"), user=user)
    return School.objects.filter(Exists(roles)).annotate(
        coordinates=Exists(roles.filter(role=StaffMember.Role.COORDINATOR))
    )


def coordinators(school: School | None = None) -> QuerySet[User]:
    """Active coordinators: of one school, or of all."""
    roles = StaffMember.objects.filter(role=StaffMember.Role.COORDINATOR)
    if school is not None:
        roles = roles.filter(school=school)
    return User.objects.filter(is_active=True, pk__in=roles.values("user")).order_by("pk")


def open_seasons(today: date) -> QuerySet[Season]:
    """Seasons that have not ended, the first one first."""
    return Season.objects.filter(ends_on__gte=today).order_by("starts_on")


def skills_by_category() -> list[tuple[str, list[tuple[int, str]]]]:
    """All skills as choices of a form, grouped: (category, [(key, label), …]), in the order of
    the language in which they are read."""
    rows = sorted(Skill.objects.all(), key=lambda one: (one.category, one.label.lower(), one.pk))
    return [
        (
            str(capfirst(SKILL_CATEGORIES.get(category, category))),
            [(skill.pk, skill.label) for skill in group],
        )
        for category, group in groupby(rows, key=lambda skill: skill.category)
    ]


def season_in_view(today: date) -> Season | None:
    """The season that people are seeking places for now: the first that has yet to start, else
    the one that runs."""
    upcoming = Season.objects.filter(starts_on__gt=today).order_by("starts_on").first()
    return upcoming or open_seasons(today).first()


@dataclass(frozen=True)
class Lottery:
    """What everybody may know of the lottery of a season: the secret only when it is over."""

    season: Season
    commitment: str
    secret: str


def lotteries(today: date) -> list[Lottery]:
    """The lotteries of the newest seasons, newest first."""
    return [
        Lottery(
            season=season,
            commitment=season.lottery_commitment,
            secret=season.lottery_secret if season.ends_on < today else "",
        )
        for season in Season.objects.order_by("-starts_on")[:SEASONS_SHOWN]
    ]


def schools_with_coordinators() -> QuerySet[School]:
    """All schools, each with its `coordinators` by name."""
    roles = StaffMember.objects.filter(role=StaffMember.Role.COORDINATOR, user__is_active=True)
    by_name = roles.select_related("user").order_by(alphabetical("user__name"), "user__email")
    return School.objects.order_by("name").prefetch_related(
        Prefetch("staff", by_name, to_attr="coordinators")
    )


def open_invitations() -> QuerySet[CoordinatorInvitation]:
    """Who was asked and did not answer yet, in time or not."""
    rows = unanswered(CoordinatorInvitation.objects.all())
    return rows.select_related("user", "school", "invited_by")
