"""What is taught, where, when and by whom: schools, programmes, seasons, skills, modules, staff."""

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation
from geo.models import Postcode

HBO_LEVEL = 6  # the level of hbo in the Dutch qualification framework (NLQF)

# What the reference list calls the groups of skills.
SKILL_CATEGORIES = {
    "content": _("content"),
    "data": _("data"),
    "design": _("vormgeving"),
    "development": _("programmeren"),
    "klant": _("klanten"),
    "logistiek": _("logistiek"),
    "marketing": _("marketing"),
    "organisatie": _("organisatie"),
    "taal": _("taal"),
    "vaardigheden": _("samenwerken en meer"),
    "webshop": _("webshop"),
}
# What seasons are called, with a year: the halves of a calendar year.
HALVES = {"Voorjaar": _("Voorjaar"), "Najaar": _("Najaar")}
LEVELS = [(2, _("mbo niveau 2")), (3, _("mbo niveau 3")), (4, _("mbo niveau 4")), (6, _("hbo"))]


def _in_english() -> bool:
    """Whether the reader reads English; what stands in two languages has no others."""
    return get_language() == "en"


class Sector(models.TextChoices):
    MBO = "mbo", "mbo"
    HBO = "hbo", "hbo"


class School(models.Model):
    """A partner school."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    short_name = models.CharField(max_length=40)
    former_name = models.CharField(max_length=100, blank=True)
    sector = models.CharField(max_length=3, choices=Sector)
    postcode = models.ForeignKey(Postcode, on_delete=models.PROTECT, related_name="+")
    brin = models.CharField(max_length=4, blank=True)
    home_organization = models.CharField(
        max_length=100, blank=True, help_text="schac_home_organization at the school's sign-in"
    )

    class Meta:
        ordering = ["short_name"]

    def __str__(self) -> str:
        return self.short_name


class Skill(models.Model):
    """Something that a person can do or wants to learn."""

    slug = models.SlugField(max_length=100, unique=True)
    label_nl = models.CharField(max_length=120)
    label_en = models.CharField(max_length=120)
    category = models.CharField(max_length=40)
    esco_uri = models.URLField(blank=True)

    class Meta:
        ordering = ["category", "label_nl"]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The skill in the language of whoever reads it."""
        return str(capfirst(self.label_en)) if _in_english() else self.label_nl


class Programme(models.Model):
    """A programme of one school. A code that is not known is empty, never invented."""

    class Mode(models.TextChoices):
        STAGEMATCHING = "stagematching", _("plekken alleen via rondes")
        OPEN = "open", _("studenten mogen zelf reageren")

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="programmes")
    name_nl = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    level = models.PositiveSmallIntegerField(choices=LEVELS)
    pathway = models.CharField(max_length=10)
    code_type = models.CharField(max_length=5, choices=[("crebo", "crebo"), ("isat", "ISAT")])
    code = models.CharField(max_length=5, blank=True)
    code_source = models.CharField(max_length=150, blank=True)
    mode = models.CharField(max_length=15, choices=Mode, default=Mode.STAGEMATCHING)
    weeks = models.PositiveSmallIntegerField(help_text="length of an internship")
    days_per_week = models.PositiveSmallIntegerField()
    hours = models.PositiveSmallIntegerField()
    skills = models.ManyToManyField(Skill, related_name="programmes")

    class Meta:
        ordering = ["school", "name_nl"]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "name_nl"], name="programme_stands_once_per_school"
            ),
            models.CheckConstraint(
                name="programme_code_has_five_digits",
                condition=Q(code="") | Q(code__regex=r"^\d{5}$"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def name_column() -> str:
        """Where the name stands in the language of whoever reads it."""
        return "name_en" if _in_english() else "name_nl"

    @property
    def name(self) -> str:
        """The programme in the language of whoever reads it."""
        return str(getattr(self, self.name_column()))

    @property
    def sector(self) -> Sector:
        """mbo or hbo, from the level."""
        return Sector.HBO if self.level == HBO_LEVEL else Sector.MBO


class Module(models.Model):
    """An e-commerce learning module of the Topcentrum."""

    number = models.PositiveSmallIntegerField(unique=True)
    slug = models.SlugField(unique=True)
    title_nl = models.CharField(max_length=100)
    title_en = models.CharField(max_length=100)
    hours = models.PositiveSmallIntegerField()
    skills = models.ManyToManyField(Skill, related_name="modules")

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.title_en if _in_english() else self.title_nl


def _new_secret() -> str:
    return secrets.token_hex(32)


class Season(models.Model):
    """A period for which places are sought and divided, such as "Voorjaar 2027".

    The lottery of every round in the season follows from `lottery_secret`; its commitment can be
    shown from the first day, so that nobody can choose another draw afterwards.
    """

    name = models.CharField(_("naam"), max_length=40, unique=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    lottery_secret = models.CharField(max_length=64, default=_new_secret, editable=False)

    class Meta:
        ordering = ["-starts_on"]
        constraints = [
            models.CheckConstraint(
                name="season_ends_after_it_starts", condition=Q(ends_on__gt=F("starts_on"))
            ),
        ]

    def __str__(self) -> str:
        half, _space, year = self.name.partition(" ")
        return f"{HALVES[half]} {year}".strip() if half in HALVES else self.name

    @property
    def lottery_commitment(self) -> str:
        """SHA-256 of the secret, in hexadecimal."""
        return hashlib.sha256(self.lottery_secret.encode()).hexdigest()


class StaffMember(models.Model):
    """A coordinator or tutor of a school."""

    class Role(models.TextChoices):
        COORDINATOR = "coordinator", _("stagecoördinator")
        TUTOR = "tutor", _("stagedocent")

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="staff")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_roles"
    )
    role = models.CharField(max_length=12, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["school", "user", "role"], name="staff_role_stands_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()}, {self.school})"


class CoordinatorInvitation(Invitation):
    """The project lead asked somebody to coordinate a school."""

    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="+")

    class Meta(Invitation.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["school", "user"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="coordinator_has_one_open_invitation",
            ),
        ]
