"""Two clocks at once: one rings, the other takes over when it is gone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications.models import Watch
from tests.faults.processes import READY_SECONDS, Beat, Broker
from tests.services.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)


def both_ran_for_a_while(one: Beat, other: Beat) -> None:
    """The one that rings has rung a dozen times since both were there."""
    before = one.rings() + other.rings()
    until(
        lambda: one.rings() + other.rings() >= before + 12,
        seconds=READY_SECONDS,
        what="somebody rings",
    )


def test_of_two_clocks_one_rings_and_the_other_takes_over(broker: Broker) -> None:
    with Beat(broker) as one, Beat(broker) as other:
        both_ran_for_a_while(one, other)
        on_duty, idle = (one, other) if one.rings() else (other, one)
        assert idle.rings() == 0, "two clocks ring for everything twice"

        on_duty.kill()
        Watch.objects.update(until=timezone.now() - timedelta(seconds=1))  # as if it has run out
        until(lambda: idle.rings() > 3, seconds=READY_SECONDS, what="the other takes over")


def test_two_clocks_that_do_not_ask_both_ring(broker: Broker) -> None:
    """The control."""
    with Beat(broker, asks=False) as one, Beat(broker, asks=False) as other:
        until(
            lambda: min(one.rings(), other.rings()) > 3,
            seconds=READY_SECONDS,
            what="both ring",
        )
