"""People: names drawn by lot, addresses that nobody has, and who works at the schools."""

import random
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.models import User
from education.models import School, StaffMember
from topcentrum.demo.cast import ROLES, Group, role, roles
from topcentrum.demo.region.calendar import moment
from topcentrum.demo.region.draws import apportion
from topcentrum.demo.region.words import distributions, words

# Letters that Unicode does not take apart into a plain letter and an accent.
_PLAIN = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "ß": "ss", "&": ""})

FEWEST_COORDINATORS = 2
TUTORS_PER_SCHOOL = 2


def plain(text: str) -> str:
    """Only the letters a to z and digits, for addresses: "De Vries" → "devries"."""
    apart = unicodedata.normalize("NFKD", text.lower().translate(_PLAIN))
    return re.sub(r"[^a-z0-9]", "", apart)


@dataclass
class Crowd:
    """Makes people whose names and addresses stand once; `store` writes those made since."""

    rng: random.Random
    today: date
    _taken: set[str] = field(default_factory=lambda: {plain(one.name) for one in ROLES})
    _new: list[User] = field(default_factory=list)

    def person(self, domain: str, *, local: str = "") -> User:
        """Somebody with a drawn name. The address starts with `local`, or else with the name."""
        name = self._name()
        first, _, last = name.partition(" ")
        return self._add(name, f"{local or f'{plain(first)}.{plain(last)}'}@{domain}")

    def player(self, code: str) -> User:
        """The fixed person who plays this role."""
        one = role(code)
        return self._add(one.name, one.email, lead=one.group == Group.LEAD)

    def store(self) -> None:
        """Write the people made since the last time, with addresses that count as verified, so
        that they can sign in by code."""
        User.objects.bulk_create(self._new)
        EmailAddress.objects.bulk_create(
            [
                EmailAddress(user=user, email=user.email, verified=True, primary=True)
                for user in self._new
            ]
        )
        self._new.clear()

    def _add(self, name: str, email: str, *, lead: bool = False) -> User:
        user = User(
            email=email,
            name=name,
            password=make_password(None),  # nobody knows a password for an invented person
            is_project_lead=lead,
            joined_at=moment(self.today - timedelta(days=self.rng.randint(200, 900)), 9),
        )
        self._new.append(user)
        return user

    def _name(self) -> str:
        """A name that is not taken; first and last name may be of different origin."""
        origins = words("names")["origins"]
        shares = [origin["share"] for origin in origins]
        while True:
            first, last = self.rng.choices(origins, weights=shares, k=2)
            if self.rng.random() > words("names")["crossing"]:
                last = first
            name = f"{self.rng.choice(first['first'])} {self.rng.choice(last['last'])}"
            # Compared as in an address: Shahin and Şahin are one there.
            if plain(name) not in self._taken:
                self._taken.add(plain(name))
                return name


@dataclass(frozen=True)
class Staff:
    """Who works for the schools: coordinators per school slug."""

    coordinators: dict[str, list[User]]

    def everybody(self) -> list[User]:
        """All coordinators, school by school."""
        return [user for users in self.coordinators.values() for user in users]


def staff_schools(crowd: Crowd, schools: dict[str, School]) -> Staff:
    """Coordinators by the size of each school, at least two; a few tutors; the project leads."""
    total = distributions()["scale"]["coordinators"] - FEWEST_COORDINATORS * len(schools)
    extra = apportion(total, distributions()["students_per_school"])
    played = {one.place: one.code for one in roles(Group.COORDINATOR)}
    coordinators, tutors = {}, {}
    for slug in schools:
        domain = f"{slug}.example"
        colleagues = FEWEST_COORDINATORS + extra[slug] - 1
        coordinators[slug] = [
            crowd.player(played[slug]),
            *(crowd.person(domain) for _ in range(colleagues)),
        ]
        tutors[slug] = [crowd.person(domain) for _ in range(TUTORS_PER_SCHOOL)]
    crowd.player("lead")
    crowd.person("topcentrum.example").is_project_lead = True
    crowd.store()
    StaffMember.objects.bulk_create(
        [
            StaffMember(school=schools[slug], user=user, role=as_)
            for as_, people in (
                (StaffMember.Role.COORDINATOR, coordinators),
                (StaffMember.Role.TUTOR, tutors),
            )
            for slug, users in people.items()
            for user in users
        ]
    )
    return Staff(coordinators)
