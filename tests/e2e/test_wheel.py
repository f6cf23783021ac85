"""The command line as a wheel, in an environment that has nothing of the source tree."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from local.paths import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    return next(folder.glob("*.whl"))


def run(*command: str, folder: Path = ROOT) -> str:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout  # noqa: S603  our own


def test_the_wheel_contains_two_packages(wheel: Path) -> None:
    names = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == {"veo4k", "veo4k_cli"}


def test_the_wheel_contains_what_the_console_shows(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    shown = {f"veo4k_cli/console/{name}" for name in ("templates/board.html", "static/console.css", "alarms.md")}
    assert shown <= names


def test_the_installed_command_runs_in_an_empty_folder(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    run(str(tmp_path / "venv/bin/pip"), "install", "--quiet", str(wheel))
    (folder := tmp_path / "empty").mkdir()
    command = str(tmp_path / "venv/bin/veo4k")
    assert "Usage: veo4k" in run(command, "--help", folder=folder)
    assert run(command, "--version", folder=folder).startswith("veo4k ")
