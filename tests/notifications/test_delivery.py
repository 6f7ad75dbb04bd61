"""Delivery over real SMTP from a real outbox: what is sent, what waits, what has failed."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from notifications.delivery import deliver_waiting, leasing, message_id, postman, setbacks
from notifications.delivery.setbacks import FIRST_WAIT, GIVE_UP_AFTER, LONGEST_WAIT, waiting_time
from notifications.models import Letter
from tests.factories.notifications import LetterFactory
from tests.notifications.post_office import PostOffice

State = Letter.State
pytestmark = pytest.mark.django_db


def fresh(letter: Letter) -> Letter:
    return Letter.objects.get(pk=letter.pk)


def make_due(**wanted: object) -> None:
    """The waiting time of these letters is over."""
    Letter.objects.filter(**wanted).update(next_attempt_at=Now())


def is_later(letter: Letter, *, than: timedelta = timedelta(seconds=5)) -> bool:
    assert letter.next_attempt_at is not None
    return letter.next_attempt_at > timezone.now() + than


def part(letter: EmailMessage, kind: str) -> str:
    found = letter.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_a_letter_arrives_once_in_both_parts(post_office: PostOffice) -> None:
    letter = LetterFactory(
        to="anouk@voorbeeld.example",
        reply_to="els@voorbeeld.example",
        subject="Voorstel: café “’t Hóóft” < & >",
        text="Dag O'Brien,\n\n1 < 2 & “ja”.\n",
        html="<p>Dag O&#x27;Brien,</p><p>1 &lt; 2 &amp; “ja”.</p>",
    )
    assert deliver_waiting() == 1
    assert deliver_waiting() == 0
    [arrived] = post_office.arrived
    assert arrived["To"] == "anouk@voorbeeld.example"
    assert arrived["Reply-To"] == "els@voorbeeld.example"
    assert arrived["From"] == "Topcentrum <post@topcentrum.example>"
    assert arrived["Subject"] == letter.subject
    assert arrived["Message-ID"] == message_id(letter)
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived.get_content_type() == "multipart/alternative"
    assert [p.get_content_type() for p in arrived.iter_parts()] == ["text/plain", "text/html"]
    assert part(arrived, "plain").splitlines() == letter.text.splitlines()
    assert part(arrived, "html").strip() == letter.html
    sent = fresh(letter)
    assert (sent.state, sent.attempts, sent.trouble) == (State.SENT, 1, "")
    assert sent.sent_at is not None
    assert sent.lease_token is None


def test_a_letter_without_html_or_reply_address_has_neither(post_office: PostOffice) -> None:
    LetterFactory(html="", reply_to="")
    deliver_waiting()
    [arrived] = post_office.arrived
    assert arrived.get_content_type() == "text/plain"
    assert arrived["Reply-To"] is None


def test_the_message_id_follows_from_the_event_alone() -> None:
    one = message_id(LetterFactory(key="offered:1:1"))
    same = message_id(LetterFactory.build(key="offered:1:1", subject="Anders", to="a@b.example"))
    other = message_id(LetterFactory(key="offered:1:2"))
    assert one == same != other
    assert one.startswith("<")
    assert one.endswith("@topcentrum.example>")


def test_letters_of_one_run_share_a_connection(post_office: PostOffice) -> None:
    LetterFactory.create_batch(5)
    assert deliver_waiting() == 5
    assert post_office.connections == 1


def test_more_letters_than_a_batch_all_leave(
    post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing.claim, "__defaults__", (2,))
    letters = LetterFactory.create_batch(5)
    assert deliver_waiting() == 5
    assert post_office.message_ids() == [message_id(letter) for letter in letters]


def test_a_letter_that_is_not_due_waits(post_office: PostOffice) -> None:
    LetterFactory(next_attempt_at=timezone.now() + timedelta(minutes=1))
    LetterFactory(state=State.FAILED)
    LetterFactory(state=State.SENT, sent_at=timezone.now())
    assert deliver_waiting() == 0
    assert post_office.arrived == []


# --- Trouble with a letter -------------------------------------------------------------------


def test_a_temporary_refusal_is_tried_again_later(post_office: PostOffice) -> None:
    slow = LetterFactory(to="vol@voorbeeld.example")
    other = LetterFactory()
    post_office.refusals = {"vol@voorbeeld.example": "452 Mailbox full, try later"}
    assert deliver_waiting() == 1
    waits = fresh(slow)
    assert waits.state == State.RETRY
    assert waits.attempts == 1
    assert "452" in waits.trouble
    assert is_later(waits)
    assert waits.lease_token is None
    assert fresh(other).state == State.SENT, "one letter's trouble kept another waiting"
    assert deliver_waiting() == 0, "it was tried again before its time"

    post_office.refusals = {}
    make_due(pk=slow.pk)
    assert deliver_waiting() == 1
    sent = fresh(slow)
    assert (sent.state, sent.attempts, sent.trouble) == (State.SENT, 2, "")
    assert post_office.message_ids()[-1] == message_id(slow)


def test_a_temporary_refusal_after_the_letter_is_tried_again(post_office: PostOffice) -> None:
    letter = LetterFactory()
    post_office.answer = "451 Local error"
    deliver_waiting()
    assert fresh(letter).state == State.RETRY
    assert is_later(fresh(letter))


@pytest.mark.parametrize("where", ["address", "letter"])
def test_a_permanent_refusal_is_not_tried_again(post_office: PostOffice, where: str) -> None:
    letter = LetterFactory(to="weg@voorbeeld.example")
    if where == "address":
        post_office.refusals = {"weg@voorbeeld.example": "550 No such user"}
    else:
        post_office.answer = "554 Refused as spam"
    assert deliver_waiting() == 0
    failed = fresh(letter)
    assert failed.state == State.FAILED
    assert failed.trouble[:40].startswith("SMTP")
    post_office.refusals, post_office.answer = {}, "250 OK"
    make_due(pk=letter.pk)
    assert deliver_waiting() == 0
    assert post_office.arrived == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [({"subject": "Hallo\r\nBcc: iedereen@voorbeeld.example"}, "BadHeaderError"), ({"to": ""}, "")],
    ids=["line break in the subject", "no address"],
)
def test_a_letter_that_cannot_be_written_down_fails_alone(
    post_office: PostOffice, wrong: dict[str, str], why: str
) -> None:
    letter = LetterFactory(**wrong)
    LetterFactory()
    assert deliver_waiting() == 1
    assert fresh(letter).state == State.FAILED
    assert why in fresh(letter).trouble
    assert len(post_office.arrived) == 1


def test_a_letter_with_a_surprise_does_not_keep_the_others_waiting(
    post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = LetterFactory.create_batch(3)
    write = EmailMultiAlternatives.message

    def stumble(self: EmailMultiAlternatives, **options: Any) -> object:
        if self.to == [letters[0].to]:
            raise LookupError("nobody thought of this")
        return write(self, **options)

    monkeypatch.setattr(EmailMultiAlternatives, "message", stumble)
    assert deliver_waiting() == 2
    assert fresh(letters[0]).state == State.RETRY
    assert "nobody thought of this" in fresh(letters[0]).trouble


def test_a_letter_in_doubt_is_sent_again_with_the_same_id(post_office: PostOffice) -> None:
    letter = LetterFactory()
    post_office.hangs_up = True
    assert deliver_waiting() == 0
    doubtful = fresh(letter)
    assert (doubtful.state, doubtful.doubts) == (State.UNSURE, 1)
    assert is_later(doubtful)
    post_office.hangs_up = False
    make_due()
    assert deliver_waiting() == 1
    assert post_office.message_ids() == [message_id(letter)] * 2
    assert fresh(letter).state == State.SENT


def test_a_letter_in_doubt_is_not_repeated_without_end(post_office: PostOffice) -> None:
    letter = LetterFactory()
    post_office.hangs_up = True
    for _ in range(setbacks.MOST_DOUBTS + 2):
        make_due(state=State.UNSURE, next_attempt_at__isnull=False)
        deliver_waiting()
    assert post_office.message_ids() == [message_id(letter)] * setbacks.MOST_DOUBTS
    at_rest = fresh(letter)
    assert (at_rest.state, at_rest.next_attempt_at) == (State.UNSURE, None)


@pytest.mark.parametrize("moment", ["MAIL", "RCPT"])
def test_a_connection_that_breaks_before_the_letter_leaves_no_doubt(
    post_office: PostOffice, moment: str
) -> None:
    letter = LetterFactory()
    post_office.breaks_at = moment
    assert deliver_waiting() == 0
    assert (fresh(letter).state, fresh(letter).doubts) == (State.RETRY, 0)


@pytest.mark.parametrize("moment", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_closes_says_nothing_about_letters(
    post_office: PostOffice, moment: str
) -> None:
    """421: the first letter has tried, the others have not."""
    letters = LetterFactory.create_batch(4)
    post_office.closes_at = moment
    assert deliver_waiting() == 0
    assert {fresh(letter).state for letter in letters} == {State.RETRY}
    assert [fresh(letter).attempts for letter in letters] == [1, 1, 0, 0]
    post_office.closes_at = ""
    make_due()
    assert deliver_waiting() == 4


def test_waiting_grows_with_jitter_and_is_bounded() -> None:
    for attempts in range(1, 200):
        drawn = [waiting_time(attempts) for _ in range(20)]
        full = min(FIRST_WAIT * 2 ** min(attempts - 1, 30), LONGEST_WAIT)
        assert all(full / 2 <= wait <= full for wait in drawn)
        assert len(set(drawn)) > 1, "letters that failed together come back together"
    assert waiting_time(32_767) <= LONGEST_WAIT


@pytest.mark.parametrize(
    ("hours", "state"), [(47, State.RETRY), (49, State.FAILED)], ids=["before", "after"]
)
def test_two_days_after_its_first_refusal_a_letter_has_failed(
    post_office: PostOffice, hours: int, state: str
) -> None:
    letter = LetterFactory(
        to="vol@voorbeeld.example", trying_since=timezone.now() - timedelta(hours=hours)
    )
    post_office.refusals = {"vol@voorbeeld.example": "452 Mailbox full, try later"}
    deliver_waiting()
    assert fresh(letter).state == state


def test_a_letter_that_could_not_leave_for_days_gets_its_two_days(post_office: PostOffice) -> None:
    """The mail server was away all that time; a first refusal now is only the first."""
    letter = LetterFactory(to="vol@voorbeeld.example")
    Letter.objects.update(created_at=timezone.now() - 2 * GIVE_UP_AFTER)
    post_office.refusals = {"vol@voorbeeld.example": "451 Greylisted, try later"}
    deliver_waiting()
    assert fresh(letter).state == State.RETRY


# --- Trouble with the server -----------------------------------------------------------------


def test_while_the_server_is_away_nothing_is_lost(post_office: PostOffice) -> None:
    letters = LetterFactory.create_batch(5)
    post_office.close()
    assert deliver_waiting() == 0
    for letter in map(fresh, letters):
        assert letter.state == State.RETRY
        assert "ConnectionRefused" in letter.trouble
        assert is_later(letter)
        assert letter.lease_token is None

    post_office.open()
    assert deliver_waiting() == 0
    make_due()
    assert deliver_waiting() == 5
    assert sorted(post_office.message_ids()) == sorted(map(message_id, letters))


def test_a_long_absence_costs_no_letter_its_attempts(post_office: PostOffice) -> None:
    """So that all leave soon after the server is back, also those that are days old."""
    letter = LetterFactory()
    Letter.objects.update(created_at=timezone.now() - timedelta(hours=60))
    post_office.close()
    for _ in range(20):
        make_due()
        deliver_waiting()
    assert fresh(letter).state == State.RETRY
    assert fresh(letter).attempts == 0
    assert not is_later(fresh(letter), than=FIRST_WAIT)


def test_a_wrong_password_fails_no_letter(post_office: PostOffice, settings: Settings) -> None:
    """The server answers 535 to us; no letter can help that."""
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "portaal", "oud-wachtwoord"
    post_office.demands_password = True
    letters = LetterFactory.create_batch(3)
    assert deliver_waiting() == 0
    assert {fresh(letter).state for letter in letters} == {State.RETRY}
    assert "535" in fresh(letters[0]).trouble

    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    post_office.demands_password = False
    make_due()
    assert deliver_waiting() == 3


@pytest.fixture
def mute_server(settings: Settings) -> Iterator[None]:
    """A server that lets everybody connect and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as line:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = line.getsockname()
        settings.EMAIL_TIMEOUT = 0.2
        yield


@pytest.mark.usefixtures("mute_server")
def test_a_server_that_hangs_is_waited_for_once_not_once_per_letter() -> None:
    letters = LetterFactory.create_batch(20)
    began = timezone.now()
    assert deliver_waiting() == 0
    assert timezone.now() - began < timedelta(seconds=2), "each letter waited for the server"
    assert {fresh(letter).state for letter in letters} == {State.RETRY}


def test_a_connection_that_breaks_twice_in_a_row_ends_the_run(post_office: PostOffice) -> None:
    letters = LetterFactory.create_batch(6)
    post_office.breaks_at = "RCPT"
    assert deliver_waiting() == 0
    assert [fresh(letter).attempts for letter in letters] == [1, 1, 0, 0, 0, 0]
    assert {fresh(letter).state for letter in letters} == {State.RETRY}
    post_office.breaks_at = ""
    make_due()
    assert deliver_waiting() == 6


def test_a_walk_ends_in_time_and_calls_for_the_next(
    post_office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is asked to end must not go on for hours."""
    LetterFactory.create_batch(3)
    monkeypatch.setattr(postman, "LONGEST_WALK", -1.0)
    called: list[str] = []
    assert deliver_waiting(call_next=lambda: called.append("next")) == 0
    assert called == ["next"]
    monkeypatch.undo()
    assert Letter.objects.filter(state__in=[State.QUEUED, State.RETRY], attempts=0).count() == 3


def test_a_walk_that_is_done_calls_nobody(post_office: PostOffice) -> None:
    LetterFactory()
    assert deliver_waiting(call_next=lambda: pytest.fail("called for nothing")) == 1
