"""Who may do what with a company and its offers."""

from datetime import date

from accounts.models import User
from companies import states
from companies.models import Company, Member, Offer
from education.access import is_coordinator


def is_member(user: User, company: Company) -> bool:
    """Acts for this company."""
    return user.is_active and Member.objects.filter(user=user, company=company).exists()


def is_admin(user: User, company: Company) -> bool:
    """Says who acts for this company."""
    mine = Member.objects.filter(user=user, company=company, is_admin=True)
    return user.is_active and mine.exists()


def can_remove(user: User, member: Member) -> bool:
    """Administrators remove colleagues; everybody may leave."""
    return member.user_id == user.pk or is_admin(user, member.company)


def can_change(user: User, offer: Offer) -> bool:
    """Members rewrite an offer as long as no coordinator has published it."""
    return is_member(user, offer.site.company) and offer.state in (states.DRAFT, states.RETURNED)


def can_review(user: User, offer: Offer, *, today: date) -> bool:
    """Any coordinator publishes or returns an offer; one that is kept for a school, only a
    coordinator of that school until the day on which it falls to all."""
    kept = (
        offer.earmarked_for
        if offer.earmarked_until is not None and today <= offer.earmarked_until
        else None
    )
    return is_coordinator(user, kept)
