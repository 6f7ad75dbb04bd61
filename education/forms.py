"""What the forms of all rooms share: a field for words that people write themselves; and whom the
project lead asks to coordinate a school."""

import re
import unicodedata
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from education.models import School

UNSEEN = ("Cc", "Cf")  # control characters; zero-width ones and those that turn the text around
BLANKS = "\u115f\u1160\u2800\u3164\uffa0"  # letters that show nothing
NUL = "\0"


def tidy(text: str) -> str:
    """Text with unix line ends and without what cannot be seen; nothing when nothing is left. A
    NUL stays, because a form says of that one that it is wrong."""
    lines = []
    for line in text.splitlines():
        seen = line.replace("\t", " ")
        seen = "".join(c for c in seen if c == NUL or unicodedata.category(c) not in UNSEEN)
        lines.append("" if not seen.strip(f"{BLANKS} ") else seen.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class LinesField(forms.CharField):
    """Words on one or more lines. It is tidied before anything else is asked of it, so that white
    space by another name does not pass for an answer."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        """What was written, tidied."""
        text = super().to_python(value)
        return tidy(text) if text else text


class CoordinatorForm(forms.Form):
    """Who is asked to coordinate which school."""

    school = forms.ModelChoiceField(
        School.objects.order_by("name"),
        label=_("School"),
        empty_label=None,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Kies een school.")),
    )
    email = forms.EmailField(
        label=_("E-mailadres"),
        max_length=254,
        error_messages={
            "required": _("Vul een e-mailadres in."),
            "invalid": _("Dit is geen e-mailadres. Controleer het."),
            "max_length": _("Dit adres is te lang."),
        },
    )
