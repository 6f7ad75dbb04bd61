"""Somebody pulls plugs at random while letters are written and sent. Nothing is lost.

Short here; `make faults` does it with 10,000 letters and 200 kills. Both print what they saw.
"""

import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from celery import Celery

from notifications.models import Letter
from tests.faults.processes import Beat, Broker, Web, Worker, _Process, url_of_test_database
from tests.notifications.post_office import PostOffice
from tests.services.waiting import until

pytestmark = pytest.mark.django_db(transaction=True)

LETTERS = int(os.environ.get("FAULT_LETTERS", "400"))
KILLS = int(os.environ.get("FAULT_KILLS", "8"))
SEED = int(os.environ.get("FAULT_SEED", "6"))
SLOTS = 2  # children of the worker: each may have one letter in hand
BETWEEN_KILLS = 1.5
RECOVERY_SECONDS = 90


@dataclass(frozen=True)
class Figures:
    """What came of a drill."""

    written: int
    arrived: int
    lost: int
    duplicated: int
    kills: dict[str, int]
    recovered_after: float

    def __str__(self) -> str:
        return (
            f"{self.written} letters, kills {self.kills}: lost {self.lost}, "
            f"duplicated {self.duplicated}, recovered after {self.recovered_after:.1f} s"
        )


class Drill:
    """Web, worker and beat, each started again whenever somebody kills it."""

    def __init__(self, web: Web, worker: Worker, beat: Beat) -> None:
        self._parts: dict[str, _Process] = {"web": web, "worker": worker, "beat": beat}
        self._web = web
        self._worker = worker
        self.kills: Counter[str] = Counter()

    def kill(self, name: str, dice: random.Random) -> None:
        """SIGKILL, without a chance to tidy up; then start it again. A worker that is only just
        starting has no child yet: then it goes itself."""
        children = self._worker.children() if name == "child" else []
        if children:
            os.kill(dice.choice(children), signal.SIGKILL)
        else:
            name = "worker" if name == "child" else name
            self._parts[name].kill()
            self._parts[name].begin()
        self.kills[name] += 1

    def write(self, key: str) -> None:
        """As somebody who presses again until the page says that it is done."""
        until(
            lambda: self._web.status("POST", f"/schrijf/{key}/") == 200,
            seconds=RECOVERY_SECONDS,
            what=f"letter {key} is written",
        )


@pytest.fixture
def drill(broker: Broker, post_office: PostOffice) -> Iterator[Drill]:
    """All the parts, on the database of the test."""
    with (
        Web(url_of_test_database(), REDIS_URL=broker.url, DATABASE_KEEP_CONNECTIONS="1") as web,
        Worker(broker, mail_port=post_office.port, children=SLOTS) as worker,
        Beat(broker) as beat,
    ):
        yield Drill(web, worker, beat)


def spread(count: int, seconds: float) -> Iterator[int]:
    """The numbers from 0 on, so that the last comes when the time is nearly over."""
    began = time.monotonic()
    for number in range(count):
        ahead = number * seconds / count - (time.monotonic() - began)
        if ahead > 0:
            time.sleep(ahead)
        yield number


def run(drill: Drill, office: PostOffice, *, letters: int, kills: int, seed: int) -> Figures:
    """Write letters and kill something every now and then; then wait until all have arrived."""
    dice = random.Random(seed)
    lasts = kills * BETWEEN_KILLS
    victims = (["web", "worker", "beat", "child"] * (kills // 4 + 1))[:kills]
    dice.shuffle(victims)
    keys = [f"brief-{number}" for number in range(letters)]
    with ThreadPoolExecutor(8) as people:
        writing = people.submit(
            lambda: [people.submit(drill.write, keys[n]) for n in spread(letters, lasts)]
        )
        for turn in spread(kills, lasts):
            drill.kill(victims[turn], dice)
        for one in writing.result():
            one.result()
    last_kill = time.monotonic()
    until(
        lambda: not Letter.objects.exclude(state=Letter.State.SENT).exists(),
        seconds=RECOVERY_SECONDS,
        what="everything has left",
    )
    subjects = Counter(str(letter["Subject"]) for letter in office.arrived)
    return Figures(
        written=len(keys),
        arrived=len(subjects),
        lost=len(set(keys) - set(subjects)),
        duplicated=sum(subjects.values()) - len(subjects),
        kills=dict(drill.kills),
        recovered_after=time.monotonic() - last_kill,
    )


def say(capsys: pytest.CaptureFixture[str], what: object) -> None:
    with capsys.disabled():
        sys.stderr.write(f"\n  {what}\n")


def test_nothing_is_lost_whatever_is_killed(
    drill: Drill, post_office: PostOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(drill, post_office, letters=LETTERS, kills=KILLS, seed=SEED)
    say(capsys, found)
    assert found.lost == 0
    assert found.duplicated <= sum(found.kills.values()) * SLOTS
    assert len(set(post_office.message_ids())) == LETTERS, "a repeat had another identity"
    assert Letter.objects.count() == LETTERS, "a letter was written twice"
    assert found.recovered_after <= RECOVERY_SECONDS


# --- the control -----------------------------------------------------------------------------

NAIVE = """
import os, smtplib, time
from celery import Celery

app = Celery("naive", broker=os.environ["NAIVE_BROKER"])

@app.task(name="naive.send")
def send(key):
    time.sleep(0.05)
    with smtplib.SMTP("127.0.0.1", int(os.environ["NAIVE_PORT"])) as post:
        post.sendmail("post@x.example", [f"{key}@x.example"], f"Subject: {key}\\n\\nDag,")
"""


class NaiveWorker(_Process):
    """Celery as it comes, with the letter in the task."""

    def __init__(self, broker: Broker, port: int) -> None:
        self.address = f"redis+socket://{broker.socket}?virtual_host=1"
        self._port = port

    def __enter__(self) -> "NaiveWorker":
        super().__enter__()
        return self

    def start(self) -> None:
        (self.folder / "naive.py").write_text(NAIVE)
        self._launch(
            *(sys.executable, "-m", "celery", "--workdir", str(self.folder), "-A", "naive"),
            *("worker", "--concurrency=2", "--without-mingle", "--without-gossip"),
            NAIVE_BROKER=self.address,
            NAIVE_PORT=str(self._port),
        )


def still(count: Callable[[], int], *, seconds: float) -> bool:
    """Whether nothing changes for so long."""
    before, since = count(), time.monotonic()
    while time.monotonic() - since < seconds:
        if count() != before:
            return False
        time.sleep(0.05)
    return True


def test_plain_delay_with_defaults_loses_letters(
    broker: Broker, post_office: PostOffice, capsys: pytest.CaptureFixture[str]
) -> None:
    """The control: what is in a task and not in a row is gone with its worker, and what that had
    fetched waits for an hour."""
    letters = 120
    with NaiveWorker(broker, post_office.port) as worker:
        app = Celery("naive", broker=worker.address, set_as_current=False)
        for number in range(letters):
            app.send_task("naive.send", [f"brief-{number}"])
        for share in (0.2, 0.4, 0.6):
            reached = int(share * letters)
            until(lambda: len(post_office.arrived) >= reached, seconds=30, what="some arrived")  # noqa: B023
            worker.kill()
            worker.start()
        until(
            lambda: still(lambda: len(post_office.arrived), seconds=4),
            seconds=60,
            what="no more arrive",
        )
    lost = letters - len({str(letter["Subject"]) for letter in post_office.arrived})
    say(capsys, f"plain .delay() with defaults: {letters} letters, 3 kills: lost {lost}")
    assert lost > 0
