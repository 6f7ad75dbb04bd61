"""Who uses the portal, and what happened: the user and the history of moves."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core import signing
from django.db import models
from django.db.models.functions import Lower, Now


class UserAccounts(BaseUserManager["User"]):
    """Makes users; addresses are kept in lower case, so one address is one user."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new user who signs in with `email`; without a password, by code only."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A platform administrator."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person with a way in. What somebody may do follows from relations in the rooms above
    (member of a company, student, staff of a school) and from the flags here."""

    email = models.EmailField("e-mailadres", unique=True)
    name = models.CharField("naam", max_length=150, blank=True)
    language = models.CharField(
        max_length=2,
        choices=settings.LANGUAGES,
        blank=True,
        default="",
        db_default="",  # for a program from before there was a choice
        help_text="of pages and letters; empty: never said, so pages follow the browser",
    )
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("platformbeheerder", default=False)
    is_project_lead = models.BooleanField("projectleider", default=False)
    joined_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[UserAccounts] = UserAccounts()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="user_email_is_lower_case", condition=models.Q(email=Lower("email"))
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def reads(self) -> str:
        """The language of what is written to this person while nobody looks at a page."""
        return self.language or settings.LANGUAGE_CODE


class Invitation(models.Model):
    """Somebody was asked to take part in something of a room above, by a link in a letter.

    The link names this row and how often it was sent: sending again ends the link before. It opens
    nothing by itself, works for `user` alone, and once.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    invited_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    sending = models.PositiveSmallIntegerField(default=1)
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.user} ({self.created_at:%Y-%m-%d})"

    @property
    def token(self) -> str:
        """What stands in the link."""
        return signing.dumps([self.pk, self.sending], salt=self._salt())

    @classmethod
    def read(cls, token: str) -> tuple[int, int]:
        """Which row a link names, and which sending of it.

        Raises BadSignature when somebody wrote the link, or it is one of another kind.
        """
        key, sending = signing.loads(token, salt=cls._salt())
        return key, sending

    @classmethod
    def _salt(cls) -> str:
        return f"invitation.{cls._meta.label_lower}"


class Clock:
    """The portal itself as the one who acts: a deadline passed, or one move followed another."""

    def __str__(self) -> str:
        return "Topcentrum"


CLOCK = Clock()

By = User | Clock


class HistoryEntry(models.Model):
    """One move of one row: who, when, from, to, why. Written by the database, never changed.

    `subject_id` is no foreign key: the history knows nothing of the rooms above it.
    """

    class ActorKind(models.TextChoices):
        USER = "user", "gebruiker"
        LINK = "link", "link uit een brief"
        CLOCK = "clock", "klok"

    at = models.DateTimeField(db_default=Now())
    subject = models.CharField(max_length=60)
    subject_id = models.BigIntegerField()
    move = models.CharField(max_length=30)
    from_state = models.CharField(max_length=20, blank=True)
    to_state = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    actor_kind = models.CharField(max_length=5, choices=ActorKind)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["subject", "subject_id", "at"], name="history_of_a_row")]
        constraints = [
            models.CheckConstraint(
                name="history_names_the_user_who_acted",
                condition=models.Q(actor_kind="user", actor__isnull=False)
                | (~models.Q(actor_kind="user") & models.Q(actor__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id}: {self.move} → {self.to_state}"
