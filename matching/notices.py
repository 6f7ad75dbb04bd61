"""The letters of this room: who is told what when a proposal moves.

Each letter has a folder of templates with the name of its kind. Until both sides agreed, what
goes to a company holds no name and no address of a student.
"""

from collections import defaultdict
from collections.abc import Iterable

from django.urls import reverse

from accounts.models import User
from companies.queries import members_to_write
from education.queries import coordinators
from matching.models import Proposal
from matching.queries import SmallTeam, offered_beside
from matching.reasons import decline_words
from notifications.outbox import write_letter


def proposal_offered(proposal: Proposal) -> None:
    """To student and company: there is a proposal, please answer before this date."""
    if not proposal.student_answered:
        beside = offered_beside(proposal)
        _to_student("proposal_offered_student", proposal, beside=beside)
    if not proposal.company_answered:
        _to_company("proposal_offered_company", proposal)


def proposal_agreed(proposal: Proposal) -> None:
    """To all three: it is agreed, this happens next. From here on the company knows the name."""
    _to_student("proposal_agreed_student", proposal)
    _to_company("proposal_agreed_company", proposal)
    _to_coordinators("proposal_agreed_coordinator", proposal)


def proposal_declined(proposal: Proposal) -> None:
    """To the other side and the school: somebody said no, and why."""
    side = Proposal.Side(proposal.declined_by)
    why = decline_words(side, proposal.reason_code)
    if side == Proposal.Side.COMPANY:
        _to_student("proposal_declined_student", proposal, why=why)
    else:
        _to_company("proposal_declined_company", proposal, why=why)
    _to_coordinators("proposal_declined_coordinator", proposal, why=why, side=side.label)


def proposal_withdrawn(proposal: Proposal, *, was_offered: bool) -> None:
    """To whoever knew of it. A student who agreed elsewhere did this and needs no letter."""
    if was_offered:
        _to_company("proposal_withdrawn_company", proposal)
    asked_for = proposal.origin in (Proposal.Origin.APPLICATION, Proposal.Origin.OWN_PLACE)
    if (was_offered or asked_for) and proposal.reason_code != "agreed_elsewhere":
        _to_student("proposal_withdrawn_student", proposal)


def offer_closed(proposals: Iterable[Proposal]) -> None:
    """To the coordinators of each school: these proposals ended with the offer; one letter."""
    per_school: dict[int, list[Proposal]] = defaultdict(list)
    for proposal in proposals:
        per_school[proposal.student.programme.school_id].append(proposal)
    for own in per_school.values():
        event = str(own[0].offer_id)
        _to_coordinators("offer_closed_coordinator", own[0], event=event, proposals=own)


def proposal_expired(proposal: Proposal) -> None:
    """To all three: nobody answered in time, the place is free again."""
    _to_student("proposal_expired_student", proposal)
    _to_company("proposal_expired_company", proposal)
    _to_coordinators("proposal_expired_coordinator", proposal)


def team_too_small(team: SmallTeam, *, week: int = 0) -> None:
    """To the coordinators of its students: both sides said yes, but too few of the team did.
    `week` counts the reminders, so that each is a letter of its own."""
    first = team.members[0]
    who = "-".join(f"{p.pk}.{p.generation}" for p in team.members)
    _to_coordinators(
        "team_too_small_coordinator", first, event=f"{who}:{week}", team=team, again=week > 0
    )


def proposal_dropped(proposal: Proposal) -> None:
    """To a student who asked for the place: the school does not go on with it, and why."""
    _to_student("proposal_dropped_student", proposal)


def proposal_cancelled(proposal: Proposal) -> None:
    """To student and company: an agreed match does not go on, and why."""
    _to_student("proposal_cancelled_student", proposal)
    _to_company("proposal_cancelled_company", proposal)


def _write(
    kind: str,
    proposal: Proposal,
    people: Iterable[User],
    url: str,
    words: dict[str, object],
    event: str = "",
) -> None:
    event = event or f"{proposal.pk}:{proposal.generation}"
    school = proposal.student.programme.school
    answers = coordinators(school).first()
    for person in people:
        write_letter(
            kind,
            key=f"{kind}:{event}",
            to=person,
            url=url,
            reply_to=answers.email if answers else "",
            desk=school.slug,
            context={
                "proposal": proposal,
                "offer": proposal.offer,
                "company": proposal.offer.site.company,
                "programme": proposal.student.programme,
                "school": school,
                **words,
            },
        )


def _to_student(kind: str, proposal: Proposal, **words: object) -> None:
    url = reverse("matching:student_proposal", args=[proposal.pk])
    _write(kind, proposal, [proposal.student.user], url, words)


def _to_company(kind: str, proposal: Proposal, **words: object) -> None:
    company = proposal.offer.site.company
    url = reverse("matching:company_proposal", args=[company.pk, proposal.pk])
    _write(kind, proposal, members_to_write(company), url, words)


def _to_coordinators(kind: str, proposal: Proposal, *, event: str = "", **words: object) -> None:
    school = proposal.student.programme.school
    url = reverse("matching:school_proposal", args=[school.slug, proposal.pk])
    words["student"] = proposal.student
    _write(kind, proposal, coordinators(school), url, words, event)
