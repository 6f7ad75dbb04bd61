"""The outbox: one row per event, in the transaction of the caller, and one ring of the bell."""

import pytest
from django.db import connection, transaction

from notifications import outbox
from notifications.models import Letter
from notifications.outbox import DELIVER
from tests.factories.notifications import LetterFactory
from tests.notifications.threads import at_once


class _TrippedError(Exception):
    """Something went wrong after the letter was written."""


@transaction.atomic
def _put_and_trip(letter: Letter) -> None:
    outbox.put(letter)
    assert Letter.objects.count() == 1
    raise _TrippedError


@pytest.mark.django_db
def test_the_same_key_twice_is_one_letter(rung: list[str]) -> None:
    outbox.put(LetterFactory.build(key="offered:1:1", subject="Eerste"))
    outbox.put(LetterFactory.build(key="offered:1:1", subject="Tweede"))
    assert [letter.subject for letter in Letter.objects.all()] == ["Eerste"]


@pytest.mark.django_db
def test_another_generation_is_another_letter(rung: list[str]) -> None:
    for generation in (1, 2):
        outbox.put(LetterFactory.build(key=f"offered:1:{generation}"))
    assert Letter.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_time_is_one_letter(rung: list[str]) -> None:
    at_once(*[lambda: outbox.put(LetterFactory.build(key="offered:1:1"))] * 8)
    assert Letter.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_transaction_leaves_no_letter_and_rings_no_bell(rung: list[str]) -> None:
    with pytest.raises(_TrippedError):
        _put_and_trip(LetterFactory.build())
    assert not Letter.objects.exists()
    assert rung == []


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_once_per_transaction_and_after_the_commit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard: list[tuple[str, bool, int]] = []

    def ring(task: str) -> None:
        heard.append((task, connection.in_atomic_block, Letter.objects.count()))

    monkeypatch.setattr("notifications.bell._bell.ring", ring)
    for letters in (3, 2):
        with transaction.atomic():
            for _ in range(letters):
                with transaction.atomic():
                    outbox.put(LetterFactory.build())
            assert len(heard) == (0 if letters == 3 else 1)
    assert heard == [(DELIVER, False, 3), (DELIVER, False, 5)]


@pytest.mark.django_db(transaction=True)
def test_a_letter_outside_a_transaction_rings_at_once(rung: list[str]) -> None:
    outbox.put(LetterFactory.build())
    assert rung == [DELIVER]


@pytest.mark.django_db(transaction=True)
def test_the_bell_still_rings_when_a_savepoint_was_undone(rung: list[str]) -> None:
    with transaction.atomic():
        with pytest.raises(_TrippedError):
            _put_and_trip(LetterFactory.build(key="undone"))
        outbox.put(LetterFactory.build(key="kept"))
    assert [letter.key for letter in Letter.objects.all()] == ["kept"]
    assert rung == [DELIVER]
