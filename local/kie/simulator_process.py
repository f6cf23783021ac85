"""The simulator in a process of its own. It records arrival times, which must not wait for this process.

The child reads its settings from its standard input, prints its address, and ends when its input ends. So it ends with
its parent, even one that is killed.
"""

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Self

from local.kie import Settings, Simulator
from local.kie.settings import changed
from local.paths import ROOT


class SimulatorProcess(Simulator):
    """A simulator in a child process."""

    _process: subprocess.Popen[str]

    def start(self) -> Self:
        """Start the child and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local.kie.simulator_process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C interrupts the parent alone
        )
        if self._process.stdin and self._process.stdout:
            self._process.stdin.write(json.dumps(asdict(self.settings), default=str) + "\n")
            self._process.stdin.flush()
            self.base_url = self._process.stdout.readline().strip()
        return self

    def stop(self) -> None:
        """Stop the child at once."""
        self._process.communicate()


def main() -> None:
    """Run as the child."""
    with Simulator(changed(Settings(), json.loads(sys.stdin.readline()))) as simulator:
        print(simulator.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
