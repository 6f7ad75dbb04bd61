"""The pages of everybody, of the region, and of all components."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from cockpit.views.style import icons
from geo.models import Municipality, Postcode
from matching import states
from tests.conftest import Cast, client_of
from tests.demo import urls
from tests.factories.companies import OfferFactory
from tests.factories.education import SeasonFactory
from tests.factories.matching import ProposalFactory, seeking_student

pytestmark = pytest.mark.django_db

TOWNS = {"GM0193": "Zwolle", "GM0166": "Kampen", "GM0119": "Meppel"}


@pytest.fixture
def towns(cast: Cast) -> None:
    """Three municipalities; Zwolle has the postcode area of all offers and students."""
    for code, name in TOWNS.items():
        Municipality.objects.create(code=code, name=name, province="Overijssel", lat=52, lon=6)
    Postcode.objects.update(municipality="GM0193")


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", answer.content.decode())


def names_in_order(page: str) -> list[str]:
    return re.findall(r'<th scope="row">([^<]+)</th>', page)


# --- The region ------------------------------------------------------------------------------


def test_the_region_shows_who_has_what(cast: Cast) -> None:
    offer = OfferFactory(season=cast.season, openings=2)
    ProposalFactory(student=cast.anouk, offer=offer, state=states.AGREED, choice=2)
    page = text_of(client_of(cast.gerda), "/regio/")
    assert "Studenten per school" in page
    assert re.search(r"<th scope=\"row\">2</th> <td class=\"num\">1</td>", page), "the histogram"
    assert re.search(r"Hebben een plek</text>.*?1 \(50%\)", page), "the funnel"


def test_the_region_asks_as_much_of_many_as_of_one(
    cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(4):
        ProposalFactory(
            student=seeking_student(season=cast.season), offer=OfferFactory(season=cast.season)
        )
    client = client_of(cast.gerda)
    for path in ("/regio/", "/regio/gemeenten/"):
        with django_assert_max_num_queries(10):
            client.get(path)


@pytest.mark.usefixtures("towns")
def test_municipalities_come_in_the_order_that_was_asked_for(cast: Cast) -> None:
    OfferFactory(season=cast.season, openings=5)
    client = client_of(cast.gerda)
    assert names_in_order(text_of(client, "/regio/gemeenten/?sort=name")) == [
        "Kampen",
        "Meppel",
        "Zwolle",
    ]
    assert names_in_order(text_of(client, "/regio/gemeenten/?sort=-openings"))[0] == "Zwolle"
    # Two students and five openings: no shortage, so last; an unknown order is that of shortage.
    for odd in ("", "?sort=-", "?sort=__class__", "?sort=-code", "?kind=nergens"):
        assert names_in_order(text_of(client, f"/regio/gemeenten/{odd}"))[-1] == "Zwolle"
    seeking_student(season=cast.season, postcode=None)
    for order in ("name", "-name", "short", "-seeking"):
        found = names_in_order(text_of(client, f"/regio/gemeenten/?sort={order}"))
        assert found[-1] == "Buiten de regio", "what is no municipality stands below"


@pytest.mark.usefixtures("towns")
def test_sorting_keeps_what_was_filtered_and_says_how_it_is_sorted(cast: Cast) -> None:
    page = text_of(client_of(cast.gerda), "/regio/gemeenten/?kind=project&sort=-openings")
    heads = re.findall(r"<th scope=\"col\"[^>]*>.*?</th>", page)
    assert [head for head in heads if "aria-sort" in head] == [
        head for head in heads if "Plekken" in head
    ]
    assert 'aria-sort="descending"' in page
    assert 'href="?kind=project&amp;sort=openings"' in page, "the same column, the other way"
    assert 'href="?kind=project&amp;sort=name"' in page, "words start at the letter A"
    assert 'href="?kind=project&amp;sort=-seeking"' in page, "numbers start at the largest"


# --- Everybody -------------------------------------------------------------------------------


def test_home_says_how_short_the_region_is(client: Client, cast: Cast) -> None:
    page = text_of(client, "/")
    assert "Er zijn nog 2 plekken te weinig." in page
    OfferFactory(season=cast.season, openings=2)
    assert "te weinig" not in text_of(client, "/")


def test_home_leads_in_by_three_ways(client: Client) -> None:
    page = text_of(client, "/")
    ways = re.findall(r"<h3>([^<]+)</h3>.*?href=\"([^\"]+)\"", page)
    assert ways == [
        ("Ik heb een bedrijf", "/account/signup/"),
        ("Ik ben student", "/account/login/"),
        ("Ik werk op een school", "/account/login/"),
    ]


def test_the_statement_says_where_to_tell(client: Client, settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Topcentrum <help@regio.example>"
    page = text_of(client, "/toegankelijkheid/")
    assert 'href="mailto:help@regio.example"' in page
    assert 'href="/toegankelijkheid/"' in text_of(client, "/over/"), "the footer leads there"


# --- All components --------------------------------------------------------------------------


def test_in_the_demo_everybody_sees_all_components(client: Client, settings: Settings) -> None:
    assert client.get("/stijl/").headers["Location"] == "/account/login/?next=/stijl/"
    settings.DEMO, settings.ROOT_URLCONF = True, urls.__name__
    page = text_of(client, "/stijl/")
    for name in icons():
        assert f"icons.svg#{name}" in page
    assert len(icons()) > 20


def test_the_page_of_components_has_each_id_once(cast: Cast) -> None:
    page = text_of(client_of(cast.els), "/stijl/")
    found = re.findall(r'\sid="([^"]+)"', page)
    assert len(found) > 50
    assert sorted(found) == sorted(set(found))


def test_everybody_can_check_the_lottery_but_nobody_can_draw_before_the_end(client: Client) -> None:
    today = timezone.localdate()
    over = SeasonFactory(
        name="Voorbij", starts_on=today - timedelta(days=200), ends_on=today - timedelta(days=1)
    )
    coming = SeasonFactory(name="Straks", starts_on=today, ends_on=today + timedelta(days=100))
    page = client.get("/over/").content.decode()
    for season in (over, coming):
        assert hashlib.sha256(season.lottery_secret.encode()).hexdigest() in page
    assert over.lottery_secret in page
    assert coming.lottery_secret not in page
