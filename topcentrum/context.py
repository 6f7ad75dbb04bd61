"""What every page knows: whether this is the demo, and the way to one's own pages."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.models import User
from cockpit.access import can_see_region
from companies.queries import companies_of
from education.access import can_appoint
from education.queries import coordinated_schools
from matching.queries.letters import can_see_letters
from students.models import Student
from topcentrum.demo.cast import cast, groups


@dataclass(frozen=True)
class Way:
    """One entry of the main menu."""

    url: str
    label: str
    icon: str
    current: bool


def portal(request: HttpRequest) -> dict[str, Any]:
    """`demo`: whether this is the demo, `demo_groups`: whom one can be there; `navigation`: the
    main menu. Both lists are read only when a page shows them."""
    return {
        "demo": settings.DEMO,
        "demo_groups": SimpleLazyObject(lambda: groups(cast()) if settings.DEMO else []),
        "navigation": SimpleLazyObject(lambda: _navigation(request)),
    }


def _navigation(request: HttpRequest) -> list[Way]:
    """The pages of somebody's roles; the longest address that fits is the current one. A proposal
    has no entry of its own: one comes to it from a round."""
    user = getattr(request, "user", None)
    if not isinstance(user, User) or getattr(request, "second_factor_is_missing", False):
        return []
    entries: list[tuple[str, str, str]] = []
    if Student.objects.filter(user=user).exists():
        entries += [
            (reverse("matching:student"), _("Start"), "check"),
            (reverse("matching:browse"), _("Plekken"), "search"),
            (reverse("matching:ranking"), _("Mijn lijst"), "list"),
            (reverse("students:profile"), _("Mijn profiel"), "user"),
        ]
    for company in companies_of(user):
        entries.append((reverse("matching:company", args=[company.pk]), company.name, "building"))
    for school in coordinated_schools(user):
        entries += [
            (reverse("matching:school", args=[school.slug]), school.short_name, "cap"),
            (reverse("matching:students", args=[school.slug]), _("Studenten"), "users"),
            (reverse("companies:school_offers", args=[school.slug]), _("Aanbod"), "building"),
            (reverse("matching:rounds", args=[school.slug]), _("Rondes"), "swap"),
        ]
    if can_see_letters(user):
        entries.append((reverse("matching:letters"), _("Brieven"), "mail"))
    if can_see_region(user):
        entries.append((reverse("cockpit:region"), _("Regio"), "map-pin"))
    if can_appoint(user):
        entries.append((reverse("education:coordinators"), _("Coördinatoren"), "users"))
    path = request.path.replace("/voorstellen/", "/rondes/")
    here = max((url for url, _l, _i in entries if path.startswith(url)), key=len, default="")
    return [Way(url, label, icon, url == here) for url, label, icon in entries]
