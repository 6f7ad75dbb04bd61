"""What the journeys share: a small region, the post that arrives, a worker, and a browser."""

from collections.abc import Callable, Iterator
from typing import Protocol

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.chromium import ARGUMENTS, executable
from tests.conftest import client_of
from tests.faults.conftest import broker
from tests.journeys.region import Region, make_region
from tests.journeys.window import HEIGHT, Window
from tests.notifications.conftest import post_office, rung
from topcentrum.celery import app

__all__ = ["broker", "post_office", "rung"]

Worker = Callable[[], None]


class OpenWindow(Protocol):
    """Opens a window of a browser, for a user who is signed in, or for somebody."""

    def __call__(
        self, user: User | None = None, *, width: int = 1280, script: bool = True
    ) -> Window: ...


@pytest.fixture
def region(transactional_db: None) -> Region:
    """A school with students, and companies with offers."""
    return make_region()


@pytest.fixture
def worker(rung: list[str]) -> Worker:
    """Does what was rung for, task by task, as a worker would."""
    app.loader.import_default_modules()

    def work() -> None:
        while rung:
            app.tasks[rung.pop(0)]()

    return work


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; without one they fail, with a word on how to get it."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def used(chromium: Browser) -> list[Page]:
    """Pages that earlier tests left behind: half a second cheaper than new ones."""
    return []


@pytest.fixture
def window(
    chromium: Browser, used: list[Page], live_server: LiveServer, settings: Settings
) -> Iterator[OpenWindow]:
    """Opens windows on the portal; each has cookies of its own."""
    settings.BASE_URL = live_server.url
    windows: list[Window] = []

    def open_one(user: User | None = None, *, width: int = 1280, script: bool = True) -> Window:
        if used and script:
            page = used.pop()
        else:
            context = chromium.new_context(
                locale="nl-NL", reduced_motion="reduce", java_script_enabled=script
            )
            page = context.new_page()
        page.set_viewport_size({"width": width, "height": HEIGHT})
        found = Window(page, live_server.url, script)
        windows.append(found)
        if user is not None:
            name = settings.SESSION_COOKIE_NAME
            value = client_of(user).cookies[name].value
            page.context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
        return found

    yield open_one
    for one in windows:
        if one.script:
            used.append(one.leave())
        else:
            one.page.context.close()
