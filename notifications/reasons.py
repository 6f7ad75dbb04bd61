"""Kinds of letters in words, for lists."""

from django.utils.translation import gettext_lazy

KINDS = {
    "offer_submitted": gettext_lazy("Aanbod ontvangen"),
    "offer_published": gettext_lazy("Aanbod gepubliceerd"),
    "offer_returned": gettext_lazy("Aanbod teruggestuurd"),
    "offer_closed": gettext_lazy("Aanbod gesloten"),
    "offer_closed_coordinator": gettext_lazy("Aanbod gesloten, aan de school"),
    "offer_expired": gettext_lazy("Aanbod voorbij"),
    "proposal_offered_student": gettext_lazy("Voorstel, aan de student"),
    "proposal_offered_company": gettext_lazy("Voorstel, aan het bedrijf"),
    "proposal_agreed_student": gettext_lazy("Plek rond, aan de student"),
    "proposal_agreed_company": gettext_lazy("Plek rond, aan het bedrijf"),
    "proposal_agreed_coordinator": gettext_lazy("Plek rond, aan de school"),
    "proposal_declined_student": gettext_lazy("Voorstel afgewezen, aan de student"),
    "proposal_declined_company": gettext_lazy("Voorstel afgewezen, aan het bedrijf"),
    "proposal_declined_coordinator": gettext_lazy("Voorstel afgewezen, aan de school"),
    "proposal_expired_student": gettext_lazy("Voorstel verlopen, aan de student"),
    "proposal_expired_company": gettext_lazy("Voorstel verlopen, aan het bedrijf"),
    "proposal_expired_coordinator": gettext_lazy("Voorstel verlopen, aan de school"),
    "proposal_withdrawn_student": gettext_lazy("Voorstel ingetrokken, aan de student"),
    "proposal_withdrawn_company": gettext_lazy("Voorstel ingetrokken, aan het bedrijf"),
    "proposal_cancelled_student": gettext_lazy("Plek geannuleerd, aan de student"),
    "proposal_cancelled_company": gettext_lazy("Plek geannuleerd, aan het bedrijf"),
    "proposal_dropped_student": gettext_lazy("Voorstel geschrapt, aan de student"),
    "access_asked": gettext_lazy("Vraag om erbij te mogen, aan het bedrijf"),
    "colleague_invited": gettext_lazy("Uitnodiging voor een collega"),
    "company_without_admin": gettext_lazy("Bedrijf zonder beheerder"),
    "coordinator_invited": gettext_lazy("Uitnodiging voor een coördinator"),
    "team_too_small_coordinator": gettext_lazy("Team te klein, aan de school"),
}
OTHER = gettext_lazy("Inloggen en account")


def kind_words(kind: str) -> str:
    """What a letter of this kind is about. Those of the account are one kind to whoever reads."""
    return str(KINDS.get(kind, OTHER))
