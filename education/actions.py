"""Who coordinates a school: asked by the project lead, by a link in a letter."""

from django.db import transaction

from accounts.actions import invited, last_day_to_accept, renew, use
from accounts.models import User
from education import notices, queries
from education.access import is_coordinator
from education.models import CoordinatorInvitation, School, StaffMember


class Refused(Exception):
    """Something that is not possible (any more). `code` says why; words are made elsewhere."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def invite_coordinator(school: School, *, email: str, by: User) -> CoordinatorInvitation:
    """Ask somebody by letter to coordinate a school. Who was asked before gets a new link.

    Raises Refused: is_coordinator.
    """
    with transaction.atomic():
        School.objects.select_for_update(no_key=True).get(pk=school.pk)
        user = invited(email)
        if is_coordinator(user, school):
            raise Refused("is_coordinator")
        before = queries.open_invitations().filter(school=school, user=user).first()
        if before is not None:
            return send_again(before)
        found = CoordinatorInvitation.objects.create(
            school=school, user=user, invited_by=by, expires_at=last_day_to_accept()
        )
        notices.coordinator_invited(found)
    return found


def send_again(invitation: CoordinatorInvitation) -> CoordinatorInvitation:
    """A new letter with a new link; the one before works no longer.

    Raises Refused: invitation_answered.
    """
    with transaction.atomic():
        if not renew(invitation):
            raise Refused("invitation_answered")
        notices.coordinator_invited(invitation)
    return invitation


def accept_invitation(invitation: CoordinatorInvitation, *, by: User) -> None:
    """`by`, who was asked, coordinates the school from the next page on.

    Raises Refused: invitation_answered, also when time ran out.
    """
    with transaction.atomic():
        if invitation.user_id != by.pk or not use(invitation):
            raise Refused("invitation_answered")
        role = StaffMember.Role.COORDINATOR
        StaffMember.objects.get_or_create(school=invitation.school, user=by, role=role)
