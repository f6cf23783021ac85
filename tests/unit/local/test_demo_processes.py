"""What ends with whom: signals, and the simulator in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest

from local.cloud.signals import as_interrupts
from local.kie import Settings
from local.kie.simulator_process import SimulatorApart
from local.paths import ROOT

STARTS_ONE = """
import sys
from pathlib import Path
from local.kie.simulator_process import SimulatorApart
from local.kie import Settings
with SimulatorApart(Settings(media_folder=Path(sys.argv[1]), log_file=Path(sys.argv[2]))) as simulator:
    print(simulator.host_port, flush=True)
    input()
"""


def answers(host_port: str) -> bool:
    connection = HTTPConnection(host_port, timeout=5)
    try:
        connection.request("GET", "/_sim/ledger")
        return connection.getresponse().status == 200
    except ConnectionError:
        return False
    finally:
        connection.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_signal_to_end_is_an_interrupt(number: signal.Signals) -> None:
    with pytest.raises(KeyboardInterrupt), as_interrupts():
        os.kill(os.getpid(), number)


def test_signals_do_afterwards_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with as_interrupts():
        pass
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_simulator_apart_has_the_settings_it_was_given(media_folder: Path, tmp_path: Path) -> None:
    settings = Settings(media_folder=media_folder, log_file=tmp_path / "kie.jsonl", credits=240)
    with SimulatorApart(settings) as simulator:
        assert simulator.balance() == 240


def test_a_simulator_apart_ends_with_its_block(media_folder: Path, tmp_path: Path) -> None:
    with SimulatorApart(Settings(media_folder=media_folder, log_file=tmp_path / "kie.jsonl")) as simulator:
        assert answers(simulator.host_port)
    assert not answers(simulator.host_port)


def test_a_simulator_apart_does_not_outlive_whoever_started_it(media_folder: Path, tmp_path: Path) -> None:
    owner = subprocess.Popen(  # noqa: S603  our own interpreter and code
        [sys.executable, "-c", STARTS_ONE, str(media_folder), str(tmp_path / "kie.jsonl")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with owner:
        assert owner.stdout
        host_port = owner.stdout.readline().strip()
        assert answers(host_port)
        owner.kill()
    deadline = time.monotonic() + 5
    while answers(host_port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(host_port)
