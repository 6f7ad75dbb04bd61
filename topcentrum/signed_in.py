"""What every session is asked: whether it is still good, and whether one factor was enough."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.adapters import APP, KEYS, is_over, proved_twice
from accounts.models import User
from education.access import needs_second_factor

Answer = Callable[[HttpRequest], HttpResponse]

# What somebody needs who has yet to set up a second factor, or to show it.
ON_THE_WAY = {
    "account_email",
    "account_logout",
    "account_reauthenticate",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
}


class SessionsEnd:
    """A session ends when nobody used it for a while, and one day in any case; sooner for whoever
    decides over others."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User):
            limits = settings.SESSION_LIMITS["strict" if needs_second_factor(user) else "usual"]
            if is_over(request.session, **limits):
                logout(request)
        return self.get_response(request)


class SecondFactorIsAsked:
    """Whoever decides over others sets up a second factor before anything else, and shows it in
    every session: from the next request on, when somebody gets such a role."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """None for whoever may go on; else the way to what is missing. What is open to everybody
        stays open; templates ask the request what is missing."""
        user, match = request.user, request.resolver_match
        if not isinstance(user, User) or not needs_second_factor(user):
            return None
        if proved_twice(request, user):
            return None
        request.second_factor_is_missing = True  # type: ignore[attr-defined]
        is_open = not getattr(view, "login_required", True)
        if is_open or (match is not None and match.view_name in ON_THE_WAY):
            return None
        return _way_to_second_factor(request, user)


def _way_to_second_factor(request: HttpRequest, user: User) -> HttpResponse:
    """To setting one up, or to showing it, and then back to what was asked for."""
    if not is_mfa_enabled(user, KEYS):
        return redirect("mfa_index")
    has_app = is_mfa_enabled(user, [APP])
    page = reverse("mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn")
    asked = request.get_full_path() if request.method == "GET" else reverse("cockpit:today")
    return redirect(f"{page}?{urlencode({'next': asked})}")
