"""A company registers itself, and corrects what it said of itself."""

import re
from typing import Any

from allauth.account.forms import SignupForm
from django import forms
from django.core.validators import MaxLengthValidator
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from companies.forms.fields import one_line, postcode_area, text_field
from companies.models import Company
from companies.queries import is_registered, never_came, signed_up_before, was_published
from geo.models import Postcode

LONGEST_ADDRESS = 254
MOST_GUIDED = 500
TAKEN = gettext_lazy(
    "Dit bedrijf doet al mee. Vraag hieronder toegang aan je collega's. Meldde je het zelf aan? "
    "Log dan in."
)


class CompanyFields(forms.Form):
    """Which company is it? What signing up asks, and what can be corrected afterwards."""

    own: Company | None = None  # whose number may stand here already

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
        if is_registered(number, besides=self.own):
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

    def company(self) -> dict[str, Any]:
        """What a valid form says of the company."""
        return {name: self.cleaned_data[name] for name in ("kvk", "name", "postcode")}


class CompanySignupForm(CompanyFields, SignupForm):
    """A company registers itself: an address to write to, and which company it is."""

    field_order = ["email", "kvk", "name", "postcode"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.again: User | None = None
        email = self.fields["email"]
        email.label = _("Je e-mailadres")
        email.help_text = _("We sturen je een code. Een wachtwoord heb je niet nodig.")
        email.error_messages["required"] = _("Vul je e-mailadres in.")
        email.widget.attrs.pop("placeholder", None)
        # allauth lets addresses through that do not fit in the column.
        email.validators.append(MaxLengthValidator(LONGEST_ADDRESS, _("Dit adres is te lang.")))

    def validate_unique_email(self, value: str) -> str:
        """Who signed up with this address and never came in is `again`, and no account yet."""
        email: str = super().validate_unique_email(value)
        self.again = never_came().filter(email=email).first()
        if self.again is not None:
            self.account_already_exists = False
            self.own = signed_up_before(self.again).first()
        return email


class CompanyForm(CompanyFields):
    """A member corrects what was said at signing up, as far as nobody relies on it yet."""

    field_order = ["name", "kvk", "postcode", "guides_at_most"]

    guides_at_most = forms.IntegerField(
        label=gettext_lazy("Hoeveel studenten kun je tegelijk begeleiden?"),
        help_text=gettext_lazy(
            "Over al je aanbod samen. Kun je alle plekken vullen? Laat dit dan leeg."
        ),
        required=False,
        min_value=1,
        max_value=MOST_GUIDED,
        widget=forms.TextInput(
            attrs={"class": "input--short", "inputmode": "numeric", "autocomplete": "off"}
        ),
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"),
            gettext_lazy("Vul een heel getal in van 1 tot en met 500, of laat dit leeg."),
        ),
    )

    def __init__(self, posted: QueryDict | None = None, *, company: Company) -> None:
        site = company.sites.order_by("pk")[0]
        initial = {
            "name": company.name,
            "kvk": company.kvk,
            "postcode": site.postcode_id,
            "guides_at_most": company.guides_at_most,
        }
        super().__init__(posted, initial=initial)
        self.own = company
        self.stands_fast = was_published(company)
        for field in ("kvk", "postcode"):
            self.fields[field].disabled = self.stands_fast
        if self.stands_fast:
            self.fields["kvk"].help_text = _(
                "Scholen hebben je bedrijf met dit nummer opgezocht. Klopt het niet? Vraag het de "
                "stagecoördinator."
            )
            self.fields["postcode"].help_text = _(
                "Studenten kozen je aanbod met deze postcode. Verhuisd? Vul bij je volgende aanbod "
                "de nieuwe postcode in."
            )
        else:
            self.fields["postcode"].help_text = _(
                "Bijvoorbeeld 8011 AB. Aanbod dat nog niet gepubliceerd is, verhuist mee."
            )
