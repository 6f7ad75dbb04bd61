"""The invented region, made once for all tests that only look at it; and the demo switched on."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker, Settings

from education.imports import load_education
from geo.imports import load_places
from tests.demo import urls
from topcentrum.demo import region

TODAY = date(2026, 11, 23)


@pytest.fixture(scope="module")
def a_region(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The region of seed 1 as it stands on TODAY; taken back when the module is done."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_places()
        load_education()
        region.make(seed=1, today=TODAY)
        # Each test ends with a check of constraints; the region's own is done here.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def reference(db: None) -> None:
    """Places, schools, programmes and skills, without anybody."""
    load_places()
    load_education()


@pytest.fixture
def demo(settings: Settings, tmp_path: Path) -> Path:
    """The demo's pages, as the portal has them in demo mode; gives the folder of its post."""
    settings.DEMO = True
    # Imported above while the demo was off, so that the portal's own addresses are without it.
    settings.ROOT_URLCONF = urls.__name__
    settings.DEMO_POST_FOLDER = str(tmp_path / "post")
    return tmp_path / "post"
