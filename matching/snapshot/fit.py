"""How well offers fit one student, and students one offer, for those who look around."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from companies.models import Offer
from matching.engine import Candidates, Rule
from matching.snapshot.market import read_market
from students.models import Availability


@dataclass(frozen=True)
class Fit:
    """One student beside one offer. `km` by road; `score` and `parts` from 0 to 1."""

    student_id: int
    offer_id: int
    eligible: bool
    rules: tuple[Rule, ...]
    uncheckable: bool
    km: float
    score: float
    parts: dict[str, float]

    @property
    def percent(self) -> int:
        """The score as a whole percentage."""
        return round(self.score * 100)


def fit_at(found: Candidates, row: int, column: int, student_id: int, offer_id: int) -> Fit:
    """The pair at this row and column."""
    return Fit(
        student_id=student_id,
        offer_id=offer_id,
        eligible=bool(found.eligible[row, column]),
        rules=found.reasons(row, column),
        uncheckable=bool(found.uncheckable[row, column]),
        km=float(found.km[row, column]),
        score=float(found.score[row, column]),
        parts={str(name): part for name, part in found.breakdown(row, column).items()},
    )


def fits_for(
    availability: Availability,
    offers: Sequence[Offer],
    *,
    today: date,
    banned: set[tuple[int, int]] | None = None,
) -> dict[int, Fit]:
    """Fit per offer for one student whose profile is complete."""
    market = read_market([availability], offers, today=today)
    found = market.candidates(banned=banned or set())
    pk = availability.student_id
    return {
        offer_id: fit_at(found, 0, column, pk, offer_id)
        for column, offer_id in enumerate(market.offer_ids)
    }


def fits_of_offer(
    offer: Offer, availabilities: Sequence[Availability], *, today: date
) -> dict[int, Fit]:
    """Fit per student for one offer; the profiles are complete."""
    market = read_market(availabilities, [offer], today=today)
    found = market.candidates(banned=set())
    return {
        student_id: fit_at(found, row, 0, student_id, offer.pk)
        for row, student_id in enumerate(market.student_ids)
    }
