"""The students of a school in one list, with and without an account, and how far each is."""

from typing import Any

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.utils.translation import gettext_lazy as _

from accounts.queries import alphabetical
from education.models import Programme, School, Season
from matching import states
from matching.models import Proposal, Wish
from students.models import Availability, RosterEntry, Student
from students.queries import INCOMPLETE


class Progress(models.TextChoices):
    """How far a student is, from nothing to a place; what comes later includes what went before."""

    LEFT = "left", _("van school")
    UNINVITED = "uninvited", _("nog geen account")
    INCOMPLETE = "incomplete", _("profiel niet af")
    COMPLETE = "complete", _("profiel af, nog geen lijst")
    RANKED = "ranked", _("heeft een lijst")
    PLACED = "placed", _("heeft een plek")


# What a list of students shows; the same columns for who has an account and who has none.
LISTED = (
    "sort",
    "shown_name",
    "shown_email",
    "listed_number",
    "programme_name",
    "listed_birth",
    "progress",
)


def listed_students(
    school: School, season: Season | None, *, words: str = "", progress: str = ""
) -> QuerySet[Any]:
    """Everybody whom a school lists, by name: students with an account and those who stand in its
    roster only. Rows are mappings with LISTED; both filters are those of the page."""
    own = Student.objects.filter(programme__school=school, user__is_active=True)
    with_account = own.annotate(
        shown_name=_filled(F("user__name"), F("user__email")),
        shown_email=F("user__email"),
        listed_number=_filled(F("roster_entry__number"), Value("")),
        programme_name=F(f"programme__{Programme.name_column()}"),
        listed_birth=F("roster_entry__born_on"),
        progress=_progress(season),
    )
    entries = RosterEntry.objects.filter(school=school, student=None)
    without = entries.annotate(
        shown_name=F("name"),
        shown_email=F("email"),
        listed_number=F("number"),
        programme_name=F(f"programme__{Programme.name_column()}"),
        listed_birth=F("born_on"),
        progress=Case(
            When(left_on__isnull=False, then=Value(Progress.LEFT)),
            default=Value(Progress.UNINVITED),
            output_field=models.CharField(),
        ),
    )
    one, other = (
        _narrowed(rows, words, progress).annotate(sort=alphabetical("shown_name")).values(*LISTED)
        for rows in (with_account, without)
    )
    return one.union(other, all=True).order_by("sort", "listed_number", "shown_email")


def _filled(first: F, second: Any) -> Coalesce:
    """The first, or the second when the first is empty."""
    return Coalesce(NullIf(first, Value("")), second, output_field=models.CharField())


def _narrowed(rows: QuerySet[Any], words: str, progress: str) -> QuerySet[Any]:
    """Those with these words in name, address or number, and as far as this; who left is not there
    unless asked for."""
    if words:
        rows = rows.filter(
            Q(shown_name__unaccent__icontains=words)
            | Q(shown_email__icontains=words)
            | Q(listed_number__icontains=words)
        )
    if progress:
        return rows.filter(progress=progress)
    return rows.exclude(progress=Progress.LEFT)


def _progress(season: Season | None) -> Case:
    """How far a student with an account is in a season."""
    seeking = Availability.objects.filter(student=OuterRef("pk"), season=season)
    wishes = Wish.objects.filter(student=OuterRef("pk"), offer__season=season)
    agreed = Proposal.objects.filter(
        student=OuterRef("pk"), offer__season=season, state=states.AGREED
    )
    return Case(
        When(roster_entry__left_on__isnull=False, then=Value(Progress.LEFT)),
        When(Exists(agreed), then=Value(Progress.PLACED)),
        When(~Exists(seeking.exclude(INCOMPLETE)), then=Value(Progress.INCOMPLETE)),
        When(Exists(wishes), then=Value(Progress.RANKED)),
        default=Value(Progress.COMPLETE),
        output_field=models.CharField(),
    )
