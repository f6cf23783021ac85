"""`sam build`, run only when what it reads has changed."""

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from local.paths import ROOT

SAM = ROOT / ".venvs/sam/bin/sam"
BUILT = ROOT / ".aws-sam/build"
STAMP = ROOT / ".aws-sam/sources.sha256"
SOURCES = ("template.yaml", "functions", "layers")


class BuildError(RuntimeError):
    """`sam build` failed. The message is its output."""


def built_template() -> Path:
    """Return the path of the built template. Build first where the template, a function or a layer has changed."""
    STAMP.parent.mkdir(exist_ok=True)
    with (STAMP.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = sources_digest()
        if not STAMP.exists() or STAMP.read_text() != digest:
            STAMP.unlink(missing_ok=True)
            _sam_build()
            STAMP.write_text(digest)
    return BUILT / "template.yaml"


def sources_digest() -> str:
    """Return the SHA-256, in hex, of the paths and contents of all files that `sam build` reads."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    found = (path for source in SOURCES for path in [ROOT / source, *(ROOT / source).rglob("*")])
    yield from sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def _sam_build() -> None:
    done = subprocess.run(
        [SAM, "build", "--cached", "--parallel"],
        cwd=ROOT,
        # By the path: the command in PIP is split at spaces, and the folder's name may have one.
        env={
            **os.environ,
            "SAM_CLI_TELEMETRY": "0",
            "PIP": "python3 -m pip",
            "PATH": f"{SAM.parent}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(f"sam build failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    print(built_template().relative_to(ROOT))
