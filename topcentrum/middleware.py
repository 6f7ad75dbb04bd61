"""What every request is asked on its way in, and every answer gets on its way out."""

import re
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_cache_control

from accounts.models import User

Answer = Callable[[HttpRequest], HttpResponse]

UNREADABLE = "topcentrum.content_type"
# No browser writes a type in another alphabet, or encodes its parameters.
ODD = re.compile(r'\*|charset\s*=\s*(?!(?:"utf-?8"|utf-?8)\s*(?:;|$))', re.IGNORECASE)


def is_readable(content_type: str) -> bool:
    """Whether a body of this type is text in UTF-8, or says nothing of its alphabet. Python knows
    codecs that are none ("hex", "undefined"), and each breaks in a way of its own."""
    return not ODD.search(content_type)


class OddRequestsAreRefused:
    """What no browser sends gets a 400 before anything reads it."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if UNREADABLE in request.META or not is_readable(request.META.get("CONTENT_TYPE", "")):
            raise BadRequest("only UTF-8 is read here")
        # In quotes, a cookie can hold a NUL, which PostgreSQL takes nowhere.
        if any("\0" in word for pair in request.COOKIES.items() for word in pair):
            raise BadRequest("a cookie holds a NUL")
        return self.get_response(request)


class PeopleReadTheirLanguage:
    """Whoever is signed in and once chose a language reads it, whatever this browser prefers."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if isinstance(user, User) and user.language:
            translation.activate(user.language)
        return self.get_response(request)


class PersonalPagesAreNotKept:
    """Pages of somebody who is signed in are stored nowhere: not by a shared computer's browser,
    which forgets what it has at signing out, and not by anything in between."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_inside = request.user.is_authenticated
        response = self.get_response(request)
        if request.user.is_authenticated:
            add_never_cache_headers(response)
            patch_cache_control(response, no_store=True)
        elif was_inside:
            # Not its cookies: the language that was chosen stays.
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response
