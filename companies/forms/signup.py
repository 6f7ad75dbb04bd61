"""A company registers itself."""

import re
from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companies.forms.fields import one_line, postcode_area, text_field
from companies.queries import is_registered
from geo.models import Postcode

LONGEST_ADDRESS = 254
TAKEN = gettext_lazy(
    "Dit bedrijf is al aangemeld. Vraag je collega die dat deed, of de stagecoördinator van de "
    "school. Deed je het zelf? Log dan in."
)


class CompanySignupForm(SignupForm):
    """A company registers itself: an address to write to, and which company it is."""

    field_order = ["email", "kvk", "name", "postcode"]

    kvk = text_field(
        gettext_lazy("KvK-nummer"),
        most=40,
        required=gettext_lazy("Vul het KvK-nummer van je bedrijf in: 8 cijfers."),
        help_text=gettext_lazy("8 cijfers. Je vindt het op je uittreksel en vaak op je website."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    name = text_field(
        gettext_lazy("Naam van je bedrijf"),
        most=120,
        required=gettext_lazy("Vul de naam van je bedrijf in, zoals studenten hem kennen."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    postcode = text_field(
        gettext_lazy("Postcode van je bedrijf"),
        most=10,
        required=gettext_lazy("Vul de postcode in van de plek waar de student werkt."),
        help_text=gettext_lazy("Bijvoorbeeld 8011 AB. Zo zien studenten hoe ver het reizen is."),
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email = self.fields["email"]
        email.label = _("Je e-mailadres")
        email.help_text = _("We sturen je een code. Een wachtwoord heb je niet nodig.")
        email.error_messages["required"] = _("Vul je e-mailadres in.")
        email.widget.attrs.pop("placeholder", None)
        # allauth lets addresses through that do not fit in the column.
        email.validators.append(MaxLengthValidator(LONGEST_ADDRESS, _("Dit adres is te lang.")))

    def clean_kvk(self) -> str:
        """Eight digits, of a company that is not registered yet."""
        number = re.sub(r"[\s.]", "", self.cleaned_data["kvk"])
        if not re.fullmatch(r"[0-9]+", number):
            raise forms.ValidationError(
                _("Gebruik alleen cijfers. Een KvK-nummer heeft 8 cijfers.")
            )
        if len(number) == 12:
            raise forms.ValidationError(
                _("Dit lijkt een vestigingsnummer. Vul het KvK-nummer in: dat heeft 8 cijfers.")
            )
        if len(number) != 8:
            raise forms.ValidationError(
                _("Een KvK-nummer heeft 8 cijfers; dit zijn er %(count)d. Controleer het nummer.")
                % {"count": len(number)}
            )
        if is_registered(number):
            raise forms.ValidationError(TAKEN)
        return number

    def clean_name(self) -> str:
        """A name with at least one letter or digit."""
        name = one_line(self.cleaned_data["name"])
        if not any(c.isalnum() for c in name):
            raise forms.ValidationError(self.fields["name"].error_messages["required"])
        return name

    def clean_postcode(self) -> Postcode:
        """An area that exists."""
        return postcode_area(self.cleaned_data["postcode"])
