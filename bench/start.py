"""Cold and warm start of the demo: from the start of the process to the first 200 from the web.

    .venv/bin/python bench/start.py [--rounds 3]         (or: make bench-start)

Cold is with an empty data folder: cluster, tables, reference data, the invented region, static
files. Warm is with what the cold start left. The installation is not part of either. On shared
machines single figures say little, so every round is printed, with a reference that is measured
beside it: the time in which this machine starts Django and does nothing.
"""

import argparse
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from topcentrum.services import ports  # noqa: E402

LONGEST = 180.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {rounds} rounds")
    print(f"{'round':<8}{'cold':>8}{'warm':>8}{'end':>8}{'Django alone':>16}   (seconds)")
    cold, warm = [], []
    for number in range(1, rounds + 1):
        folder = Path(tempfile.mkdtemp(prefix="topcentrum-bench-"))
        folder.chmod(0o755)
        try:
            first, steps, _ = start_and_end(folder / "data")
            second, _, end = start_and_end(folder / "data")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        alone = django_alone()
        cold.append(first)
        warm.append(second)
        print(f"{number:<8}{first:>8.1f}{second:>8.1f}{end:>8.1f}{alone:>16.2f}", flush=True)
    print(f"{'median':<8}{statistics.median(cold):>8.1f}{statistics.median(warm):>8.1f}")
    print("\nWhere the last cold start went:\n" + steps)


def start_and_end(folder: Path) -> tuple[float, str, float]:
    """Start the demo, wait for its first page, end it: seconds, its steps, seconds to the end."""
    port = ports.unused()
    command = [sys.executable, "-m", "topcentrum.services", "demo"]
    command += ["--port", str(port), "--data", str(folder)]
    started = time.monotonic()
    process = subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        while not answers(port):
            if process.poll() is not None or time.monotonic() - started > LONGEST:
                process.kill()
                sys.exit(f"The demo did not start:\n{process.communicate()[0]}")
            time.sleep(0.02)
        seconds = time.monotonic() - started
        # The start is over when it says so; only then is a Ctrl-C an ordinary end.
        said = ""
        for line in process.stdout or ():
            said += line
            if "is ready" in line:
                break
        ended = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        return seconds, "\n".join(re.findall(r"^  .* s$", said, re.M)), time.monotonic() - ended
    finally:
        process.kill()


def answers(port: int) -> bool:
    """Whether the first page comes with a 200, never through a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://localhost:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def django_alone() -> float:
    """The reference: starting Django with our settings, and nothing else."""
    settings = {"SECRET_KEY": "bench", "DJANGO_SETTINGS_MODULE": "topcentrum.settings"}
    environment = {**os.environ, **settings}
    started = time.monotonic()
    subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=PROJECT,
        env=environment,
        check=True,
    )
    return time.monotonic() - started


if __name__ == "__main__":
    main()
