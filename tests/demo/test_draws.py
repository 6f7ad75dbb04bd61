"""Drawing by lot."""

import statistics

import pytest

from topcentrum.demo.region.crowd import plain
from topcentrum.demo.region.draws import apportion, dealt, lognormal, lots


def test_parts_add_up_and_the_largest_remainders_get_what_is_left() -> None:
    assert apportion(10, {"a": 0.5, "b": 0.26, "c": 0.24}) == {"a": 5, "b": 3, "c": 2}
    assert apportion(420, {"a": 0.34, "b": 0.28, "c": 0.14, "d": 0.16, "e": 0.08}) == {
        "a": 143,
        "b": 117,
        "c": 59,
        "d": 67,
        "e": 34,
    }


@pytest.mark.parametrize("total", [0, 1, 7, 64, 1000])
def test_parts_add_up_whatever_the_shares(total: int) -> None:
    parts = apportion(total, {"a": 1, "b": 1, "c": 1, "d": 0.001})
    assert sum(parts.values()) == total
    assert min(parts.values()) >= 0


def test_dealt_gives_each_as_often_as_asked() -> None:
    hand = dealt(lots(1), {"a": 3, "b": 1, "c": 0})
    assert sorted(hand) == ["a", "a", "a", "b"]


def test_lognormal_keeps_its_median_and_its_ninetieth_percentile() -> None:
    rng = lots(1)
    drawn = [lognormal(rng, 12, 28) for _ in range(20_000)]
    cuts = statistics.quantiles(drawn, n=10)
    assert cuts[4] == pytest.approx(12, rel=0.05)
    assert cuts[8] == pytest.approx(28, rel=0.05)


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("de Vries", "devries"),
        ("van 't Hof", "vanthof"),
        ("Yılmaz", "yilmaz"),
        ("Şahin", "sahin"),
        ("Wójcik", "wojcik"),
        ("Zając", "zajac"),
        ("Zoë", "zoe"),
        ("Pootje & Co", "pootjeco"),
    ],
)
def test_addresses_hold_plain_letters_only(name: str, address: str) -> None:
    assert plain(name) == address
