"""One domain in trouble does not keep the others waiting, and is spared itself."""

import time
from datetime import timedelta

import pytest
from django.core.mail import get_connection
from django.utils import timezone
from pytest_django import Settings

from notifications.delivery import claim, deliver_waiting, posting, postman, setbacks
from notifications.models import Letter, MailDomain
from tests.factories.notifications import LetterFactory
from tests.notifications.post_office import PostOffice

State = Letter.State
pytestmark = pytest.mark.django_db

DEAD = "dood.example"
SECONDS = 0.6  # that a slow domain takes per letter, in these tests


@pytest.fixture
def quick_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a test need not wait for half a second per moment."""
    monkeypatch.setattr(postman, "MOMENT", 0.05)


def letters_to(domain: str, number: int) -> list[Letter]:
    return [LetterFactory(to=f"lezer{n}@{domain}") for n in range(number)]


def states_of(domain: str) -> list[str]:
    return list(Letter.objects.filter(domain=domain).order_by("pk").values_list("state", flat=True))


def make_due() -> None:
    past = timezone.now() - timedelta(seconds=1)
    Letter.objects.filter(state__in=[State.RETRY, State.UNSURE]).update(next_attempt_at=past)


# --- in turn ---------------------------------------------------------------------------------


def test_domains_take_turns_however_many_letters_one_has() -> None:
    letters_to("groot.example", 40)
    letters_to("klein.example", 2)
    letters_to("midden.example", 3)
    domains = [letter.domain for letter in claim(limit=9)]
    assert sorted(domains[:3]) == ["groot.example", "klein.example", "midden.example"]
    assert sorted(domains[3:6]) == ["groot.example", "klein.example", "midden.example"]
    assert domains.count("groot.example") == 3


def test_the_oldest_letter_of_a_domain_goes_first() -> None:
    newer, older = letters_to("een.example", 2)
    Letter.objects.filter(pk=older.pk).update(next_attempt_at=timezone.now() - timedelta(minutes=1))
    assert [letter.pk for letter in claim()] == [older.pk, newer.pk]


def test_more_domains_than_a_batch_all_get_their_turn() -> None:
    for n in range(25):
        letters_to(f"domein{n}.example", 1)
    claimed = [letter.domain for _ in range(5) for letter in claim(limit=5)]
    assert len(claimed) == len(set(claimed)) == 25


def test_the_domain_of_an_address_is_in_small_letters_and_after_the_last_sign() -> None:
    LetterFactory(to='"een@twee"@Voorbeeld.EXAMPLE')
    assert Letter.objects.get().domain == "voorbeeld.example"


# --- a domain that refuses -------------------------------------------------------------------


@pytest.fixture
def refusing(post_office: PostOffice) -> PostOffice:
    """It says no, for now, to everybody at one domain."""
    post_office.refusals = {f"lezer{n}@{DEAD}": "451 Not now" for n in range(20)}
    return post_office


def test_a_domain_that_refuses_rests_after_a_few_letters(refusing: PostOffice) -> None:
    letters_to(DEAD, 10)
    letters_to("goed.example", 5)
    assert deliver_waiting() == 5
    tried = Letter.objects.filter(domain=DEAD, attempts=1).count()
    # Those that were in the bag already are tried; no further batch is.
    assert tried <= 10
    make_due()
    assert deliver_waiting() == 0
    assert Letter.objects.filter(domain=DEAD, attempts__gt=1).count() == 0, "it was not spared"


def test_rest_grows_with_every_refusal_in_a_row(refusing: PostOffice) -> None:
    letters_to(DEAD, 1)
    rests = []
    for _ in range(6):
        make_due()
        MailDomain.objects.update(until=None)
        deliver_waiting()
        until = MailDomain.objects.get().until
        rests.append((until - timezone.now()).total_seconds() if until else 0)
    assert rests[:2] == [0, 0], "two refusals may be two full mailboxes"
    assert 0 < rests[2] <= setbacks.FIRST_WAIT.total_seconds()
    assert rests[5] > rests[2]


def test_a_letter_that_arrives_ends_the_rest(refusing: PostOffice) -> None:
    letters_to(DEAD, 4)
    deliver_waiting()
    refusing.refusals = {}
    make_due()
    MailDomain.objects.update(until=None)
    assert deliver_waiting() == 4
    assert not MailDomain.objects.exists()


def test_what_waited_two_days_for_a_dead_domain_has_failed(refusing: PostOffice) -> None:
    letters_to(DEAD, 4)
    long_ago = timezone.now() - setbacks.GIVE_UP_AFTER - timedelta(hours=1)
    old = Letter.objects.filter(to__in=[f"lezer{n}@{DEAD}" for n in (0, 1)])
    old.update(created_at=long_ago)
    later = timezone.now() + timedelta(hours=1)
    Letter.objects.exclude(to=f"lezer3@{DEAD}").update(next_attempt_at=later)
    MailDomain.objects.create(name=DEAD, failures=9, since=long_ago)
    deliver_waiting()
    assert states_of(DEAD) == [State.FAILED, State.FAILED, State.QUEUED, State.RETRY]


# --- a domain that is slow or hangs ----------------------------------------------------------


def seconds_of_delivery() -> tuple[float, int]:
    began = time.monotonic()
    sent = deliver_waiting()
    return time.monotonic() - began, sent


def last_arrival(office: PostOffice, domain: str) -> int:
    """How many letters to others had arrived when the last one to this domain did."""
    arrived = [str(letter["To"]).rpartition("@")[2] for letter in office.arrived]
    return max(i for i, found in enumerate(arrived) if found == domain)


@pytest.mark.usefixtures("quick_steps")
def test_a_slow_domain_does_not_keep_the_others_waiting(post_office: PostOffice) -> None:
    post_office.slow = {DEAD: SECONDS}
    letters_to(DEAD, 3)
    letters_to("goed.example", 40)
    seconds, sent = seconds_of_delivery()
    assert sent == 43
    assert last_arrival(post_office, "goed.example") <= 41, "the slow ones went first"
    assert seconds >= 3 * SECONDS, "a slow domain got more than one letter at a time"
    assert MailDomain.objects.get().slow


@pytest.mark.usefixtures("quick_steps")
def test_a_domain_that_hangs_does_not_keep_the_others_waiting(
    post_office: PostOffice, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.4
    post_office.slow = {DEAD: 3}
    letters_to(DEAD, 2)
    letters_to("goed.example", 20)
    assert deliver_waiting() == 20
    assert set(states_of(DEAD)) == {State.RETRY}
    assert set(states_of("goed.example")) == {State.SENT}


def test_the_naive_control_waits_for_every_slow_letter(post_office: PostOffice) -> None:
    """One queue, first come first served."""
    post_office.slow = {DEAD: 0.2}
    letters = [*letters_to(DEAD, 3), *letters_to("goed.example", 5)]
    post = get_connection()
    began = time.monotonic()
    post.send_messages([posting._message(letter) for letter in letters])
    assert time.monotonic() - began >= 3 * 0.2
    assert last_arrival(post_office, DEAD) == 2, "the others were not kept waiting"


@pytest.mark.usefixtures("quick_steps")
def test_a_domain_that_is_quick_again_is_not_held_back_any_more(post_office: PostOffice) -> None:
    MailDomain.objects.create(name="goed.example", slow=True)
    letters_to("goed.example", 3)
    assert deliver_waiting() == 3
    assert not MailDomain.objects.exists()


def test_a_slow_domain_has_one_letter_on_its_way_over_all_workers() -> None:
    MailDomain.objects.create(name=DEAD, slow=True)
    letters_to(DEAD, 3)
    letters_to("goed.example", 1)
    assert len([one for one in claim() if one.domain == DEAD]) == 1
    assert claim() == []
