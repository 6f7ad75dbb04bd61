"""What a page costs somebody on a telephone, on a first visit: bytes and requests."""

import gzip
from dataclasses import dataclass, field

import pytest
from django.conf import settings
from playwright.sync_api import Page, Response

from tests.factories.companies import OfferFactory
from tests.journeys.conftest import OpenWindow
from tests.journeys.region import Region
from tests.journeys.window import Window

LARGEST, MOST_REQUESTS, LARGEST_SCRIPTS = 70_000, 8, 20_000
FULL = 30  # more offers than stand on one page


@dataclass
class Load:
    """What came over the line for one page."""

    responses: list[Response] = field(default_factory=list)

    def bytes_of(self, *kinds: str) -> int:
        """Bytes of these kinds of resources, or of all, compressed as they are in earnest."""
        return sum(
            packed(one) for one in self.responses if not kinds or one.request.resource_type in kinds
        )

    def from_elsewhere(self, base: str) -> list[str]:
        """What did not come from the portal itself."""
        return [one.url for one in self.responses if not one.url.startswith((base, "data:"))]


def packed(response: Response) -> int:
    """How large an answer is on its way. Static files are compressed when they are collected,
    which tests do without."""
    body = response.body()
    if response.headers.get("content-encoding") == "gzip":
        return int(response.headers["content-length"])
    static = f"/{settings.STATIC_URL.strip('/')}/" in response.url
    return len(gzip.compress(body)) if static else len(body)


def loading(page: Page, address: str) -> Load:
    """Open an address as on a first visit."""
    load = Load()

    def arrived(response: Response) -> None:
        load.responses.append(response)

    page.on("response", arrived)
    page.goto(address, wait_until="networkidle")
    page.remove_listener("response", arrived)
    return load


@pytest.fixture
def student(region: Region, window: OpenWindow) -> Window:
    """Somebody who has a long list of places to look at."""
    OfferFactory.create_batch(
        FULL,
        site=region.data.site,
        season=region.season,
        skills=list(region.skills.values()),
        text="Je helpt in onze webshop en leert hoe dat werkt. " * 12,
    )
    return window(region.sanne.user, width=360)


def test_a_list_of_places_is_light(student: Window) -> None:
    load = loading(student.page, f"{student.base}/student/plekken/")
    assert student.page.get_by_role("article").count() >= 20
    assert load.bytes_of() <= LARGEST
    assert load.bytes_of("script") <= LARGEST_SCRIPTS
    assert len(load.responses) <= MOST_REQUESTS
    assert load.from_elsewhere(student.base) == []


def test_a_heavy_page_would_be_found(student: Window) -> None:
    """Noise cannot be compressed; a page with much of it is over every limit."""
    noise = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(60_000))
    scripts = "".join(f"<script src='/{n}.js'></script>" for n in range(MOST_REQUESTS))
    body = f"<!DOCTYPE html><title>Zwaar</title>{scripts}{noise}"
    student.page.route("**/zwaar", lambda route: route.fulfill(body=body, content_type="text/html"))
    student.page.route("**/*.js", lambda route: route.fulfill(body=f"'{noise}'"))
    load = loading(student.page, f"{student.base}/zwaar")
    assert load.bytes_of() > LARGEST
    assert load.bytes_of("script") > LARGEST_SCRIPTS
    assert len(load.responses) > MOST_REQUESTS
    student.page.unroute_all()
