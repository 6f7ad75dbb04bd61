"""An own Valkey, on a unix socket. It only rings the bell, so it keeps nothing on disk."""

import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from topcentrum.services import programs
from topcentrum.services.places import Places
from topcentrum.services.runner import Program, Runner


@dataclass(frozen=True)
class Valkey:
    """One server and its socket."""

    program: Path
    socket: Path
    passing: tuple[Path, ...] = ()

    @property
    def url(self) -> str:
        """The address for REDIS_URL."""
        return f"unix://{quote(str(self.socket))}?db=0"

    def start(self, runner: Runner) -> None:
        """Start the server."""
        command = [str(self.program), "--port", "0", "--unixsocket", str(self.socket)]
        command += ["--unixsocketperm", "700", "--save", "", "--appendonly", "no"]
        command += ["--dir", str(self.socket.parent), "--daemonize", "no", "--loglevel", "warning"]
        runner.start(Program("valkey", tuple(command), remove=self.passing))

    def await_ready(self, runner: Runner) -> None:
        """Wait until it answers."""
        runner.wait(self._answers, seconds=30, what="Valkey did not answer")

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(1)
                line.connect(str(self.socket))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def prepare(places: Places, *, last: bool) -> Valkey:
    """Choose the program and the socket for a folder; the `last` to end tidies it up."""
    passing = places.passing if last else ()
    return Valkey(programs.valkey(), places.sockets / "valkey.sock", passing)
