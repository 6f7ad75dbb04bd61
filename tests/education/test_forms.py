"""Words that people write themselves."""

import pytest
from django import forms

from education.forms import LinesField, tidy

NOTHING = [
    "",
    "  ",
    "\u200b",
    "\u200b\u2060\ufeff",
    "\r\n\u200d\r\n",
    "\x01\x1f",
    "\u3164",
    "\u2800 ",
]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Een zin.", "Een zin."),
        ("Een\r\ntwee\rdrie\u2028vier\x0bvijf", "Een\ntwee\ndrie\nvier\nvijf"),
        ("  Een  \r\n\r\n\r\n\r\ntwee \n", "Een\n\ntwee"),
        ("a\u200bb\u202ec\x1bd", "abcd"),
        ("a\tb", "a b"),
        ("O'Brien-van 't Hóóft 🛒", "O'Brien-van 't Hóóft 🛒"),
        ("a\x00b", "a\x00b"),
        *((nothing, "") for nothing in NOTHING),
    ],
)
def test_what_cannot_be_seen_is_not_kept(written: str, kept: str) -> None:
    assert tidy(written) == kept
    assert tidy(kept) == kept


@pytest.mark.parametrize("nothing", NOTHING)
def test_nothing_by_another_name_is_no_answer(nothing: str) -> None:
    with pytest.raises(forms.ValidationError):
        LinesField().clean(nothing)
    assert LinesField(required=False).clean(nothing) == ""


def test_line_ends_count_as_the_browser_counts_them() -> None:
    assert LinesField(max_length=3).clean("a\r\nb") == "a\nb"


def test_a_nul_is_refused_and_not_dropped() -> None:
    with pytest.raises(forms.ValidationError):
        LinesField().clean("a\x00b")
