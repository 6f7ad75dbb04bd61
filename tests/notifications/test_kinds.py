"""Every kind of letter has a name for lists."""

from pathlib import Path

from django.conf import settings

from notifications.reasons import KINDS, OTHER, kind_words

FOLDERS = {
    path.parent.name for path in (Path(settings.BASE_DIR) / "templates/letters").glob("*/body.txt")
}


def test_every_kind_of_letter_has_a_name_and_every_name_a_kind() -> None:
    assert set(KINDS) == FOLDERS


def test_names_differ_so_that_one_can_choose() -> None:
    words = [str(name) for name in KINDS.values()]
    assert len(set(words)) == len(words)


def test_letters_of_the_account_are_one_kind() -> None:
    assert kind_words("login_code") == kind_words("password_reset_key") == OTHER
