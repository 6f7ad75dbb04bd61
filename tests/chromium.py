"""The real browser of the browser tests: found, never skipped."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class NoChromium(Exception):
    """The browser tests cannot run, and say so."""

    def __init__(self) -> None:
        super().__init__(
            "The browser tests need a Chromium. `make browser` finds or installs one; "
            "CHROMIUM, when set, is the path of the one to use."
        )


def executable() -> str:
    """The path of the Chromium to drive. Raises NoChromium."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise NoChromium
    return found
