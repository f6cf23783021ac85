"""The demo, interrupted or failing: it ends and leaves no process and no state behind."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local.paths import STATE
from tests.integration.world import ROOT, until

INTERRUPTED = 130
IMPATIENT = "import sys, local.demo.__main__ as demo; demo.PATIENCE = 1.0; sys.exit(demo.main())"
PORT = re.compile(r"cloud http://127\.0\.0\.1:(\d+)")


def processes(port: str) -> list[str]:
    """Command lines of the emulator on that port and of its handlers."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "args"], capture_output=True, text=True, check=True)  # noqa: S607
    return [line for line in listed.stdout.splitlines() if f"{STATE}/{port}-" in line]


@contextmanager
def demo(*words: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The demo as a process of its own, and the port of its cloud once its handlers are at work."""
    process = subprocess.Popen(  # noqa: S603  our own interpreter and code
        [sys.executable, "-u", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        port = next(found[1] for line in process.stdout or () if (found := PORT.search(line)))
        until(lambda: processes(port))
        yield process, port


def is_gone(port: str) -> bool:
    return not processes(port) and not list(STATE.glob(f"{port}-*"))


def test_an_interrupted_demo_leaves_nothing_behind() -> None:
    with demo("-m", "local.demo") as (process, port):
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == INTERRUPTED
    assert is_gone(port)


def test_a_demo_whose_jobs_do_not_end_fails_and_leaves_nothing_behind() -> None:
    with demo("-c", IMPATIENT) as (process, port):
        told, _ = process.communicate(timeout=60)
        assert (process.returncode, "0 of 16 as they must be" in told) == (1, True)
    assert is_gone(port)
