"""Which port is free, and who may tell."""

import errno
import os
import socket

from topcentrum.services.console import RefusalError

EASY = range(8123, 8143)


def demand_free(port: int, *, host: str) -> None:
    """Refuse, in plain words, when the web could not listen there."""
    if not 1 <= port <= 65535:
        raise RefusalError(f"{port} is not a port number. Choose one between 1024 and 65535.")
    for family, address in addresses(host):
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((address, port))
            except OSError as error:
                raise RefusalError(_reason(error, port)) from error


def _reason(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is taken by another program on this machine.\n"
            f"End that program, or choose another port:  make demo PORT={another_than(port)}"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"This user may not listen on port {port}. Ports below 1024 are for the system.\n"
            f"Choose a higher one:  make demo PORT={another_than(port)}"
        )
    return f"Cannot listen on port {port}: {os.strerror(error.errno or 0)}."


def another_than(port: int | str) -> int:
    """A port for the advice: one that is free now, and easy to remember if there is such a one."""
    easy = [number for number in EASY if str(number) != str(port) and not answers(number)]
    return easy[0] if easy else unused()


def addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    """Where to listen for a host. `localhost` is both its addresses: browsers try either first."""
    if host != "localhost":
        return [(socket.AF_INET6 if ":" in host else socket.AF_INET, host)]
    found = [(socket.AF_INET, "127.0.0.1")]
    if socket.has_ipv6:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as trial:
            try:
                trial.bind(("::1", 0))
            except OSError:
                return found
        found.append((socket.AF_INET6, "::1"))
    return found


def unused() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as trial:
        trial.settimeout(0.5)
        return trial.connect_ex(("127.0.0.1", port)) == 0
