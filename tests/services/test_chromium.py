"""Finding a browser for the browser tests, and what is said when there is none."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.services.waiting import PROJECT


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script, on a machine without any browser."""
    spec = importlib.util.spec_from_file_location(
        "find_chromium", PROJECT / "scripts" / "find_chromium.py"
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin/nowhere")
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    return module


def browser(path: Path, says: str = "Chromium 142.0") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return str(path)


def test_the_named_browser_is_taken(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    browser(tmp_path / "chromium")
    named = browser(tmp_path / "mine")
    monkeypatch.setenv("CHROMIUM", named)
    assert script.main() == 0
    assert capsys.readouterr().out == f"{named}\n"


def test_a_named_browser_that_does_not_run_is_not_replaced(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    browser(tmp_path / "chromium")
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert script.main() == 1
    assert "/nowhere/chromium, which does not run" in capsys.readouterr().err


def test_a_browser_on_the_path_is_found_but_a_stub_is_not(
    script: ModuleType, tmp_path: Path
) -> None:
    browser(tmp_path / "chromium-browser", "Please install the snap")
    assert script.find() is None
    real = browser(tmp_path / "google-chrome", "Google Chrome 142.0")
    assert script.find() == real


def test_what_playwright_downloaded_is_found(script: ModuleType, tmp_path: Path) -> None:
    real = browser(tmp_path / "playwright" / "chromium-1200" / "chrome-linux" / "chrome")
    assert script.find() == real


def test_without_any_way_the_person_is_told_three(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    tried: list[list[str]] = []

    def attempt(command: list[str]) -> bool:
        tried.append(command)
        return False

    monkeypatch.setattr(script, "attempt", attempt)
    assert script.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    for way in ("apt-get install chromium", "playwright install chromium", "CHROMIUM"):
        assert way in said.err
    assert tried


def test_as_root_it_is_installed_with_the_package_tool(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser(tmp_path / "apt-get", "")
    monkeypatch.setattr(script.os, "geteuid", lambda: 0)
    tried: list[str] = []

    def attempt(command: list[str]) -> bool:
        tried.append(" ".join(command))
        if "install" in command:
            browser(tmp_path / "chromium")
        return True

    monkeypatch.setattr(script, "attempt", attempt)
    assert script.install() == str(tmp_path / "chromium")
    assert [line.split()[:2] for line in tried] == [["apt-get", "update"], ["apt-get", "install"]]
    assert "--no-install-recommends chromium" in tried[1]
