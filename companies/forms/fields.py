"""What the forms of this room share: fields and their cleaning."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from education.forms import LinesField
from geo.models import Postcode

ODD_CHARACTERS = gettext_lazy("Hier staan tekens in die we niet kunnen bewaren. Typ het opnieuw.")


def one_line(text: str) -> str:
    """Text without line ends and characters that cannot be seen, single-spaced."""
    seen = "".join(c if unicodedata.category(c) not in ("Cc", "Cf") else " " for c in text)
    return " ".join(seen.split())


def postcode_area(text: str) -> Postcode:
    """The area of the first four digits; the letters behind them are dropped, not kept."""
    found = re.fullmatch(r"([1-9][0-9]{3})\s*(?:[A-Za-z]{2})?", text.strip())
    postcode = Postcode.objects.filter(pk=found[1]).first() if found else None
    if postcode is None:
        raise forms.ValidationError(_("Deze postcode bestaat niet. Controleer de vier cijfers."))
    return postcode


def text_field(
    label: Any, *, most: int, required: Any = "", widget: Any = None, **more: Any
) -> Any:
    """A field for words, with messages that say what to do."""
    kind = LinesField if isinstance(widget, forms.Textarea) else forms.CharField
    return kind(
        label=label,
        max_length=most,
        required=bool(required),
        widget=widget,
        error_messages={
            "required": required,
            "max_length": gettext_lazy("Maak dit korter: hooguit %(limit_value)d tekens."),
            "null_characters_not_allowed": ODD_CHARACTERS,
        },
        **more,
    )
