"""Where sessions and allauth's second factor meet the house: how long, how sure, and how kept."""

import base64
import time
from functools import cache
from typing import Any, ClassVar

from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
    record_authentication,
)
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User

SECOND_FACTOR = "mfa"  # as allauth writes it down
DEMO_DOOR = "demo"
APP = Authenticator.Type.TOTP
KEYS = (APP, Authenticator.Type.WEBAUTHN)  # codes on paper only stand in for these

# When a session began, and was last used: to the minute, so that not every page writes a row.
BEGAN, SEEN = "began_at", "seen_at"
MINUTE = 60.0


def begin(session: SessionBase) -> None:
    """The clocks of a session start where somebody signs in."""
    session[BEGAN] = session[SEEN] = time.time()


def is_over(session: SessionBase, *, idle: float, longest: float) -> bool:
    """Whether a session was left alone for `idle` seconds, or began `longest` seconds ago; being
    asked counts as use. One without clocks is over."""
    now, began, seen = time.time(), session.get(BEGAN, 0.0), session.get(SEEN, 0.0)
    if now - began > longest or now - seen > idle:
        return True
    if now - seen > MINUTE:
        session[SEEN] = now
    return False


def proved_twice(request: HttpRequest, user: User) -> bool:
    """Whether this session was opened, or confirmed, with a second factor. The door of the demo
    counts for one, in the demo only."""
    enough = {SECOND_FACTOR, DEMO_DOOR} if settings.DEMO else {SECOND_FACTOR}
    return any(record["method"] in enough for record in get_authentication_records(request, user))


def record_second_factor(request: HttpRequest, user: User) -> None:
    """Setting up a factor is showing it: whoever does so need not sign in once more."""
    record_authentication(request, user, SECOND_FACTOR, reauthenticated=True)


def forget_second_factor(request: HttpRequest, user: User) -> None:
    """What was shown with a factor that is no more counts no longer."""
    kept = [r for r in get_authentication_records(request, user) if r["method"] != SECOND_FACTOR]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = kept


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keys are named in Dutch, and their secrets lie encrypted in the database."""

    error_messages: ClassVar[dict[str, Any]] = {
        "add_email_blocked": gettext_lazy("Dit adres kun je nu niet toevoegen."),
        "cannot_delete_authenticator": gettext_lazy("Deze controle kun je nu niet uitzetten."),
        "cannot_generate_recovery_codes": gettext_lazy(
            "Zet eerst een app of passkey aan. Daarna kun je herstelcodes maken."
        ),
        "incorrect_code": gettext_lazy(
            "Dit klopt niet. Kijk of je de nieuwste code hebt, en probeer het nog eens."
        ),
        "unverified_email": gettext_lazy(
            "Bevestig eerst je e-mailadres. Daarna kun je dit aanzetten."
        ),
    }

    def encrypt(self, text: str) -> str:
        """A copy of the database alone opens no account."""
        return _box(tuple(_secrets())).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Also what was written with an older secret of the portal, while that is kept in
        SECRET_KEY_FALLBACKS. What opens with none is a secret that nobody knows: no code fits."""
        try:
            return _box(tuple(_secrets())).decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return generate_totp_secret()

    def generate_authenticator_name(self, user: AbstractBaseUser, type: object) -> str:
        """A name to tell keys apart, for whoever gives none."""
        return gettext("Mijn passkey")

    def _get_site_name(self) -> str:
        """What an app or a browser shows beside the key."""
        return "Topcentrum"


def _secrets() -> list[str]:
    return [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


@cache
def _box(secrets: tuple[str, ...]) -> MultiFernet:
    """Closes with the first secret, opens with any."""
    return MultiFernet([Fernet(_key(secret)) for secret in secrets])


def _key(secret: str) -> bytes:
    """A key for this purpose only."""
    derived = HKDF(SHA256(), length=32, salt=None, info=b"topcentrum second factor")
    return base64.urlsafe_b64encode(derived.derive(secret.encode()))
