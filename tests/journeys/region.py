"""A region small enough to know by heart: one school, five students, three companies."""

from collections.abc import Mapping
from dataclasses import dataclass

from allauth.account.models import EmailAddress

from accounts.models import User
from companies.models import Offer
from education.models import School, Season, Skill
from students.models import Student
from tests.factories.accounts import UserFactory
from tests.factories.companies import MemberFactory, OfferFactory, SiteFactory
from tests.factories.education import (
    ProgrammeFactory,
    SchoolFactory,
    SeasonFactory,
    SkillFactory,
    StaffFactory,
)
from tests.factories.geo import PLACES, postcode
from tests.factories.matching import ranked
from tests.factories.students import AvailabilityFactory, StudentFactory

SKILLS = {
    "Marketing": ["Zoekmachines", "Webteksten", "Nieuwsbrieven"],
    "Techniek": ["Webshops bouwen", "Productfoto's"],
}


@dataclass(frozen=True)
class Region:
    """Fatima coordinates Windesheim. Youssef has yet to fill in his profile. Sanne, Tim and Noor
    all want to go to Klikwerf, which has one place, and asks what Sanne can; Noor wants nothing
    else, and says so. Kees made no list, and Lotte did not finish her profile."""

    season: Season
    school: School
    fatima: User
    youssef: Student
    sanne: Student
    tim: Student
    noor: Student
    kees: Student
    lotte: Student
    marieke: User  # of Klikwerf in Zwolle
    bas: User  # of Kaasland in Kampen
    data: Offer  # at Klikwerf, one place
    photos: Offer  # at Kaasland, one place
    far: Offer  # in Amsterdam
    skills: Mapping[str, Skill]


def make_region() -> Region:
    """Make it in the database."""
    for pc4 in PLACES:
        postcode(pc4)
    season = SeasonFactory(name="Voorjaar")
    skills = {
        label: SkillFactory(slug=label.lower().replace(" ", "-"), label_nl=label, category=category)
        for category, labels in SKILLS.items()
        for label in labels
    }
    school = SchoolFactory(
        slug="windesheim", name="Hogeschool Windesheim", short_name="Windesheim", sector="hbo"
    )
    programme = ProgrammeFactory(school=school, name_nl="Ad E-commerce")

    def person(name: str) -> User:
        first = name.split()[0].lower()
        user: User = UserFactory(name=name, email=f"{first}@post.example")
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def student(name: str, *can: str, **fields: object) -> Student:
        found: Student = StudentFactory(
            user=person(name), programme=programme, skills=[skills[one] for one in can], **fields
        )
        return found

    def shop(name: str, member: User, pc4: str, **offer: object) -> Offer:
        site = SiteFactory(company__name=name, postcode=postcode(pc4))
        MemberFactory(company=site.company, user=member)
        found: Offer = OfferFactory(site=site, season=season, **offer)
        return found

    fatima, marieke, bas = person("Fatima Benali"), person("Marieke Hofstra"), person("Bas Kuiper")
    StaffFactory(school=school, user=fatima)
    wanted = [skills["Zoekmachines"]]
    data = shop("Klikwerf", marieke, "8011", title="Stagiair vindbaarheid", skills=wanted)
    photos = shop("Kaasland", bas, "8261", title="Stagiair productfoto's")
    far = shop("Grachtenshop", person("Wim de Wit"), "1011", title="Stagiair aan de gracht")
    region = Region(
        season=season,
        school=school,
        fatima=fatima,
        youssef=student("Youssef El Amrani", empty=True),
        sanne=student("Sanne de Vries", "Zoekmachines"),
        tim=student("Tim Jansen"),
        noor=student("Noor Bakker"),
        kees=student("Kees Mulder"),
        lotte=student("Lotte Smit", empty=True),
        marieke=marieke,
        bas=bas,
        data=data,
        photos=photos,
        far=far,
        skills=skills,
    )
    for one in (region.sanne, region.tim, region.noor, region.kees, region.lotte):
        AvailabilityFactory(student=one, season=season, beyond_list=one is not region.noor)
    ranked(region.tim, data, photos)
    ranked(region.noor, data)
    return region
