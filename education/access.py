"""Who may do what for a school."""

from accounts.models import User
from education.models import School, StaffMember


def is_coordinator(user: User, school: School | None = None) -> bool:
    """Coordinator of `school`, or of any school when None."""
    known = getattr(user, "coordinates_a_school", None)  # of who sent the request
    if school is None and known is not None:
        return user.is_active and bool(known)
    roles = StaffMember.objects.filter(user=user, role=StaffMember.Role.COORDINATOR)
    if school is not None:
        roles = roles.filter(school=school)
    return user.is_active and roles.exists()


def needs_second_factor(user: User) -> bool:
    """Whoever decides over others, or reads of all of them, signs in with more than a mailbox."""
    return is_coordinator(user) or user.is_project_lead or user.is_staff


def can_appoint(user: User) -> bool:
    """The project lead asks people to coordinate a school."""
    return user.is_active and user.is_project_lead
