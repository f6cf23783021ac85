"""The demo, interrupted: it ends at once and leaves no process, no state and no coordinates behind."""

import re
import signal
import subprocess
import sys

from local.emulator import STATE
from tests.integration.world import ROOT, until

INTERRUPTED = 130
PORT = re.compile(r"cloud http://127\.0\.0\.1:(\d+)")


def processes(port: str) -> list[str]:
    """Command lines of the emulator on that port and of its handlers."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "args"], capture_output=True, text=True, check=True)  # noqa: S607
    return [line for line in listed.stdout.splitlines() if f"{STATE}/{port}-" in line]


def test_an_interrupted_demo_leaves_nothing_behind() -> None:
    demo = subprocess.Popen([sys.executable, "-u", "-m", "local.demo"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with demo:
        assert demo.stdout
        port = next(found[1] for line in demo.stdout if (found := PORT.search(line)))
        until(lambda: processes(port))
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == INTERRUPTED
    assert processes(port) == []
    assert list(STATE.glob(f"{port}-*")) == []
