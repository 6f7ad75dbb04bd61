"""The whole region, made in one transaction: all of it stands, or none."""

import random
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection, transaction

from accounts.models import HistoryEntry, User
from companies.models import Company, Offer
from education.models import Programme, School, Season
from matching.models import Proposal
from notifications.models import Letter
from students.models import Student
from topcentrum.demo.cast import ROLES
from topcentrum.demo.region import learners as schooling
from topcentrum.demo.region.calendar import Half, halves_around
from topcentrum.demo.region.crowd import Crowd, Staff, staff_schools
from topcentrum.demo.region.draws import lots
from topcentrum.demo.region.firms import Firm, accredit, found_firms, limit_guidance
from topcentrum.demo.region.ideas import Idea, Thinker, crebos_asked
from topcentrum.demo.region.learners import Learner
from topcentrum.demo.region.outcomes import Past
from topcentrum.demo.region.postings import Window, post
from topcentrum.demo.region.rankings import rank

RANKED = 0.88  # share of the seekers with a ranking
PAST_SEEKERS = 110
LOCK = 7_203_001  # so that two makers never work at once


@dataclass(frozen=True)
class Standing:
    """What is there of a region, in figures."""

    students: int
    companies: int
    offers: int
    proposals: int
    seasons: int

    def __str__(self) -> str:
        return (
            f"{self.students} students, {self.companies} companies, {self.offers} offers and "
            f"{self.proposals} proposals in {self.seasons} seasons"
        )


def standing() -> Standing | None:
    """The figures of the region that stands, or None when nobody of its cast is there."""
    if not User.objects.filter(email__in=[one.email for one in ROLES]).exists():
        return None
    return _figures()


def _figures() -> Standing:
    return Standing(
        students=Student.objects.count(),
        companies=Company.objects.count(),
        offers=Offer.objects.count(),
        proposals=Proposal.objects.count(),
        seasons=Season.objects.count(),
    )


def is_empty() -> bool:
    """Whether nobody and nothing stands where a region would come."""
    return not any(model.objects.exists() for model in (User, Company, Season))


def remove() -> None:
    """Take away all people, companies, seasons and what hangs on them; places, schools,
    programmes and skills stay. Numbering starts anew, so that an equal region is equal in all."""
    roots = [User, HistoryEntry, Season, Company, Letter]
    tables = ", ".join(connection.ops.quote_name(m._meta.db_table) for m in roots)
    with connection.cursor() as cursor:
        # Rows written in this very transaction still wait for their foreign keys to be checked,
        # and such a table cannot be emptied.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {tables}, django_session RESTART IDENTITY CASCADE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def take_turn() -> None:
    """Wait until nobody else makes or removes a region, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def make(*, seed: int, today: date) -> Standing:
    """Make the region as it would stand on `today`. Needs the reference rows, and no region.

    Equal seed and equal day give equal rows, except for the passwords that nobody knows.
    """
    with transaction.atomic():
        _Maker(lots(seed), today).make()
    return _figures()


class _Maker:
    """Holds what the steps share: chance, the day, and who and what is there by now."""

    def __init__(self, rng: random.Random, today: date) -> None:
        self.rng = rng
        self.today = today
        self.crowd = Crowd(rng, today)

    def make(self) -> None:
        schools = {s.slug: s for s in School.objects.select_related("postcode").order_by("slug")}
        self.programmes = list(
            Programme.objects.select_related("school__postcode").order_by("school__slug", "name_nl")
        )
        self.staff: Staff = staff_schools(self.crowd, schools)
        self.firms: list[Firm] = found_firms(self.crowd, self.today)
        self.learners: list[Learner] = schooling.enrol(self.crowd, self.programmes)
        halves = halves_around(self.today)
        before = [*halves.past, *([halves.running] if halves.running else [])]
        seasons = {half: self._season(half) for half in [*before, halves.target]}
        coming = self._thinker(seasons[halves.target]).coming(self.today)
        past = {half: self._thinker(seasons[half]).past() for half in before}
        every = [idea for ideas in [coming, *past.values()] for idea in ideas]
        accredit(self.rng, self.firms, crebos_asked(every, self.programmes), self.today)
        seekers = schooling.choose_seekers(self.rng, self.learners)
        for half, ideas in past.items():
            self._play(seasons[half], ideas, seekers)
        self._open(seasons[halves.target], coming, seekers)

    def _season(self, half: Half) -> Season:
        return Season.objects.create(
            name=half.name,
            starts_on=half.starts_on,
            ends_on=half.ends_on,
            lottery_secret=f"{self.rng.getrandbits(256):064x}",
        )

    def _thinker(self, season: Season) -> Thinker:
        return Thinker(self.rng, self.firms, self.programmes, season)

    def _play(self, season: Season, ideas: list[Idea], seekers: list[Learner]) -> None:
        """A season that is over or runs: who took part is not seeking now."""
        start = season.starts_on
        window = Window(start - timedelta(days=160), start - timedelta(days=122))
        post(self.rng, ideas, self.staff, window)
        now = {learner.student.pk for learner in seekers}
        others = [
            learner
            for learner in self.learners
            if learner.student.pk not in now and learner.programme.pathway != schooling.BBL
        ]
        took_part = self.rng.sample(others, PAST_SEEKERS)
        schooling.seek(self.rng, took_part, season)
        ranking = rank(self.rng, season, today=start - timedelta(days=112))
        past = Past(self.rng, season, ideas, took_part, ranking, self.staff)
        past.play(until=self.today - timedelta(days=1))

    def _open(self, season: Season, ideas: list[Idea], seekers: list[Learner]) -> None:
        """The season that places are sought for: offers, profiles, rankings."""
        window = Window(self.today - timedelta(days=45), self.today - timedelta(days=6))
        post(self.rng, ideas, self.staff, window)
        limit_guidance(season)
        schooling.seek(self.rng, seekers, season, incomplete=True)
        favourite = next(idea.offer.pk for idea in ideas if idea.is_favourite)
        ready = next(one for one in seekers if one.code == schooling.READY)
        rank(
            self.rng,
            season,
            today=self.today,
            favourites=[favourite],
            first_choice={ready.student.pk: favourite},
            lists=round(RANKED * len(seekers)),
        )
