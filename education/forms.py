"""What the forms of all rooms share: a field for words that people write themselves."""

import re
import unicodedata
from typing import Any

from django import forms

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
