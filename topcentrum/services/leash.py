"""A small process that stands between the runner and each program it starts.

Nothing may be left behind, however the runner ends. Ctrl-C is easy; `kill -9` gives the runner no
chance to tidy up. So every program hangs on a leash: a process in a session of its own that

- holds the reading end of a pipe whose writing end only the runner has: when the runner is gone,
  for whatever reason, the pipe closes and the leash ends its program;
- is the subreaper of everything below it (Linux), so that grandchildren whose parent died are still
  found and ended;
- has its program told by the kernel (PDEATHSIG, Linux) when the leash itself is killed.

It is run as a bare script (`python -I -S leash.py …`) to be up within a few hundredths of a second,
and therefore imports nothing but the standard library.
"""

import argparse
import contextlib
import ctypes
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
STRAGGLERS_GRACE = 1.0  # seconds between asking and killing what a program left behind
ORPHAN_GRACE = 4.0  # seconds for an orderly end when the runner is gone

Prctl = Callable[[int, int], int]


def main(arguments: list[str]) -> int:
    """Run the program, end it when asked or when the runner is gone; its exit code is ours."""
    options = _parse(arguments)
    prctl = _prctl()
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    for ours in [options.runner_pipe, *options.hold]:
        os.set_inheritable(ours, False)
    bell = _bell()
    child = os.fork()
    if child == 0:
        _become_program(options, prctl)
    code = _hold(options, child, bell)
    _end_stragglers(child)
    for path in options.remove:
        shutil.rmtree(path, ignore_errors=True)
    return code


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="leash")
    parser.add_argument("--runner-pipe", type=int, required=True)
    parser.add_argument(
        "--hold", type=int, action="append", default=[], help="file to keep open until the end"
    )
    parser.add_argument("--stop-signal", type=int, default=int(signal.SIGTERM))
    parser.add_argument("--grace", type=float, default=5.0)
    parser.add_argument("--uid", type=int)
    parser.add_argument("--gid", type=int)
    parser.add_argument("--foreground", action="store_true", help="stay with the terminal")
    parser.add_argument("--remove", action="append", default=[], help="folder to remove afterwards")
    parser.add_argument("program", nargs="+")
    return parser.parse_args(arguments)


def _prctl() -> Prctl:
    """The kernel call of the same name; where there is none, a stand-in that does nothing."""
    if not sys.platform.startswith("linux"):
        return lambda option, value: 0
    libc = ctypes.CDLL(None, use_errno=True)

    def call(option: int, value: int) -> int:
        return int(libc.prctl(option, value, 0, 0, 0))

    return call


def _bell() -> int:
    """Let signals ring a pipe instead of interrupting; returns the end to listen at."""
    listen, ring = os.pipe()
    for end in (listen, ring):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(ring, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return listen


def _become_program(options: argparse.Namespace, prctl: Prctl) -> None:
    """In the child: drop the user, tie our life to the leash, become the program."""
    leash = os.getppid()
    try:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, its children should not
        if not options.foreground:
            os.setpgid(0, 0)
        if options.uid is not None:
            os.chdir("/")  # the folder we stand in may be closed to the other user
            os.setgroups([])
            os.setgid(options.gid)
            os.setuid(options.uid)
        # After the change of user, which would clear it. If the leash died before this line the
        # kernel stays silent for ever, so look whether it is still our parent.
        prctl(PR_SET_PDEATHSIG, options.stop_signal)
        if os.getppid() != leash:
            os._exit(1)
        os.execvp(options.program[0], options.program)
    except OSError as error:
        sys.stderr.write(f"cannot start {options.program[0]}: {error.strerror}\n")
        sys.stderr.flush()
    finally:
        os._exit(127)


def _hold(options: argparse.Namespace, child: int, bell: int) -> int:
    """Wait for the program's end, asking for it and then forcing it when the time has come."""
    watched = [bell, options.runner_pipe]
    deadline: float | None = None
    while True:
        wait = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select(watched, [], [], wait)
        asked = False
        grace = options.grace
        if options.runner_pipe in ready:
            watched.remove(options.runner_pipe)
            asked, grace = True, min(grace, ORPHAN_GRACE)
        if bell in ready:
            asked = _asked_to_stop(os.read(bell, 512), options.foreground) or asked
        code = _reap(child)
        if code is not None:
            return code
        if asked:
            # Asked a second time: no more patience.
            now = time.monotonic()
            deadline = now + grace if deadline is None else now
            _kill(child, options.stop_signal)
        if deadline is not None and time.monotonic() >= deadline:
            _kill_everything(child)
            deadline = time.monotonic() + 0.2


def _asked_to_stop(signals: bytes, foreground: bool) -> bool:
    """SIGCHLD is no wish to stop; neither is a Ctrl-C that the terminal gave the program too."""
    deaf = {signal.SIGCHLD, signal.SIGINT} if foreground else {signal.SIGCHLD}
    return any(number not in deaf for number in signals)


def _reap(child: int) -> int | None:
    """Bury all that died (we inherit orphans); the program's exit code when it was among them."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            code = 128 - code if code < 0 else code


def _end_stragglers(child: int) -> None:
    """End what the program left behind: ask once, then kill until nothing answers."""
    deadline = time.monotonic() + STRAGGLERS_GRACE
    for pid in _descendants():
        _kill(pid, signal.SIGTERM)
    while time.monotonic() < deadline and (_descendants() or _group_lives(child)):
        _reap(0)
        time.sleep(0.02)
    for _ in range(100):
        _reap(0)
        if not _descendants() and not _group_lives(child):
            return
        _kill_everything(child)
        time.sleep(0.02)


def _kill_everything(child: int) -> None:
    """SIGKILL the program, its process group, and every descendant in whatever group."""
    if child != os.getpgrp():
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
    for pid in [*_descendants(), child]:
        _kill(pid, signal.SIGKILL)


def _kill(pid: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(pid, number)


def _group_lives(child: int) -> bool:
    try:
        os.killpg(child, 0)
    except OSError:
        return False
    return True


def _descendants() -> list[int]:
    """Everything below us, children before grandchildren (Linux; elsewhere nothing is known)."""
    children: dict[int, list[int]] = {}
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                children.setdefault(_parent(name), []).append(int(name))
    found: list[int] = []
    queue = [os.getpid()]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            # The name in the middle may hold spaces and brackets; the fields after it do not.
            return int(stat.read().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
