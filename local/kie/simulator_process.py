"""The simulator in a process of its own: it stamps arrivals, which must not wait for whatever else goes on here.

The process reads its settings from its standard input, says where it answers, and ends when that input does, however
its parent ended.
"""

import json
import subprocess
import sys
from dataclasses import asdict
from typing import Self

from local.kie import Settings, Simulator
from local.kie.settings import changed
from local.paths import ROOT


class SimulatorApart(Simulator):
    """A simulator in a process of its own."""

    _process: subprocess.Popen[str]

    def start(self) -> Self:
        """Start and wait until it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local.kie.simulator_process"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is its parent's alone
        )
        if self._process.stdin and self._process.stdout:
            self._process.stdin.write(json.dumps(asdict(self.settings), default=str) + "\n")
            self._process.stdin.flush()
            self.base_url = self._process.stdout.readline().strip()
        return self

    def stop(self) -> None:
        """Stop it, with whatever it was doing."""
        self._process.communicate()


def main() -> None:
    """Be that process."""
    with Simulator(changed(Settings(), json.loads(sys.stdin.readline()))) as simulator:
        print(simulator.base_url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
