"""Rankings, rounds with their runs, and proposals."""

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from companies.models import Offer
from education.models import School, Season
from matching import states
from students.models import Student

MOST_WISHES = 10


class Wish(models.Model):
    """One place on a student's ranking. Equal tiers are a tie: the student likes them equally."""

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="wishes")
    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="wishes")
    tier = models.PositiveSmallIntegerField(_("keus"))

    class Meta:
        verbose_name_plural = "wishes"
        ordering = ["student", "tier", "offer"]
        constraints = [
            models.UniqueConstraint(fields=["student", "offer"], name="wish_stands_once"),
            models.CheckConstraint(
                name="wish_tier_is_on_the_list", condition=Q(tier__range=(1, MOST_WISHES))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student}: {self.tier}. {self.offer}"


class Round(models.Model):
    """One division of places over the students of a school. It stays open while runs may still
    replace its proposals, until it is released, or closed with nothing sent."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        RELEASED = "released", _("verstuurd")
        CLOSED = "closed", _("gesloten")

    season = models.ForeignKey(Season, on_delete=models.PROTECT, related_name="rounds")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="rounds")
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    weights = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    released_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["season", "school"],
                condition=Q(state="open"),
                name="one_open_round_per_season_and_school",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.season}, {self.school}"


class Run(models.Model):
    """One calculation of a round by a worker, with the snapshot that it looked at.

    A worker holds a run by `lease_token` until `leased_until`, on the database's clock.
    """

    class State(models.TextChoices):
        QUEUED = states.QUEUED, _("in de wachtrij")
        RUNNING = states.RUNNING, _("bezig")
        DONE = states.DONE, _("klaar")
        FAILED = states.FAILED, _("mislukt")

    class Effort(models.TextChoices):
        QUICK = "quick", _("snel")
        STANDARD = "standard", _("standaard")
        EXACT = "exact", _("exact")

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=7, choices=State, default=State.QUEUED)
    # Runs from before there was a choice were quick ones.
    effort = models.CharField(
        max_length=8, choices=Effort, default=Effort.STANDARD, db_default=Effort.QUICK
    )
    progress = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="share of the calculation that is done, in per cent"
    )
    queued_at = models.DateTimeField(db_default=Now(), editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    snapshot = models.BinaryField(null=True)
    figures = models.JSONField(default=dict, help_text="counts and seconds of a finished run")
    trouble = models.CharField(max_length=200, blank=True, help_text="why it failed")

    class Meta:
        ordering = ["-queued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["round"],
                condition=Q(state__in=states.UNDER_WAY),
                name="one_run_of_a_round_at_a_time",
            ),
            models.CheckConstraint(
                name="running_run_has_a_lease",
                condition=~Q(state="running")
                | Q(lease_token__isnull=False, leased_until__isnull=False),
            ),
            models.CheckConstraint(
                name="run_progress_is_a_percentage", condition=Q(progress__range=(0, 100))
            ),
            models.CheckConstraint(
                name="run_effort_is_known", condition=Q(effort__in=["quick", "standard", "exact"])
            ),
            models.CheckConstraint(
                name="finished_run_keeps_what_it_saw",
                condition=~Q(state="done") | Q(snapshot__isnull=False) & ~Q(fingerprint=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} ({self.get_state_display()})"

    @property
    def stage(self) -> str:
        """How far it is, as coarsely as one says it aloud: the state, and each quarter."""
        return f"{self.state}-{self.progress // 25}"


class Proposal(models.Model):
    """A student and an offer put before both, with one life whatever its origin.

    `starts_on`, `ends_on` and `is_internship` are copied from the offer, so that the database can
    refuse two agreed internships of one student that overlap.
    """

    class Origin(models.TextChoices):
        ROUND = "round", _("ronde")
        COORDINATOR = "coordinator", _("door de coördinator")
        APPLICATION = "application", _("reactie van de student")
        OWN_PLACE = "own_place", _("zelf gevonden plek")

    class State(models.TextChoices):
        PROPOSED = states.PROPOSED, _("voorgesteld")
        APPROVED = states.APPROVED, _("goedgekeurd")
        OFFERED = states.OFFERED, _("aangeboden")
        AGREED = states.AGREED, _("akkoord")
        DROPPED = states.DROPPED, _("geschrapt")
        SUPERSEDED = states.SUPERSEDED, _("vervangen")
        DECLINED = states.DECLINED, _("afgewezen")
        EXPIRED = states.EXPIRED, _("verlopen")
        WITHDRAWN = states.WITHDRAWN, _("ingetrokken")
        CANCELLED = states.CANCELLED, _("geannuleerd")

    class Side(models.TextChoices):
        STUDENT = "student", _("student")
        COMPANY = "company", _("bedrijf")
        BOTH = "both", _("student en bedrijf")

    student = models.ForeignKey(Student, on_delete=models.PROTECT, related_name="proposals")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="proposals")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, null=True, related_name="proposals")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True, related_name="proposals")
    origin = models.CharField(max_length=11, choices=Origin)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    generation = models.PositiveSmallIntegerField(default=1)
    starts_on = models.DateField()
    ends_on = models.DateField()
    is_internship = models.BooleanField()
    holds_seat = models.BooleanField(default=False)
    choice = models.PositiveSmallIntegerField(null=True, help_text="tier on the ranking")
    score = models.FloatField(null=True)
    parts = models.JSONField(default=dict, help_text="score per criterion")
    student_accepted_at = models.DateTimeField(null=True)
    company_accepted_at = models.DateTimeField(null=True)
    student_respond_by = models.DateTimeField(null=True)
    company_respond_by = models.DateTimeField(null=True)
    silent_side = models.CharField(max_length=7, choices=Side, blank=True)
    declined_by = models.CharField(max_length=7, choices=Side, blank=True)
    reason_code = models.CharField(max_length=30, blank=True)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    moved_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["round", "state"], name="proposals_of_a_round"),
            models.Index(fields=["offer", "state"], name="proposals_on_an_offer"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["student", "offer"],
                condition=Q(state__in=states.OPEN),
                name="one_open_proposal_per_student_and_offer",
            ),
            ExclusionConstraint(
                name="agreed_internships_of_a_student_do_not_overlap",
                expressions=[
                    ("student", RangeOperators.EQUAL),
                    (
                        Func(
                            "starts_on",
                            "ends_on",
                            Value("[]"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                condition=Q(state="agreed", is_internship=True),
            ),
            models.CheckConstraint(
                name="only_a_taken_proposal_holds_a_seat",
                condition=Q(holds_seat=False) | Q(state__in=states.TAKEN),
            ),
            models.CheckConstraint(
                name="agreed_means_both_accepted_and_a_seat",
                condition=~Q(state="agreed")
                | Q(
                    student_accepted_at__isnull=False,
                    company_accepted_at__isnull=False,
                    holds_seat=True,
                ),
            ),
            models.CheckConstraint(
                name="approved_from_round_or_by_hand_holds_a_seat",
                condition=~Q(state="approved", origin__in=["round", "coordinator"])
                | Q(holds_seat=True),
            ),
            models.CheckConstraint(
                name="offered_has_a_deadline_for_each_side",
                condition=~Q(state="offered")
                | Q(student_respond_by__isnull=False, company_respond_by__isnull=False),
            ),
            models.CheckConstraint(
                name="round_proposal_names_its_run",
                condition=~Q(origin="round") | Q(round__isnull=False, run__isnull=False),
            ),
            models.CheckConstraint(
                name="proposal_state_is_known",
                condition=Q(
                    state__in=[
                        *states.OPEN,
                        states.AGREED,
                        states.DROPPED,
                        states.SUPERSEDED,
                        states.DECLINED,
                        states.EXPIRED,
                        states.WITHDRAWN,
                        states.CANCELLED,
                    ]
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student} – {self.offer} ({self.get_state_display()})"

    @property
    def takes_a_seat(self) -> bool:
        """Whether approving it takes a seat; what a student asked for takes one when agreed."""
        return self.origin in (self.Origin.ROUND, self.Origin.COORDINATOR)

    def overlaps(self, other: "Proposal") -> bool:
        """Whether their periods share a day."""
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on

    def is_a_choice_beside(self, other: "Proposal") -> bool:
        """Whether a coordinator put the later of the two beside the earlier, and wrote why: then
        the student may choose, and the one that is not chosen is withdrawn."""
        later = max(self, other, key=lambda one: one.pk)
        return later.origin == self.Origin.COORDINATOR and bool(later.reason)

    @property
    def off_the_list(self) -> bool:
        """Whether a round gave a place that the student had not ranked, but that fits."""
        return self.origin == self.Origin.ROUND and self.choice is None

    @property
    def waits_for_team(self) -> bool:
        """Whether both sides said yes, and the team is still below its minimum."""
        return self.state == states.OFFERED and self.student_answered and self.company_answered

    @property
    def student_answered(self) -> bool:
        """Whether the student accepted."""
        return self.student_accepted_at is not None

    @property
    def company_answered(self) -> bool:
        """Whether the company accepted."""
        return self.company_accepted_at is not None
