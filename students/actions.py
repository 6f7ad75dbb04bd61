"""What happens to a student's profile, and to the roster of a school."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Now

from accounts.models import User
from education.models import School, Season
from students.models import Availability, RosterColumns, RosterEntry, RosterUpload, Student
from students.signals import students_leaving

A_DAY = timedelta(days=1)


def save_profile(
    student: Student, season: Season, profile: dict[str, Any], availability: dict[str, Any]
) -> Student:
    """Write the profile and the availability for a season, all or nothing.

    `profile` are fields of `Student`, `skills` and `wants` among them; `availability` are those
    of `Availability`.
    """
    skills, wants = profile.pop("skills"), profile.pop("wants")
    with transaction.atomic():
        Student.objects.select_for_update(no_key=True).get(pk=student.pk)
        for name, value in profile.items():
            setattr(student, name, value)
        student.save(update_fields=list(profile))
        student.skills.set(skills)
        student.wants.set(wants)
        Availability.objects.update_or_create(student=student, season=season, defaults=availability)
    return student


def go_beyond_list(student: Student, season: Season, *, wanted: bool) -> None:
    """Whether a round may give a place that fits when the student's own list is used up."""
    Availability.objects.filter(student=student, season=season).update(beyond_list=wanted)


# --- The roster of a school ------------------------------------------------------------------

OF_ENTRY = (
    "number",
    "name",
    "email",
    "programme",
    "postcode",
    "born_on",
    "enrolled_until",
    "left_on",
    "student",
)


def keep_upload(school: School, *, file_name: str, sheet: bytes, by: User) -> RosterUpload:
    """Keep a file on its way in, in the place of the one that this person had under way. What
    others left lying for a day is forgotten."""
    with transaction.atomic():
        forget_uploads()
        RosterUpload.objects.filter(school=school, uploaded_by=by, applied_at=None).delete()
        return RosterUpload.objects.create(
            school=school, uploaded_by=by, file_name=file_name[:100], sheet=sheet
        )


def choose_columns(
    upload: RosterUpload, columns: Mapping[str, int], headings: Sequence[str], *, is_whole: bool
) -> None:
    """Say which column of a file holds which field; remembered for the next file of the school."""
    with transaction.atomic():
        RosterUpload.objects.filter(pk=upload.pk, applied_at=None).update(
            columns=dict(columns), is_whole=is_whole
        )
        RosterColumns.objects.update_or_create(
            school=upload.school,
            defaults={"headings": {field: headings[at] for field, at in columns.items()}},
        )


def forget_uploads() -> int:
    """Forget files that nobody took over within a day: names and addresses stand in them."""
    old = RosterUpload.objects.filter(applied_at=None, uploaded_at__lt=Now() - A_DAY)
    return old.delete()[0]


def keep_roster(
    school: School,
    new: Sequence[RosterEntry],
    changed: Sequence[RosterEntry],
    leaving: Sequence[RosterEntry],
    *,
    by: User,
    today: date,
) -> None:
    """Write down what a roster changes, all or nothing, in a fixed number of queries.

    Students of the school who have an account already are tied to their entries; a programme that
    the school changed changes in their profile too. Whoever leaves gives up what stands open.
    """
    with transaction.atomic():
        _hold([entry.student_id for entry in (*changed, *leaving) if entry.student_id])
        _tie(school, [*new, *changed])
        RosterEntry.objects.bulk_create(new)
        RosterEntry.objects.bulk_create(
            changed, update_conflicts=True, unique_fields=["id"], update_fields=OF_ENTRY
        )
        _follow_programme([entry.pk for entry in changed])
        RosterEntry.objects.filter(pk__in=[entry.pk for entry in leaving]).update(left_on=today)
        gone = [entry.student_id for entry in leaving if entry.student_id is not None]
        students_leaving.send(sender=RosterEntry, student_ids=gone, by=by)


def _hold(student_ids: Sequence[int]) -> None:
    """Lock these students, in the order in which everybody locks them."""
    rows = Student.objects.filter(pk__in=student_ids).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk", flat=True))


def _tie(school: School, entries: Sequence[RosterEntry]) -> None:
    """Entries without an account get that of the school's student with the same address."""
    loose = {entry.email: entry for entry in entries if entry.student_id is None}
    found = Student.objects.filter(
        programme__school=school, roster_entry=None, user__email__in=loose
    ).select_related("user")
    for student in found:
        loose[student.user.email].student = student


def _follow_programme(entry_ids: Sequence[int]) -> None:
    """Profiles follow the programme in the roster."""
    of_roster = RosterEntry.objects.filter(student=OuterRef("pk")).values("programme")
    Student.objects.filter(roster_entry__in=entry_ids).exclude(
        programme=F("roster_entry__programme")
    ).update(programme=Subquery(of_roster))
