"""The letters of this room: one function per letter, one folder of templates with its name."""

from django.urls import reverse

from education.models import CoordinatorInvitation
from notifications.outbox import write_letter


def coordinator_invited(invitation: CoordinatorInvitation) -> None:
    """To whoever is asked to coordinate a school."""
    write_letter(
        "coordinator_invited",
        key=f"coordinator_invited:{invitation.pk}:{invitation.sending}",
        to=invitation.user,
        url=reverse("education:invitation", args=[invitation.token]),
        reply_to=invitation.invited_by.email if invitation.invited_by else "",
        context={"invitation": invitation, "school": invitation.school},
    )
