"""Students: what they follow, where they live by postcode area, what they can and want to learn."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from education.models import Programme, Season, Skill
from geo.models import Postcode

MOST_KM = 150


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
