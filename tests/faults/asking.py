"""A portal with one page, which asks the database something; its settings and its addresses."""

import os

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

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


urlpatterns = [path("", ask)]
