"""Where the data lies: one folder for everything that a demo keeps."""

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from topcentrum.services import ports, programs
from topcentrum.services.accounts import can_enter, for_postgres
from topcentrum.services.console import RefusalError

LONGEST_SOCKET = 100  # bytes; the system's own limit is 103 to 107
FORMER_SECONDS = 15.0
NOTE = "WHERE-IS-POSTGRESQL.txt"


@dataclass(frozen=True)
class Places:
    """Everything that the servers need to know about folders."""

    folder: Path
    clusters: Path  # holds one cluster per major version of PostgreSQL
    sockets: Path
    passing: tuple[Path, ...]  # goes when all has ended

    def tidy(self) -> None:
        """Remove what was made for one use, as far as the leashes did not."""
        for path in self.passing:
            shutil.rmtree(path, ignore_errors=True)


def throwaway() -> Places:
    """A folder for one use, that every user may pass through and only we may read."""
    folder = Path(tempfile.mkdtemp(prefix="topcentrum-"))
    folder.chmod(0o711)
    sockets = folder / "sockets"
    if _too_long(sockets):
        sockets = _short_folder()
        return Places(folder, folder, sockets, (folder, sockets))
    _make_passable(sockets)
    return Places(folder, folder, sockets, (folder,))


def lasting(folder: Path) -> Places:
    """A folder that is kept; made when it is not there."""
    folder = folder.expanduser().absolute()
    try:
        _make(folder)
    except OSError as error:
        raise RefusalError(f"Cannot make the folder {folder}: {error.strerror}.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise RefusalError(
            f"This user may not write in {folder}. Choose another:  make demo DATA=…"
        )
    clusters = folder
    account = for_postgres(folder)
    if account and not can_enter(account, folder):
        clusters = _outside(folder, account.name)
    sockets = clusters / "sockets"
    if _too_long(sockets):
        sockets = _short_folder()
        return Places(folder, clusters, sockets, (sockets,))
    shutil.rmtree(sockets, ignore_errors=True)  # left by a crash; nobody else runs here
    _make_passable(sockets)
    return Places(folder, clusters, sockets, ())


def claim(folder: Path, *, address: str) -> int:
    """Lock the folder for us; refuse when somebody uses it. The lock's file must stay open.

    The leashes hold the same lock, so that a start right after a crash waits for the rest of it.
    """
    folder = folder.expanduser().absolute()
    try:
        _make(folder)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RefusalError(
            f"Cannot use the folder {folder}: {error.strerror}.\n"
            "Choose another:  make demo DATA=folder"
        ) from error
    deadline = time.monotonic() + FORMER_SECONDS
    while not _locked(lock):
        owner = _owner(lock)
        if owner is None or _lives(owner[0]) or time.monotonic() > deadline:
            at = f" at {owner[1]}" if owner and owner[1] else ""
            # Not the port of that portal: there the next start would be refused too.
            port = ports.another_than(owner[1].rpartition(":")[2] if owner else "")
            raise RefusalError(
                f"The data in {folder} is in use: a portal is running{at}.\n"
                "End that one first (Ctrl-C), or use other data:  "
                f"make demo PORT={port} DATA=.data/second"
            )
        time.sleep(0.05)
    os.truncate(lock, 0)
    os.pwrite(lock, json.dumps([os.getpid(), address]).encode(), 0)
    return lock


def secret_key(folder: Path) -> str:
    """The key that signs sessions: made at the first start, readable by us only."""
    path = folder / "secret-key"
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(file, "w", encoding="ascii") as stream:
        key = secrets.token_urlsafe(50)
        stream.write(key + "\n")
    return key


def _make(folder: Path) -> None:
    """Make the folder. Ours is closed to others, but root lets PostgreSQL's user pass through."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            _make_passable(folder)
        else:
            folder.mkdir(mode=0o700)


def _make_passable(folder: Path) -> None:
    """A new folder that others may pass through, whatever the umask."""
    folder.mkdir(mode=0o700)
    folder.chmod(0o711)


def _outside(folder: Path, user: str) -> Path:
    """A place for the cluster when its user cannot reach the data folder; says so in a file."""
    mark = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
    outside = programs.SYSTEM_STORE / f"{folder.name}-{mark}"
    programs.open_folder(programs.SYSTEM_STORE)
    programs.open_folder(outside)
    (folder / NOTE).write_text(
        f"PostgreSQL does not run as root, and {user}, as whom it runs here, cannot reach\n"
        f"this folder. Its files are therefore in\n\n    {outside}\n\n"
        "Remove that folder together with this one.\n",
        encoding="utf-8",
    )
    return outside


def _short_folder() -> Path:
    """Paths of sockets may not be long, those of folders may."""
    folder = Path(tempfile.mkdtemp(prefix="tc-", dir="/tmp"))
    folder.chmod(0o711)
    return folder


def _too_long(sockets: Path) -> bool:
    return len(os.fsencode(sockets / "postgres" / ".s.PGSQL.5432")) > LONGEST_SOCKET


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(lock: int) -> tuple[int, str] | None:
    try:
        pid, address = json.loads(os.pread(lock, 500, 0))
        return int(pid), str(address)
    except (ValueError, TypeError):
        return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
