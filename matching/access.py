"""Who may do what with rankings, rounds and proposals."""

from accounts.models import User
from companies.access import is_member
from education.access import is_coordinator
from matching.models import Proposal, Round


def can_answer_as_student(user: User, proposal: Proposal) -> bool:
    """The student in question answers; nobody does it for them."""
    return user.is_active and proposal.student.user_id == user.pk


def can_answer_as_company(user: User, proposal: Proposal) -> bool:
    """Any member of the company answers for it."""
    return is_member(user, proposal.offer.site.company)


def can_decide(user: User, proposal: Proposal) -> bool:
    """A coordinator of the student's school approves, drops, releases, withdraws, reopens and
    cancels; nobody else does, not even the project lead."""
    return is_coordinator(user, proposal.student.programme.school)


def can_run(user: User, round_: Round) -> bool:
    """A coordinator of the round's school runs it."""
    return is_coordinator(user, round_.school)
