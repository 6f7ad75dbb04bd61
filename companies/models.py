"""Companies and what they offer: company, sites, members, accreditation, offers."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Invitation
from companies import states
from education.models import LEVELS, Programme, School, Season, Skill
from geo.models import Postcode

MOST_OPENINGS = 50
MOST_IN_A_TEAM = 10


class Company(models.Model):
    """An organisation that offers internships and projects; its KvK number stands once."""

    kvk = models.CharField(_("KvK-nummer"), max_length=8, unique=True)
    name = models.CharField(_("naam van het bedrijf"), max_length=120)
    guides_at_most = models.PositiveSmallIntegerField(
        _("studenten tegelijk"), null=True, help_text="over all offers; empty: as many as they say"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"
        constraints = [
            models.CheckConstraint(
                name="company_kvk_has_eight_digits", condition=Q(kvk__regex=r"^\d{8}$")
            ),
            models.CheckConstraint(name="company_has_a_name", condition=~Q(name="")),
            models.CheckConstraint(
                name="company_guides_somebody",
                condition=Q(guides_at_most__isnull=True) | Q(guides_at_most__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    """A place where a company works; accreditation is given per site."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="sites")
    number = models.CharField("vestigingsnummer", max_length=12, blank=True)
    postcode = models.ForeignKey(Postcode, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="site_number_has_twelve_digits",
                condition=Q(number="") | Q(number__regex=r"^\d{12}$"),
            ),
            models.UniqueConstraint(
                fields=["company", "postcode"], name="site_stands_once_per_postcode"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company}, {self.postcode.place}"


class Member(models.Model):
    """A person who acts for a company."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="company_roles"
    )
    is_admin = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "user"], name="member_stands_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.company})"


class ColleagueInvitation(Invitation):
    """A member asked somebody to act for the company too."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="invitations")

    class Meta(Invitation.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "user"],
                condition=Q(accepted_at=None, withdrawn_at=None),
                name="colleague_has_one_open_invitation",
            ),
        ]


class Accreditation(models.Model):
    """What is known of a site as an accredited training company (erkend leerbedrijf) for one
    qualification. No end date is published, so `valid_until` may be empty."""

    class Status(models.TextChoices):
        ACCREDITED = "accredited", _("erkend")
        PENDING = "pending", _("aangevraagd")
        ENDED = "ended", _("niet meer erkend")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="accreditations")
    crebo = models.CharField(max_length=5)
    status = models.CharField(max_length=10, choices=Status)
    checked_on = models.DateField()
    source = models.CharField(max_length=100)
    valid_until = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "crebo"], name="accreditation_stands_once_per_site_and_code"
            ),
            models.CheckConstraint(
                name="accreditation_crebo_has_five_digits", condition=Q(crebo__regex=r"^\d{5}$")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site}: {self.crebo} {self.get_status_display()}"


class Offer(models.Model):
    """One publication with one or more seats: an internship, a project or an apprenticeship job.

    `openings` is the capacity in seats; `held` are the seats taken by proposals, written only by
    `take_seats` and `free_seats`. For a project the seats are those of one team.
    """

    class Kind(models.TextChoices):
        INTERNSHIP = "internship", _("stage")
        PROJECT = "project", _("opdracht")
        APPRENTICESHIP_JOB = "apprenticeship_job", _("leerbaan")

    class State(models.TextChoices):
        DRAFT = states.DRAFT, _("concept")
        SUBMITTED = states.SUBMITTED, _("ingediend")
        RETURNED = states.RETURNED, _("teruggestuurd")
        PUBLISHED = states.PUBLISHED, _("gepubliceerd")
        PAUSED = states.PAUSED, _("gepauzeerd")
        FILLED = states.FILLED, _("vol")
        CLOSED = states.CLOSED, _("gesloten")
        EXPIRED = states.EXPIRED, _("verlopen")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="offers")
    season = models.ForeignKey(Season, on_delete=models.PROTECT, related_name="offers")
    kind = models.CharField(max_length=20, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    title = models.CharField(_("titel"), max_length=100)
    text = models.TextField(_("wat gaat de student doen?"), max_length=4000)
    starts_on = models.DateField(_("begindatum"))
    ends_on = models.DateField(_("einddatum"))
    days_min = models.PositiveSmallIntegerField(
        _("minste dagen per week"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    days_max = models.PositiveSmallIntegerField(
        _("meeste dagen per week"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    openings = models.PositiveSmallIntegerField(
        _("aantal plekken"), validators=[MinValueValidator(1), MaxValueValidator(MOST_OPENINGS)]
    )
    held = models.PositiveSmallIntegerField(default=0, editable=False)
    team_min = models.PositiveSmallIntegerField(
        _("kleinste team"),
        null=True,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_IN_A_TEAM)],
    )
    allowance = models.PositiveSmallIntegerField(
        _("vergoeding per maand (€)"), null=True, blank=True, validators=[MaxValueValidator(5000)]
    )
    levels = ArrayField(
        models.PositiveSmallIntegerField(choices=LEVELS), verbose_name=_("niveau van de student")
    )
    programmes = models.ManyToManyField(
        Programme, blank=True, related_name="offers", verbose_name=_("alleen voor deze opleidingen")
    )
    skills = models.ManyToManyField(
        Skill, blank=True, related_name="offers", verbose_name=_("vaardigheden")
    )
    earmarked_for = models.ForeignKey(
        School, on_delete=models.PROTECT, null=True, blank=True, related_name="earmarked_offers"
    )
    earmarked_until = models.DateField(null=True, blank=True)
    accreditation_confirmed_at = models.DateTimeField(null=True, editable=False)
    submitted_at = models.DateTimeField(null=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    return_reason = models.TextField(blank=True, editable=False)
    form_token = models.UUIDField(
        null=True, editable=False, help_text="the form it came from, so that a double click is one"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["season", "state"], name="offers_of_a_season"),
            models.Index(fields=["state", "submitted_at", "id"], name="offers_to_review"),
            models.Index(fields=["state", "published_at", "id"], name="offers_published"),
            models.Index(fields=["submitted_at", "id"], name="offers_handed_in"),
        ]
        constraints = [
            models.CheckConstraint(
                name="offer_has_an_opening", condition=Q(openings__range=(1, MOST_OPENINGS))
            ),
            models.CheckConstraint(
                name="offer_holds_no_more_than_its_openings", condition=Q(held__lte=F("openings"))
            ),
            models.CheckConstraint(
                name="offer_ends_after_it_starts", condition=Q(ends_on__gt=F("starts_on"))
            ),
            models.CheckConstraint(
                name="offer_days_make_a_week",
                condition=Q(days_min__gte=1, days_min__lte=F("days_max"), days_max__lte=5),
            ),
            models.CheckConstraint(
                name="offer_team_fits_its_openings",
                # Not null by name: a comparison with null is no "no" to a check.
                condition=Q(
                    kind="project",
                    team_min__isnull=False,
                    team_min__gte=1,
                    team_min__lte=F("openings"),
                )
                | (~Q(kind="project") & Q(team_min__isnull=True)),
            ),
            models.CheckConstraint(
                name="offer_earmark_has_an_end",
                condition=Q(earmarked_for__isnull=True, earmarked_until__isnull=True)
                | Q(earmarked_for__isnull=False, earmarked_until__isnull=False),
            ),
            models.UniqueConstraint(fields=["form_token"], name="one_form_makes_one_offer"),
            models.CheckConstraint(
                name="offer_is_full_only_when_all_seats_are_held",
                condition=~Q(state="filled") | Q(held=F("openings")),
            ),
            models.CheckConstraint(
                name="offer_state_is_known",
                condition=Q(
                    state__in=[
                        states.DRAFT,
                        states.SUBMITTED,
                        states.RETURNED,
                        states.PUBLISHED,
                        states.PAUSED,
                        states.FILLED,
                        states.CLOSED,
                        states.EXPIRED,
                    ]
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_project(self) -> bool:
        """Whether a team of students does this together."""
        return self.kind == self.Kind.PROJECT

    @property
    def free(self) -> int:
        """Seats that no proposal holds."""
        return self.openings - self.held
