"""The clock of the database, put forward for one proposal."""

from datetime import timedelta

from django.db.models import Value
from django.db.models.functions import Now

from matching.models import Proposal

A_MINUTE = timedelta(minutes=1)


def let_time_pass(proposal: Proposal, *sides: str, after: timedelta = A_MINUTE) -> None:
    """Put the deadline of these sides a minute ago, or longer."""
    past = {f"{side}_respond_by": Now() - Value(after) for side in sides}
    Proposal.objects.filter(pk=proposal.pk).update(**past)
