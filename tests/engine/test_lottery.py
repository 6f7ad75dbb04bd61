"""The lottery: nobody can shop for a draw, and nobody else's arrival changes yours."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.engine import ProblemError, commitment, lottery_numbers
from matching.engine.lottery import distinct_numbers, pair_draws, place_numbers
from tests.engine.instances import few
from tests.engine.oracle import pair_draw

SECRET = b"a secret of the season, of which the commitment is published"

ids_strategy = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1), unique=True, max_size=30
)


@pytest.mark.parametrize(
    ("secret", "ids", "message"),
    [
        (b"", ["a"], "the secret is empty"),
        (SECRET, ["a", ""], "row 1 holds ''"),
        (SECRET, ["a", "b", "a"], "rows 0 and 2 both hold 'a'"),
        (SECRET, ["\udfff"], "row 0 holds"),
    ],
)
def test_bad_input_is_refused(secret: bytes, ids: list[str], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        lottery_numbers(secret, ids)


def test_a_short_secret_has_no_commitment() -> None:
    with pytest.raises(ProblemError, match="a secret of 15 bytes, at least 16 expected"):
        commitment(b"x" * 15)
    assert commitment(b"x" * 16) == hashlib.sha256(b"x" * 16).hexdigest()


def test_a_number_is_the_head_of_the_hmac() -> None:
    head = hmac.new(SECRET, "Zoë".encode(), hashlib.sha256).digest()[:8]
    assert lottery_numbers(SECRET, ["Zoë"]).tolist() == [int.from_bytes(head, "big")]


@few
@given(ids_strategy, st.randoms(use_true_random=False))
def test_order_and_company_play_no_part(ids: list[str], random: object) -> None:
    numbers = dict(zip(ids, lottery_numbers(SECRET, ids).tolist(), strict=True))
    shuffled = sorted(ids, key=lambda one: hash((one, str(random))))
    again = dict(zip(shuffled, lottery_numbers(SECRET, shuffled).tolist(), strict=True))
    fewer = ids[: len(ids) // 2]
    assert again == numbers
    assert lottery_numbers(SECRET, fewer).tolist() == [numbers[one] for one in fewer]


def test_another_secret_draws_anew() -> None:
    ids = [f"s{i}" for i in range(50)]
    mine, other = lottery_numbers(SECRET, ids), lottery_numbers(SECRET + b".", ids)
    assert np.argsort(mine).tolist() != np.argsort(other).tolist()


def test_the_draw_favours_no_end_of_the_list() -> None:
    ids = [f"student-{i}" for i in range(2000)]
    position = np.argsort(np.argsort(lottery_numbers(SECRET, ids)))
    # 1000 of 2000 drawn without replacement: mean 999.5, standard deviation about 13.
    assert abs(position[:1000].mean() - 999.5) < 5 * 13


@pytest.mark.parametrize("head", [b"\x00" * 8, b"\x7f" * 8, b"\xff" * 8])
def test_equal_heads_are_ordered_by_the_whole_digest(head: bytes) -> None:
    digests = [head + bytes([tail]) * 24 for tail in (3, 1, 2)]
    numbers = distinct_numbers(digests)
    assert np.argsort(numbers).tolist() == [1, 2, 0]
    assert len(set(numbers.tolist())) == 3


def test_moving_apart_keeps_the_order_where_it_gets_crowded() -> None:
    top, below = b"\xff" * 8, b"\xff" * 7 + b"\xfe"
    digests = [top + b"a", below + b"a", below + b"b", top + b"b", b"\x00" * 9]
    numbers = distinct_numbers(digests).tolist()
    assert sorted(range(5), key=lambda row: numbers[row]) == [4, 1, 2, 0, 3]
    assert len(set(numbers)) == 5


@few
@given(st.integers(0, 2**64 - 1), ids_strategy)
def test_pair_draws_agree_with_whole_numbers_and_never_tie(lottery: int, ids: list[str]) -> None:
    numbers = place_numbers(ids)
    draws = pair_draws(np.full(len(ids), lottery, np.uint64), numbers).tolist()
    assert draws == [pair_draw(lottery, one) for one in ids]
    assert len(set(draws)) == len(ids)
