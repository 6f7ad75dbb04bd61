"""What these tests share: waiting for something with a deadline, and finding what still runs."""

import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
MARK = "TOPCENTRUM_TEST_MARK"
# What the tests' own plugin sets, and what would point elsewhere.
FOREIGN = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "TOPCENTRUM_TESTING")


def until(reached: Callable[[], object], *, seconds: float = 10, what: str = "it") -> None:
    """Look every few milliseconds; fail when the time is over."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.01)


def marked_environment(**more: str) -> dict[str, str]:
    """An environment as on a fresh machine, with a mark by which all that inherit it are found."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN and not name.startswith("PYTEST_")
    }
    return {**kept, MARK: uuid.uuid4().hex, **more}


def alive(environment: dict[str, str]) -> dict[int, str]:
    """The processes that carry the mark, and their command lines; the dead do not count."""
    wanted = f"{MARK}={environment[MARK]}".encode()
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(folder.name)] = line.decode(errors="replace").strip()
        except OSError:
            continue
    return found


def gone(environment: dict[str, str]) -> Callable[[], bool]:
    """Whether none of the marked processes is left."""
    return lambda: not alive(environment)
