"""Takes pictures of every page of the demo, to be looked at one by one.

    .venv/bin/python scripts/screenshots.py [folder] [--only words]     (or: make screenshots)

Starts a demo of its own, lets a coordinator calculate a round, and goes through the portal as one
person of each kind, from link to link. Of addresses that differ only in a key, the first is taken;
of pages with a form, what an empty form says as well. Each page is seen at three widths, light and
dark, and `index.html` in the folder shows all of them beside each other.
"""

import argparse
import html
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, sync_playwright

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from tests.chromium import ARGUMENTS, executable  # noqa: E402
from topcentrum.services import ports  # noqa: E402

WIDTHS = (360, 768, 1280)
SCHEMES = ("light", "dark")
# What is longer is a list that repeats itself.
HEIGHT, TALLEST = 800, 3200
LONGEST_RUN = 180_000  # milliseconds: the first run of an engine that was never prepared
# Leads out of the portal as this person, or to no page.
NOT_HERE = re.compile(r"/(logout|static|demo/post/.+/html|taal)")
LINKS = "() => [...document.querySelectorAll('a[href]')].map((one) => one.href)"
FORMS = """() => [...document.querySelectorAll('main form[method="post" i]')].map(
    (one) => one.action).filter((one) => one === location.href)"""
SEND_NOTHING = """() => {
  const form = [...document.querySelectorAll('main form[method="post" i]')].find(
    (one) => one.action === location.href);
  for (const field of form.querySelectorAll("input:not([type=hidden]), textarea")) {
    if (["checkbox", "radio"].includes(field.type)) field.checked = false; else field.value = "";
  }
  form.noValidate = true;
  HTMLFormElement.prototype.submit.call(form);
}"""


def main() -> None:
    """Start the demo, walk, and say where the pictures are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=PROJECT / "screenshots")
    parser.add_argument("--only", default="", help="only addresses in which this occurs")
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    with demo() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        calculate_a_round(browser, base)
        names: list[str] = []
        for who in ("", *people(browser, base)):
            for name in walk(browser, base, who, options.folder, options.only):
                print(f"  {name}", flush=True)
                names.append(name)
        browser.close()
    write_index(options.folder, names)
    print(f"{len(names)} pages, {len(names) * len(WIDTHS) * len(SCHEMES)} pictures: ", end="")
    print(options.folder / "index.html")


@contextmanager
def demo() -> Iterator[str]:
    """A demo that is made for this and thrown away; its address."""
    folder = Path(tempfile.mkdtemp(prefix="topcentrum-screenshots-"))
    folder.chmod(0o755)
    port = ports.unused()
    command = [sys.executable, "-m", "topcentrum.services", "--watch-parent", "demo"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--data", str(folder / "data")],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    try:
        said = ""
        for line in process.stdout:
            said += line
            if "is ready" in line:
                break
        else:
            sys.exit(f"The demo did not start:\n{said}")
        yield f"http://localhost:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def page_of(browser: Browser, base: str, who: str) -> Page:
    """A window for one person of the cast, or for nobody."""
    page = browser.new_context(locale="nl-NL", reduced_motion="reduce").new_page()
    page.set_viewport_size({"width": WIDTHS[-1], "height": HEIGHT})
    if who:
        page.goto(f"{base}/demo/")
        page.locator(f"button[name=person][value='{who}']").first.click()
        page.wait_for_load_state()
    return page


def people(browser: Browser, base: str) -> list[str]:
    """The first person of each kind behind the door of the demo."""
    page = page_of(browser, base, "")
    page.goto(f"{base}/demo/")
    groups = page.locator("main section, main ul").filter(has=page.locator("button[name=person]"))
    firsts = [
        group.locator("button[name=person]").first.get_attribute("value") for group in groups.all()
    ]
    page.context.close()
    return list(dict.fromkeys(one for one in firsts if one))


def calculate_a_round(browser: Browser, base: str) -> None:
    """The first coordinator begins a round and waits for what comes out."""
    for who in people(browser, base):
        page = page_of(browser, base, who)
        rounds = page.get_by_role("link", name="Rondes")
        if rounds.count():
            page.goto(str(rounds.first.evaluate("one => one.href")))
            page.get_by_role("button", name="Begin een ronde").click()
            page.get_by_role("button", name="Bereken het voorstel").click()
            page.get_by_role("heading", name="De uitkomst").wait_for(timeout=LONGEST_RUN)
            page.context.close()
            return
        page.context.close()
    sys.exit("Nobody in the demo coordinates a school.")


def walk(browser: Browser, base: str, who: str, folder: Path, only: str) -> Iterator[str]:
    """Take pictures of what this person reaches by links; yields the name of each page."""
    page = page_of(browser, base, who)
    label = person_name(page) if who else "nobody"
    queue, seen = [page.url if who else f"{base}/"], set[str]()
    while queue:
        address = queue.pop(0)
        shape = shape_of(address.removeprefix(base))
        if not address.startswith(base) or shape in seen or NOT_HERE.search(shape):
            continue
        seen.add(shape)
        try:
            answer = page.goto(address)
        except Error:  # a file, which the browser saves and does not show
            continue
        if answer is None or "text/html" not in answer.headers.get("content-type", ""):
            continue
        queue += page.evaluate(LINKS)
        if only not in address:
            continue
        name = f"{label}{re.sub(r'[^a-z0-9]+', '-', shape) or '-'}".strip("-")
        yield take(page, folder, name)
        if page.evaluate(FORMS):
            with page.expect_navigation():
                page.evaluate(SEND_NOTHING)
            if page.title().startswith(("Fout:", "Error:")):
                yield take(page, folder, f"{name}-empty-form")
    page.context.close()


def person_name(page: Page) -> str:
    """Who is signed in, as part of the name of a file."""
    name = page.locator(".user-menu__name").first.text_content() or "somebody"
    return re.sub(r"[^a-z]+", "-", name.strip().lower()).strip("-")


def shape_of(path: str) -> str:
    """An address without its keys: all offers are one page, with one set of filters or another."""
    path, _, query = path.partition("#")[0].partition("?")
    path = re.sub(r"/\d+", "/n", path)
    path = re.sub(r"/scholen/[^/]+", "/scholen/school", path)
    path = re.sub(r"/demo/post/[^/]+/", "/demo/post/letter/", path)
    return path + "".join(f"?{part.partition('=')[0]}" for part in sorted(query.split("&")) if part)


def take(page: Page, folder: Path, name: str) -> str:
    """All pictures of the page as it stands."""
    for width in WIDTHS:
        for scheme in SCHEMES:
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.set_viewport_size({"width": width, "height": HEIGHT})
            tall = page.evaluate("() => document.documentElement.scrollHeight")
            page.screenshot(
                path=folder / f"{name}-{width}-{scheme}.png",
                full_page=True,
                clip={"x": 0, "y": 0, "width": width, "height": min(tall, TALLEST)},
            )
    page.set_viewport_size({"width": WIDTHS[-1], "height": HEIGHT})
    return name


def write_index(folder: Path, names: list[str]) -> None:
    """One page that shows all pictures."""
    rows = []
    for name in names:
        pictures = "".join(
            f'<a href="{name}-{width}-{scheme}.png">'
            f'<img loading="lazy" height="420" src="{name}-{width}-{scheme}.png" '
            f'alt="{width} px, {scheme}"></a> '
            for scheme in SCHEMES
            for width in WIDTHS
        )
        rows.append(f"<h2>{html.escape(name)}</h2><p>{pictures}</p>")
    page = "<!DOCTYPE html><meta charset='utf-8'><title>Screenshots</title>" + "\n".join(rows)
    (folder / "index.html").write_text(page)


if __name__ == "__main__":
    main()
