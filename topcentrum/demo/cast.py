"""The people whom a visitor can be: few, fixed, and found again by their addresses."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class Group(StrEnum):
    """What somebody of the cast is here; also the order on the door."""

    STUDENT = "student"
    COMPANY = "company"
    COORDINATOR = "coordinator"
    LEAD = "lead"


@dataclass(frozen=True)
class Role:
    """One fixed person of the region. `place` names the school or company to the generator."""

    code: str
    group: Group
    email: str
    name: str
    place: str
    organisation: str
    to_try: str | Promise


@dataclass(frozen=True)
class Player:
    """A role with the user who plays it."""

    role: Role
    user: User

    @property
    def initials(self) -> str:
        """The first letters of first and last name."""
        names = self.user.name.split()
        return "".join(name[0] for name in (names[:1] + names[1:][-1:])).upper()


ROLES = (
    Role(
        code="student_empty",
        group=Group.STUDENT,
        email="youssef.elamrani@student.deltion.example",
        name="Youssef El Amrani",
        place="Software developer",
        organisation="Deltion College",
        to_try=_("Vul je profiel in, zoek stages die passen en kies er drie."),
    ),
    Role(
        code="student_ready",
        group=Group.STUDENT,
        email="sanne.devries@student.deltion.example",
        name="Sanne de Vries",
        place="Marketing en communicatie",
        organisation="Deltion College",
        to_try=_("Bekijk je keuzes en pas ze aan. Na een ronde: geef antwoord op je voorstel."),
    ),
    Role(
        code="company_popular",
        group=Group.COMPANY,
        email="info@klikwerf.example",
        name="Marieke Hofstra",
        place="Klikwerf",
        organisation="Klikwerf",
        to_try=_(
            "Zie hoeveel studenten je stage kiezen, bied een nieuwe aan en beantwoord voorstellen."
        ),
    ),
    Role(
        code="company_waiting",
        group=Group.COMPANY,
        email="info@bureaudoorklik.example",
        name="Bilal Aydın",
        place="Bureau Doorklik",
        organisation="Bureau Doorklik",
        to_try=_("Een van je stages kwam terug met een vraag. Pas hem aan en dien hem weer in."),
    ),
    Role(
        code="coordinator_deltion",
        group=Group.COORDINATOR,
        email="annelies.kuiper@deltion.example",
        name="Annelies Kuiper",
        place="deltion",
        organisation="Deltion College",
        to_try=_("Beoordeel ingediende stages, start een ronde en verstuur de voorstellen."),
    ),
    Role(
        code="coordinator_windesheim",
        group=Group.COORDINATOR,
        email="fatima.benali@windesheim.example",
        name="Fatima Benali",
        place="windesheim",
        organisation="Hogeschool Windesheim",
        to_try=_("Draai een ronde voor hbo-studenten: daar is geen erkend leerbedrijf nodig."),
    ),
    Role(
        code="coordinator_landstede",
        group=Group.COORDINATOR,
        email="henk.schuurman@landstede.example",
        name="Henk Schuurman",
        place="landstede",
        organisation="Landstede MBO",
        to_try=_("Kijk welke studenten geen plek vinden, en vraag bij elk paar waarom niet."),
    ),
    Role(
        code="coordinator_cibap",
        group=Group.COORDINATOR,
        email="ruud.vandam@cibap.example",
        name="Ruud van Dam",
        place="cibap",
        organisation="Cibap",
        to_try=_("Schrap een voorstel en maak er zelf een, met de reden erbij."),
    ),
    Role(
        code="coordinator_firda",
        group=Group.COORDINATOR,
        email="jitske.hoekstra@firda.example",
        name="Jitske Hoekstra",
        place="firda",
        organisation="Firda",
        to_try=_(
            "Zie wat afstand doet: je studenten wonen in de polder, veel stages zijn in Zwolle."
        ),
    ),
    Role(
        code="lead",
        group=Group.LEAD,
        email="ingrid.wolters@topcentrum.example",
        name="Ingrid Wolters",
        place="",
        organisation="Topcentrum E-commerce",
        to_try=_("Kijk mee over alle scholen heen: hoeveel plekken zijn er, en hoeveel studenten?"),
    ),
)


def role(code: str) -> Role:
    """The role with this code. Raises KeyError when there is none."""
    return {one.code: one for one in ROLES}[code]


def roles(group: Group) -> tuple[Role, ...]:
    """The roles of one group, in order."""
    return tuple(one for one in ROLES if one.group == group)


def cast() -> list[Player]:
    """Everybody of the cast who is there and may sign in, in the order of the roles."""
    users = {
        user.email: user
        for user in User.objects.filter(
            email__in=[one.email for one in ROLES], is_active=True
        ).order_by("pk")
    }
    return [Player(one, users[one.email]) for one in ROLES if one.email in users]


@dataclass(frozen=True)
class Gathering:
    """Players with one role under one title, as the door shows them."""

    title: str
    players: list[Player]


def groups(players: list[Player]) -> list[Gathering]:
    """The cast by group, in the order of the door; empty while the region is not there."""
    titles = {
        Group.STUDENT: gettext("Student"),
        Group.COMPANY: gettext("Bedrijf"),
        Group.COORDINATOR: gettext("Stagecoördinator"),
        Group.LEAD: gettext("Projectleider"),
    }
    found = [
        Gathering(title, [one for one in players if one.role.group == group])
        for group, title in titles.items()
    ]
    return [group for group in found if group.players]
