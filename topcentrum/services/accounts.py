"""Whose process it is: PostgreSQL refuses to run as root, so root lends it to somebody else."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Account:
    """A user that a process can be given to."""

    name: str
    uid: int
    gid: int


def for_postgres(cluster: Path) -> Account | None:
    """Nobody in particular for a normal user; for root the cluster's owner, or `nobody`."""
    if os.geteuid() != 0:
        return None
    if cluster.exists() and (found := cluster.stat()).st_uid:
        return Account(f"user {found.st_uid}", found.st_uid, found.st_gid)
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account("nobody", 65534, 65534)
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def can_enter(account: Account | None, folder: Path) -> bool:
    """Whether that user gets through all the folders above, and into this one."""
    return succeeds(account, ("/bin/sh", "-c", 'cd "$1"', "sh", str(folder)))


def succeeds(account: Account | None, command: tuple[str, ...]) -> bool:
    """Whether a quick command goes well as that user."""
    return output(account, command) is not None


def output(account: Account | None, command: tuple[str, ...]) -> str | None:
    """What a quick command prints as that user, or None when it fails."""
    change: dict[str, Any] = {}
    if account:
        change = {"user": account.uid, "group": account.gid, "extra_groups": []}
    try:
        result = subprocess.run(
            command, cwd="/", capture_output=True, text=True, timeout=20, check=False, **change
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout if result.returncode == 0 else None
