"""The processes in which the local cloud runs the archive function."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = b"AWS_LAMBDA_FUNCTION_NAME=veo4k-ArchiveFunction"


def archives() -> Iterator[Path]:
    """Find them under /proc."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if MARK in (folder / "environ").read_bytes():
                yield folder


def kill_archives() -> int:
    """Kill them all; gives how many."""
    found = list(archives())
    for folder in found:
        os.kill(int(folder.name), signal.SIGKILL)
    return len(found)


def peak_mib() -> float:
    """Give the largest peak of resident memory among them, in MiB."""
    return max(int(line.split()[1]) / 1024 for folder in archives() for line in _peaks(folder))


def _peaks(folder: Path) -> list[str]:
    return [line for line in (folder / "status").read_text().splitlines() if line.startswith("VmHWM")]
