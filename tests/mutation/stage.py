"""Where mutmut works: a folder that looks like the project it expects, made of links into this one.

mutmut takes a module's name from its path below `src/`. It keeps what it has found, so a run may be cut off and go on;
once a source or a test has changed, it begins anew.
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STAGE = ROOT / ".local" / "mutate"
MUTANTS = STAGE / "mutants"
LINKS = {
    "src": ROOT / "layers" / "core" / "src",
    "tests": ROOT / "tests",
    "local": ROOT / "local",
    "template.yaml": ROOT / "template.yaml",
    "pyproject.toml": ROOT / "pyproject.toml",
}
JUDGED_BY = ("layers/core/src", "tests/unit", "tests/contract", "tests/doubles", "local", "pyproject.toml")
DIGEST = STAGE / "digest"
SECONDS = STAGE / "seconds"


def prepare() -> None:
    """Lay the stage, empty where what is judged, or who judges it, is not what it was."""
    STAGE.mkdir(parents=True, exist_ok=True)
    for name, target in LINKS.items():
        link = STAGE / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    now = _digest()
    if not DIGEST.exists() or DIGEST.read_text() != now:
        shutil.rmtree(MUTANTS, ignore_errors=True)
        DIGEST.write_text(now)
        SECONDS.write_text("0")
    for broken in (place for place in places() if not _whole(place.read_text())):
        # Somebody cut it off by hand: that module is begun anew.
        broken.unlink()
        broken.with_suffix("").unlink()


def run(seconds: float | None) -> None:
    """Let mutmut work, so many seconds at most; what it has found by then is kept."""
    began = time.monotonic()
    command = [sys.executable, str(Path(__file__).with_name("worker.py"))]
    # Hypothesis knows CI by this variable, and draws the same examples each time.
    environment = os.environ | {"CI": "true"}
    mutmut = subprocess.Popen(command, cwd=STAGE, env=environment, start_new_session=True)  # noqa: S603  our own tool
    try:
        if mutmut.wait(seconds):
            raise SystemExit(mutmut.returncode)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _end(mutmut)
        SECONDS.write_text(str(worked() + time.monotonic() - began))


def places() -> list[Path]:
    """Give the files in which mutmut keeps what it has found, one for each module."""
    return sorted(MUTANTS.rglob("*.meta"))


def _end(mutmut: subprocess.Popen[bytes]) -> None:
    """End it and its workers between two verdicts: what it is just writing is let through first."""
    while mutmut.poll() is None:
        mutmut.send_signal(signal.SIGSTOP)
        if all(_whole(place.read_text()) for place in places()):
            os.killpg(mutmut.pid, signal.SIGKILL)
            mutmut.wait()
        mutmut.send_signal(signal.SIGCONT)
        time.sleep(0.01)


def _whole(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def worked() -> float:
    """Give for how many seconds mutmut has worked, in all its parts."""
    return float(SECONDS.read_text())


def _digest() -> str:
    found = hashlib.sha256()
    for path in _files():
        found.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return found.hexdigest()


def _files() -> Iterator[Path]:
    for name in JUDGED_BY:
        place = ROOT / name
        yield from [place] if place.is_file() else sorted(place.rglob("*.py"))
