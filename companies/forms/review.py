"""What happens to an offer afterwards: a coordinator reviews it, a company closes it."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from companies.forms.fields import one_line, text_field
from companies.reasons import CLOSINGS, closing_reason


class SearchForm(forms.Form):
    """Search in the queue; what is not understood searches for nothing."""

    q = text_field(gettext_lazy("Zoek op bedrijf of titel"), most=100)

    def words(self) -> str:
        """What to look for."""
        return str(self.cleaned_data["q"]) if self.is_valid() else ""


class ReturnForm(forms.Form):
    """What does the company have to change?"""

    reason = text_field(
        gettext_lazy("Wat moet het bedrijf aanpassen?"),
        most=1000,
        required=gettext_lazy("Schrijf op wat er anders moet. Het bedrijf leest dit in een mail."),
        help_text=gettext_lazy("Het bedrijf krijgt deze tekst per mail en kan jou antwoorden."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class _FromAnOlderList(forms.MultipleChoiceField):
    """Takes any value: a code that a colleague ticked meanwhile is no mistake."""

    def valid_value(self, value: object) -> bool:
        return True


class AccreditationForm(forms.Form):
    """For which qualifications did a coordinator look the company up?"""

    crebos = _FromAnOlderList(
        label=gettext_lazy("Ik heb opgezocht dat dit bedrijf erkend is voor …"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    unknown = forms.BooleanField(required=False)

    def __init__(
        self, *args: Any, to_check: list[tuple[str, str]], unknown: list[str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        crebos = cast(forms.ChoiceField, self.fields["crebos"])
        crebos.choices = [(code, f"{name} (crebo {code})") for code, name in to_check]
        if not to_check:
            del self.fields["crebos"]
        self.fields["unknown"].label = _("Ik sta in voor: %(names)s") % {
            "names": ", ".join(unknown)
        }
        self.fields["unknown"].help_text = _(
            "Van deze opleidingen is het crebonummer niet bekend. Of het bedrijf erkend is, kun je "
            "dus niet opzoeken."
        )
        if not unknown:
            del self.fields["unknown"]
        self._to_check = {code for code, _name in to_check}

    def accredited(self) -> list[str]:
        """The codes that were ticked, of those still to check; the form must be valid."""
        return sorted(self._to_check & set(self.cleaned_data.get("crebos", ())))

    def vouches(self) -> bool:
        """Whether the coordinator vouches for programmes whose code is not known."""
        return bool(self.cleaned_data.get("unknown"))


class CloseForm(forms.Form):
    """Why does a company close its offer?"""

    reason = forms.ChoiceField(
        label=gettext_lazy("Waarom sluit je dit aanbod?"),
        choices=[(code, gettext_lazy(words)) for code, words in CLOSINGS.items()],
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), gettext_lazy("Kies waarom je dit aanbod sluit.")
        ),
    )
    words = text_field(gettext_lazy("Wil je er iets bij zeggen?"), most=300)

    def told(self) -> str:
        """The reason of a valid form, as it is kept."""
        known = self.cleaned_data
        return closing_reason(known["reason"], one_line(known["words"]))
