"""The built functions as Lambda unpacks them: from archives dated 1980, onto a read-only tree."""

import io
import os
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from pathlib import Path

from local.paths import ROOT

PLACE = ROOT / ".local/bench"
VENDOR = ROOT / "layers/vendor/requirements.txt"
RUNTIME = (3, 13)
EPOCH = (1980, 1, 1, 0, 0, 0)
LAYERS = ("VendorLayer", "CoreLayer")


class MissingError(RuntimeError):
    """The machine has no Python of the functions' version."""


@cache
def interpreter() -> str:
    """Path of a Python of the functions' own version."""
    version = ".".join(map(str, RUNTIME))
    homes = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    candidates = [sys.executable, str(ROOT / ".venvs/sam/bin/python"), shutil.which(f"python{version}"), *homes]
    for candidate in filter(None, map(str, candidates)):
        code = f"import sys; sys.exit(sys.version_info[:2] != {RUNTIME})"
        if Path(candidate).exists() and not subprocess.run([candidate, "-c", code], check=False).returncode:
            return candidate
    raise MissingError(f"the figures of a function need Python {version}")


def zipped(folder: Path) -> bytes:
    """Archive a folder as SAM does."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(str(path.relative_to(folder)), EPOCH)
            entry.external_attr, entry.compress_type = 0o100644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return packed.getvalue()


def unpacked_bytes(folder: Path) -> int:
    """Sum of the sizes of its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def unpack(built: Path, place: Path) -> dict[str, list[Path]]:
    """Unpack the built layers and functions; gives for each function the folders on its path."""
    names = [path.name for path in built.iterdir() if path.is_dir()]
    for name in names:
        _unzip(zipped(built / name), place / name)
    layers = [place / name / "python" for name in LAYERS]
    return {name: [place / name, *layers] for name in names if name.endswith("Function")}


def _unzip(archive: bytes, folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        opened.extractall(folder)
    for path in [*folder.rglob("*"), folder]:
        if path.is_file():
            os.utime(path, (315532800, 315532800))
        path.chmod(0o555 if path.is_dir() else 0o444)


def installed(requirements: Path, name: str, *, compiled: bool = False) -> Path:
    """Folder with what pip installs of these requirements, kept until they change."""
    folder = PLACE / f"{name}-{'.'.join(map(str, RUNTIME))}"
    stamp, wanted = folder / ".requirements", requirements.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        quiet = ["--quiet", "--disable-pip-version-check", "--no-warn-conflicts", "--no-input"]
        what = ["--compile" if compiled else "--no-compile", "--target", str(folder), "-r", str(requirements)]
        subprocess.run([interpreter(), "-m", "pip", "install", *quiet, *what], check=True)
        stamp.write_text(wanted)
    return folder
