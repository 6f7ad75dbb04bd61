"""The demo's addresses, and some where something goes wrong."""

from allauth.core.ratelimit import respond_429
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.demo.urls import urlpatterns as usual


class PlantedError(Exception):
    """The page is broken."""


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    """A page that never answers."""
    raise PlantedError


@login_not_required
def too_often(request: HttpRequest) -> HttpResponse:
    """What somebody gets who tries too often."""
    answer: HttpResponse = respond_429(request)
    return answer


urlpatterns = [*usual, path("stuk/", broken), path("te-vaak/", too_often)]
