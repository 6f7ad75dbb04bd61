"""What happens to a student's profile."""

from typing import Any

from django.db import transaction

from education.models import Season
from students.models import Availability, Student


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
