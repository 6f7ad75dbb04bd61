"""A window of a real browser, which looks at every page for what would shut somebody out."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Error, Locator, Page, expect

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": TAGS},
    "rules": {"target-size": {"enabled": True}},  # WCAG 2.2, off by itself
    "resultTypes": ["violations"],
    "preload": False,  # looks at no style sheets from elsewhere: there are none
}
NARROW = (320, 360)
HEIGHT = 900
PATIENCE = 10_000  # milliseconds

# Everything that sticks out to the right of the page, but for what scrolls by itself.
STICKS_OUT = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return [];
  const wide = [...document.body.querySelectorAll("*")].filter(
    (node) => node.getBoundingClientRect().right > page.clientWidth + 0.5);
  return ["the page"].concat(wide.slice(-3).map((node) => node.outerHTML.slice(0, 120)));
}"""

SEND = """(path) => {
  const form = document.createElement("form");
  Object.assign(form, {method: "post", action: path});
  form.append(document.querySelector("[name=csrfmiddlewaretoken]").cloneNode());
  document.body.append(form);
  form.submit();
}"""


class Look(NamedTuple):
    """How wide, and in which colours, somebody sees a page."""

    width: int
    scheme: Literal["light", "dark"]
    forced: Literal["none", "active"] = "none"

    def __str__(self) -> str:
        colours = self.scheme if self.forced == "none" else "forced colours"
        return f"at {self.width} px, {colours}"


@dataclass
class Window:
    """One page of a browser, for one person."""

    page: Page
    base: str
    script: bool = True
    troubles: list[str] = field(default_factory=list)
    expected: int | None = None

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._hear_error)

    def _hear(self, message: ConsoleMessage) -> None:
        """Whatever the browser complains about, refusals of the content security policy too; only
        an answer that a test asked for is no trouble."""
        if message.type not in ("error", "warning"):
            return
        if self.expected and f"status of {self.expected}" in message.text:
            return
        self.troubles.append(f"{self.page.url}: {message.text}")

    def _hear_error(self, error: Error) -> None:
        self.troubles.append(f"script: {error}")

    def leave(self) -> Page:
        """Leave nothing behind for whoever uses the page next."""
        self.page.remove_listener("console", self._hear)
        self.page.remove_listener("pageerror", self._hear_error)
        self.page.goto("about:blank")
        self.page.context.clear_cookies()
        self.page.emulate_media(color_scheme="light", forced_colors="none")
        return self.page

    # --- Going about -------------------------------------------------------------------------

    def open(self, path: str, status: int = 200) -> "Window":
        """Go to an address."""
        with self._expecting(status):
            answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status}"
        return self

    def follow(self, name: str) -> "Window":
        """Click the link that says exactly this, or else this among other words."""
        exact = self.page.get_by_role("link", name=name, exact=True)
        link = exact if exact.count() else self.page.get_by_role("link", name=name)
        link.first.click()
        self.page.wait_for_load_state()
        return self

    def press(self, name: str, within: Locator | None = None, status: int = 200) -> "Window":
        """Press a button that sends a form, and wait for the page that answers."""
        around: Page | Locator = within if within is not None else self.page
        button = around.get_by_role("button", name=name)
        with self._expecting(status), self.page.expect_navigation():
            button.click()
        return self

    def send(self, path: str, status: int) -> "Window":
        """Send an empty form to an address, as this page would."""
        with self._expecting(status), self.page.expect_navigation() as arriving:
            self.page.evaluate(SEND, path)
        assert arriving.value.status == status, f"{path}: {arriving.value.status}"
        return self

    def fill(self, label: str, answer: str) -> "Window":
        """Type at the field with this label."""
        self.page.get_by_label(label).and_(self.page.locator("input, textarea")).fill(answer)
        return self

    def search(self, group: str, words: str, choice: str) -> "Window":
        """Find a choice in a long list by searching, and tick it."""
        fields = self.page.get_by_role("group", name=group)
        fields.get_by_label("Zoek in de lijst").fill(words)
        fields.get_by_label(choice).check()
        return self

    def unfold(self, name: str) -> "Window":
        """Open what is folded away behind these words."""
        self.page.locator("main summary").filter(has_text=name).first.click()
        return self

    def sees(self, *words: str) -> "Window":
        """The page comes to say all of this."""
        for one in words:
            expect(self.page.locator("body")).to_contain_text(one)
        return self

    @contextmanager
    def _expecting(self, status: int) -> Iterator[None]:
        self.expected = status if status >= 400 else None
        yield
        self.expected = None

    # --- Looking -----------------------------------------------------------------------------

    def look(self) -> "Window":
        """Nothing on this page may shut anybody out."""
        faults = self.faults()
        assert not faults, "\n".join(faults)
        return self

    def faults(self, looks: Sequence[Look] = ()) -> list[str]:
        """All that is wrong with the page as it stands, or as seen in these ways, in words."""
        where = re.sub(r"https?://[^/]+", "", self.page.url)
        found = [*self.troubles, *self._headings()]
        self.troubles.clear()
        for look in looks:
            self.page.set_viewport_size({"width": look.width, "height": HEIGHT})
            self.page.emulate_media(color_scheme=look.scheme, forced_colors=look.forced)
            found += [f"{look}: {fault}" for fault in self.axe()]
        found += [*(() if looks else self.axe()), *self._overflow()]
        return [f"{where}: {fault}" for fault in found]

    def letter_faults(self) -> list[str]:
        """The same for a letter that stands alone in the window; headings are not its habit."""
        wide = self.page.evaluate(STICKS_OUT)
        return [*self.axe(), *(f"sticks out: {what}" for what in wide)]

    def axe(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 A and AA."""
        self.page.evaluate(AXE_SCRIPT)
        violations: list[dict[str, Any]] = self.page.evaluate(
            "async (options) => (await axe.run(options)).violations", AXE_OPTIONS
        )
        return [
            f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})"
            for violation in violations
            for node in violation["nodes"]
        ]

    def _headings(self) -> list[str]:
        found = []
        headings = self.page.locator("h1").count()
        if headings != 1:
            found.append(f"{headings} first headings")
        if not self.page.title().removeprefix("Fout:").removesuffix("· Topcentrum").strip():
            found.append("no title")
        return found

    def _overflow(self) -> list[str]:
        found = []
        before = self.page.viewport_size
        assert before is not None
        for width in NARROW:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            wide = self.page.evaluate(STICKS_OUT)
            found += [f"sticks out at {width} px: {what}" for what in wide]
        self.page.set_viewport_size(before)
        return found

    # --- The keyboard ------------------------------------------------------------------------

    def focused(self) -> str:
        """What has the focus: its id, or its words."""
        return str(
            self.page.evaluate(
                "() => document.activeElement.id || document.activeElement.innerText.trim()"
            )
        )

    def type_keys(self, *keys: str) -> "Window":
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)
        return self
