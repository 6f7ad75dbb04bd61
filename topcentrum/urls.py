"""All addresses of the portal. The demo's door exists only in demo mode."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("accounts.urls")),
    path("", include("cockpit.urls")),
    path("", include("education.urls")),
    path("", include("students.urls")),
    path("", include("companies.urls")),
    path("", include("matching.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/sleutels/", include("allauth.mfa.urls")),
    path("account/apparaten/", include("allauth.usersessions.urls")),
]

if settings.DEMO:
    urlpatterns.append(path("demo/", include("topcentrum.demo.urls")))
