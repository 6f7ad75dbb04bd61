"""Who may do what for a school."""

from accounts.models import User
from education.models import School, StaffMember


def is_coordinator(user: User, school: School | None = None) -> bool:
    """Coordinator of `school`, or of any school when None."""
    roles = StaffMember.objects.filter(user=user, role=StaffMember.Role.COORDINATOR)
    if school is not None:
        roles = roles.filter(school=school)
    return user.is_active and roles.exists()
