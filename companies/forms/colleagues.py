"""Whom a company lets in, and who asks to be let in."""

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

LONGEST_ADDRESS = 254


def _email(label: object, help_text: object) -> forms.EmailField:
    return forms.EmailField(
        label=label,  # type: ignore[arg-type]
        help_text=help_text,  # type: ignore[arg-type]
        max_length=LONGEST_ADDRESS,
        error_messages={
            "required": _("Vul een e-mailadres in."),
            "invalid": _("Dit is geen e-mailadres. Controleer het."),
            "max_length": _("Dit adres is te lang."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class ColleagueForm(forms.Form):
    """Who is asked to act for the company too."""

    email = _email(
        _("E-mailadres van je collega"),
        _("Je collega krijgt een mail met een link om mee te doen."),
    )


class AccessForm(forms.Form):
    """Somebody whose company stands here already wants to act for it too."""

    email = _email(_("Je e-mailadres"), _("Hierop krijg je de uitnodiging."))
    kvk = forms.CharField(
        label=_("KvK-nummer"),
        max_length=8,
        validators=[RegexValidator(r"^[0-9]{8}\Z", _("Een KvK-nummer heeft 8 cijfers."))],
        error_messages={
            "required": _("Vul het KvK-nummer van je bedrijf in: 8 cijfers."),
            "max_length": _("Een KvK-nummer heeft 8 cijfers."),
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
