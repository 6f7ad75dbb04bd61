"""The letters of this room: one function per letter, one folder of templates with its name."""

from datetime import date
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from companies.models import ColleagueInvitation, Company, Offer
from companies.queries import (
    administrators,
    crebos_to_check,
    members_to_write,
    most_recently_active,
)
from notifications.outbox import write_letter


def _to_members(kind: str, offer: Offer, event: str, **context: object) -> None:
    company = offer.site.company
    for person in members_to_write(company):
        write_letter(
            kind,
            key=f"{kind}:{offer.pk}:{event}",
            to=person,
            url=reverse("companies:offer", args=[company.pk, offer.pk]),
            context={"offer": offer, "company": company, **context},
        )


def offer_submitted(offer: Offer, *, event: str) -> None:
    """To the company: we have your offer, this happens next."""
    _to_members("offer_submitted", offer, event)


def offer_published(offer: Offer, *, event: str) -> None:
    """To the company: students can see the offer now, and who of them cannot get it yet."""

    def waiting() -> list[str]:
        # Asked for by the letter, so that the names are in its language.
        return [name for _code, name in crebos_to_check(offer, today=timezone.localdate())]

    _to_members("offer_published", offer, event, waiting=waiting)


def offer_expired(offer: Offer, *, event: str) -> None:
    """To the company: the period is over, so students do not see the offer any more."""
    _to_members("offer_expired", offer, event)


def offer_closed(offer: Offer, *, event: str, reason: str) -> None:
    """To the company: the offer is closed, why, and what becomes of students who waited for it."""
    _to_members("offer_closed", offer, event, reason=reason)


def offer_returned(offer: Offer, *, event: str, by: User) -> None:
    """To the company: this has to change before it can be published; answers reach the
    coordinator."""
    company = offer.site.company
    for person in members_to_write(company):
        write_letter(
            "offer_returned",
            key=f"offer_returned:{offer.pk}:{event}",
            to=person,
            url=reverse("companies:offer", args=[company.pk, offer.pk]),
            reply_to=by.email,
            context={"offer": offer, "company": company, "reason": offer.return_reason},
        )


def colleague_invited(invitation: ColleagueInvitation) -> None:
    """To whoever is asked to act for a company too."""
    write_letter(
        "colleague_invited",
        key=f"colleague_invited:{invitation.pk}:{invitation.sending}",
        to=invitation.user,
        url=reverse("companies:invitation", args=[invitation.token]),
        reply_to=invitation.invited_by.email if invitation.invited_by else "",
        context={"invitation": invitation, "company": invitation.company},
    )


def access_asked(company: Company, *, email: str, day: date) -> None:
    """To the administrators: somebody says to be of the company, and wants to take part."""
    page = reverse("companies:colleagues", args=[company.pk])
    for person in administrators(company):
        write_letter(
            "access_asked",
            key=f"access_asked:{company.pk}:{email}:{day}",
            to=person,
            url=f"{page}?{urlencode({'email': email})}",
            context={"company": company, "email": email},
        )


def company_without_admin(company: Company, *, event: str) -> None:
    """To those who came in last: the last administrator left, one of you has to take over."""
    for person in most_recently_active(company):
        write_letter(
            "company_without_admin",
            key=f"company_without_admin:{company.pk}:{event}",
            to=person,
            url=reverse("companies:colleagues", args=[company.pk]),
            context={"company": company},
        )
