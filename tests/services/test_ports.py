"""What a person reads who starts the demo where something is in the way."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.waiting import PROJECT, alive, marked_environment
from topcentrum.services import places, ports
from topcentrum.services.console import RefusalError


def demo(port: int, data: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    environment = marked_environment()
    command = [sys.executable, "-m", "topcentrum.services", "demo"]
    command += ["--port", str(port), "--data", str(data)]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return done, environment


@pytest.fixture(params=["127.0.0.1", "::1", "0.0.0.0"])
def busy(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port that another program listens on, at one of the addresses that matter."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as other:
        try:
            other.bind((request.param, 0))
        except OSError:
            pytest.skip("no IPv6 here")
        other.listen()
        yield other.getsockname()[1]


def free_port_in(advice: str) -> int:
    """The port that somebody is told to take; nobody listens there."""
    [port] = re.findall(r"make demo PORT=(\d+)", advice)
    ports.demand_free(int(port), host="localhost")
    return int(port)


def test_a_busy_port_is_refused_in_plain_words(busy: int, tmp_path: Path) -> None:
    done, environment = demo(busy, tmp_path / "data")
    assert done.returncode == 1
    assert f"Port {busy} is taken by another program on this machine." in done.stderr
    assert free_port_in(done.stderr) != busy
    assert "Traceback" not in done.stderr
    assert not alive(environment)
    # Nothing was started: no cluster, no logs.
    assert {path.name for path in (tmp_path / "data").iterdir()} == {"lock"}


def test_a_free_port_is_free() -> None:
    ports.demand_free(ports.unused(), host="localhost")


@pytest.mark.parametrize("number", [0, -1, 65536, 2**63])
def test_what_is_no_port_is_refused(number: int) -> None:
    with pytest.raises(RefusalError, match="not a port number"):
        ports.demand_free(number, host="localhost")


def test_a_port_of_the_system_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", denied)
    with pytest.raises(RefusalError, match="may not listen on port 80"):
        ports.demand_free(80, host="127.0.0.1")


def test_data_in_use_name_the_portal_that_uses_them(tmp_path: Path) -> None:
    data = tmp_path / "data"
    lock = places.claim(data, address="http://localhost:8077")
    done, environment = demo(ports.unused(), data)
    assert done.returncode == 1
    assert f"The data in {data} is in use: a portal is running at http://localhost:8077" in (
        done.stderr
    )
    assert "DATA=" in done.stderr
    assert free_port_in(done.stderr) != 8077
    assert not alive(environment)
    os.close(lock)
    # The control: now they can be claimed.
    os.close(places.claim(data, address=""))


def test_the_advice_names_no_port_that_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither that of the portal that holds the data, nor one where somebody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        held, free = ports.unused(), ports.unused()
        monkeypatch.setattr(ports, "EASY", [taken, held, free])
        assert ports.another_than(str(held)) == free
        monkeypatch.setattr(ports, "EASY", [taken])
        assert ports.another_than(held) not in (taken, held)
