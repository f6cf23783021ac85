"""An interrupted demo: it ends, and leaves no process and no state behind."""

import re
import signal
import subprocess
import sys

from local.cloud.signals import INTERRUPTED
from local.paths import ROOT, STATE
from local.waiting import wait_until

PORT = re.compile(r"cloud http://127\.0\.0\.1:(\d+)")


def processes(port: str) -> list[str]:
    """Return the command lines of the emulator on that port and of its functions."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "args"], capture_output=True, text=True, check=True)  # noqa: S607
    return [line for line in listed.stdout.splitlines() if f"{STATE}/{port}-" in line]


def test_an_interrupted_demo_leaves_nothing_behind() -> None:
    command = [sys.executable, "-u", "-m", "local.demo"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo:  # noqa: S603  our own code
        port = next(found[1] for line in demo.stdout or () if (found := PORT.search(line)))
        wait_until(lambda: processes(port))
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == INTERRUPTED
    assert [*processes(port), *STATE.glob(f"{port}-*")] == []
