"""How a letter is shown on a page: as its receiver sees it, in a frame and nowhere else."""

import re
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp, csp_update
from django.http import HttpResponse

# A letter is somebody else's page: it may show itself and be left by a click, nothing more.
# Mail carries its style inline; without script and without loading anything that is harmless.
_FORMATTED = {
    "default-src": [NONE],
    "style-src": [UNSAFE_INLINE],
    "img-src": ["data:"],
    "base-uri": [NONE],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": ["allow-top-navigation-by-user-activation"],
}

# Their types know only views without arguments from the address.
may_frame_itself: Any = csp_update({"frame-src": [SELF]})
only_letter: Any = csp(_FORMATTED)


def formatted_letter(html: str) -> HttpResponse:
    """The HTML part by itself, for the frame in the page of the letter."""
    # A link leads the whole page to the portal; inside the frame the portal refuses to be shown.
    target = '<base target="_top">'
    page, placed = re.subn(r"<head[^>]*>", lambda head: head[0] + target, html, count=1)
    return HttpResponse(page if placed else target + html)
