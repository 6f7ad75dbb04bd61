"""The map of the region: only when somebody asks for it, and never needed."""

import pytest
from playwright.sync_api import expect

from education.models import Season
from geo.models import Municipality, Postcode
from tests.factories.accounts import UserFactory
from tests.factories.companies import OfferFactory
from tests.factories.education import SeasonFactory
from tests.factories.matching import seeking_student
from tests.journeys.conftest import OpenWindow
from tests.journeys.window import Look

WIDE_AND_NARROW = (Look(1280, "light"), Look(320, "dark"))


@pytest.fixture
def season(transactional_db: None) -> Season:
    """Zwolle with three openings and a student, and Urk with nothing."""
    season = SeasonFactory()
    for code, name in (("GM0193", "Zwolle"), ("GM0184", "Urk")):
        Municipality.objects.create(code=code, name=name, province="Overijssel", lat=52, lon=6)
    OfferFactory(season=season, openings=3)
    seeking_student(season=season)
    Postcode.objects.update(municipality="GM0193")
    return season


@pytest.mark.usefixtures("season")
def test_the_map_is_read_when_somebody_asks_for_it(window: OpenWindow) -> None:
    lead = window(UserFactory(lead=True))
    asked: list[str] = []
    lead.page.on("request", lambda request: asked.append(request.url))
    lead.open("/regio/gemeenten/")
    assert not [
        url for url in asked if "leaflet" in url or "gemeenten.json" in url or "map." in url
    ]
    lead.page.get_by_role("button", name="Toon de kaart").click()
    canvas = lead.page.get_by_role("group", name="Kaart van de regio")
    expect(canvas.locator("path.map__area")).to_have_count(22)
    expect(canvas.locator("path.map__openings")).to_have_count(1)
    expect(canvas.locator("path.map__seeking")).to_have_count(1)
    assert all(url.startswith(lead.base) for url in asked), "nothing comes from elsewhere"
    assert lead.faults(WIDE_AND_NARROW) == []


@pytest.mark.usefixtures("season")
def test_the_map_speaks_to_the_keyboard(window: OpenWindow) -> None:
    lead = window(UserFactory(lead=True)).open("/regio/gemeenten/")
    lead.page.get_by_role("button", name="Toon de kaart").press("Enter")
    spot = lead.page.get_by_role("img", name="Zwolle, Plekken: 3, Nog vrij: 3, Studenten: 1")
    expect(lead.page.get_by_role("group", name="Kaart van de regio")).to_be_focused()
    lead.type_keys("Tab")
    expect(spot).to_be_focused()
    expect(lead.page.get_by_role("tooltip")).to_contain_text("Plekken: 3")
    lead.type_keys("Tab")
    expect(lead.page.get_by_role("button", name="Zoom in")).to_be_focused()


@pytest.mark.usefixtures("season")
def test_without_a_script_the_list_says_it_all(window: OpenWindow) -> None:
    lead = window(UserFactory(lead=True), script=False).open("/regio/gemeenten/")
    expect(lead.page.get_by_role("button", name="Toon de kaart")).to_have_count(0)
    expect(lead.page.get_by_role("row", name="Zwolle")).to_contain_text("3")
    expect(lead.page.get_by_role("row", name="Urk")).to_contain_text("geen")


@pytest.mark.usefixtures("season")
def test_a_map_that_does_not_come_is_told(window: OpenWindow) -> None:
    lead = window(UserFactory(lead=True)).open("/regio/gemeenten/")
    lead.page.route("**/gemeenten.json", lambda route: route.abort())
    lead.page.get_by_role("button", name="Toon de kaart").click()
    toast = lead.page.locator("#toasts")
    expect(toast).to_contain_text("Dat lukte niet.")
    expect(lead.page.get_by_role("button", name="Toon de kaart")).to_be_enabled()
    toast.get_by_role("button", name="Sluit").click()
    expect(toast).to_be_empty()
    assert len(lead.troubles) == 1
