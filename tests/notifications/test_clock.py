"""Waiting and leases follow the database's clock, which these tests put where they want it: nights
in which summer time begins or ends, the day that is not in every year, and a clock that jumps."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from notifications.delivery import LEASE, claim, deliver_waiting, leasing
from notifications.delivery.setbacks import FIRST_WAIT, GIVE_UP_AFTER
from notifications.models import Letter
from tests.factories.notifications import LetterFactory
from tests.notifications.post_office import PostOffice

State = Letter.State
pytestmark = pytest.mark.django_db

SetClock = Callable[[datetime], None]
HOUR = timedelta(hours=1)

NIGHTS = {
    "summer time begins": datetime(2027, 3, 28, 0, 59, 55, tzinfo=UTC),
    "summer time ends": datetime(2027, 10, 31, 0, 59, 55, tzinfo=UTC),
    "29 February": datetime(2028, 2, 28, 23, 59, 55, tzinfo=UTC),
    "new year": datetime(2026, 12, 31, 22, 59, 55, tzinfo=UTC),
}

OWN_CLOCK = """
CREATE SCHEMA own_clock;
CREATE FUNCTION own_clock.statement_timestamp() RETURNS timestamptz STABLE LANGUAGE sql
    AS $$ SELECT current_setting('tests.now')::timestamptz $$;
SET LOCAL search_path = own_clock, pg_catalog, public;
"""


@pytest.fixture
def set_clock(db: None) -> SetClock:
    """Puts the database's clock where it is wanted, as all of our SQL reads it."""

    def put(at: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('tests.now', %s, true)", [at.isoformat()])

    put(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(OWN_CLOCK)
    return put


@pytest.fixture
def full(post_office: PostOffice) -> PostOffice:
    """A post office where one mailbox is full."""
    post_office.refusals = {"vol@voorbeeld.example": "452 Mailbox full, try later"}
    return post_office


def letter_at(moment: datetime) -> Letter:
    letter: Letter = LetterFactory(
        to="vol@voorbeeld.example", next_attempt_at=moment - timedelta(seconds=1)
    )
    return letter


@pytest.mark.parametrize("night", NIGHTS)
def test_a_wait_is_as_long_in_every_night(
    night: str, set_clock: SetClock, full: PostOffice
) -> None:
    began = NIGHTS[night]
    set_clock(began)
    letter_at(began)
    deliver_waiting()
    waits = Letter.objects.get()
    assert waits.state == State.RETRY
    assert waits.next_attempt_at is not None
    assert FIRST_WAIT / 2 <= waits.next_attempt_at - began <= FIRST_WAIT

    full.refusals = {}
    set_clock(waits.next_attempt_at - timedelta(seconds=1))
    assert deliver_waiting() == 0, "too early"
    set_clock(waits.next_attempt_at + timedelta(seconds=1))
    assert deliver_waiting() == 1


@pytest.mark.parametrize("night", NIGHTS)
def test_two_days_are_48_hours_in_every_night(
    night: str, set_clock: SetClock, full: PostOffice
) -> None:
    """The clock on the wall says 47 or 49 of them."""
    first = NIGHTS[night] - timedelta(hours=24)
    for passed, state in ((47.9, State.RETRY), (48.1, State.FAILED)):
        now = first + timedelta(hours=passed)
        set_clock(now)
        letter = letter_at(now)
        Letter.objects.filter(pk=letter.pk).update(trying_since=first)
        deliver_waiting()
        assert Letter.objects.get(pk=letter.pk).state == state
    assert timedelta(hours=48) == GIVE_UP_AFTER


def test_a_clock_that_jumps_ahead_ends_leases_early_and_nothing_is_written_twice(
    set_clock: SetClock, post_office: PostOffice
) -> None:
    now = timezone.now()
    set_clock(now)
    letter_at(now)
    [mine] = claim()
    set_clock(now + HOUR)
    [taken] = claim()
    assert taken.pk == mine.pk
    assert not leasing.keep(mine), "whoever lost the lease would send all the same"
    assert not leasing.record(mine, state=State.RETRY)
    assert leasing.keep(taken)


def test_a_clock_that_is_put_back_leaves_no_letter_behind(
    set_clock: SetClock, post_office: PostOffice
) -> None:
    """A lease that would last an hour is none: its worker is gone, or will notice."""
    now = timezone.now()
    set_clock(now)
    letter_at(now - 2 * HOUR)
    assert len(claim()) == 1
    set_clock(now - HOUR)
    assert deliver_waiting() == 1


def test_a_lease_is_respected_while_the_clock_goes_as_it_should(set_clock: SetClock) -> None:
    now = timezone.now()
    set_clock(now)
    letter_at(now)
    assert len(claim()) == 1
    set_clock(now + LEASE - timedelta(seconds=1))
    assert claim() == []
