"""Students: what they follow, where they live, what they can and want, and who seeks a place."""

import math
import random
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from education.models import Programme, School, Season, Skill
from geo.models import Postcode
from students.models import Availability, Student
from topcentrum.demo.cast import Group, roles
from topcentrum.demo.region.crowd import Crowd
from topcentrum.demo.region.draws import apportion, lognormal, some, weighted
from topcentrum.demo.region.words import distributions, words

FARTHEST_KM = 90.0  # nobody lives farther from school
KM_PER_DEGREE = 111.2
REACH = {"mbo": (0.02, 0.08, 0.25, 0.4, 0.25), "hbo": (0.03, 0.17, 0.35, 0.3, 0.15)}
SILENT = 0.2  # share without a learning goal
INCOMPLETE = 6
ONLY_THE_LIST = 9  # every so many students want no other place than those on their list
BBL = "BBL"  # works at the company that goes with the programme, and seeks none
EMPTY, READY = "student_empty", "student_ready"

# What people learn in any programme.
GENERAL = [
    "work-in-teams",
    "solve-problems",
    "manage-time",
    "conduct-public-presentations",
    "use-spreadsheets-software",
    "write-english",
    "generative-ai",
    "think-creatively",
]


@dataclass(frozen=True)
class Learner:
    """A student with the roles and schooling that the generator needs at hand."""

    student: Student
    programme: Programme
    school: School
    code: str  # in the cast, or empty

    @property
    def sector(self) -> str:
        """mbo or hbo."""
        return str(self.programme.sector)


def enrol(crowd: Crowd, programmes: list[Programme]) -> list[Learner]:
    """Store all students with complete profiles, school by school and programme by programme."""
    rng = crowd.rng
    homes = {p.school.slug: Homes.around(p.school) for p in programmes}
    played = {one.place: one.code for one in roles(Group.STUDENT)}
    learners: list[Learner] = []
    for programme, number in _numbers(programmes).items():
        domain = f"student.{programme.school.slug}.example"
        for _ in range(number):
            # The first student of the programme at the first school that has one is in the cast.
            code = played.pop(programme.name_nl, "") if programme.school.slug == "deltion" else ""
            postcode, km = homes[programme.school.slug].draw(rng, str(programme.sector))
            student = Student(
                user=crowd.player(code) if code else crowd.person(domain),
                programme=programme,
                postcode_id=postcode,
                max_km=_reach(rng, str(programme.sector), km),
                learning_goal=_goal(rng, programme),
            )
            if code:
                student.postcode_id, student.max_km = "8011", 25
            learners.append(Learner(student, programme, programme.school, code))
    crowd.store()
    Student.objects.bulk_create(learner.student for learner in learners)
    _teach(rng, learners)
    return learners


def _numbers(programmes: list[Programme]) -> dict[Programme, int]:
    """How many students each programme has; schools first, then programmes within a school."""
    figures = distributions()
    per_school = apportion(figures["scale"]["students"], figures["students_per_school"])
    found: dict[Programme, int] = {}
    for slug, number in per_school.items():
        shares = figures["programmes_per_school"][slug]
        own = {p: shares[p.name_nl] for p in programmes if p.school.slug == slug}
        found |= apportion(number, own)
    return found


@dataclass(frozen=True)
class Homes:
    """Postcode areas by their distance to a school, nearest first."""

    km: list[float]
    pc4: list[str]

    @classmethod
    def around(cls, school: School) -> "Homes":
        """All areas within reach of the school, in kilometres by road."""
        here = school.postcode
        narrowing = math.cos(math.radians(here.lat))
        factor = KM_PER_DEGREE * distributions()["travel_km"]["road_factor"]
        found = sorted(
            (math.hypot(lat - here.lat, (lon - here.lon) * narrowing) * factor, pc4)
            for pc4, lat, lon in Postcode.objects.values_list("pc4", "lat", "lon")
        )
        near = [pair for pair in found if pair[0] <= FARTHEST_KM]
        return cls([km for km, _ in near], [pc4 for _, pc4 in near])

    def draw(self, rng: random.Random, sector: str) -> tuple[str, float]:
        """An area at about the distance that students of this sector travel, and how far it is."""
        figures = distributions()["travel_km"][sector]
        wanted = min(lognormal(rng, figures["median"], figures["p90"]), FARTHEST_KM)
        first = bisect_left(self.km, wanted * 0.85)
        last = bisect_right(self.km, wanted * 1.15)
        at = rng.randrange(first, last) if first < last else min(first, len(self.km) - 1)
        return self.pc4[at], self.km[at]


def _reach(rng: random.Random, sector: str, to_school: float) -> int:
    """How far somebody wants to travel: what they prefer, and at least about as far as school."""
    km: list[int] = distributions()["travel_km"][sector]["max_pref"]
    drawn = rng.choices(km, weights=REACH[sector])[0]
    return max(drawn, next((one for one in km if one >= to_school), km[-1]))


def _jobs_for(programme: Programme) -> list[dict[str, Any]]:
    return [job for job in words("offers")["internships"] if programme.name_nl in job["programmes"]]


def _goal(rng: random.Random, programme: Programme) -> str:
    """What the student wants to learn, in words that suit the programme."""
    wishes = words("offers")["learning_wishes"]
    areas = [job["area"] for job in _jobs_for(programme)] or ["logistics", "sales"]
    goal: str = rng.choice(wishes[rng.choice(areas)])
    return goal if rng.random() > SILENT else ""


def _teach(rng: random.Random, learners: list[Learner]) -> None:
    """Skills from the programme and from what students do beside it; wishes from the work that
    the programme leads to."""
    ids = dict(Skill.objects.values_list("slug", "pk"))
    taught: dict[int, list[str]] = {}
    for pk, slug in Programme.skills.through.objects.order_by("pk").values_list(
        "programme_id", "skill__slug"
    ):
        taught.setdefault(pk, []).append(slug)
    has, wants = Student.skills.through, Student.wants.through
    has_rows, wants_rows = [], []
    for learner in learners:
        if learner.code == EMPTY:
            continue
        known = set(some(rng, taught[learner.programme.pk], 3, 6)) | set(some(rng, GENERAL, 1, 3))
        # A student leans to some of the work, knows a part of it and wants to learn the rest.
        jobs = some(rng, _jobs_for(learner.programme), 2, 3)
        asked = sorted({slug for job in jobs for slug in job["skills"]} - known)
        known |= set(some(rng, asked, 3, 6))
        wanted = some(rng, [slug for slug in asked if slug not in known], 3, 6)
        pk = learner.student.pk
        has_rows += [has(student_id=pk, skill_id=ids[slug]) for slug in sorted(known)]
        wants_rows += [wants(student_id=pk, skill_id=ids[slug]) for slug in wanted]
    has.objects.bulk_create(has_rows)
    wants.objects.bulk_create(wants_rows)


def choose_seekers(rng: random.Random, learners: list[Learner]) -> list[Learner]:
    """Who seeks a place in the coming season: from each programme its part, the cast for sure."""
    groups: dict[int, list[Learner]] = {}
    for learner in learners:
        if learner.programme.pathway != BBL:
            groups.setdefault(learner.programme.pk, []).append(learner)
    parts = apportion(
        distributions()["scale"]["searching_students"],
        {pk: len(group) for pk, group in groups.items()},
    )
    return [
        learner
        for pk, group in groups.items()
        for learner in sorted(group, key=lambda one: (not one.code, rng.random()))[: parts[pk]]
    ]


def seek(
    rng: random.Random, seekers: list[Learner], season: Season, *, incomplete: bool = False
) -> None:
    """Store when each of them can in this season; with `incomplete` some have not filled it in."""
    rows = [
        Availability(
            student=learner.student,
            season=season,
            days=_days(rng, learner),
            beyond_list=bool(learner.code) or number % ONLY_THE_LIST != 0,
            **_period(rng, learner, season),
        )
        for number, learner in enumerate(seekers, start=1)
    ]
    if incomplete:
        _leave_gaps(rng, seekers, rows)
    Availability.objects.bulk_create(rows)


def _days(rng: random.Random, learner: Learner) -> int:
    if learner.code == READY:
        return 4
    return int(weighted(rng, distributions()["days_per_week"][learner.sector]))


def _period(rng: random.Random, learner: Learner, season: Season) -> dict[str, date]:
    """The whole season, or as much of it as the student needs: then a first or a last part."""
    whole = {"starts_on": season.starts_on, "ends_on": season.ends_on}
    weeks = int(weighted(rng, distributions()["weeks"][learner.sector]))
    shorter = timedelta(weeks=weeks) - timedelta(days=3)  # from a Monday to a Friday
    if learner.code or season.starts_on + shorter >= season.ends_on:
        return whole
    if weeks >= learner.programme.weeks:
        return whole
    if rng.random() < 0.5:
        return whole | {"ends_on": season.starts_on + shorter}
    return whole | {"starts_on": season.ends_on - shorter}


def _leave_gaps(rng: random.Random, seekers: list[Learner], rows: list[Availability]) -> None:
    """Empty what some students have not filled in: one of the cast everything, others a part."""
    by_code = {learner.code: k for k, learner in enumerate(seekers)}
    others = [k for k, learner in enumerate(seekers) if not learner.code]
    gaps = ["all", "all", "postcode", "max_km", "period", "days"]
    chosen = [by_code[EMPTY], *rng.sample(others, INCOMPLETE - 1)]
    for k, gap in zip(chosen, gaps, strict=True):
        student, row = seekers[k].student, rows[k]
        if gap in ("all", "postcode"):
            student.postcode_id = None
        if gap in ("all", "max_km"):
            student.max_km = None
        if gap in ("all", "period"):
            row.starts_on = row.ends_on = None
        if gap in ("all", "days"):
            row.days = None
        if gap == "all":
            student.learning_goal = ""
    Student.objects.bulk_update(
        [seekers[k].student for k in chosen], ["postcode", "max_km", "learning_goal"]
    )
