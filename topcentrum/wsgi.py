"""The entry for a WSGI server."""

import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "topcentrum.settings")

_portal = get_wsgi_application()

# Only now: it knows the user, and models are not there before Django is.
from topcentrum.middleware import UNREADABLE, is_readable  # noqa: E402


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Hand a request to Django, which reads the content type while it makes the request: whatever
    goes wrong there is caught by nobody. So the type is taken off first, and refused inside."""
    if not is_readable(environ.get("CONTENT_TYPE", "")):
        environ[UNREADABLE] = environ.pop("CONTENT_TYPE")
    answer: Iterable[bytes] = _portal(environ, start_response)
    return answer
