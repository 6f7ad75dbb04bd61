"""Runs every check that needs neither servers nor a network, and reports each with its time.

    .venv/bin/python scripts/check.py [name …]

As many run at once as there are processors. Those that failed show what they said at the end.
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
SLOWEST = 600

# The longest first, so that the short ones fill the gaps.
CHECKS = {
    "types": "mypy .",
    "migrations": "python manage.py makemigrations --check --dry-run",
    "deployment": "python manage.py check --deploy --fail-level WARNING",
    "layers": "lint-imports",
    "translations": "python scripts/messages.py check",
    "templates, faults": "djlint templates --lint --quiet",
    "templates, layout": "djlint templates --check --quiet",
    "style": "ruff check .",
    "layout": "ruff format --check .",
    "compose file": "check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml",
    "Dockerfile": "hadolint Dockerfile",
}

# A portal as it would run in earnest. Nothing listens at these addresses, and nothing asks them.
EARNEST = {
    "SECRET_KEY": "only-for-checks-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ-!",
    "BASE_URL": "https://portal.example",
    "ALLOWED_HOSTS": "portal.example",
    "DATABASE_URL": "postgres://portal@//nowhere/portal",
    "REDIS_URL": "unix:///nowhere/valkey.sock?db=0",
    "EMAIL_URL": "smtp://localhost:25",
    "DJANGO_SETTINGS_MODULE": "topcentrum.settings",
    # makemigrations remarks that it cannot ask the database whether history is consistent.
    "PYTHONWARNINGS": "ignore:Got an error checking a consistent migration history",
}


def main(names: list[str]) -> int:
    """Run the named checks, or all; 1 when one failed."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f"There is no check {unknown[0]!r}. There are: {', '.join(CHECKS)}.")
        return 2
    wanted = names or list(CHECKS)
    started = time.monotonic()
    failures: dict[str, str] = {}
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        pending = {pool.submit(run, CHECKS[name]): name for name in wanted}
        for done in as_completed(pending):
            name = pending[done]
            ok, seconds, said = done.result()
            print(f"  {name:<20} {'ok' if ok else 'FAILED':<7} {seconds:5.1f} s", flush=True)
            if not ok:
                failures[name] = said
    for name, said in failures.items():
        print(f"\n--- {name}: {CHECKS[name]}\n{said}")
    print(
        f"  {len(wanted) - len(failures)} of {len(wanted)} ok, {time.monotonic() - started:.1f} s"
    )
    return 1 if failures else 0


def run(command: str) -> tuple[bool, float, str]:
    """Run one check: whether it went well, how long it took, what it said."""
    program, *arguments = command.split()
    environment = {k: v for k, v in os.environ.items() if k not in ("TOPCENTRUM_DEMO", "DEBUG")}
    started = time.monotonic()
    try:
        done = subprocess.run(
            [str(PROGRAMS / program), *arguments],
            cwd=PROJECT,
            env={**environment, **EARNEST},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SLOWEST,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, time.monotonic() - started, str(error)
    return done.returncode == 0, time.monotonic() - started, done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
