"""The outbox: who sees which letter, what of it, and what they may do with it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from matching import notices
from matching.queries.letters import letters_visible_to
from notifications.models import Letter, Suppression
from notifications.queries import PER_PAGE
from tests.conftest import Cast, client_of
from tests.factories.matching import ProposalFactory
from tests.factories.notifications import LetterFactory

State = Letter.State
pytestmark = pytest.mark.django_db
LIST = "/brieven/"
CANARY = "Kanarie-Brief"


def page_of(user: User, path: str = LIST) -> str:
    answer = client_of(user).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def address(letter: Letter, what: str = "letter") -> str:
    return reverse(f"matching:{what}", args=[letter.pk])


def letter_to(user: User, **fields: object) -> Letter:
    words = {
        "subject": f"{CANARY} onderwerp",
        "text": f"{CANARY} tekst",
        "html": f"<p>{CANARY}</p>",
    }
    return LetterFactory(**{"user": user, "to": user.email, **words, **fields})


# --- who sees what ---------------------------------------------------------------------------


def test_a_coordinator_sees_letters_to_and_about_the_own_students(cast: Cast) -> None:
    to_own = letter_to(cast.anouk.user)
    about_own = letter_to(cast.carla, desk="deltion")
    own = letter_to(cast.els)
    letter_to(cast.bram.user)
    letter_to(cast.carla, desk="windesheim")
    letter_to(cast.carla)
    letter_to(cast.frits)
    seen = letters_visible_to(cast.els)
    assert {letter.pk for letter in seen} == {to_own.pk, about_own.pk, own.pk}
    assert all(vars(letter)["readable"] for letter in seen)


@pytest.mark.parametrize("name", ["carla", "henk"])
def test_others_see_no_letters(cast: Cast, name: str) -> None:
    user = getattr(cast, name)
    letter = letter_to(user)
    client = client_of(user)
    assert client.get(LIST).status_code == 404
    assert client.get(address(letter)).status_code == 404


def test_notices_say_which_school_answers_for_a_letter(cast: Cast) -> None:
    proposal = ProposalFactory(
        student=cast.anouk, offer__site=cast.klikwerf.sites.get(), state="offered"
    )
    notices.proposal_offered(proposal)
    to_company = Letter.objects.get(user=cast.carla)
    assert to_company.desk == "deltion"
    assert "els" not in to_company.to
    assert to_company in letters_visible_to(cast.els)
    assert to_company not in letters_visible_to(cast.frits)


def test_the_lead_reads_nothing_about_students(cast: Cast) -> None:
    """Who it is for, what it says and what the mail server said: all may name the student."""
    name = cast.anouk.user.name
    for letter in (
        letter_to(cast.anouk.user, state=State.FAILED, trouble=f"550 {cast.anouk.user.email}"),
        letter_to(cast.els, desk="deltion", subject=f"{name} heeft een plek", text=name),
    ):
        for path in (LIST, address(letter)):
            page = page_of(cast.gerda, path)
            assert name not in page
            assert cast.anouk.user.email not in page
            assert CANARY not in page
        assert client_of(cast.gerda).get(address(letter, "letter_formatted")).status_code == 404


def test_the_lead_reads_letters_to_companies(cast: Cast) -> None:
    letter = letter_to(cast.carla, kind="offer_published")
    assert CANARY in page_of(cast.gerda, LIST)
    assert f"{CANARY} tekst" in page_of(cast.gerda, address(letter))


@pytest.mark.parametrize("reader", ["els", "gerda"])
def test_a_letter_that_opens_an_account_is_read_by_its_receiver_only(
    cast: Cast, reader: str
) -> None:
    """Whoever could read the code could sign in as somebody else."""
    letter = letter_to(cast.anouk.user, kind="login_code", sealed=True)
    user = getattr(cast, reader)
    assert CANARY not in page_of(user, LIST)
    assert CANARY not in page_of(user, address(letter))
    assert client_of(user).get(address(letter, "letter_formatted")).status_code == 404


def test_the_code_to_sign_in_is_such_a_letter(cast: Cast) -> None:
    Client().post(reverse("account_request_login_code"), {"email": cast.els.email})
    assert Letter.objects.get().sealed


def test_the_frame_shows_the_letter_and_can_do_nothing(cast: Cast) -> None:
    letter = letter_to(cast.anouk.user, html="<p>Dag</p><script>alert(1)</script>")
    answer = client_of(cast.els).get(address(letter, "letter_formatted"))
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "frame-ancestors 'self'" in policy
    assert answer["X-Frame-Options"] == "SAMEORIGIN"
    assert "sandbox></iframe>" in page_of(cast.els, address(letter))


# --- filters and pages -----------------------------------------------------------------------


def titles(page: str, *wanted: str) -> set[str]:
    return {word for word in wanted if word in page}


def test_filters_choose_and_counts_follow(cast: Cast) -> None:
    user = cast.anouk.user
    letter_to(user, subject="Een", state=State.FAILED)
    letter_to(user, subject="Twee", state=State.SENT, sent_at=timezone.now())
    letter_to(cast.els, subject="Drie", kind="offer_published")
    old = letter_to(user, subject="Vier", state=State.SENT, sent_at=timezone.now())
    Letter.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))
    words = ("Een", "Twee", "Drie", "Vier")
    recent = (timezone.localdate() - timedelta(days=7)).isoformat()
    for query, found in {
        "": set(words),
        "?stand=failed": {"Een"},
        "?stand=sent": {"Twee", "Vier"},
        "?soort=offer_published": {"Drie"},
        "?aan=Anouk": {"Een", "Twee", "Vier"},
        "?aan=els@": {"Drie"},
        f"?van={recent}": {"Een", "Twee", "Drie"},
        f"?tot={recent}": {"Vier"},
        f"?stand=sent&van={recent}": {"Twee"},
        "?stand=nergens&van=gisteren": set(words),
    }.items():
        page = page_of(cast.els, LIST + query)
        assert titles(page, *(f">{word}</a>" for word in words)) == {
            f">{word}</a>" for word in found
        }, query
    counted = client_of(cast.els).get(LIST + f"?van={recent}").context["tabs"]
    assert [(tab["label"], tab["count"]) for tab in counted] == [
        ("Alle", 3),
        ("Niet te bezorgen", 1),
        ("Wacht", 1),
        ("Verstuurd", 1),
    ]


def test_pages_follow_each_other_without_gap_or_repeat(cast: Cast) -> None:
    at = timezone.now()
    for n in range(2 * PER_PAGE + 3):
        letter_to(cast.anouk.user, subject=f"Brief-{n:03}")
    Letter.objects.update(created_at=at)  # all at once, as those of a round
    client, query, seen = client_of(cast.els), "", []
    for _ in range(3):
        answer = client.get(LIST + query)
        seen += [row["title"] for row in answer.context["rows"]]
        query = f"?voor={answer.context['older'].replace('+', '%2B')}"
    assert answer.context["older"] == ""
    assert seen == sorted({f"Brief-{n:03}" for n in range(2 * PER_PAGE + 3)}, reverse=True)


@pytest.mark.parametrize(
    "place", ["x", "2026-01-01_1", "2026-01-01T00:00:00+00:00_-1", "_", "9" * 400]
)
def test_a_place_that_is_none_begins_at_the_newest(cast: Cast, place: str) -> None:
    letter_to(cast.anouk.user)
    assert CANARY in page_of(cast.els, f"{LIST}?voor={place}".replace("+", "%2B"))


def test_an_empty_list_says_what_will_come(cast: Cast) -> None:
    assert "Nog geen brieven" in page_of(cast.els)
    assert "Geen brieven gevonden" in page_of(cast.els, f"{LIST}?aan=niemand")


def queries_of(user: User, path: str) -> int:
    client = client_of(user)
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


@pytest.mark.parametrize("name", ["els", "gerda"])
def test_three_letters_cost_no_more_queries_than_one(cast: Cast, name: str) -> None:
    user = getattr(cast, name)
    first = letter_to(cast.anouk.user)
    one = queries_of(user, LIST)
    alone = queries_of(user, address(first))
    for n in range(2):
        letter_to(cast.carla, desk="deltion", subject=f"Nog {n}")
    assert queries_of(user, LIST) == one
    assert queries_of(user, address(first)) == alone


# --- what can be done ------------------------------------------------------------------------


def test_a_letter_that_bounced_is_explained_and_sent_again(cast: Cast) -> None:
    letter = letter_to(cast.anouk.user, state=State.FAILED, trouble="550 No such user")
    Suppression.objects.create(address=letter.to, letter=letter, trouble="550")
    page = page_of(cast.els, address(letter))
    assert "de mailserver van de ontvanger kent het niet" in page
    assert "550 No such user" in page
    client = client_of(cast.els)
    answer = client.post(address(letter, "letter_again"), follow=True)
    assert "De brief staat weer klaar" in answer.content.decode()
    assert "Opnieuw klaargezet" in answer.content.decode()
    assert Letter.objects.get().state == State.QUEUED
    assert not Suppression.objects.exists()


def test_a_letter_that_waits_is_withdrawn_once(cast: Cast) -> None:
    letter = letter_to(cast.anouk.user)
    client = client_of(cast.els)
    first = client.post(address(letter, "letter_withdraw"), follow=True)
    assert "De ontvanger krijgt niets" in first.content.decode()
    second = client.post(address(letter, "letter_withdraw"), follow=True)
    assert "Te laat" in second.content.decode()
    assert Letter.objects.get().state == State.WITHDRAWN


def test_only_what_can_be_done_has_a_button(cast: Cast) -> None:
    for state, again, back in (
        (State.QUEUED, False, True),
        (State.RETRY, True, True),
        (State.FAILED, True, False),
        (State.UNSURE, True, False),
        (State.SENT, False, False),
        (State.WITHDRAWN, False, False),
    ):
        letter = letter_to(cast.anouk.user, state=state, sent_at=timezone.now())
        page = page_of(cast.els, address(letter))
        assert ("Verstuur opnieuw</button>" in page) == again, state
        assert ("Haal terug</button>" in page) == back, state
