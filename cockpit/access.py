"""Who may see the figures of the region."""

from accounts.models import User


def can_see_region(user: User) -> bool:
    """The project lead."""
    return user.is_active and user.is_project_lead
