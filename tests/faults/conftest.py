"""What the tests with broken neighbours share."""

from collections.abc import Iterator

import pytest

from notifications import bell
from tests.faults.processes import Broker
from tests.notifications.conftest import post_office

__all__ = ["broker", "post_office"]


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    """A Valkey that the test may ill-treat; the bell of this process rings there."""
    with Broker() as found:
        monkeypatch.setattr(bell, "current_app", found.app())
        monkeypatch.setattr(bell, "_bell", bell._Bell())
        yield found
