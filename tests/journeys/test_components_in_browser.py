"""The page of all components: sound in every look, and what a script adds to it."""

import pytest
from playwright.sync_api import expect

from tests.factories.accounts import UserFactory
from tests.journeys.conftest import OpenWindow
from tests.journeys.window import Look

LOOKS = (Look(320, "light"), Look(1280, "dark"), Look(320, "dark"), Look(1280, "light"))
UNFOLD = "() => document.querySelectorAll('main details').forEach((one) => { one.open = true; })"

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_component_is_sound_in_every_look(window: OpenWindow) -> None:
    lead = window(UserFactory(lead=True)).open("/stijl/")
    lead.page.evaluate(UNFOLD)
    assert lead.faults(LOOKS) == []
    lead.page.emulate_media(forced_colors="active")
    assert lead.faults() == []


def test_a_toast_stays_until_it_is_sent_away(window: OpenWindow) -> None:
    lead = window(UserFactory(lead=True)).open("/stijl/")
    toast = lead.page.locator("#toasts .toast")
    expect(toast).to_contain_text("Je keuze is bewaard.")
    toast.get_by_role("button", name="Sluit").click()
    expect(lead.page.locator(".toast")).to_have_count(0)


def test_a_toast_stands_in_the_page_where_there_is_no_script(window: OpenWindow) -> None:
    lead = window(UserFactory(lead=True), script=False).open("/stijl/")
    expect(lead.page.locator("main .toast")).to_contain_text("Je keuze is bewaard.")
