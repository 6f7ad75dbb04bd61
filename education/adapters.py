"""Where Django asks who sent a request."""

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import Exists, OuterRef

from accounts.models import User
from education.models import StaffMember


class PeopleWithTheirRank(AuthenticationBackend):
    """Allauth's, which reads in the same query whether somebody coordinates a school: every page
    asks that, and the answer holds for this request only."""

    def get_user(self, user_id: int) -> User | None:
        """Who this is; nobody, from the moment at which the account is shut."""
        roles = StaffMember.objects.filter(user=OuterRef("pk"), role=StaffMember.Role.COORDINATOR)
        found = User.objects.annotate(coordinates_a_school=Exists(roles))
        user = found.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
