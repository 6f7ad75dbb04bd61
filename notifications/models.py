"""The outbox: one row per letter. The row is the truth; the broker only rings the bell."""

from django.conf import settings
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from notifications import states


class Letter(models.Model):
    """One letter to one address, as it was written and as it is sent.

    `key` names the event, with its generation: the same event never makes a second letter.
    A worker holds the row by `lease_token` until `leased_until`, on the database's clock. A letter
    whose `next_attempt_at` is empty is at rest until a person does something.
    """

    class State(models.TextChoices):
        QUEUED = states.QUEUED, _("wacht")
        LEASED = states.LEASED, _("wordt verstuurd")
        SENT = states.SENT, _("verstuurd")
        RETRY = states.RETRY, _("wordt opnieuw geprobeerd")
        UNSURE = states.UNSURE, _("misschien aangekomen")
        FAILED = states.FAILED, _("niet te bezorgen")
        SUPPRESSED = states.SUPPRESSED, _("tegengehouden: adres klopt niet")
        WITHDRAWN = states.WITHDRAWN, _("teruggehaald")

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60, help_text="the folder of its templates")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="letters"
    )
    to = models.EmailField()
    domain = models.GeneratedField(
        expression=Lower(Func(F("to"), Value("^.*@"), Value(""), function="regexp_replace")),
        output_field=models.CharField(max_length=254),
        db_persist=True,
    )
    reply_to = models.EmailField(blank=True)
    desk = models.CharField(
        max_length=50, blank=True, db_default="", help_text="who answers for it: a school's slug"
    )
    sealed = models.BooleanField(
        default=False, db_default=False, help_text="it opens a door: only its receiver reads it"
    )
    language = models.CharField(max_length=2, default="nl")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    doubts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(null=True, db_default=Now())
    trying_since = models.DateTimeField(null=True, help_text="when it was first refused")
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["domain", "next_attempt_at", "id"],
                condition=Q(state__in=states.WAITING),
                name="letters_that_wait_by_domain",
            ),
            models.Index(
                fields=["leased_until"], condition=Q(state="leased"), name="letters_on_their_way"
            ),
            models.Index(fields=["-created_at", "-id"], name="letters_newest_first"),
            models.Index(fields=["state", "-created_at", "-id"], name="letters_by_state"),
        ]
        constraints = [
            models.CheckConstraint(
                name="leased_letter_has_a_lease",
                condition=~Q(state="leased")
                | Q(lease_token__isnull=False, leased_until__isnull=False),
            ),
            models.CheckConstraint(
                name="sent_letter_has_a_date", condition=~Q(state="sent") | Q(sent_at__isnull=False)
            ),
            models.CheckConstraint(
                name="waiting_letter_has_a_next_attempt",
                condition=~Q(state__in=["queued", "retry"]) | Q(next_attempt_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to} ({self.get_state_display()})"


class MailDomain(models.Model):
    """A domain with which something is the matter; whoever answers well has no row.

    After a few refusals in a row nothing goes there `until` some time. A `slow` domain gets one
    letter at a time, beside the others.
    """

    name = models.CharField(max_length=254, primary_key=True)
    failures = models.PositiveIntegerField(default=0)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    slow = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class Suppression(models.Model):
    """An address that does not exist, says its own mail server. Nothing is sent there until a
    person lifts this."""

    address = models.EmailField(unique=True)
    letter = models.ForeignKey(
        Letter, on_delete=models.SET_NULL, null=True, related_name="suppressions"
    )
    trouble = models.CharField(max_length=300)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="suppressed_address_is_lower_case",
                condition=Q(address=Lower("address")),
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @classmethod
    def holds(cls, address: str) -> bool:
        """Whether letters to this address are held back."""
        return cls.objects.filter(address=address.lower()).exists()


class Watch(models.Model):
    """Which of the processes that ring by the clock is on duty, until when. One row."""

    name = models.CharField(max_length=20, primary_key=True)
    holder = models.UUIDField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"
