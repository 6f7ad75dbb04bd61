"""One walk of the postman: letter after letter, past whoever keeps him waiting.

One letter at a time is on its way. One that takes longer than a moment steps aside: it goes on by
itself, with a connection of its own, while the next one leaves; its domain is known as slow from
then on, and its letters go aside from the start. So a domain that hangs costs the others a moment,
once. Lanes only speak with the mail server; all rows are read and written here, in one thread.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models.functions import Now

from notifications import states
from notifications.delivery import leasing, setbacks
from notifications.delivery.posting import Outcome, Post
from notifications.models import Letter

logger = logging.getLogger(__name__)

MOMENT = 0.5  # seconds; what takes longer steps aside
MOST_ASIDE = 7
HEARTBEAT = leasing.LEASE.total_seconds() / 4
LONGEST_WALK = 30.0  # a worker that is asked to end must not take long
MOST_BROKEN_IN_A_ROW = 2
AT_ONCE = timedelta(0)


@dataclass
class _Trip:
    """A letter on its way to the mail server."""

    letter: Letter
    post: Post
    aside: bool
    began: float = field(default_factory=time.monotonic)

    @property
    def took(self) -> float:
        return time.monotonic() - self.began


def deliver_waiting(*, call_next: Callable[[], None] | None = None) -> int:
    """Send letters until none is due or the mail server is away; returns how many were sent.

    After half a minute it stops with work left, and calls `call_next` for somebody to go on.
    """
    with ThreadPoolExecutor(MOST_ASIDE + 1, thread_name_prefix="lane") as lanes:
        walk = _Walk(lanes)
        walk.walk()
    if walk.ran_late and call_next:
        call_next()
    return walk.sent


class _Walk:
    def __init__(self, lanes: ThreadPoolExecutor) -> None:
        self._lanes = lanes
        self._bag: list[Letter] = []
        self._under_way: dict[Future[Outcome], _Trip] = {}
        self._rested: list[Post] = []
        self._troubled: set[str] = set()
        self._slow: set[str] = set()
        self._ends = time.monotonic() + LONGEST_WALK
        self._heartbeat = time.monotonic() + HEARTBEAT
        self._broken = 0
        self._over = False
        self.ran_late = False
        self.sent = 0

    def walk(self) -> None:
        try:
            while self._fill_bag() or self._under_way:
                self._set_out()
                self._look_up()
        finally:
            for post in self._rested:
                post.close()

    def _fill_bag(self) -> bool:
        """Whether there is something to hand over."""
        if not self._over and time.monotonic() > self._ends:
            self.ran_late = True
            self._end()
        if not self._bag and not self._over:
            self._bag = leasing.claim()
            known = setbacks.troubled({letter.domain for letter in self._bag})
            self._troubled = set(known)
            self._slow = {name for name, domain in known.items() if domain.slow}
        return bool(self._bag)

    def _set_out(self) -> None:
        """Hand over what may go now."""
        while letter := self._first_that_may_go():
            self._bag.remove(letter)
            if leasing.keep(letter):
                post = self._rested.pop() if self._rested else Post()
                trip = _Trip(letter, post, aside=letter.domain in self._slow)
                self._under_way[self._lanes.submit(post.hand_over, letter)] = trip

    def _first_that_may_go(self) -> Letter | None:
        """One letter goes at a time, and beside it some to slow domains."""
        aside = sum(trip.aside for trip in self._under_way.values())
        free = {True: aside < MOST_ASIDE, False: aside == len(self._under_way)}
        return next((one for one in self._bag if free[one.domain in self._slow]), None)

    def _look_up(self) -> None:
        """Wait a moment for what is under way, and write down what came of it."""
        done, _on = wait(self._under_way, timeout=MOMENT, return_when=FIRST_COMPLETED)
        for one in done:
            self._settle(self._under_way.pop(one), one.result())
        for trip in self._under_way.values():
            if not trip.aside and trip.took > MOMENT:
                self._step_aside(trip)
        if time.monotonic() > self._heartbeat:
            leasing.keep_all([*(trip.letter for trip in self._under_way.values()), *self._bag])
            self._heartbeat = time.monotonic() + HEARTBEAT

    def _step_aside(self, trip: _Trip) -> None:
        """The others go on. What else we have for that domain is let go: it gets one at a time."""
        trip.aside = True
        domain = trip.letter.domain
        setbacks.hold_back(domain)
        self._slow.add(domain)
        self._troubled.add(domain)
        leasing.put_back([one for one in self._bag if one.domain == domain], wait=AT_ONCE)
        self._bag = [one for one in self._bag if one.domain != domain]

    def _settle(self, trip: _Trip, outcome: Outcome) -> None:
        if outcome.error is None:
            self._rested.append(trip.post)
            self._note_sent(trip)
        elif outcome.away:
            wait = setbacks.waiting_time(1)
            leasing.put_back([trip.letter], wait=wait, trouble=outcome.words)
        else:
            setbacks.note(trip.letter, outcome)
            self._troubled.add(trip.letter.domain)
        self._broken = self._broken + 1 if outcome.is_of_connection else 0
        # A connection that the server refuses while another one works says nothing.
        is_away = (outcome.away and not trip.aside) or self._broken == MOST_BROKEN_IN_A_ROW
        if is_away and not self._over:
            logger.warning("the mail server is away: %s", outcome.words)
            self._end(wait=setbacks.waiting_time(1), trouble=outcome.words)

    def _note_sent(self, trip: _Trip) -> None:
        leasing.record(
            trip.letter, state=states.SENT, sent_at=Now(), trouble="", next_attempt_at=None
        )
        self.sent += 1
        domain = trip.letter.domain
        if domain in self._troubled:
            is_slow = trip.took > MOMENT
            setbacks.answers(domain, slow=is_slow)
            if not is_slow:
                self._troubled.discard(domain)
                self._slow.discard(domain)

    def _end(self, *, wait: timedelta = AT_ONCE, trouble: str = "") -> None:
        """Take nothing more, and give back what was not tried."""
        self._over = True
        leasing.put_back(self._bag, wait=wait, trouble=trouble)
        self._bag = []
