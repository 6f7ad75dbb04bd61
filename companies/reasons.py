"""Codes into words, for the pages of offers."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.models import HistoryEntry, User
from companies import states
from education.models import HBO_LEVEL

REFUSALS = {
    "has_administrator": gettext_lazy("Je bedrijf heeft al een beheerder. Die regelt de toegang."),
    "invitation_answered": gettext_lazy("Deze uitnodiging is al gebruikt of ingetrokken."),
    "is_colleague": gettext_lazy("Dit adres is al van een collega die mee kan doen."),
    "only_colleague": gettext_lazy(
        "Je bent de enige van dit bedrijf. Nodig eerst een collega uit: iemand moet antwoord geven."
    ),
    "company_is_known": gettext_lazy(
        "Je aanbod is net gepubliceerd. Het KvK-nummer en de postcode staan daarom vast."
    ),
    "offer_moved_on": gettext_lazy(
        "Iemand anders heeft dit aanbod net veranderd. Hieronder zie je hoe het nu staat."
    ),
}
# Kept as a sentence, for all sides to read: in Dutch, and read by each in a language of their own.
CLOSINGS = {
    "found": gettext_noop("We hebben al een student gevonden"),
    "no_supervision": gettext_noop("We hebben geen tijd voor goede begeleiding"),
    "work_gone": gettext_noop("Het werk gaat niet door"),
    "mistake": gettext_noop("Het aanbod klopt niet meer"),
    "other": gettext_noop("Een andere reden"),
}
MOVES = {
    "create": gettext_lazy("Aangemaakt"),
    "submit": gettext_lazy("Verstuurd naar de coördinator"),
    "return": gettext_lazy("Teruggestuurd"),
    "revise": gettext_lazy("Aangepast"),
    "publish": gettext_lazy("Gepubliceerd"),
    "pause": gettext_lazy("Gepauzeerd"),
    "resume": gettext_lazy("Weer opengezet"),
    "fill": gettext_lazy("Alle plekken bezet"),
    "free": gettext_lazy("Er kwam een plek vrij"),
    "close": gettext_lazy("Gesloten"),
    "expire": gettext_lazy("Verlopen"),
}
# What a company reads under the state of its offer: what happens next, and who does it.
NEXT = {
    states.DRAFT: gettext_lazy(
        "Alleen jullie zien dit concept. Klaar? Verstuur het dan naar de coördinator."
    ),
    states.SUBMITTED: gettext_lazy(
        "Een stagecoördinator leest je aanbod. Die publiceert het, of stuurt het terug met een "
        "vraag. Je krijgt daarover een mail. Wil je zelf nog iets veranderen? Vraag een "
        "stagecoördinator om het terug te sturen: dan kun je het aanpassen."
    ),
    states.RETURNED: gettext_lazy("Pas je aanbod aan en verstuur het opnieuw."),
    states.PUBLISHED: gettext_lazy(
        "Studenten kunnen je aanbod zien en op hun lijst zetten. Is er een student voor je? Dan "
        "krijg je een mail. Je hoeft nu niets te doen."
    ),
    states.PAUSED: gettext_lazy(
        "Studenten zien je aanbod nu niet. Wat al loopt, gaat gewoon door. Je kunt het weer "
        "openzetten wanneer je wilt."
    ),
    states.FILLED: gettext_lazy(
        "Alle plekken zijn bezet. Komt er een plek vrij, dan zien studenten je aanbod vanzelf weer."
    ),
    states.CLOSED: gettext_lazy(
        "Dit aanbod is gesloten. Zoek je weer een student? Maak dan een nieuw aanbod."
    ),
    states.EXPIRED: gettext_lazy(
        "De periode van dit aanbod is voorbij. Zoek je weer een student? Maak dan een nieuw aanbod."
    ),
}
DONE = {
    "publish": gettext_lazy("%(who)s heeft “%(title)s” net gepubliceerd."),
    "return": gettext_lazy("%(who)s heeft “%(title)s” net teruggestuurd: “%(reason)s”"),
    "revise": gettext_lazy("%(who)s past “%(title)s” op dit moment aan."),
    "submit": gettext_lazy("%(who)s heeft “%(title)s” net verstuurd."),
    "close": gettext_lazy("%(who)s heeft “%(title)s” net gesloten."),
}


def closing_reason(code: str, words: str) -> str:
    """Why an offer is closed, as it is kept: a reason from the list, and what was added to it."""
    return ". ".join(filter(None, [CLOSINGS[code], words]))


def closing_words(kept: str) -> str:
    """A kept reason for whoever reads it; what people wrote themselves stays as it is."""
    for reason in CLOSINGS.values():
        if kept == reason or kept.startswith(f"{reason}. "):
            return _(reason) + kept.removeprefix(reason)
    return kept


def level_words(levels: list[int]) -> str:
    """Levels as people say them: "mbo 2, 3, 4 en hbo"."""
    mbo = [str(level) for level in sorted(levels) if level != HBO_LEVEL]
    words = [f"mbo {', '.join(mbo)}"] if mbo else []
    words += ["hbo"] if HBO_LEVEL in levels else []
    return _(" en ").join(words)


def refusal(code: str) -> str:
    """What to tell somebody whose action was not possible."""
    return str(REFUSALS.get(code, REFUSALS["offer_moved_on"]))


def what_happened(title: str, entry: HistoryEntry | None) -> str:
    """What somebody who came too late reads: who did what meanwhile."""
    words = DONE.get(entry.move) if entry else None
    if entry is None or words is None:
        return refusal("offer_moved_on")
    told = words % {"who": who(entry), "title": title, "reason": closing_words(entry.reason)}
    return _("%(told)s Jouw keuze is niet bewaard.") % {"told": told}


def who(entry: HistoryEntry) -> str:
    """Who made a move, as others may read it."""
    return str(entry.actor) if isinstance(entry.actor, User) else "Topcentrum"


def timeline(entries: list[HistoryEntry]) -> list[dict[str, Any]]:
    """The moves of an offer in words, oldest first."""
    return [
        {
            "label": MOVES.get(entry.move, entry.move),
            "at": entry.at,
            "who": who(entry),
            "reason": closing_words(entry.reason),
        }
        for entry in entries
    ]
