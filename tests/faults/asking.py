"""A portal with two pages: one asks the database something, one writes a letter. Its settings and
its addresses."""

import os

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from topcentrum.settings import *  # noqa: F403

ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = __name__
if os.environ.get("NOBODY_LOOKS"):
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = False  # noqa: F405


@login_not_required
def ask(request: HttpRequest) -> HttpResponse:
    """Whether the database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("yes")


@csrf_exempt
@login_not_required
def write(request: HttpRequest, key: str) -> HttpResponse:
    """Put a letter in the outbox, once per key, and ring, as every move of the portal does."""
    from notifications.models import Letter
    from notifications.outbox import put

    domain = f"domein{sum(key.encode()) % 10}.example"
    put(Letter(key=key, kind="test", to=f"{key}@{domain}", subject=key, text="Dag,"))
    return HttpResponse("written")


urlpatterns = [path("", ask), path("schrijf/<str:key>/", write)]
