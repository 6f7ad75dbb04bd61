"""Those who look at pages must be able to find something: planted faults are seen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import chromium as find
from tests.journeys.conftest import OpenWindow
from tests.journeys.window import HEIGHT, Window

SOUND = """<!DOCTYPE html><html lang="nl"><head><title>{title}</title></head><body><main>
<h1>Een pagina</h1><label for="a">Naam</label> <input id="a">
{body}</main></body></html>"""


@pytest.fixture
def blank(chromium: Browser) -> Iterator[Window]:
    """A window on nothing, without a portal behind it."""
    context = chromium.new_context(viewport={"width": 1280, "height": HEIGHT})
    yield Window(context.new_page(), "")
    context.close()


def faults_of(window: Window, body: str, title: str = "Titel · Topcentrum") -> str:
    window.page.set_content(SOUND.format(title=title, body=body))
    return "\n".join(window.faults())


def test_a_sound_page_has_no_faults(blank: Window) -> None:
    assert faults_of(blank, "<p>Niets aan de hand.</p>") == ""


@pytest.mark.parametrize(
    ("planted", "seen"),
    [
        ('<input type="text">', "label: "),
        ('<img src="data:,">', "image-alt: "),
        ('<p style="color: #aaa; background: #fff">Bleek</p>', "color-contrast: "),
        ('<p aria-labelledby="a" role="knop">Knop</p>', "aria-roles: "),
        (
            '<div style="display: flex"><button style="width: 15px">a</button>'
            '<button style="width: 15px">b</button></div>',
            "target-size: ",
        ),
        ("<h1>Nog een kop</h1>", "2 first headings"),
        ('<div style="width: 350px">Te breed</div>', "sticks out at 320 px: "),
        ('<div style="width: 600px">Veel te breed</div>', "sticks out at 360 px: "),
        ("<script>throw new Error('stuk')</script>", "script: stuk"),
        ("<script>console.error('pas op')</script>", "pas op"),
    ],
)
def test_a_planted_fault_is_seen(blank: Window, planted: str, seen: str) -> None:
    assert seen in faults_of(blank, planted)


@pytest.mark.parametrize("title", ["", " · Topcentrum", "Fout: · Topcentrum"])
def test_a_page_without_a_name_is_seen(blank: Window, title: str) -> None:
    assert "no title" in faults_of(blank, "", title)


def test_what_the_security_policy_refuses_is_seen(
    transactional_db: None, window: OpenWindow
) -> None:
    visitor = window().open("/over/").look()
    visitor.page.evaluate("() => document.body.setAttribute('onclick', 'alert(1)')")
    visitor.page.evaluate("() => document.body.click()")
    assert "Content Security Policy" in "\n".join(visitor.faults())


def test_an_answer_that_nobody_expected_is_seen(transactional_db: None, window: OpenWindow) -> None:
    visitor = window()
    visitor.open("/nergens/", status=404).look()
    visitor.page.goto(visitor.base + "/nergens/")
    assert "status of 404" in "\n".join(visitor.faults())


def test_without_a_browser_it_is_said_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(find.NoChromium, match="make browser"):
        find.executable()


def test_a_named_browser_that_is_not_there_is_not_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(find.NoChromium, match="CHROMIUM"):
        find.executable()
