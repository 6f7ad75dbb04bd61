"""The lottery: one number per student, drawn once for a whole season.

Where two students have an equal claim to the last seat, a draw decides. For the draw to be fair
nobody may be able to shop for a convenient one, so it is no random generator with a seed that
somebody picks: each number follows from a season's secret and the student's id alone.

* When the season opens, the `commitment` to the secret is published; when it ends, the secret.
  Then anyone can check that the numbers were those of the beginning.
* Every round and every scenario of the season uses the same numbers.
* A student who joins or leaves changes nobody else's number.

HMAC-SHA256: RFC 2104 and FIPS 198-1. Single lottery for all places (rather than one per place):
Abdulkadiroğlu, Pathak and Roth (2009), "Strategy-proofness versus efficiency in matching with
indifferences", American Economic Review 99(5).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import numpy as np

from matching.engine.arrays import ProblemError, UInt64, require_ids

_LARGEST = 2**64 - 1
# The step of SplitMix64: odd, so that its multiples run through all 64-bit numbers.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def lottery_numbers(secret: bytes, ids: Sequence[str]) -> UInt64:
    """The lottery number of each id: uint64 (n), all different, lower is better.

    A number is the first 8 bytes (big-endian) of HMAC-SHA256(secret, id in UTF-8). Should two
    agree in these, the whole digests decide who goes first. The order of ``ids`` plays no part.

    Raises ProblemError for an empty secret, an empty id, or an id that stands twice.
    """
    if not secret:
        raise ProblemError("lottery: the secret is empty")
    require_ids("lottery", "ids", ids, len(ids))
    return distinct_numbers([hmac.digest(secret, one.encode(), "sha256") for one in ids])


def commitment(secret: bytes) -> str:
    """What is published when the season opens: SHA-256 of the secret, in hexadecimal.

    Raises ProblemError for a secret under 16 bytes: a short one could be found by trying.
    """
    if len(secret) < 16:
        raise ProblemError(f"lottery: a secret of {len(secret)} bytes, at least 16 expected")
    return hashlib.sha256(secret).hexdigest()


def place_numbers(ids: Sequence[str]) -> UInt64:
    """A public number per place, uint64 (m), all different: the first 8 bytes of SHA-256(id).

    It gives a place an identity that does not depend on where it stands in the input.

    Raises ProblemError for an empty id, or one that stands twice.
    """
    require_ids("places", "ids", ids, len(ids))
    return distinct_numbers([hashlib.sha256(one.encode()).digest() for one in ids])


def index_numbers(seed: int, count: int) -> UInt64:
    """A number for each index where there are no ids: uint64 (count), all different.

    SplitMix64 over seed and index: each step can be undone, so no two indices share a number.
    """
    start = int.from_bytes(hashlib.sha256(f"seed {seed}".encode()).digest()[:8], "big")
    return _mixed(np.arange(count, dtype=np.uint64) * _GOLDEN + np.uint64(start))


def pair_draws(student_number: UInt64, place_number: UInt64) -> UInt64:
    """A draw for each pair, uint64 (same shape): which of equally liked places comes first.

    Each student gets an order of places of their own. For one student the draws of different
    places differ, because every step of the mixing can be undone. The mixing is the finaliser of
    SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
    """
    return _mixed(student_number ^ place_number)


def _mixed(number: UInt64) -> UInt64:
    mixed = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)


def distinct_numbers(digests: Sequence[bytes]) -> UInt64:
    """The first 8 bytes of each digest as a number, moved apart where two agree: uint64 (n).

    The numbers stand in the same order as the digests, of which no two are equal.
    """
    order = sorted(range(len(digests)), key=lambda row: digests[row])
    numbers = [int.from_bytes(digests[row][:8], "big") for row in order]
    for k in range(1, len(order)):
        numbers[k] = max(numbers[k], numbers[k - 1] + 1)
    # At the very top there may be no room to move up: make it from above.
    room = _LARGEST
    for k in range(len(order) - 1, -1, -1):
        if numbers[k] <= room:
            break
        numbers[k] = room
        room -= 1
    result = np.empty(len(digests), dtype=np.uint64)
    result[order] = np.array(numbers, dtype=np.uint64)
    return result
