"""With the keyboard alone: where the focus goes, and that it never gets lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from companies.models import Offer
from matching.models import Proposal, Wish
from tests.factories.companies import OfferFactory
from tests.factories.matching import ProposalFactory
from tests.journeys.conftest import OpenWindow
from tests.journeys.conftest import Worker as Work
from tests.journeys.region import Region
from tests.journeys.window import Window


def focused_tag(window: Window) -> str:
    """The kind of element that has the focus."""
    return str(window.page.evaluate("() => document.activeElement.tagName.toLowerCase()"))


def test_the_first_tab_leads_past_the_menu(region: Region, window: OpenWindow) -> None:
    sanne = window(region.sanne.user).open("/student/").type_keys("Tab")
    assert sanne.focused() == "Ga naar de inhoud"
    expect(sanne.page.get_by_role("link", name="Ga naar de inhoud")).to_be_in_viewport()
    sanne.type_keys("Enter")
    assert focused_tag(sanne) == "main"
    sanne.type_keys("Tab")
    assert sanne.page.evaluate("() => document.activeElement.closest('main') !== null")


# --- Errors ----------------------------------------------------------------------------------

Go = Callable[[Region, OpenWindow], Window]


def wrong_sign_up(region: Region, window: OpenWindow) -> Window:
    return window().open("/account/signup/").press("Ga verder", status=422)


def wrong_code_request(region: Region, window: OpenWindow) -> Window:
    return window().open("/account/login/").press("Mail mij een code")


def wrong_offer(region: Region, window: OpenWindow) -> Window:
    company = region.data.site.company_id
    marieke = window(region.marieke).open(f"/bedrijf/{company}/aanbod/nieuw/stage/")
    for level in ("mbo niveau 2", "mbo niveau 3", "mbo niveau 4", "hbo"):
        marieke.page.get_by_label(level, exact=True).uncheck()
    return marieke.press("Verstuur naar de coördinator", status=422)


def wrong_profile(region: Region, window: OpenWindow) -> Window:
    lotte = window(region.lotte.user).open("/student/profiel/")
    return lotte.press("Bewaar en bekijk plekken", status=422)


def no_reason_to_return(region: Region, window: OpenWindow) -> Window:
    offer = OfferFactory(state="submitted", season=region.season)
    fatima = window(region.fatima).open(f"/scholen/windesheim/aanbod/{offer.pk}/")
    return fatima.unfold("Stuur terug naar het bedrijf").press("Stuur terug", status=422)


def no_reason_to_close(region: Region, window: OpenWindow) -> Window:
    path = f"/bedrijf/{region.data.site.company_id}/aanbod/{region.data.pk}/"
    marieke = window(region.marieke).open(path).unfold("Sluit dit aanbod")
    return marieke.press("Ja, sluit dit aanbod", status=422)


def no_reason_to_drop(region: Region, window: OpenWindow) -> Window:
    proposal = ProposalFactory(student=region.sanne, offer=region.data)
    fatima = window(region.fatima).open(f"/scholen/windesheim/voorstellen/{proposal.pk}/")
    return fatima.unfold("Schrap dit voorstel").press("Schrap", status=422)


def no_reason_to_decline(region: Region, window: OpenWindow) -> Window:
    proposal = ProposalFactory(student=region.sanne, offer=region.data, state="offered")
    sanne = window(region.sanne.user).open(f"/student/voorstellen/{proposal.pk}/")
    return sanne.unfold("Nee, liever niet").press("Zeg nee", status=422)


@pytest.mark.parametrize(
    "go",
    [
        wrong_sign_up,
        wrong_code_request,
        wrong_offer,
        wrong_profile,
        no_reason_to_return,
        no_reason_to_close,
        no_reason_to_drop,
        no_reason_to_decline,
    ],
)
def test_errors_take_the_focus_and_each_leads_to_its_field(
    region: Region, window: OpenWindow, go: Go
) -> None:
    somebody = go(region, window)
    assert somebody.page.title().startswith("Fout:")
    summary = somebody.page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    links = summary.get_by_role("link")
    assert links.count(), "nothing leads to a field"
    for number in range(links.count()):
        link = links.nth(number)
        link.focus()
        somebody.type_keys("Enter")
        field = somebody.page.evaluate(
            """() => {
              const field = document.activeElement;
              const around = field.closest(".field");
              return field.matches("input, select, textarea") && field.checkVisibility()
                ? around.innerText : "nowhere";
            }"""
        )
        message = link.inner_text().partition(" – ")[2]
        assert message
        assert message in field, f"“{link.inner_text()}” leads to {field}"


# --- Parts that are swapped ------------------------------------------------------------------


def test_the_focus_stays_when_a_place_goes_on_the_list_and_off(
    region: Region, window: OpenWindow
) -> None:
    sanne = window(region.sanne.user).open("/student/plekken/")
    card = sanne.page.get_by_role("article").filter(has_text=region.data.title)
    card.get_by_role("button", name="Zet op mijn lijst").focus()
    sanne.type_keys("Enter")
    expect(card.get_by_role("button", name="Haal van mijn lijst")).to_be_focused()
    assert Wish.objects.filter(student=region.sanne, offer=region.data).exists()
    sanne.type_keys("Enter")
    expect(card.get_by_role("button", name="Zet op mijn lijst")).to_be_focused()
    assert not Wish.objects.filter(student=region.sanne).exists()


AT_ONCE = """
    document.addEventListener("focusin", (event) => setTimeout(() => {
        const internal = event.target.form?.["htmx-internal-data"];
        window.answersAtOnce = Boolean(internal?.listenerInfos?.length);
    }))
"""


def test_a_form_that_was_swapped_in_answers_as_soon_as_it_has_the_focus(
    region: Region, window: OpenWindow
) -> None:
    """Or a quick Enter would send it as a page of its own."""
    sanne = window(region.sanne.user).open("/student/plekken/")
    card = sanne.page.get_by_role("article").filter(has_text=region.data.title)
    card.get_by_role("button", name="Zet op mijn lijst").focus()
    sanne.page.evaluate(AT_ONCE)
    sanne.type_keys("Enter")
    expect(card.get_by_role("button", name="Haal van mijn lijst")).to_be_focused()
    assert sanne.page.evaluate("() => window.answersAtOnce") is True


def test_a_long_list_in_which_nothing_is_found_says_so(region: Region, window: OpenWindow) -> None:
    page = window(region.sanne.user).open("/student/profiel/").page
    search = page.get_by_label("Zoek in de lijst").first
    said = page.get_by_text("Niets gevonden. Typ een ander woord, of maak het veld leeg.").first
    expect(said).to_be_hidden()
    search.fill("xyzzy")
    expect(said).to_be_visible()
    search.fill("")
    expect(said).to_be_hidden()


def test_the_menu_of_a_telephone_opens_and_closes(region: Region, window: OpenWindow) -> None:
    sanne = window(region.sanne.user, width=360).open("/student/")
    button = sanne.page.get_by_role("button", name="Menu", exact=True)
    button.focus()
    sanne.type_keys("Enter")
    expect(sanne.page.get_by_role("link", name="Mijn lijst").first).to_be_visible()
    assert not sanne.axe()
    sanne.type_keys("Escape")
    expect(sanne.page.get_by_role("link", name="Plekken", exact=True)).to_be_hidden()
    expect(button).to_be_focused()


def test_the_account_menu_gives_the_focus_back(region: Region, window: OpenWindow) -> None:
    fatima = window(region.fatima).open("/scholen/windesheim/")
    menu = fatima.page.locator(".user-menu summary")
    menu.focus()
    fatima.type_keys("Enter", "Tab")
    assert fatima.focused() == "E-mailadres"
    fatima.type_keys("Escape")
    expect(menu).to_be_focused()
    expect(fatima.page.get_by_role("button", name="Uitloggen")).to_be_hidden()


# --- Whole ways ------------------------------------------------------------------------------

FARTHEST = 120  # more stops than the longest page has

# What the focus says to somebody who listens: its label, or its own words.
SAID = """() => {
  const here = document.activeElement;
  const label = here.labels?.length ? here.labels[0].innerText : "";
  const group = here.type === "radio" ? here.closest("fieldset").querySelector("legend") : null;
  const named = here.getAttribute("aria-label") || label || here.innerText || "";
  const said = (group ? group.innerText + ": " : "") + named;
  return said.replace(/\\s+/g, " ").replace(/ :/g, ":").trim();
}"""


def reach(window: Window, words: str) -> Window:
    """Press Tab until the focus says this; a group of choices has one stop, at its first."""
    heard = []
    for _ in range(FARTHEST):
        window.type_keys("Tab")
        heard.append(str(window.page.evaluate(SAID)))
        if words in heard[-1]:
            return window
    raise AssertionError(f"the focus never comes to “{words}”: {heard}")


def follow(window: Window, words: str, key: str = "Enter") -> Window:
    """Go there and press it; the answer is another page."""
    reach(window, words)
    with window.page.expect_navigation():
        window.type_keys(key)
    return window


def test_a_student_fills_in_and_ranks_without_a_mouse(region: Region, window: OpenWindow) -> None:
    youssef = window(region.youssef.user).open("/student/profiel/")
    reach(youssef, "Je postcode").page.keyboard.insert_text("8031")
    reach(youssef, "Hoeveel kilometer").page.keyboard.insert_text("25")
    follow(youssef, "Bewaar en bekijk plekken").sees("plekken passen bij jouw profiel")
    for title in ("Stagiair vindbaarheid", "Stagiair productfoto's"):
        reach(youssef, f"Zet op mijn lijst: {title}").type_keys("Enter")
        card = youssef.page.get_by_role("article").filter(has_text=title)
        expect(card.get_by_role("button", name="Haal van mijn lijst")).to_be_focused()
        youssef.open("/student/plekken/")
    follow(youssef, "Mijn lijst")
    reach(youssef, "Plaats op je lijst van Stagiair productfoto's").type_keys("ArrowUp")
    follow(youssef, "Bewaar mijn lijst").sees("Je lijst is bewaard.")
    assert set(Wish.objects.filter(student=region.youssef).values_list("tier", flat=True)) == {1}


def test_a_company_makes_an_offer_without_a_mouse(region: Region, window: OpenWindow) -> None:
    marieke = window(region.marieke).open("/vandaag/")
    follow(marieke, "Nieuwe stage")
    reach(marieke, "Titel").page.keyboard.insert_text("Stagiair magazijn")
    reach(marieke, "Wat gaat de student doen?").page.keyboard.insert_text("Je helpt inpakken.")
    follow(marieke, "Verstuur naar de coördinator").sees("Stagiair magazijn", "Ingediend")
    assert Offer.objects.get(title="Stagiair magazijn").state == "submitted"


def test_a_coordinator_publishes_runs_and_sends_without_a_mouse(
    region: Region, window: OpenWindow, worker: Work
) -> None:
    offer = OfferFactory(state="submitted", season=region.season, title="Stagiair magazijn")
    fatima = window(region.fatima).open("/vandaag/")
    follow(fatima, "Aanbod beoordelen")
    follow(follow(fatima, offer.title), "Publiceer").sees("is gepubliceerd.")
    follow(fatima, "Rondes")
    follow(fatima, "Begin een ronde")
    follow(fatima, "Bereken het voorstel")
    worker()
    fatima.open(fatima.page.url.removeprefix(fatima.base)).sees("De uitkomst")
    reach(fatima, "Kies Noor Bakker voor").type_keys("Space")
    follow(fatima, "Keur gekozen goed").sees("1 voorstel goedgekeurd.")
    follow(fatima, "Verstuur 1 voorstel").sees("1 voorstel verstuurd.")
    assert Proposal.objects.get(student=region.noor).state == "offered"


def test_a_student_answers_without_a_mouse(region: Region, window: OpenWindow) -> None:
    """From the start page, only with Tab and Enter."""
    proposal = ProposalFactory(student=region.sanne, offer=region.data, state="offered")
    sanne = window(region.sanne.user).open("/student/")
    follow(sanne, "Er is een voorstel voor je: Klikwerf")
    follow(sanne, "Ja, ik wil deze plek").sees("Je hebt ja gezegd.")
    assert Proposal.objects.get(pk=proposal.pk).student_answered


def test_a_place_that_no_key_reaches_is_missed(region: Region, window: OpenWindow) -> None:
    sanne = window(region.sanne.user).open("/student/")
    with pytest.raises(AssertionError, match="the focus never comes to"):
        reach(sanne, "Een knop die er niet is")


def test_on_a_telephone_all_of_a_table_can_be_chosen_in_sight(
    region: Region, window: OpenWindow, worker: Work
) -> None:
    """What the focus reaches is seen: the heads of a table that turned into cards are gone, but
    for the box that chooses all."""
    fatima = window(region.fatima, width=360).open("/scholen/windesheim/rondes/")
    follow(follow(fatima, "Begin een ronde"), "Bereken het voorstel")
    worker()
    fatima.open(fatima.page.url.removeprefix(fatima.base))
    reach(fatima, "Kies alles").type_keys("Space")
    expect(fatima.page.get_by_text("Kies alles").first).to_be_in_viewport(ratio=1)
    expect(fatima.page.get_by_label("Kies Noor Bakker voor")).to_be_checked()
    expect(fatima.page.get_by_role("columnheader", name="Plek")).to_be_hidden()
