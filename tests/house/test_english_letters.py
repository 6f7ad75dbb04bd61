"""In English nothing is left in Dutch, in any letter."""

import re
from typing import Any

import pytest
from django.utils import translation

from accounts.models import User
from notifications.models import Letter
from students.models import Student
from tests.house.english import Reader, dutch_in
from tests.house.test_letters import Scene, letters_of

LINK = re.compile(r"https?://\S+")
BY_HAND = re.compile(r"^(?:- )?(?:wat .* doet|wie begeleidt)$", re.MULTILINE)

pytestmark = pytest.mark.django_db


def english_letters(**scene: Any) -> list[Letter]:
    """Every letter in every branch, about somebody who wrote no Dutch."""
    built = Scene(**scene).build()
    Student.objects.update(learning_goal="Sales")
    User.objects.update(language="en")
    return letters_of(built)


@pytest.mark.parametrize("scene", [{}, {"project": True}, {"mbo": False}], ids=str)
def test_no_letter_has_dutch_left_in_it(scene: dict[str, bool]) -> None:
    letters = english_letters(**scene)
    assert len({letter.kind for letter in letters}) > 15
    for letter in letters:
        if letter.user is None or not letter.user.language:
            continue  # whoever is invited, and never came in, is written to in Dutch
        assert letter.language == "en", letter.kind
        assert '<html lang="en">' in letter.html
        said = [letter.subject, letter.text, *Reader(letter.html).words]
        # What a coordinator wrote stays as it was written.
        assert dutch_in([BY_HAND.sub("", one) for one in said]) == []


@pytest.mark.parametrize("reads", ["nl", "en"])
def test_a_letter_is_in_the_language_of_its_reader_whoever_makes_it_leave(reads: str) -> None:
    scene = Scene().build()
    User.objects.update(language=reads)
    written = {}
    for active in ("nl", "en"):
        with translation.override(active):
            found = letters_of(scene)
        # A link that is good for one purpose is signed anew each time.
        written[active] = [(one.kind, one.subject, LINK.sub("", one.text)) for one in found]
    assert written["nl"] == written["en"]
