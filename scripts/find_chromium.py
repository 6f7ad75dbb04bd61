"""Prints the path of a Chromium that Playwright can drive; installs one when there is none.

    python scripts/find_chromium.py

Looks at the variable CHROMIUM, at the PATH, and at what Playwright downloaded before. Otherwise it
installs one with the system's package tool (as root, or with sudo that asks nothing), or lets
Playwright download it. What it does is reported on stderr; stdout has the path and nothing else.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOTHING_WORKED = """\
No Chromium was found, and none could be installed here. The browser tests need one:
  - Debian, Ubuntu:  sudo apt-get install chromium
  - anywhere else:   .venv/bin/playwright install chromium
  - or set CHROMIUM to the path of a Chromium or Chrome that is there already."""


def main() -> int:
    """Print the path, or say what to do."""
    named = os.environ.get("CHROMIUM")
    if named and not runs(named):
        print(f"CHROMIUM is set to {named}, which does not run.", file=sys.stderr)
        return 1
    path = named or find() or install()
    if path is None:
        print(NOTHING_WORKED, file=sys.stderr)
        return 1
    print(path)
    return 0


def find() -> str | None:
    """A Chromium that is there already."""
    for name in NAMES:
        path = shutil.which(name)
        if path and runs(path):
            return path
    for path in downloaded():
        if runs(path):
            return path
    return None


def downloaded() -> list[str]:
    """What Playwright keeps in its own folder, the newest first."""
    default = Path("~/.cache/ms-playwright").expanduser()
    if sys.platform == "darwin":
        default = Path("~/Library/Caches/ms-playwright").expanduser()
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or default)
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*/Contents/MacOS/*")
    found = [path for pattern in patterns for path in folder.glob(pattern)]
    return [str(path) for path in sorted(found, key=lambda one: one.stat().st_mtime, reverse=True)]


def runs(path: str) -> bool:
    """Whether the program starts; a stub that only advises to install something else does not."""
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and "chrom" in answer.stdout.lower()


def install() -> str | None:
    """Try the ways to get one, in the order of what is left behind: packages, then a download."""
    if shutil.which("apt-get"):
        prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
        packages = ["chromium", "fonts-dejavu-core"]
        quiet = ["-y", "-q", "--no-install-recommends"]
        if (not prefix or shutil.which("sudo")) and (
            attempt([*prefix, "apt-get", "update", "-q"])
            and attempt([*prefix, "apt-get", "install", *quiet, *packages])
            and (path := find())
        ):
            return path
    if attempt([sys.executable, "-m", "playwright", "install", "chromium"]):
        return find()
    return None


def attempt(command: list[str]) -> bool:
    """Run a command, its output on stderr."""
    print(f"No Chromium yet; trying: {' '.join(command)}", file=sys.stderr)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            env=environment,
            timeout=900,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
