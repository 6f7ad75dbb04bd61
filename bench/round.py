"""A round of the demo region: from the click to stored proposals, and where the time goes.

    .venv/bin/python -m topcentrum.services run -- .venv/bin/python bench/round.py [--times 5]
        [--effort quick|standard|exact]

A real worker takes the run up. Every school is measured; each figure is the median of `times` runs.
Beside it stands a reference of the same moment: the time of a hundred reads of one row by key.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "topcentrum.settings")
os.environ.setdefault("SECRET_KEY", "bench")
os.environ["TOPCENTRUM_DEMO"] = "1"
os.environ["TOPCENTRUM_TESTING"] = "1"

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.adapters import record_second_factor  # noqa: E402
from accounts.models import User  # noqa: E402
from education.models import School  # noqa: E402
from education.queries import coordinators, season_in_view  # noqa: E402
from matching.actions.rounds import create_round  # noqa: E402
from matching.models import Round, Run  # noqa: E402
from students.models import Student  # noqa: E402

LONGEST = 60.0
PARTS = ("snapshot", "solve", "shortage", "store")


def main() -> None:
    """Make the region, start a worker, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--effort", choices=Run.Effort.values, default=Run.Effort.STANDARD)
    asked = parser.parse_args()
    for command in ("migrate", "load_reference", "seed_demo"):
        call_command(command, verbosity=0)
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "topcentrum", "worker", "-c", "1", "-l", "ERROR"],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_POOL": ""},
    )
    try:
        measure(asked.times, asked.effort)
    finally:
        worker.terminate()
        worker.wait(timeout=30)


def measure(times: int, effort: str) -> None:
    """One line per school."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, ", end="")
    print(f"effort {effort}, {times} runs each")
    print(f"{'school':<14}{'students':>9}{'openings':>9}{'placed':>7}", end="")
    print(f"{'click to stored':>17}" + "".join(f"{part:>10}" for part in PARTS), end="")
    print(f"{'100 reads':>11}   (milliseconds)")
    season = season_in_view(timezone.localdate())
    assert season is not None
    for school in School.objects.order_by("slug"):
        coordinator = coordinators(school).first()
        assert coordinator is not None
        round_ = create_round(season, school, by=coordinator)
        client = Client(headers={"host": "localhost"})
        sign_in(client, coordinator)
        runs = [click(client, round_, effort) for _ in range(times + 1)][
            1:
        ]  # the first one warms up
        figures = runs[-1][1].figures
        print(f"{school.slug:<14}{figures['students']:>9}{figures['openings']:>9}", end="")
        print(
            f"{figures['placed']:>7}{1000 * statistics.median(s for s, _ in runs):>17.0f}", end=""
        )
        for part in PARTS:
            seconds = statistics.median(run.figures["seconds"][part] for _, run in runs)
            print(f"{1000 * seconds:>10.1f}", end="")
        print(f"{1000 * reference():>11.1f}", flush=True)


def sign_in(client: Client, coordinator: User) -> None:
    """As after a code from an app."""
    client.force_login(coordinator, backend=settings.AUTHENTICATION_BACKENDS[0])
    request = HttpRequest()
    request.session = client.session
    record_second_factor(request, coordinator)
    request.session.save()


def click(client: Client, round_: Round, effort: str) -> tuple[float, Run]:
    """Press the button as a coordinator does and wait until the proposals are stored."""
    started = time.perf_counter()
    answer = client.post(
        reverse("matching:run", args=[round_.school.slug, round_.pk]), {"effort": effort}
    )
    assert answer.status_code == 302, answer.status_code
    while time.perf_counter() - started < LONGEST:
        run = round_.runs.first()
        assert run is not None
        if run.state == Run.State.DONE:
            return time.perf_counter() - started, run
        assert run.state != Run.State.FAILED, run.trouble
        time.sleep(0.005)
    raise SystemExit("the run was not done in time: does the worker live?")


def reference() -> float:
    """Seconds for a hundred reads of one row by key."""
    pk = Student.objects.earliest("pk").pk
    started = time.perf_counter()
    for _ in range(100):
        Student.objects.get(pk=pk)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
