"""PostgreSQL is restarted while a worker has a letter in hand: fast, as an update does it, and
immediate, as a power cut."""

import os
import signal
import subprocess
import sys
from collections import Counter

import psycopg
import pytest
from django.conf import settings
from psycopg.conninfo import make_conninfo

from tests.faults.processes import Broker, Worker
from tests.faults.sweep import sweep
from tests.faults.test_database_away import database, runner, start_again
from tests.notifications.post_office import PostOffice
from tests.services.waiting import until
from topcentrum.services.postgres import DATABASE, ROLE, Postgres
from topcentrum.services.runner import Runner

__all__ = ["database", "runner"]

pytestmark = pytest.mark.django_db(transaction=True)

LETTERS = 30
SENT_BEFORE = 10
# What pg_ctl sends for "stop --mode".
MODES = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}

WRITE = """
INSERT INTO notifications_letter (key, kind, "to", reply_to, language, subject, text, html, state,
                                  attempts, trouble)
SELECT 'brief-' || n, 'test', 'lezer' || n || '@domein' || n %% 5 || '.example', '', 'nl',
       'brief-' || n, 'Dag,', '', 'queued', 0, ''
FROM generate_series(1, %s) AS n
"""


def migrated(database: Postgres) -> None:
    """The tables of the outbox."""
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0", "notifications"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": database.url},
        check=True,
        timeout=120,
    )


def ask(database: Postgres, query: str, *values: object) -> int:
    """One number."""
    where = make_conninfo(host=str(database.sockets), user=ROLE, dbname=DATABASE)
    with psycopg.connect(where, autocommit=True) as line:
        found = line.execute(query, values)
        row = found.fetchone() if found.description else None
    return int(row[0]) if row else 0


@pytest.mark.parametrize("mode", MODES)
def test_a_restart_loses_no_letter(
    mode: str, runner: Runner, database: Postgres, broker: Broker, post_office: PostOffice
) -> None:
    migrated(database)
    # As in earnest: what was committed is there after a power cut.
    ask(database, f"ALTER ROLE {ROLE} SET synchronous_commit = on")
    ask(database, WRITE, LETTERS)
    post_office.stop_after = SENT_BEFORE
    with Worker(broker, mail_port=post_office.port, database_url=database.url):
        sweep(broker)
        assert post_office.waiting.wait(timeout=20)
        pid = int((database.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, MODES[mode])
        until(lambda: not database._answers(), what="PostgreSQL is away")
        start_again(runner, database)
        post_office.go_on()
        until(lambda: len(post_office.arrived) > SENT_BEFORE, seconds=20, what="it goes on")
        ask(
            database,
            "UPDATE notifications_letter SET leased_until = now() - interval '1 hour'"
            " WHERE state = 'leased'",
        )
        sweep(broker)
        until(
            lambda: (
                not ask(database, "SELECT count(*) FROM notifications_letter WHERE state <> 'sent'")
            ),
            seconds=40,
            what="all letters are sent",
        )
    arrived = Counter(post_office.message_ids())
    assert len(arrived) == LETTERS
    assert sum(arrived.values()) <= LETTERS + 8, "more was repeated than was in hand"
