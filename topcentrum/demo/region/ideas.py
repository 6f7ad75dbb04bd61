"""What companies think of offering in a season, before anything is stored.

In the season that places are sought for, 96 offers with 128 openings are counted in every state:
83 are published, 8 wait for a coordinator, 2 were returned, 2 are paused, 1 is a draft. Those that
are not published have one opening each (the project that waits has three), so 113 openings can be
had, for 170 students. Past seasons have internships only: a team that stayed below its minimum
would need a story of its own.
"""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from companies import states
from companies.models import Offer
from education.models import HBO_LEVEL, Programme, School, Season
from topcentrum.demo.region.draws import apportion, dealt, some, weighted
from topcentrum.demo.region.firms import BUSIEST, Firm
from topcentrum.demo.region.words import distributions, words

INTERNSHIP_OPENINGS = {1: 76, 2: 10, 3: 2}
PROJECT_OPENINGS = {3: 6, 4: 2}
NOT_PUBLISHED = {states.SUBMITTED: 8, states.RETURNED: 2, states.PAUSED: 2, states.DRAFT: 1}
PAST_OFFERS = 50
PAST_OPENINGS = {1: 37, 2: 10, 3: 3}

DORMANT = 8  # companies that offer nothing this season
MOST_OFFERS = 4  # of one company in a season
PULL = {"1": 0.6, "2-9": 1.0, "10-49": 1.6, "50-249": 2.0, "250+": 2.5}
DAYS = {(4, 5): 0.4, (3, 5): 0.2, (3, 4): 0.14, (4, 4): 0.1, (2, 4): 0.1, (5, 5): 0.06}
PROJECT_DAYS = {(1, 3): 0.4, (2, 3): 0.3, (2, 4): 0.3}
WIDE = ("marketing", "sales")  # areas where some offers welcome every programme
NARROWED = 0.8  # share of these that names its programmes all the same
EARMARKED = 4

# What the companies of the cast have to show: company, title, openings, state.
FIXED = (
    ("Klikwerf", "Stagiair webshop en content", 2, states.PUBLISHED),
    ("Klikwerf", "Stagiair e-mailmarketing", 1, states.PUBLISHED),
    ("Bureau Doorklik", "Stagiair online marketing", 1, states.RETURNED),
    ("Bureau Doorklik", "Stagiair UX en webdesign", 1, states.PUBLISHED),
    ("Bureau Doorklik", "Opdracht: waarom haken bezoekers af?", 3, states.SUBMITTED),
)
FAVOURITE = FIXED[0][:2]  # most students want this one

Job = dict[str, Any]


@dataclass
class Idea:
    """An offer in the making: the row, and what is linked to it once it is stored."""

    firm: Firm
    offer: Offer
    programmes: list[Programme]
    skills: list[str]
    state: str = states.PUBLISHED

    @property
    def is_favourite(self) -> bool:
        """The offer that most students want."""
        return (self.firm.name, self.offer.title) == FAVOURITE


@dataclass(frozen=True)
class Thinker:
    """Draws offers for one season from the companies and the programmes of the region."""

    rng: random.Random
    firms: list[Firm]
    programmes: list[Programme]
    season: Season

    def coming(self, today: date) -> list[Idea]:
        """The offers of the season that places are sought for."""
        jobs = _internships(self.rng, distributions()["scale"]["offers"] - _projects())
        openings = INTERNSHIP_OPENINGS.copy()
        projects = some(self.rng, words("offers")["projects"], _projects(), _projects())
        project_openings = PROJECT_OPENINGS.copy()
        ideas = []
        for name, title, seats, state in FIXED:
            pool, hand = (
                (jobs, openings) if title.startswith("Stag") else (projects, project_openings)
            )
            ideas.append(self._fixed(name, title, seats, state, pool))
            hand[seats] -= 1
        ideas += self._spread(jobs, dealt(self.rng, openings), ideas)
        ideas += self._spread(projects, dealt(self.rng, project_openings), ideas)
        self._hold_back(ideas)
        self._earmark(ideas, today)
        return ideas

    def past(self) -> list[Idea]:
        """The offers of a season that is over, or under way."""
        jobs = _internships(self.rng, PAST_OFFERS)
        return self._spread(jobs, dealt(self.rng, PAST_OPENINGS), [])

    def _fixed(self, name: str, title: str, seats: int, state: str, pool: list[Job]) -> Idea:
        """An offer of the cast; it takes the place of one like it in the pool."""
        known = [*words("offers")["internships"], *words("offers")["projects"]]
        job = next(job for job in known if title in job["titles"])
        like = next((k for k, one in enumerate(pool) if one is job), 0)
        pool.pop(like)
        firm = next(firm for firm in self.firms if firm.name == name)
        idea = self._idea(firm, job, title, seats)
        idea.state = state
        return idea

    def _spread(self, jobs: list[Job], seats: list[int], standing: list[Idea]) -> list[Idea]:
        """Give each job to a company that does such work and has not too much of it yet."""
        load = Counter(idea.firm.name for idea in standing)
        titles = {(idea.firm.name, idea.offer.title) for idea in standing}
        # Where there are many, some can be quiet; elsewhere every company is needed.
        city = [firm.name for firm in self.firms if firm.place == BUSIEST]
        quiet = self.rng.sample(city, DORMANT)
        active = [f for f in self.firms if f.name not in quiet or load[f.name]]
        ideas = []
        for job, number in zip(jobs, seats, strict=True):
            firm = self._firm_for(job, active, load)
            fresh = [t for t in job["titles"] if (firm.name, t) not in titles]
            title = self.rng.choice(fresh or job["titles"])
            load[firm.name] += 1
            titles.add((firm.name, title))
            ideas.append(self._idea(firm, job, title, number))
        return ideas

    def _firm_for(self, job: Job, active: list[Firm], load: Counter[str]) -> Firm:
        able = [
            firm for firm in active if firm.kind in job["kinds"] and load[firm.name] < MOST_OFFERS
        ]
        pull = [PULL[firm.size] / (1 + load[firm.name]) ** 2 for firm in able]
        return self.rng.choices(able, weights=pull)[0]

    def _idea(self, firm: Firm, job: Job, title: str, openings: int) -> Idea:
        rng = self.rng
        project = title.startswith("Opdracht")
        levels = [HBO_LEVEL] if title.startswith("Afstudeer") else rng.choice(job["levels"])
        days_min, days_max = weighted(rng, PROJECT_DAYS if project else DAYS)
        starts_on, ends_on = self._period(project=project)
        offer = Offer(
            site=rng.choice(firm.sites),
            season=self.season,
            kind=Offer.Kind.PROJECT if project else Offer.Kind.INTERNSHIP,
            title=title,
            text=_text(rng, firm, job, title),
            starts_on=starts_on,
            ends_on=ends_on,
            days_min=days_min,
            days_max=days_max,
            openings=openings,
            team_min=rng.randint(2, openings - 1) if project else None,
            allowance=None if project else _allowance(rng, levels),
            levels=levels,
        )
        if (firm.name, title) == FAVOURITE:
            offer.levels, offer.days_min, offer.days_max = [4, HBO_LEVEL], 3, 5
        area = "project" if project else job["area"]
        skills = some(rng, job["skills"], 3, 5)
        return Idea(firm, offer, self._programmes(job, area, offer), skills)

    def _programmes(self, job: Job, area: str, offer: Offer) -> list[Programme]:
        """The programmes that the offer names; none means that all are welcome."""
        if area in WIDE and offer.title != FAVOURITE[1] and self.rng.random() > NARROWED:
            return []
        return [
            p for p in self.programmes if p.name_nl in job["programmes"] and p.level in offer.levels
        ]

    def _period(self, *, project: bool) -> tuple[date, date]:
        """Mostly the whole season; sometimes a week later or, for a project, ten weeks."""
        first, last = self.season.starts_on, self.season.ends_on
        if project and self.rng.random() < 0.6:
            first += timedelta(weeks=self.rng.randint(1, 4))
            return first, first + timedelta(weeks=10, days=-3)
        if self.rng.random() < 0.15:
            first += timedelta(weeks=1)
        return first, last

    def _hold_back(self, ideas: list[Idea]) -> None:
        """Leave some internships with one opening unpublished, as many as stand in the table."""
        wanted = dealt(self.rng, Counter(NOT_PUBLISHED) - Counter(state for *_, state in FIXED))
        single = [
            idea
            for idea in ideas[len(FIXED) :]
            if idea.offer.openings == 1 and not idea.offer.is_project
        ]
        for idea, state in zip(self.rng.sample(single, len(wanted)), wanted, strict=True):
            idea.state = state

    def _earmark(self, ideas: list[Idea], today: date) -> None:
        """Keep a few offers for one school until some weeks before the season."""
        until = max(self.season.starts_on - timedelta(weeks=3), today + timedelta(weeks=1))
        named = [
            idea
            for idea in ideas[len(FIXED) :]
            if idea.state == states.PUBLISHED and idea.programmes and not idea.offer.is_project
        ]
        for idea in self.rng.sample(named, EARMARKED):
            schools: list[School] = [p.school for p in idea.programmes]
            idea.offer.earmarked_for = self.rng.choice(schools)
            idea.offer.earmarked_until = until


def _projects() -> int:
    return sum(PROJECT_OPENINGS.values())


def _internships(rng: random.Random, number: int) -> list[Job]:
    """As many jobs as asked for, over the areas of work by their shares."""
    areas = {k: v for k, v in words("offers")["areas"].items() if k != "note"}
    jobs = []
    for area, count in apportion(number, areas).items():
        known = [job for job in words("offers")["internships"] if job["area"] == area]
        # Each as often as the others, so that the list stays varied.
        repeated = known * (count // len(known) + 1)
        jobs += repeated[: count - count % len(known)] + rng.sample(known, count % len(known))
    rng.shuffle(jobs)
    return jobs


def _text(rng: random.Random, firm: Firm, job: Job, title: str) -> str:
    """Three paragraphs: who we are, what you do (each title has its own), how it is here."""
    task = job["tasks"][job["titles"].index(title)]
    team = rng.choice(words("offers")["teams"][firm.size])
    closings = " ".join(some(rng, words("offers")["closings"], 2, 2))
    return f"{firm.about}\n\n{task}\n\n{team} {closings}"


def _allowance(rng: random.Random, levels: list[int]) -> int | None:
    """Euros a month, or None where only expenses are paid."""
    figures = distributions()["allowance_eur_month"]["hbo" if HBO_LEVEL in levels else "mbo"]
    if rng.random() < figures["none_but_expenses"]:
        return None
    low, high = figures["range"]
    return 25 * round(rng.triangular(low, high, figures["mode"]) / 25)


def crebos_asked(ideas: list[Idea], programmes: list[Programme]) -> dict[str, set[str]]:
    """Per company the crebo codes that its offers are meant for: of the programmes that they
    name, or of those up to level 3 where all are welcome."""
    asked: dict[str, set[str]] = {}
    for idea in ideas:
        meant = idea.programmes or [
            p for p in programmes if p.level in idea.offer.levels and p.level <= 3
        ]
        codes = {p.code for p in meant if p.code_type == "crebo" and p.code}
        asked.setdefault(idea.firm.name, set()).update(codes)
    return asked
