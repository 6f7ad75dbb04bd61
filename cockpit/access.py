"""Who may see the figures of the region, and the page of all components."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from education.queries import coordinated_schools


def can_see_region(user: User) -> bool:
    """The project lead."""
    return user.is_active and user.is_project_lead


def can_see_style(user: User | AnonymousUser) -> bool:
    """Whoever works on the portal or answers for how it looks; in the demo everybody."""
    if settings.DEMO:
        return True
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_project_lead or user.is_staff or coordinated_schools(user).exists()
