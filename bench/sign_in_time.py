"""Whether the time of an answer tells who has an account.

    .venv/bin/python -m topcentrum.services run -- .venv/bin/python bench/sign_in_time.py
        [--tries 200]

Asks for a code to sign in, in turn for an address that has an account and for one that has none.
The difference between the medians must stay below ten milliseconds; beside it stands what the same
addresses differ among themselves, in two halves of the same run. Exits with 1 when it does not.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "topcentrum.settings")
os.environ.setdefault("SECRET_KEY", "bench")
os.environ["TOPCENTRUM_TESTING"] = "1"

import django  # noqa: E402

django.setup()

from allauth.account.models import EmailAddress  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from accounts.models import User  # noqa: E402

MOST = 10.0  # milliseconds


def main() -> int:
    """Measure, and say whether the difference is small enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=200)
    tries = parser.parse_args().tries
    call_command("migrate", verbosity=0)
    for n in range(tries):
        user = User.objects.create_user(f"known{n}@bench.example")
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    ask("first@bench.example")  # reads templates
    known, unknown = [], []
    for n in range(tries):
        known.append(ask(f"known{n}@bench.example"))
        unknown.append(ask(f"nobody{n}@bench.example"))
    difference = abs(statistics.median(known) - statistics.median(unknown))
    halves = (known[::2], known[1::2]), (unknown[::2], unknown[1::2])
    noise = max(abs(statistics.median(a) - statistics.median(b)) for a, b in halves)
    print(f"{tries} tries each; median known {statistics.median(known):.1f} ms,", end=" ")
    print(f"unknown {statistics.median(unknown):.1f} ms, difference {difference:.1f} ms", end=" ")
    print(f"(the same among themselves: {noise:.1f} ms; at most {MOST:.0f})")
    return 0 if difference <= MOST else 1


def ask(email: str) -> float:
    """Milliseconds from the form to the answer."""
    cache.clear()
    browser = Client(headers={"host": "localhost"})
    started = time.perf_counter()
    answer = browser.post(reverse("account_login"), {"login": email})
    took = time.perf_counter() - started
    assert answer.status_code == 302, answer.status_code
    return 1000 * took


if __name__ == "__main__":
    sys.exit(main())
