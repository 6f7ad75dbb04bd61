"""Students: what they follow, where they live by postcode area, what they can and want to learn;
and the rosters in which their schools list them."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Deferrable, F, Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from education.models import Programme, School, Season, Skill
from geo.models import Postcode

MOST_KM = 150
ADULT = 18


class Student(models.Model):
    """A student of a programme. Empty fields mean: not filled in yet."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="student"
    )
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="students", verbose_name=_("opleiding")
    )
    postcode = models.ForeignKey(Postcode, on_delete=models.PROTECT, null=True, related_name="+")
    max_km = models.PositiveSmallIntegerField(
        _("hoe ver wil je reizen?"),
        null=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_KM)],
    )
    learning_goal = models.TextField(_("wat wil je leren?"), max_length=500, blank=True)
    skills = models.ManyToManyField(
        Skill, blank=True, related_name="students", verbose_name=_("dit kan ik")
    )
    wants = models.ManyToManyField(
        Skill, blank=True, related_name="wanted_by", verbose_name=_("dit wil ik leren")
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="student_travels_a_sane_distance",
                condition=Q(max_km__isnull=True) | Q(max_km__range=(1, MOST_KM)),
            ),
        ]

    def __str__(self) -> str:
        return self.user.name or self.user.email


class Availability(models.Model):
    """When a student can, for one season. The row exists while the student seeks a place."""

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="availabilities")
    season = models.ForeignKey(Season, on_delete=models.PROTECT, related_name="availabilities")
    starts_on = models.DateField(_("vanaf"), null=True)
    ends_on = models.DateField(_("tot en met"), null=True)
    days = models.PositiveSmallIntegerField(
        _("dagen per week"), null=True, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    beyond_list = models.BooleanField(
        _("ook een andere plek die past"),
        default=True,
        db_default=True,
        help_text="whether a round may give a place that fits when the own list is used up",
    )

    class Meta:
        verbose_name_plural = "availabilities"
        constraints = [
            models.UniqueConstraint(
                fields=["student", "season"], name="availability_stands_once_per_season"
            ),
            models.CheckConstraint(
                name="availability_ends_after_it_starts",
                condition=Q(starts_on__isnull=True)
                | Q(ends_on__isnull=True)
                | Q(ends_on__gt=F("starts_on")),
            ),
            models.CheckConstraint(
                name="availability_days_make_a_week",
                condition=Q(days__isnull=True) | Q(days__range=(1, 5)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student}: {self.season}"


# --- The roster of a school ------------------------------------------------------------------


class RosterEntry(models.Model):
    """A student as the administration of the school lists them, with or without an account here.

    Whoever stands no longer in the list has left; the row stays, and comes back to life when the
    student does.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="roster")
    number = models.CharField(_("studentnummer"), max_length=20)
    name = models.CharField(_("naam"), max_length=150)
    email = models.EmailField(_("e-mailadres"))
    programme = models.ForeignKey(
        Programme, on_delete=models.PROTECT, related_name="+", verbose_name=_("opleiding")
    )
    postcode = models.ForeignKey(
        Postcode, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("postcode")
    )
    born_on = models.DateField(
        _("geboortedatum"),
        null=True,
        help_text="for one question only: does a guardian have to agree?",
    )
    enrolled_until = models.DateField(_("ingeschreven tot en met"), null=True)
    left_on = models.DateField(null=True)
    student = models.OneToOneField(
        Student, on_delete=models.SET_NULL, null=True, related_name="roster_entry"
    )

    class Meta:
        verbose_name_plural = "roster entries"
        ordering = ["school", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "number"], name="roster_number_stands_once_per_school"
            ),
            models.CheckConstraint(
                name="roster_address_is_lower_case", condition=Q(email=Lower("email"))
            ),
            # At the end of the transaction, so that two students may swap their addresses.
            ExclusionConstraint(
                name="roster_address_is_of_one_student_at_a_time",
                expressions=[("school", RangeOperators.EQUAL), ("email", RangeOperators.EQUAL)],
                condition=Q(left_on__isnull=True),
                deferrable=Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"


def is_minor(born_on: date | None, today: date) -> bool:
    """Whether a guardian has to agree to what a student signs today. Whoever was born on 29
    February comes of age on 1 March; of whom nothing is known, nothing is asked."""
    if born_on is None:
        return False
    birthday = (born_on.month, born_on.day)
    age = today.year - born_on.year - ((today.month, today.day) < birthday)
    return age < ADULT


class RosterColumns(models.Model):
    """Under which heading a school's file has what, as a coordinator chose last time."""

    school = models.OneToOneField(
        School, on_delete=models.PROTECT, primary_key=True, related_name="roster_columns"
    )
    headings = models.JSONField(default=dict, help_text="field → heading")

    def __str__(self) -> str:
        return f"{self.school}: {self.headings}"


class RosterUpload(models.Model):
    """A file with a roster on its way in. What stood in it is kept until it was taken over, or
    replaced by the next file of the same person, or for a day."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="roster_uploads")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    uploaded_at = models.DateTimeField(db_default=Now(), editable=False)
    file_name = models.CharField(max_length=100)
    sheet = models.BinaryField(help_text="packed; empty once the roster was taken over")
    columns = models.JSONField(default=dict, help_text="field → number of the column, from 0")
    is_whole = models.BooleanField(
        default=True, help_text="whoever does not stand in this file has left"
    )
    applied_at = models.DateTimeField(null=True)
    figures = models.JSONField(default=dict, help_text="how many were new, changed, and so on")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "uploaded_by"],
                condition=Q(applied_at__isnull=True),
                name="roster_upload_in_progress_is_one_per_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school}: {self.file_name}"
