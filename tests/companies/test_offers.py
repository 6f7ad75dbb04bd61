"""A company makes offers: one form, one offer; what it reads afterwards; what it may do then."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from companies import actions, states
from companies.actions import Refused
from companies.models import Company, Offer, Site
from companies.states import OFFER
from education.models import Season
from notifications.models import Letter
from tests.companies.reading import last, moves, said, title
from tests.conftest import Cast, client_of
from tests.factories.companies import OfferFactory
from tests.factories.education import ProgrammeFactory, SeasonFactory, SkillFactory
from tests.factories.geo import postcode
from tests.factories.matching import ProposalFactory
from tests.notifications.threads import at_once


def new_url(company: Company, kind: str = "stage") -> str:
    return reverse("companies:offer_new", args=[company.pk, kind])


def url_of(name: str, offer: Offer) -> str:
    return reverse(f"companies:{name}", args=[offer.site.company_id, offer.pk])


def form_of(client: Client, url: str, **changes: Any) -> dict[str, Any]:
    """What a browser would post from the page."""
    form = client.get(url).context["form"]
    shown = {name: form[name].value() for name in form.fields}
    known = {"title": "Stagiair webshop", "text": "Je werkt mee.", **changes}
    return {k: v for k, v in {**shown, **known}.items() if v is not None}


@pytest.fixture
def carla(cast: Cast) -> Client:
    return client_of(cast.carla)


# --- Making ----------------------------------------------------------------------------------


def test_an_internship_of_two_openings_is_handed_in(cast: Cast, carla: Client) -> None:
    url = new_url(cast.klikwerf)
    skill, programme = SkillFactory(), ProgrammeFactory()
    posted = form_of(
        carla, url, openings="2", allowance="350", submit="1", levels=["4", "6"],
        skills=[skill.pk], programmes=[programme.pk],
    )  # fmt: skip
    answer = carla.post(url, posted)
    offer = Offer.objects.get()
    assert answer["Location"] == url_of("offer", offer)
    assert (offer.state, offer.kind) == (states.SUBMITTED, Offer.Kind.INTERNSHIP)
    assert (offer.openings, offer.team_min, offer.allowance) == (2, None, 350)
    assert (offer.season, offer.starts_on) == (cast.season, cast.season.starts_on)
    assert offer.site == cast.klikwerf.sites.get()
    assert (list(offer.skills.all()), list(offer.programmes.all())) == ([skill], [programme])
    assert moves(offer) == ["create", "submit"]
    assert Letter.objects.filter(kind="offer_submitted", user=cast.carla).count() == 1


def test_a_project_stores_its_largest_team_as_openings(cast: Cast, carla: Client) -> None:
    url = new_url(cast.klikwerf, "opdracht")
    carla.post(url, form_of(carla, url, team_min="3", team_max="5", submit="1"))
    offer = Offer.objects.get()
    assert (offer.kind, offer.team_min, offer.openings) == (Offer.Kind.PROJECT, 3, 5)
    assert offer.allowance is None


def test_a_draft_stays_at_home(cast: Cast, carla: Client) -> None:
    url = new_url(cast.klikwerf)
    carla.post(url, form_of(carla, url, draft="1"))
    assert Offer.objects.get().state == states.DRAFT
    assert not Letter.objects.exists()


def test_another_postcode_is_another_site(cast: Cast, carla: Client) -> None:
    postcode("7941")
    url = new_url(cast.klikwerf)
    for _ in range(2):
        carla.post(url, form_of(carla, url, postcode="7941 AA", submit="1"))
    assert {offer.site.postcode_id for offer in Offer.objects.all()} == {"7941"}
    assert Site.objects.filter(company=cast.klikwerf).count() == 2


def test_kinds_are_two(cast: Cast, carla: Client) -> None:
    assert carla.get(new_url(cast.klikwerf, "leerbaan")).status_code == 404


def test_without_a_season_the_page_says_when_to_come_back(cast: Cast, carla: Client) -> None:
    Season.objects.all().update(starts_on="2001-01-01", ends_on="2001-06-01")
    page = carla.get(new_url(cast.klikwerf))
    assert page.status_code == 200
    assert "Er is nu geen periode open" in page.content.decode()
    assert carla.post(new_url(cast.klikwerf), {"title": "x"}).status_code == 200


BAD = {
    "no openings": {"openings": "0"},
    "minus one": {"openings": "-1"},
    "too many": {"openings": "51"},
    "letters": {"openings": "abc"},
    "2^63": {"openings": str(2**63)},
    "no level": {"levels": []},
    "long title": {"title": "x" * 101},
    "NUL": {"title": "a\x00b"},
    "NUL in text": {"text": "a\x00b"},
    "year 0": {"starts_on": "0000-01-01"},
    "year 9999": {"ends_on": "9999-12-31"},
    "no such postcode": {"postcode": "1234"},
    "NUL in postcode": {"postcode": "8011\x00"},
    "days": {"days_min": "5", "days_max": "4"},
    "skill 2^63": {"skills": [str(2**63)]},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD)
def test_bad_input_is_told_and_kept(cast: Cast, carla: Client, changes: dict[str, Any]) -> None:
    url = new_url(cast.klikwerf)
    answer = carla.post(url, form_of(carla, url, submit="1", **changes))
    assert answer.status_code == 422
    assert title(answer) == "Fout: Nieuwe stage · Topcentrum"
    assert "Dit klopt nog niet" in answer.content.decode()
    form = answer.context["form"]
    assert set(form.errors) <= {*changes, "days_max", "ends_on"}
    assert form["text"].value() == changes.get("text", "Je werkt mee.")
    assert not Offer.objects.exists()
    assert not Letter.objects.exists()


@pytest.mark.parametrize("posted", [{}, {"team_min": "5"}, {"form_token": "x", "levels": "4"}])
def test_a_post_of_scraps_is_no_500(cast: Cast, carla: Client, posted: dict[str, str]) -> None:
    for kind in ("stage", "opdracht"):
        assert carla.post(new_url(cast.klikwerf, kind), posted).status_code == 422


def test_what_a_company_types_is_shown_as_text(cast: Cast, carla: Client) -> None:
    url = new_url(cast.klikwerf)
    nasty = "<script>alert(1)</script> <b hx-on:click=x>O'Brien</b>"
    page = carla.post(url, form_of(carla, url, title=nasty, text=nasty, submit="1"), follow=True)
    html = page.content.decode()
    assert "<script>alert" not in html
    assert "<b hx-on" not in html
    assert "&lt;script&gt;alert(1)" in html


# --- Once and once only ----------------------------------------------------------------------


def test_a_double_click_is_one_offer(cast: Cast, carla: Client) -> None:
    url = new_url(cast.klikwerf)
    posted = form_of(carla, url, submit="1")
    first, second = carla.post(url, posted), carla.post(url, posted)
    assert first["Location"] == second["Location"]
    offer = Offer.objects.get()
    assert moves(offer) == ["create", "submit"]
    assert Letter.objects.filter(kind="offer_submitted").count() == 1


def test_without_a_token_the_double_click_makes_two(cast: Cast, carla: Client) -> None:
    """The control: it is the token that keeps the second one out."""
    url = new_url(cast.klikwerf)
    posted = form_of(carla, url, form_token="", submit="1")
    carla.post(url, posted)
    carla.post(url, posted)
    assert Offer.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("button", ["submit", "draft"])
def test_ten_posts_at_once_are_one_offer(cast: Cast, carla: Client, button: str) -> None:
    url = new_url(cast.klikwerf)
    posted = form_of(carla, url, **{button: "1"}, skills=[SkillFactory().pk])
    clients = [client_of(cast.carla) for _ in range(10)]

    def post(client: Client) -> Callable[[], str]:
        return lambda: client.post(url, posted)["Location"]

    answers = at_once(*(post(client) for client in clients))
    offer = Offer.objects.get()
    assert set(answers) == {url_of("offer", offer)}
    wanted = ["create", "submit"] if button == "submit" else ["create"]
    assert moves(offer) == wanted
    assert Letter.objects.count() == (1 if button == "submit" else 0)


def test_going_back_to_a_draft_changes_and_sends_it(cast: Cast, carla: Client) -> None:
    """Saved as a draft, back in the browser, changed, sent: the last one counts."""
    url = new_url(cast.klikwerf)
    posted = form_of(carla, url)
    carla.post(url, {**posted, "draft": "1"})
    carla.post(url, {**posted, "title": "Beter", "submit": "1"})
    offer = Offer.objects.get()
    assert (offer.title, offer.state) == ("Beter", states.SUBMITTED)


def test_going_back_after_sending_changes_nothing_and_says_so(cast: Cast, carla: Client) -> None:
    url = new_url(cast.klikwerf)
    posted = form_of(carla, url, submit="1")
    carla.post(url, posted)
    page = carla.post(url, {**posted, "title": "Te laat"}, follow=True)
    assert "Wat je daarna veranderde, is niet bewaard" in page.content.decode()
    assert Offer.objects.get().title == "Stagiair webshop"


def test_a_token_of_another_company_is_of_no_use(cast: Cast, carla: Client) -> None:
    token = str(uuid.uuid4())
    url = new_url(cast.klikwerf)
    carla.post(url, form_of(carla, url, form_token=token, submit="1"))
    dirk, theirs = client_of(cast.dirk), new_url(cast.rival)
    answer = dirk.post(theirs, form_of(dirk, theirs, form_token=token, submit="1"))
    own = Offer.objects.get(site__company=cast.rival)
    assert answer["Location"] == url_of("offer", own)
    assert Offer.objects.count() == 2


# --- Changing --------------------------------------------------------------------------------


def test_a_returned_offer_is_changed_and_handed_in_again(cast: Cast, carla: Client) -> None:
    offer = OfferFactory(site=cast.klikwerf.sites.get(), state=states.SUBMITTED)
    actions.return_offer(offer, reason="Wie begeleidt de student?", by=cast.els)
    page = carla.get(url_of("offer", offer)).content.decode()
    assert "Wie begeleidt de student?" in page
    assert url_of("offer_edit", offer) in page
    url = url_of("offer_edit", offer)
    assert "Wie begeleidt de student?" in carla.get(url).content.decode()
    carla.post(url, form_of(carla, url, text="Ank begeleidt je.", submit="1"))
    offer.refresh_from_db()
    assert (offer.state, offer.text, offer.return_reason) == (
        states.SUBMITTED,
        "Ank begeleidt je.",
        "",
    )
    assert moves(offer) == ["create", "submit", "return", "revise", "submit"]


def test_the_form_shows_what_stands(cast: Cast, carla: Client) -> None:
    skill = SkillFactory()
    for traits in ({}, {"project": True}):
        offer = OfferFactory(
            site=cast.klikwerf.sites.get(), state=states.DRAFT, skills=[skill],
            programmes=[cast.anouk.programme], **traits,
        )  # fmt: skip
        url = url_of("offer_edit", offer)
        posted = form_of(carla, url, title=offer.title, text=offer.text, draft="1")
        before = Offer.objects.values().get(pk=offer.pk)
        assert carla.post(url, posted).status_code == 302
        assert Offer.objects.values().get(pk=offer.pk) == before
        assert list(offer.skills.all()) == [skill]


@pytest.mark.parametrize(
    "state", [states.SUBMITTED, states.PUBLISHED, states.PAUSED, states.CLOSED, states.FILLED]
)
def test_what_is_out_of_hands_is_not_changed(cast: Cast, carla: Client, state: str) -> None:
    offer = OfferFactory(site=cast.klikwerf.sites.get(), state=states.DRAFT)
    url = url_of("offer_edit", offer)
    posted = form_of(carla, url, title="Stiekem anders", submit="1")
    other = OfferFactory(site=cast.klikwerf.sites.get(), state=state)
    url = url_of("offer_edit", other)
    assert carla.get(url)["Location"] == url_of("offer", other)
    page = carla.post(url, posted, follow=True)
    assert "niet bewaard" in page.content.decode()
    other.refresh_from_db()
    assert (other.title == "Stiekem anders", other.state) == (False, state)


def test_bad_changes_are_told(cast: Cast, carla: Client) -> None:
    offer = OfferFactory(site=cast.klikwerf.sites.get(), state=states.DRAFT)
    url = url_of("offer_edit", offer)
    assert carla.post(url, form_of(carla, url, openings="0")).status_code == 422
    assert carla.post(url, {}).status_code == 422
    offer.refresh_from_db()
    assert offer.openings == 1


def test_a_draft_of_a_season_that_is_over_moves_to_the_next(cast: Cast, carla: Client) -> None:
    today = timezone.localdate()
    over = SeasonFactory(name="Toen", starts_on="2001-01-01", ends_on="2001-06-01")
    offer = OfferFactory(site=cast.klikwerf.sites.get(), season=over, state=states.DRAFT)
    url = url_of("offer_edit", offer)
    dates = {"starts_on": cast.season.starts_on, "ends_on": cast.season.ends_on}
    assert carla.post(url, form_of(carla, url, submit="1")).status_code == 422
    assert carla.post(url, form_of(carla, url, submit="1", **dates)).status_code == 302
    offer.refresh_from_db()
    assert (offer.season, offer.ends_on > today) == (cast.season, True)


# --- Moving ----------------------------------------------------------------------------------

MOVES = {
    "offer_submit": (states.DRAFT, states.SUBMITTED, {}),
    "offer_pause": (states.PUBLISHED, states.PAUSED, {}),
    "offer_resume": (states.PAUSED, states.PUBLISHED, {}),
    "offer_close": (states.PUBLISHED, states.CLOSED, {"reason": "found"}),
}


@pytest.mark.parametrize("name", MOVES)
def test_a_move_and_the_same_move_again(cast: Cast, carla: Client, name: str) -> None:
    source, target, posted = MOVES[name]
    offer = OfferFactory(site=cast.klikwerf.sites.get(), state=source)
    first = carla.post(url_of(name, offer), posted, follow=True)
    rows = len(moves(offer))
    second = carla.post(url_of(name, offer), posted, follow=True)
    offer.refresh_from_db()
    assert offer.state == target
    assert said(first) == said(second)
    assert len(moves(offer)) == rows


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("state", Offer.State.values)
def test_a_move_from_elsewhere_is_an_ordinary_answer(
    cast: Cast, carla: Client, name: str, state: str
) -> None:
    _source, target, posted = MOVES[name]
    move = name.removeprefix("offer_")
    offer = OfferFactory(site=cast.klikwerf.sites.get(), state=state)
    page = carla.post(url_of(name, offer), posted, follow=True)
    assert page.status_code == 200
    offer.refresh_from_db()
    if OFFER.allows(move, state):
        assert offer.state == target
    else:
        assert offer.state == state
        assert said(page)[0][0] == ("success" if state == target else "warning")


@pytest.mark.parametrize("name", MOVES)
def test_a_link_cannot_move_an_offer(cast: Cast, carla: Client, name: str) -> None:
    offer = OfferFactory(site=cast.klikwerf.sites.get(), state=MOVES[name][0])
    answer = carla.get(url_of(name, offer))
    assert (answer.status_code, answer["Location"]) == (302, url_of("offer", offer))
    offer.refresh_from_db()
    assert offer.state == MOVES[name][0]


def test_closing_needs_a_reason_and_withdraws(cast: Cast, carla: Client) -> None:
    offer = OfferFactory(site=cast.klikwerf.sites.get())
    proposal = ProposalFactory(student=cast.bram, offer=offer, state="offered")
    answer = carla.post(url_of("offer_close", offer), {"words": "Toch maar niet"})
    assert answer.status_code == 422
    assert "Kies waarom je dit aanbod sluit." in answer.content.decode()
    assert "Toch maar niet" in answer.content.decode()
    carla.post(url_of("offer_close", offer), {"reason": "other", "words": "Verbouwing"})
    offer.refresh_from_db()
    proposal.refresh_from_db()
    assert (offer.state, proposal.state) == (states.CLOSED, "withdrawn")
    assert last(offer).reason == "Een andere reden. Verbouwing"


@pytest.mark.parametrize("state", Offer.State.values)
def test_the_page_offers_what_is_possible(cast: Cast, carla: Client, state: str) -> None:
    offer = OfferFactory(site=cast.klikwerf.sites.get(), state=state)
    page = carla.get(url_of("offer", offer)).content.decode()
    for name in MOVES:
        possible = OFFER.allows(name.removeprefix("offer_"), state)
        assert (f'action="{url_of(name, offer)}"' in page) == possible, name
    changeable = state in (states.DRAFT, states.RETURNED)
    assert (f'href="{url_of("offer_edit", offer)}"' in page) == changeable


def test_what_waits_for_accreditation_says_so(cast: Cast, carla: Client) -> None:
    site = cast.klikwerf.sites.get()
    offer = OfferFactory(site=site, levels=[4])
    page = carla.get(url_of("offer", offer)).content.decode()
    assert "wacht op erkenning" in page
    assert cast.anouk.programme.name_nl in page
    actions.record_accreditations(site, ["25998"], today=timezone.localdate(), by=cast.els)
    assert "wacht op erkenning" not in carla.get(url_of("offer", offer)).content.decode()


def test_a_refusal_is_not_lost_on_the_caller(cast: Cast) -> None:
    """The action says no in words of its own; nothing but a known token is taken for a repeat."""
    like = OfferFactory(site=cast.klikwerf.sites.get(), state=states.DRAFT)
    token = uuid.uuid4()

    def make(by: User) -> None:
        fields = ("site", "season", "kind", "title", "text", "starts_on", "ends_on")
        numbers = ("days_min", "days_max", "openings", "levels")
        columns = {name: getattr(like, name) for name in (*fields, *numbers)}
        actions.create_offer(Offer(form_token=token, **columns), by=by)

    make(cast.carla)
    with pytest.raises(Refused, match="offer_stands_already"):
        make(cast.carla)
