"""Drawing by lot, so that an equal seed gives an equal region."""

import math
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")

_Z90 = 1.2816  # the normal distribution has 90 % below this many deviations


def lots(seed: int) -> random.Random:
    """The one source of chance for a region."""
    return random.Random(seed)  # noqa: S311 - an invented region has no secrets


def apportion(total: int, shares: Mapping[T, float]) -> dict[T, int]:
    """Divide `total` in proportion to `shares`; what is left goes to the largest remainders.

    The parts add up to `total` exactly.
    """
    whole = sum(shares.values())
    exact = {key: total * share / whole for key, share in shares.items()}
    parts = {key: math.floor(value) for key, value in exact.items()}
    by_remainder = sorted(exact, key=lambda key: parts[key] - exact[key])
    for key in by_remainder[: total - sum(parts.values())]:
        parts[key] += 1
    return parts


def weighted(rng: random.Random, shares: Mapping[T, float]) -> T:
    """One key, drawn in proportion to its share."""
    return rng.choices(list(shares), weights=list(shares.values()))[0]


def dealt(rng: random.Random, counts: Mapping[T, int]) -> list[T]:
    """Every key as often as its count says, in a drawn order."""
    hand = [key for key, count in counts.items() for _ in range(count)]
    rng.shuffle(hand)
    return hand


def some(rng: random.Random, items: Sequence[T], least: int, most: int) -> list[T]:
    """From `least` to `most` different items, never more than there are."""
    return rng.sample(items, min(len(items), rng.randint(least, most)))


def lognormal(rng: random.Random, median: float, p90: float) -> float:
    """A positive number of which half lie under `median` and 90 % under `p90`."""
    return rng.lognormvariate(math.log(median), math.log(p90 / median) / _Z90)


def gumbel(rng: random.Random) -> float:
    """Noise for taste: adding it to utilities makes the best of them a weighted draw."""
    return -math.log(-math.log(rng.random() or 0.5))
