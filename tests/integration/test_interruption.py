"""An interrupted and a failing demo: each ends, and leaves no process and no state behind."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local.cloud.signals import INTERRUPTED
from local.demo.cases import cases_under
from local.paths import ROOT, STATE
from local.waiting import wait_until

WITHOUT_PATIENCE = "import sys, local.demo.__main__ as demo; demo.TIMEOUT_SECONDS = 3.0; sys.exit(demo.main())"
PORT = re.compile(r"cloud http://127\.0\.0\.1:(\d+)")


def processes(port: str) -> list[str]:
    """Return the command lines of the emulator on that port and of its functions."""
    listed = subprocess.run(["ps", "-A", "-ww", "-o", "args"], capture_output=True, text=True, check=True)  # noqa: S607
    return [line for line in listed.stdout.splitlines() if f"{STATE}/{port}-" in line]


@contextmanager
def demo(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Run the demo in a process. Yield once its functions run or it has ended. Check that nothing is left of it."""
    process = subprocess.Popen(  # noqa: S603  our own interpreter and code
        [sys.executable, "-u", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with process:
        port = next(found[1] for line in process.stdout or () if (found := PORT.search(line)))
        wait_until(lambda: processes(port) or process.poll() is not None)
        yield process
    assert [*processes(port), *STATE.glob(f"{port}-*")] == []


def test_an_interrupted_demo_leaves_nothing_behind() -> None:
    with demo("-m", "local.demo") as process:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == INTERRUPTED


def test_a_demo_whose_jobs_do_not_end_fails_and_leaves_nothing_behind() -> None:
    with demo("-c", WITHOUT_PATIENCE) as process:
        output, _ = process.communicate(timeout=60)
        all_cases = len(cases_under("veo"))
        found = re.search(rf"([0-9]+) of {all_cases} correct", output)
        assert found is not None, output
        assert (process.returncode, int(found[1]) < all_cases) == (1, True)
