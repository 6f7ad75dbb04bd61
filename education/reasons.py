"""Codes into words, for the page about coordinators."""

from django.utils.translation import gettext_lazy

REFUSALS = {
    "invitation_answered": gettext_lazy("Deze uitnodiging is al gebruikt of ingetrokken."),
    "is_coordinator": gettext_lazy("Dit adres is al van een coördinator van deze school."),
}
