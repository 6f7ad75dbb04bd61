"""Companies: where they are, who acts for them, and for what they are accredited."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Sum

from accounts.models import User
from companies.models import Accreditation, Company, Member, Offer, Site
from companies.states import PUBLISHED
from education.models import Season
from geo.models import Postcode
from topcentrum.demo.cast import Group, roles
from topcentrum.demo.region.calendar import moment
from topcentrum.demo.region.crowd import Crowd, plain
from topcentrum.demo.region.draws import apportion, dealt, some
from topcentrum.demo.region.words import distributions, words

BUSIEST = "Zwolle"
HOME_OF_THE_CAST = "8011"  # the centre of Zwolle, within reach of most students
ALONE = ("1", "2-9")  # sizes at which the owner does everything
SECOND_SITE_EVERY = 12  # companies
STRIDE = 23  # shares no divisor with 64: companies of one kind land far apart
ENDED = 2  # companies that once were accredited
STATUS = Accreditation.Status

# What a company of each kind is usually accredited for.
USUAL_CREBOS = {
    "webshop": ["25148", "25200"],
    "bureau": ["25148", "25633"],
    "groothandel": ["25148"],
    "fulfilment": ["25999"],
    "software": ["25998", "25999"],
}


@dataclass
class Firm:
    """A company with what only the generator knows of it: kind, size, what it does."""

    company: Company
    kind: str
    size: str
    place: str
    about: str
    sites: list[Site]
    people: list[User]

    @property
    def name(self) -> str:
        """The company's name."""
        return self.company.name

    @property
    def speaker(self) -> User:
        """Who registers offers and answers proposals."""
        return self.people[0]


def found_firms(crowd: Crowd, today: date) -> list[Firm]:
    """Store all companies with sites and members, in the order of their file."""
    rng = crowd.rng
    entries = words("companies")["companies"]
    places = _places(rng, entries)
    sizes = dealt(rng, apportion(len(entries), distributions()["company_size"]))
    played = {one.place: one.code for one in roles(Group.COMPANY)}
    postcodes = _postcodes_per_municipality()
    firms = []
    for number, entry in enumerate(entries):
        # Numbers that the register has not given out, so that nobody real is met.
        company = Company(
            kvk=f"9990{number:04d}",
            name=entry["name"],
            created_at=moment(today - timedelta(days=rng.randint(600, 1000)), 11),
        )
        code = played.get(entry["name"])
        firms.append(
            Firm(
                company=company,
                kind=entry["kind"],
                size="10-49" if code else sizes[number],
                place=BUSIEST if code else places[number],
                about=entry["about"],
                sites=_sites(rng, company, number, postcodes, places[number], in_cast=bool(code)),
                people=_people(crowd, entry["name"], sizes[number], code),
            )
        )
    crowd.store()
    Company.objects.bulk_create(firm.company for firm in firms)
    Site.objects.bulk_create(site for firm in firms for site in firm.sites)
    Member.objects.bulk_create(
        Member(company=firm.company, user=user, is_admin=user is firm.speaker)
        for firm in firms
        for user in firm.people
    )
    return firms


def _places(rng: random.Random, entries: list[dict[str, str]]) -> list[str]:
    """A municipality for each company: as many as the weights say, every kind spread over all."""
    counts = apportion(len(entries), distributions()["companies_per_municipality_weight"])
    row = [place for place, count in counts.items() for _ in range(count)]
    turn = rng.randrange(len(row))
    by_kind = sorted(range(len(entries)), key=lambda k: (entries[k]["kind"], rng.random()))
    places = [""] * len(entries)
    for k, number in enumerate(by_kind):
        places[number] = row[(turn + k * STRIDE) % len(row)]
    return places


def _postcodes_per_municipality() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    rows = Postcode.objects.filter(municipality__isnull=False).order_by("pc4")
    for pc4, name in rows.values_list("pc4", "municipality__name"):
        found.setdefault(name, []).append(pc4)
    return found


def _sites(
    rng: random.Random,
    company: Company,
    number: int,
    postcodes: dict[str, list[str]],
    place: str,
    *,
    in_cast: bool,
) -> list[Site]:
    """One site in the municipality; a few companies have a second one in the city."""
    first = HOME_OF_THE_CAST if in_cast else rng.choice(postcodes[place])
    wanted = [first]
    if number % SECOND_SITE_EVERY == SECOND_SITE_EVERY - 1:
        wanted.append(rng.choice([pc4 for pc4 in postcodes[BUSIEST] if pc4 != first]))
    return [
        Site(company=company, postcode_id=pc4, number=f"0000999{number:03d}{k:02d}")
        for k, pc4 in enumerate(wanted)
    ]


def _people(crowd: Crowd, name: str, size: str, code: str | None) -> list[User]:
    """Who acts for the company: the owner, and in larger ones a colleague."""
    domain = f"{plain(name)}.example"
    speaker = crowd.player(code) if code else crowd.person(domain, local="info")
    return [speaker] if size in ALONE else [speaker, crowd.person(domain)]


def accredit(
    rng: random.Random, firms: list[Firm], asked: dict[str, set[str]], today: date
) -> None:
    """Give sites their accreditation: most companies have it, some wait, a few had it.

    `asked` are the crebo codes that the offers of each company are meant for; most of these are
    covered where a company is accredited at all.
    """
    figures = distributions()
    parts = apportion(
        len(firms),
        {
            STATUS.ACCREDITED: figures["accredited_share"],
            STATUS.PENDING: figures["accreditation_pending"],
            "": 1 - figures["accredited_share"] - figures["accreditation_pending"],
        },
    )
    in_cast = {one.place for one in roles(Group.COMPANY)}
    # Who wants mbo students has mostly seen to it that they may come.
    order = sorted(
        firms,
        key=lambda firm: (firm.name not in in_cast, rng.random() + (not asked.get(firm.name))),
    )
    known = parts[STATUS.ACCREDITED]
    rows: list[Accreditation] = []
    for k, firm in enumerate(order):
        wanted = {code for code in sorted(asked.get(firm.name, ())) if k < 2 or rng.random() < 0.9}
        crebos = sorted(wanted | set(some(rng, USUAL_CREBOS[firm.kind], 1, 2)))
        if k < known:
            rows += _accreditations(rng, firm.sites, crebos, STATUS.ACCREDITED, today)
        elif k < known + parts[STATUS.PENDING]:
            rows += _accreditations(rng, firm.sites[:1], crebos, STATUS.PENDING, today)
        elif k < known + parts[STATUS.PENDING] + ENDED:
            rows += _accreditations(rng, firm.sites[:1], crebos, STATUS.ENDED, today)
    Accreditation.objects.bulk_create(rows)


def _accreditations(
    rng: random.Random, sites: Iterable[Site], crebos: list[str], status: str, today: date
) -> list[Accreditation]:
    return [
        Accreditation(
            site=site,
            crebo=crebo,
            status=status,
            checked_on=today - timedelta(days=rng.randint(3, 300)),
            source="verzonnen voor de demo",
        )
        for site in sites
        for crebo in crebos
    ]


def limit_guidance(season: Season) -> None:
    """Every other company with several offers in the season, those of the cast apart, cannot guide
    as many students as it has openings: it offers more than it needs, so that somebody comes."""
    played = [one.place for one in roles(Group.COMPANY)]
    rows = (
        Offer.objects.filter(season=season, state=PUBLISHED)
        .exclude(site__company__name__in=played)
        .order_by("site__company")
        .values("site__company")
        .annotate(seats=Sum("openings"), offers=Count("pk"))
    )
    several = [row for row in rows if row["offers"] > 1]
    for row in several[::2]:
        Company.objects.filter(pk=row["site__company"]).update(guides_at_most=row["seats"] - 1)
