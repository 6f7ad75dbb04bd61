"""The outbox: one row per letter. The row is the truth; the broker only rings the bell."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Letter(models.Model):
    """One letter to one address, as it was written and as it is sent.

    `key` names the event, with its generation: the same event never makes a second letter.
    A worker holds the row by `lease_token` until `leased_until`, on the database's clock.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("wacht")
        LEASED = "leased", _("wordt verstuurd")
        SENT = "sent", _("verstuurd")
        RETRY = "retry", _("wordt opnieuw geprobeerd")
        FAILED = "failed", _("niet te bezorgen")

    key = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=60, help_text="the folder of its templates")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="letters"
    )
    to = models.EmailField()
    reply_to = models.EmailField(blank=True)
    language = models.CharField(max_length=2, default="nl")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    state = models.CharField(max_length=6, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    lease_token = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["queued", "retry"]),
                name="letters_that_wait",
            ),
            models.Index(
                fields=["leased_until"], condition=Q(state="leased"), name="letters_on_their_way"
            ),
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
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.to} ({self.get_state_display()})"
