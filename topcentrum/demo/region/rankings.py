"""What students would like best: a few offers that many want, and what fits and is near."""

import math
import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from education.models import Season
from matching.models import Wish
from matching.queries import published_offers
from matching.snapshot.market import read_market
from students.queries import complete
from topcentrum.demo.region.draws import gumbel, weighted

LENGTHS = {1: 3, 2: 6, 3: 20, 4: 27, 5: 24, 6: 13, 7: 4, 8: 2, 10: 1}
TIED = 0.12  # chance that a wish stands beside the one before it
FAME = 0.8  # exponent of the Zipf law
FIT = 8.0  # how much a perfect fit weighs against a popular name


@dataclass(frozen=True)
class Ranking:
    """What students of a season would take: per student every eligible offer, best first, and
    the tier of those that stand on the list."""

    taste: dict[int, list[int]]
    tiers: dict[tuple[int, int], int]


def rank(
    rng: random.Random,
    season: Season,
    *,
    today: date,
    favourites: Collection[int] = (),
    first_choice: Mapping[int, int] | None = None,
    lists: int | None = None,
) -> Ranking:
    """Store rankings of students whose profile is complete: of all who have something to choose
    from, or of as many as `lists` says.

    Only offers that the engine calls eligible are chosen from. `favourites` are the offers that
    everybody talks about; `first_choice` puts an offer on top of a student's list if it may.
    """
    availabilities = list(complete(season).select_related("student__postcode"))
    offers = list(published_offers(season))
    market = read_market(availabilities, offers, today=today)
    found = market.candidates(banned=set())
    eligible, scores = found.eligible.tolist(), found.score.tolist()
    fame = _fame(rng, market.offer_ids, favourites)
    first = first_choice or {}
    taste: dict[int, list[int]] = {}
    for row, student_id in enumerate(market.student_ids):
        liking = {
            offer_id: fame[offer_id] + FIT * scores[row][column] + gumbel(rng)
            for column, offer_id in enumerate(market.offer_ids)
            if eligible[row][column]
        }
        if first.get(student_id) in liking:
            liking[first[student_id]] = math.inf
        taste[student_id] = sorted(liking, key=liking.__getitem__, reverse=True)
    ready = sorted(
        (pk for pk, best in taste.items() if best), key=lambda pk: (pk not in first, rng.random())
    )
    wishes = [
        wish
        for pk in sorted(ready[:lists])
        for wish in _list(rng, pk, taste[pk], clear_first=pk in first)
    ]
    Wish.objects.bulk_create(wishes)
    return Ranking(taste, {(wish.student_id, wish.offer_id): wish.tier for wish in wishes})


def _fame(
    rng: random.Random, offer_ids: Collection[int], favourites: Collection[int]
) -> dict[int, float]:
    """What everybody talks about, as utility: the logarithm of a Zipf law over a drawn order."""
    order = sorted(offer_ids, key=lambda pk: (pk not in favourites, rng.random()))
    return {pk: -FAME * math.log(1 + place) for place, pk in enumerate(order)}


def _list(rng: random.Random, student_id: int, best: list[int], *, clear_first: bool) -> list[Wish]:
    """The best few as wishes; now and then two are equally good."""
    length = 4 if clear_first else weighted(rng, LENGTHS)
    wishes: list[Wish] = []
    tier = 0
    for offer_id in best[:length]:
        if not (wishes and rng.random() < TIED and not (clear_first and tier == 1)):
            tier += 1
        wishes.append(Wish(student_id=student_id, offer_id=offer_id, tier=tier))
    return wishes
