"""A real worker, killed in the middle of a round: the round is taken up again by the next one."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Now

from matching import states
from matching.actions import rounds
from matching.models import Proposal, Run
from tests.conftest import Cast
from tests.factories.matching import ranked
from tests.matching.conftest import MakeOffer
from tests.matching.reading import last_step, state_of, steps_of

LONGEST_SECONDS = 40

# It says how far it is; Celery would take what is printed for a log.
WORKER = """
import sys
from topcentrum.celery import app
from matching.actions import rounds

solve, execute = rounds.solve, rounds.execute

def hang(problem, **asked):
    print("solving", flush=True, file=sys.__stdout__)
    sys.stdin.read()

def told(run, *, today):
    execute(run, today=today)
    print("executed", flush=True, file=sys.__stdout__)

import matching.tasks
if {hangs}:
    rounds.solve = hang
matching.tasks.execute = told
app.worker_main(["worker", "--pool=solo", "--loglevel=ERROR", "--queues={queue}",
                 "--without-gossip", "--without-mingle", "--without-heartbeat"])
"""


@contextmanager
def worker(queue: str, *, hangs: bool) -> Iterator[subprocess.Popen[str]]:
    """A Celery worker of its own on the database of the test."""
    url = urlsplit(os.environ["DATABASE_URL"])
    folder, name = url.path.rpartition("/")[0], connection.settings_dict["NAME"]
    address = url._replace(path=f"{folder}/{name}").geturl()
    script = "import django; django.setup()\n" + WORKER.format(queue=queue, hangs=hangs)
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    patience = threading.Timer(LONGEST_SECONDS, process.kill)
    patience.start()
    try:
        yield process
    finally:
        patience.cancel()
        process.kill()
        process.communicate(timeout=LONGEST_SECONDS)


def hears(process: subprocess.Popen[str], word: str) -> bool:
    """Whether the worker says this before it ends, however long that takes."""
    assert process.stdout is not None
    return any(line.strip() == word for line in process.stdout)


@pytest.mark.django_db(transaction=True)
def test_a_round_whose_worker_was_killed_is_taken_up_by_the_next(
    cast: Cast, at_klikwerf: MakeOffer
) -> None:
    offer = at_klikwerf()
    ranked(cast.bram, offer)
    round_ = rounds.create_round(cast.season, cast.windesheim, by=cast.frits)
    run = rounds.start_run(round_, by=cast.frits)
    queue = f"rounds-{connection.settings_dict['NAME']}"
    with worker(queue, hangs=True) as first:
        current_app.send_task(rounds.TAKE_UP_RUNS, queue=queue)
        assert hears(first, "solving")
        assert state_of(run) == states.RUNNING
        os.kill(first.pid, signal.SIGKILL)
        assert first.wait(timeout=LONGEST_SECONDS) == -signal.SIGKILL
    assert state_of(run) == states.RUNNING
    assert not Proposal.objects.exists()
    Run.objects.filter(pk=run.pk).update(leased_until=Now() - Value(rounds.LEASE))
    with worker(queue, hangs=False) as second:
        current_app.send_task(rounds.TAKE_UP_RUNS, queue=queue)
        assert hears(second, "executed")
    assert [s[0] for s in steps_of(run)] == ["queue", "claim", "requeue", "claim", "finish"]
    made = Proposal.objects.get()
    assert (made.student, made.offer) == (cast.bram, offer)
    assert last_step(made)[2] == states.PROPOSED
