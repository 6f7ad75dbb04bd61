"""What the columns of a roster are called for people."""

from typing import Any

from django.utils.translation import gettext_lazy as _

# Every field that a roster may have, in the order in which forms and files show them.
ROSTER_FIELDS: dict[str, Any] = {
    "number": _("Studentnummer"),
    "first_name": _("Roepnaam"),
    "infix": _("Tussenvoegsel"),
    "last_name": _("Achternaam"),
    "name": _("Hele naam"),
    "email": _("E-mailadres"),
    "programme": _("Opleiding of crebo"),
    "postcode": _("Postcode"),
    "born_on": _("Geboortedatum"),
    "enrolled_until": _("Ingeschreven tot en met"),
}

# What a roster may change of a student, in words.
ROSTER_CHANGES: dict[str, Any] = {
    "number": _("studentnummer"),
    "name": _("naam"),
    "email": _("e-mailadres"),
    "programme_id": _("opleiding"),
    "postcode_id": _("postcode"),
    "born_on": _("geboortedatum"),
    "enrolled_until": _("ingeschreven tot en met"),
}
