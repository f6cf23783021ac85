"""`make local` and the commands beside it: the price, signals, the connection file."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.cloud.connection_file import Connection, current, published
from local.cloud.signals import signals_as_interrupts
from local.paths import ROOT

KEY = "a-key-that-costs-money"


def test_the_price_must_be_accepted_before_the_real_provider_is_called() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "local.cloud"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "YES"} | {"KIE_API_KEY": KEY},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert [words for words in ("$0.60", "confirm with YES=1") if words not in ended.stdout] == []
    assert KEY not in ended.stdout + ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_ending_signal_is_an_interrupt_within_the_block(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), signals_as_interrupts():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_the_connection_file_exists_as_long_as_the_cloud(tmp_path: Path) -> None:
    file = tmp_path / "current.json"
    with published(Connection("http://127.0.0.1:1", {}, "the simulator"), file):
        assert json.loads(file.read_text())["provider"] == "the simulator"
    assert not file.exists()


def test_without_a_running_cloud_a_command_says_how_to_start_it(tmp_path: Path) -> None:
    file = tmp_path / "current.json"
    with pytest.raises(SystemExit, match="make local"):
        current(file)
    with published(Connection("http://127.0.0.1:1", {}, ""), file), pytest.raises(SystemExit, match="make local"):
        current(file)
