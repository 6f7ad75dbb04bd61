"""What every page here asks first: who is it, and may they?"""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from companies.models import Company, Offer
from companies.queries import (
    BESIDE,
    companies_of,
    offers_overseen_by,
    offers_visible_to,
)
from education.models import School
from education.views.asking import school_of, user_of


def company_of(request: HttpRequest, company_id: int) -> Company:
    """A company for which the person acts; 404 for outsiders."""
    return get_object_or_404(companies_of(user_of(request)), pk=company_id)


def offer_of_company(request: HttpRequest, company_id: int, offer_id: int) -> Offer:
    """An offer of the company in the address, for whoever acts for it; 404 for outsiders."""
    user = user_of(request)
    return get_object_or_404(
        offers_visible_to(user),
        pk=offer_id,
        site__company=company_id,
        site__company__in=companies_of(user),
    )


def offer_for_school(request: HttpRequest, school_slug: str, offer_id: int) -> tuple[School, Offer]:
    """An offer that a coordinator of the school in the address may read; 404 for outsiders.

    Drafts of companies are no business of schools, also not for who has both roles.
    """
    school = school_of(request, school_slug)
    offers = offers_overseen_by(user_of(request)).select_related(*BESIDE)
    return school, get_object_or_404(offers, pk=offer_id)
