"""Codes into words, for pages and letters."""

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from matching.engine import Code, Criterion, Explanation, Rule, Unplaced, UnplacedCode
from matching.engine.explanation import Change
from matching.models import Proposal, Run

STUDENT_DECLINES = {
    "found_another": gettext_lazy("Ik heb al een andere plek gevonden"),
    "too_far": gettext_lazy("De reis is te ver of te lastig"),
    "not_my_field": gettext_lazy("Het werk past niet bij wat ik wil leren"),
    "conditions": gettext_lazy("De dagen of de periode komen niet uit"),
    "no_internship_now": gettext_lazy("Ik ga nu geen stage doen"),
    "other": gettext_lazy("Een andere reden"),
}
COMPANY_DECLINES = {
    "no_supervision": gettext_lazy("We hebben nu geen tijd voor goede begeleiding"),
    "place_gone": gettext_lazy("De plek is er niet meer"),
    "other_skills": gettext_lazy("We zoeken iemand met andere vaardigheden"),
    "conditions": gettext_lazy("De dagen of de periode komen niet uit"),
    "other": gettext_lazy("Een andere reden"),
}
REFUSALS = {
    "busy": gettext_lazy("Er gebeurde net te veel tegelijk. Probeer het nog een keer."),
    "already_proposed": gettext_lazy("Er is al een voorstel voor deze student en deze plek."),
    "already_started": gettext_lazy("De periode is al begonnen; dit kan niet meer."),
    "mode_is_matching": gettext_lazy(
        "Bij deze opleiding krijg je een plek via een ronde. Zet de plek op je lijst."
    ),
    "offer_full": gettext_lazy("De laatste plek is net vergeven. Kies een andere plek."),
    "offer_moved_on": gettext_lazy(
        "Iemand anders heeft dit aanbod net veranderd. Hieronder zie je hoe het nu staat."
    ),
    "offer_not_published": gettext_lazy("Dit aanbod staat niet meer open."),
    "round_is_open": gettext_lazy(
        "Er loopt al een ronde voor dit seizoen. Rond die eerst af, of reken die opnieuw door."
    ),
    "round_released": gettext_lazy("Deze ronde is al verstuurd. Begin een nieuwe ronde."),
    "run_under_way": gettext_lazy("Deze ronde wordt al berekend. Wacht even op de uitkomst."),
    "student_agreed": gettext_lazy("De student heeft in deze periode al een plek."),
    "too_many_wishes": gettext_lazy("Je lijst kan niet langer zijn. Haal er eerst een plek af."),
    "wish_not_available": gettext_lazy("Deze plek is niet meer beschikbaar."),
    "proposal_proposed": gettext_lazy("Dit voorstel is nog niet verstuurd."),
    "proposal_approved": gettext_lazy("Dit voorstel is al goedgekeurd."),
    "proposal_offered": gettext_lazy("Dit voorstel is al verstuurd."),
    "proposal_agreed": gettext_lazy("Over dit voorstel is al iedereen het eens."),
    "proposal_dropped": gettext_lazy("Dit voorstel is geschrapt."),
    "proposal_superseded": gettext_lazy("Dit voorstel is vervangen door een nieuwe berekening."),
    "proposal_declined": gettext_lazy("Iemand heeft dit voorstel al afgewezen."),
    "proposal_expired": gettext_lazy("De tijd om te antwoorden is voorbij."),
    "proposal_withdrawn": gettext_lazy("Dit voorstel is ingetrokken."),
    "proposal_cancelled": gettext_lazy("Deze plaatsing is geannuleerd."),
}
WITHDRAWALS = {
    "agreed_elsewhere": gettext_lazy("De student heeft een andere plek gekozen."),
    "offer_closed": gettext_lazy("Het bedrijf heeft het aanbod gesloten."),
    "offer_full": gettext_lazy("Alle plekken zijn vergeven."),
    "coordinator": gettext_lazy("De stagecoördinator heeft het voorstel ingetrokken."),
    "student": gettext_lazy("De student heeft het voorstel ingetrokken."),
    "student_left": gettext_lazy("De student is van school."),
}
RULES = {
    Rule.LEVEL: gettext_lazy("Het niveau past niet"),
    Rule.PROGRAMME: gettext_lazy("Niet bedoeld voor deze opleiding"),
    Rule.ACCREDITATION: gettext_lazy("Het bedrijf is (nog) niet erkend voor deze opleiding"),
    Rule.PERIOD: gettext_lazy("De periode past niet"),
    Rule.DAYS: gettext_lazy("Er zijn meer dagen per week nodig"),
    Rule.DISTANCE: gettext_lazy("Verder weg dan de student wil reizen"),
    Rule.EARMARK: gettext_lazy("Bewaard voor studenten van een andere school"),
    Rule.BANNED: gettext_lazy("Eerder afgewezen of geschrapt"),
}
CRITERIA = {
    Criterion.SKILLS: gettext_lazy("Vaardigheden"),
    Criterion.LEARNING: gettext_lazy("Leerwensen"),
    Criterion.DISTANCE: gettext_lazy("Reisafstand"),
    Criterion.DAYS: gettext_lazy("Dagen per week"),
}
MISSING = {
    "postcode": gettext_lazy("je postcode"),
    "max_km": gettext_lazy("hoe ver je wilt reizen"),
    "season": gettext_lazy("wanneer je een plek zoekt"),
    "period": gettext_lazy("je periode"),
    "days": gettext_lazy("je dagen per week"),
}

OFF_THE_LIST = gettext_lazy("niet van de eigen lijst, maar past")
# Per effort of a calculation: its name, and what it means for students.
EFFORTS = {
    Run.Effort.STANDARD: (
        gettext_lazy("Standaard"),
        gettext_lazy(
            "Zoekt een verdeling waarin meer studenten een plek krijgen, en hoger op hun lijst. "
            "Wie ergens beter past, gaat nog steeds voor. In theorie kan een student winnen door "
            "de lijst slim in te vullen in plaats van eerlijk."
        ),
    ),
    Run.Effort.QUICK: (
        gettext_lazy("Snel"),
        gettext_lazy(
            "Iedereen vraagt de hoogste keus aan; past het even goed, dan beslist de loting. Slim "
            "invullen helpt niemand, zolang elke opdracht genoeg studenten krijgt. Er blijven soms "
            "meer studenten zonder plek."
        ),
    ),
    Run.Effort.EXACT: (
        gettext_lazy("Exact"),
        gettext_lazy(
            "Probeert te bewijzen dat er geen betere verdeling bestaat. Dat duurt langer, soms "
            "een minuut. Voor slim invullen geldt hetzelfde als bij standaard."
        ),
    ),
}


def refusal(code: str) -> str:
    """What to tell somebody whose action was not possible."""
    return str(REFUSALS.get(code, _("Dit kan niet meer. Hieronder zie je hoe het nu staat.")))


def decline_words(side: str, code: str) -> str | Promise:
    """The reason for a no, in the words of whoever comes to read it."""
    table = COMPANY_DECLINES if side == Proposal.Side.COMPANY else STUDENT_DECLINES
    return table.get(code, "")


def rule_words(rules: tuple[Rule, ...]) -> list[str]:
    """The hard rules that a pair fails, in words."""
    return [str(RULES[rule]) for rule in rules]


def part_words(parts: dict[str, float]) -> list[tuple[str, int]]:
    """(criterion, percentage) per part of a score, in a fixed order."""
    return [
        (str(words), round(parts[criterion] * 100))
        for criterion, words in CRITERIA.items()
        if criterion in parts
    ]


def explanation_words(found: Explanation) -> str:
    """Why this student is, or is not, at this place, and what would have changed that."""
    why = {
        Code.PLACED_HERE: _placed,
        Code.PINNED_HERE: lambda _f: _("Deze plek stond voor deze student vooraf vast."),
        Code.PINNED_ELSEWHERE: lambda _f: _("Voor deze student stond een andere plek vooraf vast."),
        Code.NOT_ELIGIBLE: lambda _f: _("Deze plek kan niet voor deze student."),
        Code.BANNED: lambda _f: _("Deze student en deze plek gaan niet samen: dat is afgesproken."),
        Code.NOT_ACCEPTED: lambda _f: _("Deze plek kan deze student niet aannemen."),
        Code.NOT_RANKED: lambda _f: _("De student heeft deze plek niet op de lijst gezet."),
        Code.PREFERRED_ANOTHER: _preferred,
        Code.CLOSED: _closed,
        Code.NO_OPENINGS: lambda _f: _("Hier was in deze ronde geen plek meer te verdelen."),
        Code.FULL_BETTER_CLAIMS: _better_claims,
        Code.FULL_EQUAL_CLAIMS: _equal_claims,
        Code.FULL_LOTTERY: _lottery,
        Code.OWNER_FULL: _owner_full,
        Code.BLOCKING: lambda _f: _(
            "Deze plek had de student kunnen krijgen. Reken de ronde opnieuw door."
        ),
    }[found.code](found)
    return " ".join([why, *_change_words(found)])


def _change_words(found: Explanation) -> list[str]:
    """What would have brought the student here, as one sentence, or none."""
    ways = [str(words) for change in found.changes if (words := _way(change, found))]
    if not ways:
        return []
    return [_("Wat zou helpen: %(ways)s.") % {"ways": _(" of ").join(ways)}]


def _way(change: Change, found: Explanation) -> str:
    return {
        Change.RANK_IT: lambda: _("de plek op de lijst zetten"),
        Change.RANK_IT_HIGHER: lambda: _("de plek hoger op de lijst zetten"),
        Change.BE_ACCEPTED: lambda: "",  # the rule itself says it
        Change.LARGER_TEAM: lambda: (
            ngettext(
                "nog %(n)s student die dit ook wil",
                "nog %(n)s studenten die dit ook willen",
                found.missing,
            )
            % {"n": found.missing}
            if found.missing
            else ""
        ),
        Change.MORE_OPENINGS: lambda: _more_openings(found) % {"n": found.waiting_before + 1},
        Change.BETTER_CLAIM: lambda: _("een profiel dat hier beter bij past"),
        Change.BETTER_DRAW: lambda: _("een beter lot"),
    }[change]()


def _more_openings(found: Explanation) -> str:
    more = found.waiting_before + 1
    if found.code == Code.OWNER_FULL:
        return ngettext(
            "begeleiding voor %(n)s student meer", "begeleiding voor %(n)s studenten meer", more
        )
    return ngettext("%(n)s plek meer", "%(n)s plekken meer", more)


def _rank_words(found: Explanation) -> str:
    """Where the place stands for the student, as the begin of an answer."""
    if found.in_tail:
        return _("Deze plek stond niet op de lijst, maar past wel.")
    if found.rank is None:
        return _("Deze plek stond niet op de lijst.")
    return _("Dit was keus %(rank)s.") % {"rank": found.rank}


def _placed(found: Explanation) -> str:
    if found.in_tail or found.rank is None:
        words = _("De student krijgt deze plek: %(where)s.") % {"where": OFF_THE_LIST}
    else:
        words = _("De student krijgt deze plek: keus %(rank)s.") % {"rank": found.rank}
    if not found.rivals:
        return f"{words} " + _("Niemand anders vroeg erom.")
    rivals = ngettext(
        "Nog %(n)s andere student vroeg erom",
        "Nog %(n)s andere studenten vroegen erom",
        found.rivals,
    ) % {"n": found.rivals}
    seats = ngettext("er is %(n)s plek.", "er zijn %(n)s plekken.", found.capacity) % {
        "n": found.capacity
    }
    return f"{words} {rivals}; {seats}"


def _preferred(found: Explanation) -> str:
    if found.in_tail and found.got == found.rank:
        return _("De student kreeg een andere plek die niet op de lijst stond, maar wel past.")
    if found.in_tail:
        return _(
            "De student kreeg keus %(got)s van de eigen lijst. Deze plek stond niet op die lijst."
        ) % {"got": found.got}
    return _(
        "De student kreeg keus %(got)s. Die stond minstens zo hoog op de lijst als deze plek "
        "(keus %(rank)s)."
    ) % {"got": found.got, "rank": found.rank}


def _closed(found: Explanation) -> str:
    return f"{_rank_words(found)} " + _(
        "De opdracht gaat in deze ronde niet door: het team werd te klein."
    )


def _better_claims(found: Explanation) -> str:
    words = ngettext(
        "De plek ging naar een student die er beter bij past.",
        "Alle %(n)s plekken gingen naar studenten die er beter bij passen.",
        found.capacity,
    )
    return f"{_rank_words(found)} {words % {'n': found.capacity}}"


def _equal_claims(found: Explanation) -> str:
    words = ngettext(
        "%(claims)s studenten pasten even goed op de laatste plek. Die ging naar wie daarmee de "
        "meeste studenten aan een goede plek hielp; bleef het gelijk, dan besliste de loting.",
        "%(claims)s studenten pasten even goed op de laatste %(n)s plekken. Die gingen naar wie "
        "daarmee de meeste studenten aan een goede plek hielp; bleef het gelijk, dan besliste de "
        "loting.",
        found.drawn_seats,
    )
    figures = {"claims": found.drawn_claims, "n": found.drawn_seats}
    return f"{_rank_words(found)} {words % figures}"


def _lottery(found: Explanation) -> str:
    words = ngettext(
        "%(claims)s studenten pasten even goed op de laatste plek; de loting besliste.",
        "%(claims)s studenten pasten even goed op de laatste %(n)s plekken; de loting besliste.",
        found.drawn_seats,
    )
    figures = {"claims": found.drawn_claims, "n": found.drawn_seats}
    return f"{_rank_words(found)} {words % figures}"


def _owner_full(found: Explanation) -> str:
    return f"{_rank_words(found)} " + _(
        "Er is hier nog plek, maar het bedrijf begeleidt al zo veel studenten als het kan. Die "
        "passen minstens zo goed."
    )


def unplaced_words(found: Unplaced) -> str:
    """Why a student has no place, as one sentence."""
    return {
        UnplacedCode.EMPTY_LIST: _("Heeft nog geen plekken op de lijst gezet."),
        UnplacedCode.NO_ELIGIBLE_CHOICE: _("Geen enkele plek op de lijst kan voor deze student."),
        UnplacedCode.ALL_FULL: _(
            "Alle plekken op de lijst gingen naar anderen of zijn er niet meer."
        ),
    }[found.code]


def gone_words() -> str:
    """Of a ranked offer that took no part in a run."""
    return _("Deze plek deed niet mee: die was al vol, gesloten of op pauze.")
