"""What the tests of letters share."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.notifications.post_office import PostOffice


@pytest.fixture
def post_office(settings: Settings) -> Iterator[PostOffice]:
    """A real SMTP server, to which the portal sends its letters during the test."""
    with PostOffice() as office:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = "127.0.0.1"
        settings.EMAIL_PORT = office.port
        settings.EMAIL_TIMEOUT = 2
        yield office


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were rung for, in order; nothing goes to the broker."""
    rung: list[str] = []
    monkeypatch.setattr("notifications.bell._bell.ring", rung.append)
    return rung
