"""How fast letters go into the outbox and out of it, and what a list of 100,000 costs.

    make run ARGS="python bench/letters.py [--letters 10000] [--listed 100000]"

Each figure stands beside a reference of the same run: sending the same letters over one open
connection without an outbox, and reading one row by its key.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "topcentrum.settings")
os.environ.setdefault("SECRET_KEY", "only-for-the-bench-" + "0" * 40)

import django  # noqa: E402

django.setup()

from aiosmtpd.controller import Controller  # noqa: E402
from aiosmtpd.smtp import SMTP, Envelope, Session  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from accounts.models import User  # noqa: E402
from education.models import School, StaffMember  # noqa: E402
from matching.queries.letters import letters_visible_to  # noqa: E402
from notifications import bell  # noqa: E402
from notifications.delivery import deliver_waiting  # noqa: E402
from notifications.delivery.posting import Post  # noqa: E402
from notifications.models import Letter  # noqa: E402
from notifications.outbox import put  # noqa: E402
from notifications.queries import count_states, letters_page  # noqa: E402
from topcentrum.services import ports  # noqa: E402


class PostOffice:
    """A mail server that takes everything, one domain slowly, and notes what came and when."""

    def __init__(self) -> None:
        self.arrived: list[tuple[str, float]] = []
        self.hangs: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.rpartition("@")[2] in self.hangs:
            await asyncio.sleep(60)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.arrived.append((envelope.rcpt_tos[0], time.perf_counter()))
        return "250 OK"


TEXT = "Dag,\n\nEr is een voorstel voor je. Antwoord voor vrijdag.\n" * 8
DOMAINS = 12


def main() -> None:
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--letters", type=int, default=10_000)
    parser.add_argument("--listed", type=int, default=100_000)
    options = parser.parse_args()
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=PROJECT, check=True
    )
    subprocess.run([sys.executable, "manage.py", "load_reference"], cwd=PROJECT, check=True)
    office = PostOffice()
    mail = Controller(office, hostname="127.0.0.1", port=ports.unused())
    mail.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail.port
    measure_the_way(office, options.letters)
    measure_one_domain_that_hangs(office, options.letters // 10)
    mail.stop()
    measure_the_list(options.listed)


def letters(number: int, prefix: str) -> list[Letter]:
    """Letters to a dozen domains in turn."""
    return [
        Letter(
            key=f"{prefix}:{n}",
            kind="proposal_offered_student",
            to=f"lezer{n}@domein{n % DOMAINS}.example",
            subject=f"Brief {n}",
            text=TEXT,
            html=f"<p>{TEXT}</p>",
        )
        for n in range(number)
    ]


def seconds_of(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def measure_the_way(office: PostOffice, number: int) -> None:
    """Into the outbox and out of it, beside the mail server alone."""
    sample = letters(max(number // 10, 1), "reference")
    post = Post()
    reference = seconds_of(lambda: [post.hand_over(letter) for letter in sample]) / len(sample)
    post.close()
    waiting = letters(number, "round")

    @transaction.atomic
    def one_by_one() -> None:
        for letter in waiting:
            put(letter)

    def all_at_once() -> None:
        Letter.objects.bulk_create(letters(number, "bulk"), ignore_conflicts=True)

    bell._bell.ring = lambda task: None  # type: ignore[method-assign]
    say(f"into the outbox, {number} letters in one statement", seconds_of(all_at_once), "s")
    Letter.objects.all().delete()
    say(f"into the outbox, {number} letters by put(), one by one", seconds_of(one_by_one), "s")
    office.arrived.clear()
    began = time.perf_counter()
    while Letter.objects.exclude(state="sent").exists():
        deliver_waiting()
    took = time.perf_counter() - began
    say(f"out of it, {number} letters, one worker", took, "s")
    say("  per letter, as a multiple of the mail server alone", took / number / reference, "x")
    say("  arrived", len({address for address, _at in office.arrived}), "letters")


def measure_one_domain_that_hangs(office: PostOffice, number: int) -> None:
    """How long the letters to others take, with and without a domain that hangs."""
    settings.EMAIL_TIMEOUT = 5

    def until_others_are_there(prefix: str, *, dead: bool) -> float:
        Letter.objects.all().delete()
        Letter.objects.bulk_create(letters(number, prefix))
        if dead:
            for n in range(number // 10):
                Letter.objects.create(key=f"dead{prefix}{n}", to=f"a{n}@dood.example", text="Dag")
        others = Letter.objects.exclude(domain="dood.example")
        office.arrived.clear()
        began = time.perf_counter()
        deliver_waiting()
        assert not others.exclude(state="sent").exists()
        return office.arrived[number - 1][1] - began

    office.hangs = {"dood.example"}
    pairs = [
        (until_others_are_there(f"a{n}", dead=False), until_others_are_there(f"b{n}", dead=True))
        for n in range(3)
    ]
    office.hangs = set()
    ratio = statistics.median(with_it / without for without, with_it in pairs)
    say(f"{number} letters to others beside a domain that hangs", ratio, "x without it")


def measure_the_list(number: int) -> None:
    """The pages of the outbox at this many letters."""
    Letter.objects.all().delete()
    lead = User.objects.create_user("lead@x.example", is_project_lead=True)
    els = User.objects.create_user("els@x.example")
    school = School.objects.order_by("pk").first()
    assert school is not None
    StaffMember.objects.create(school=school, user=els, role=StaffMember.Role.COORDINATOR)
    rows = letters(number, "list")
    for n, row in enumerate(rows):
        row.desk = school.slug if n % 5 == 0 else ""
        row.state, row.text, row.html = ("failed" if n % 500 == 0 else "withdrawn"), "Dag", ""
    for start in range(0, number, 5_000):
        Letter.objects.bulk_create(rows[start : start + 5_000])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE notifications_letter")
    key = Letter.objects.values_list("pk", flat=True)[0]
    reference = median_of(lambda: Letter.objects.get(pk=key))
    say("one letter by its key", reference * 1000, "ms")
    for who, user in (("lead", lead), ("coordinator", els)):
        seen = letters_visible_to(user)
        middle = letters_page(seen).older
        actions: dict[str, Callable[[], object]] = {
            "first page": partial(letters_page, seen),
            "next page": partial(letters_page, seen, before=middle),
            "failed only": partial(letters_page, seen.filter(state="failed")),
            "one receiver": partial(letters_page, seen.filter(to__icontains="lezer77@")),
            "counts per state": partial(count_states, seen),
        }
        for what, action in actions.items():
            took = median_of(action)
            say(f"{who}: {what} of {number}", took * 1000, f"ms, {took / reference:.0f} x")


def median_of(action: Callable[[], object], times: int = 9) -> float:
    return statistics.median(seconds_of(action) for _ in range(times))


def say(what: str, number: float, unit: str) -> None:
    print(f"{what:<62} {number:10.2f} {unit}", flush=True)


if __name__ == "__main__":
    main()
