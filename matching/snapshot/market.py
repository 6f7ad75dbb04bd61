"""Rows into arrays: students and offers as the engine sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from django.db.models import Model, Q

from companies.models import Accreditation, Offer
from education.models import HBO_LEVEL
from matching.engine import (
    CREBO_NOT_NEEDED,
    CREBO_UNKNOWN,
    LEVELS,
    NO_EARMARK,
    Candidates,
    Criterion,
    Offers,
    Students,
    candidates,
)
from matching.queries import DEFAULT_WEIGHTS
from students.models import Availability, Student


@dataclass(frozen=True)
class Market:
    """Students and offers in arrays, and the rows they came from: row i of the arrays is
    `student_ids[i]`, column j is `offer_ids[j]`."""

    students: Students
    offers: Offers
    student_ids: tuple[int, ...]
    offer_ids: tuple[int, ...]

    def candidates(
        self, *, banned: set[tuple[int, int]], weights: Mapping[str, float] | None = None
    ) -> Candidates:
        """All pairs with rules and scores; `banned` are pairs of primary keys."""
        row = {pk: i for i, pk in enumerate(self.student_ids)}
        column = {pk: j for j, pk in enumerate(self.offer_ids)}
        pairs = sorted((row[s], column[o]) for s, o in banned if s in row and o in column)
        known = weights or DEFAULT_WEIGHTS
        return candidates(
            self.students,
            self.offers,
            banned=np.array(pairs, dtype=np.int64).reshape(-1, 2),
            weights={Criterion(name): weight for name, weight in known.items()},
        )


def read_market(
    availabilities: Sequence[Availability],
    offers: Sequence[Offer],
    *,
    today: date,
    seats: Mapping[int, int] | None = None,
) -> Market:
    """Read students and offers into arrays with a fixed number of queries.

    Availabilities are complete ones, with student, programme and postcode at hand; offers come
    with site, postcode and company. `today` decides which earmarks and accreditations are over.
    `seats` are the free seats per offer where they differ from `offer.free`.
    """
    student_ids = tuple(a.student_id for a in availabilities)
    offer_ids = tuple(o.pk for o in offers)
    skills = _Columns.of(
        _links(Student.skills.through, "student_id", student_ids, "skill_id"),
        _links(Student.wants.through, "student_id", student_ids, "skill_id"),
        _links(Offer.skills.through, "offer_id", offer_ids, "skill_id"),
    )
    return Market(
        students=_students(availabilities, skills),
        offers=_offers(offers, skills, today, seats or {}),
        student_ids=student_ids,
        offer_ids=offer_ids,
    )


Links = dict[int, set[int]]


def _links(through: type[Model], owner: str, owner_ids: Sequence[int], target: str) -> Links:
    """The targets of a many-to-many relation per owner."""
    found: Links = {}
    rows = through._default_manager.filter(**{f"{owner}__in": owner_ids})
    for owner_id, target_id in rows.values_list(owner, target).order_by("pk"):
        found.setdefault(owner_id, set()).add(target_id)
    return found


@dataclass(frozen=True)
class _Columns:
    """Skills that somebody has, wants or asks for, each with its own column."""

    column: dict[int, int]
    has: Links
    wants: Links
    asks: Links

    @classmethod
    def of(cls, has: Links, wants: Links, asks: Links) -> "_Columns":
        ids = sorted(set().union(*has.values(), *wants.values(), *asks.values()))
        return cls({pk: k for k, pk in enumerate(ids)}, has, wants, asks)

    def table(self, links: Links, owner_ids: Sequence[int]) -> npt.NDArray[np.bool_]:
        return _table(self.column, [links.get(pk, set()) for pk in owner_ids])


def _table(column: Mapping[int, int], rows: Sequence[set[int]]) -> npt.NDArray[np.bool_]:
    """Rows of sets as a table of yes and no; what has no column is left out."""
    table = np.zeros((len(rows), len(column)), dtype=np.bool_)
    for i, row in enumerate(rows):
        table[i, [column[key] for key in row if key in column]] = True
    return table


def _students(availabilities: Sequence[Availability], skills: _Columns) -> Students:
    people = [a.student for a in availabilities]
    programmes = [s.programme for s in people]
    ids = [s.pk for s in people]
    places = [s.postcode for s in people]
    return Students(
        level=np.array([p.level for p in programmes], dtype=np.int8),
        programme=np.array([p.pk for p in programmes], dtype=np.int32),
        crebo=np.array([_crebo(p.level, p.code) for p in programmes], dtype=np.int32),
        school=np.array([p.school_id for p in programmes], dtype=np.int32),
        start=_days([a.starts_on for a in availabilities]),
        end=_days([a.ends_on for a in availabilities]),
        min_weeks=np.array([_weeks(a) for a in availabilities], dtype=np.int16),
        days=np.array([a.days for a in availabilities], dtype=np.int8),
        lat=np.array([p.lat for p in places if p], dtype=np.float64),
        lon=np.array([p.lon for p in places if p], dtype=np.float64),
        max_km=np.array([s.max_km for s in people], dtype=np.float64),
        skills=skills.table(skills.has, ids),
        wants=skills.table(skills.wants, ids),
    )


def _crebo(level: int, code: str) -> int:
    """hbo needs no accreditation; an mbo code that is not known cannot be checked."""
    if level == HBO_LEVEL:
        return CREBO_NOT_NEEDED
    return int(code) if code else CREBO_UNKNOWN


def _weeks(availability: Availability) -> int:
    """Weeks that an internship must share with the student's period: what the programme asks,
    but never more than the period that the student chose."""
    assert availability.starts_on is not None
    assert availability.ends_on is not None
    own = ((availability.ends_on - availability.starts_on).days + 3) // 7
    return max(1, min(availability.student.programme.weeks, own))


def _days(dates: Sequence[date | None]) -> npt.NDArray[np.int32]:
    return np.array([d.toordinal() for d in dates if d is not None], dtype=np.int32)


def _offers(
    offers: Sequence[Offer], skills: _Columns, today: date, seats: Mapping[int, int]
) -> Offers:
    ids = [o.pk for o in offers]
    welcome = _links(Offer.programmes.through, "offer_id", ids, "programme_id")
    programme_ids = sorted(set().union(*welcome.values()))
    accredited = _accreditations(offers, today)
    crebos = sorted(set().union(*accredited.values()))
    capacity = [seats.get(o.pk, o.free) for o in offers]
    levels = np.zeros((len(offers), LEVELS), dtype=np.bool_)
    for j, offer in enumerate(offers):
        levels[j, offer.levels] = True
    return Offers(
        levels=levels,
        programmes=_table(
            {pk: k for k, pk in enumerate(programme_ids)}, [welcome.get(pk, set()) for pk in ids]
        ),
        programme_ids=np.array(programme_ids, dtype=np.int32),
        any_programme=np.array([pk not in welcome for pk in ids], dtype=np.bool_),
        accredited=_table(
            {code: k for k, code in enumerate(crebos)},
            [accredited.get(o.site_id, set()) for o in offers],
        ),
        crebo_codes=np.array(crebos, dtype=np.int32),
        accreditation_confirmed=np.array(
            [o.accreditation_confirmed_at is not None for o in offers], dtype=np.bool_
        ),
        start=_days([o.starts_on for o in offers]),
        end=_days([o.ends_on for o in offers]),
        days_min=np.array([o.days_min for o in offers], dtype=np.int8),
        days_max=np.array([o.days_max for o in offers], dtype=np.int8),
        lat=np.array([o.site.postcode.lat for o in offers], dtype=np.float64),
        lon=np.array([o.site.postcode.lon for o in offers], dtype=np.float64),
        capacity=np.array(capacity, dtype=np.int32),
        minimum=np.array(
            [_minimum(o, free) for o, free in zip(offers, capacity, strict=True)], dtype=np.int32
        ),
        earmark=np.array([_earmark(o, today) for o in offers], dtype=np.int32),
        whole_period=np.array([o.is_project for o in offers], dtype=np.bool_),
        skills=skills.table(skills.asks, ids),
    )


def _accreditations(offers: Sequence[Offer], today: date) -> Links:
    """The crebo codes for which each site is accredited today."""
    rows = Accreditation.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=today),
        site__in={o.site_id for o in offers},
        status=Accreditation.Status.ACCREDITED,
    )
    found: Links = {}
    for site_id, crebo in rows.values_list("site_id", "crebo").order_by("pk"):
        found.setdefault(site_id, set()).add(int(crebo))
    return found


def _minimum(offer: Offer, free: int) -> int:
    """How many of the free seats a team still needs."""
    if offer.team_min is None:
        return 0
    return min(free, max(0, offer.team_min - (offer.openings - free)))


def _earmark(offer: Offer, today: date) -> int:
    """The school for which the seats are kept, until the day on which they fall to all."""
    if offer.earmarked_for_id is None or offer.earmarked_until is None:
        return NO_EARMARK
    return offer.earmarked_for_id if today <= offer.earmarked_until else NO_EARMARK
