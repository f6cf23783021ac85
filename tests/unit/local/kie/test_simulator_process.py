"""How a simulator starts and ends, in a thread and in a child process."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from local.kie import Settings, SimulatorClient
from local.kie.simulator_process import SimulatorProcess
from local.paths import ROOT
from tests.unit.local.kie.client import until
from tests.unit.local.kie.conftest import Start

PARENT = """
import sys
from pathlib import Path
from local.kie import Settings
from local.kie.simulator_process import SimulatorProcess
with SimulatorProcess(Settings(media_folder=Path(sys.argv[1]), log_file=Path(sys.argv[2]))) as simulator:
    print(simulator.base_url, flush=True)
    input()
"""


def answers(client: SimulatorClient) -> bool:
    try:
        return bool(client.balance())
    except ConnectionError:
        return False


def test_a_port_in_use_is_an_error_of_the_start(start: Start) -> None:
    client = start()
    with pytest.raises(OSError, match="in use"):
        start(port=client.simulator.settings.port)


def test_a_stopped_simulator_leaves_no_thread_behind(start: Start) -> None:
    client = start()
    client.request("veo_task_late_1")
    client.simulator.stop()
    assert "kie-simulator" not in {thread.name for thread in threading.enumerate()}


def test_a_child_process_has_its_settings_and_ends_with_its_block(media_folder: Path, tmp_path: Path) -> None:
    settings = Settings(media_folder=media_folder, log_file=tmp_path / "kie.jsonl", credits=240)
    with SimulatorProcess(settings) as simulator:
        assert simulator.balance() == 240
    assert not answers(simulator)


def test_a_child_process_ends_with_a_parent_that_is_killed(media_folder: Path, tmp_path: Path) -> None:
    parent = subprocess.Popen(  # noqa: S603  our own interpreter and code
        [sys.executable, "-c", PARENT, str(media_folder), str(tmp_path / "kie.jsonl")],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout
        client = SimulatorClient(parent.stdout.readline().strip())
        assert answers(client)
        parent.kill()
    until(lambda: not answers(client))
