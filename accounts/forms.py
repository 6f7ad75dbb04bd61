"""Allauth's forms about the second factor, in our words."""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST_CODE = 20
LONGEST_NAME = 60


def _code(label: object, help_text: object = "") -> forms.CharField:
    """A code to type over; pasted with spaces it works too."""
    return forms.CharField(
        label=label,  # type: ignore[arg-type]
        help_text=help_text,  # type: ignore[arg-type]
        max_length=LONGEST_CODE,
        widget=forms.TextInput(
            attrs={"class": "input--short", "inputmode": "numeric", "autocomplete": "one-time-code"}
        ),
        error_messages={
            "required": _("Vul de code in."),
            "max_length": _("Deze code is te lang. Een code heeft 6 cijfers."),
        },
    )


def _name() -> forms.CharField:
    return forms.CharField(
        label=_("Naam van deze passkey"),
        help_text=_("Zo herken je hem later. Bijvoorbeeld: telefoon, of laptop van school."),
        max_length=LONGEST_NAME,
        error_messages={
            "required": _("Geef je passkey een naam."),
            "max_length": _("Deze naam is te lang. Gebruik hoogstens 60 tekens."),
        },
    )


class AppCodeForm(ActivateTOTPForm):
    """The first code of a new app."""

    code = _code(_("Code uit de app"), _("6 cijfers. De app maakt elke halve minuut een nieuwe."))


class CodeForm(AuthenticateForm):
    """A code at signing in: of the app, or one that was kept for when the app is away."""

    code = _code(
        _("Code uit je app"), _("Heb je je telefoon niet bij je? Gebruik een herstelcode.")
    )


class CodeAgainForm(ReauthenticateForm):
    """The same before something important is changed."""

    code = _code(
        _("Code uit je app"), _("Heb je je telefoon niet bij je? Gebruik een herstelcode.")
    )


# What the parser of credentials stumbles over when something else than a browser wrote one.
NO_CREDENTIAL = (KeyError, ValueError, TypeError, AttributeError, OverflowError)


class _Credential:
    """Whatever is sent instead of a passkey gets the answer that a wrong passkey gets."""

    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except NO_CREDENTIAL as error:
            raise get_adapter().validation_error("incorrect_code") from error


class PasskeyAloneForm(_Credential, LoginWebAuthnForm):
    """Signing in with nothing but a passkey."""


class PasskeyTooForm(_Credential, AuthenticateWebAuthnForm):
    """A passkey after the code from the mail."""


class PasskeyAgainForm(_Credential, ReauthenticateWebAuthnForm):
    """The same before something important is changed."""


class PasskeyForm(AddWebAuthnForm):
    """A new passkey: one that opens the door by itself, with a fingerprint, a face or a PIN."""

    name = _name()
    passwordless = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False  # the key exists by then: it is kept all the same

    def clean(self) -> dict[str, Any]:
        """Refused like a wrong passkey, also when it is none at all."""
        try:
            return super().clean()
        except NO_CREDENTIAL as error:
            raise get_adapter().validation_error("incorrect_code") from error


class PasskeyNameForm(EditWebAuthnForm):
    """Another name for a passkey."""

    name = _name()
