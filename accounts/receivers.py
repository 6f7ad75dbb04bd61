"""What a session knows: when it began, and whether a second factor was shown in it."""

from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.adapters import KEYS, begin, forget_second_factor, record_second_factor
from accounts.models import User


@receiver(user_logged_in, dispatch_uid="session_begins")
def session_begins(request: HttpRequest, **_more: Any) -> None:
    """However somebody came in."""
    begin(request.session)


@receiver(signals.authenticator_added, dispatch_uid="second_factor_was_shown")
def second_factor_was_shown(
    request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any
) -> None:
    """Whoever just set up an app or a key has shown it here."""
    if authenticator.type in KEYS:
        record_second_factor(request, user)


@receiver(signals.authenticator_removed, dispatch_uid="last_factor_is_gone")
def last_factor_is_gone(request: HttpRequest, user: User, **_more: Any) -> None:
    """Without any key left, this session has shown none."""
    if not is_mfa_enabled(user, KEYS):
        forget_second_factor(request, user)
