"""`make local` and the commands beside it: the price, signals, the connection file."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.cloud import __main__ as local_cloud
from local.cloud import build
from local.cloud.connection_file import Connection, current, published
from local.cloud.signals import signals_as_interrupts
from local.cloud.variables import exports
from veo4k_cli.local_cloud import LocalCloud

KEY = "a-key-that-costs-money"


def test_the_price_must_be_accepted_before_the_real_provider_is_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["local.cloud"])
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(local_cloud, "_run", pytest.fail)
    monkeypatch.setattr(local_cloud, "running_local_cloud", lambda _: None)
    monkeypatch.setenv("KIE_API_KEY", KEY)
    monkeypatch.delenv("YES", raising=False)
    assert local_cloud.main() == 1
    shown = capsys.readouterr()
    assert [words for words in ("$0.60", "confirm with YES=1") if words not in shown.out] == []
    assert KEY not in shown.out + shown.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_every_ending_signal_is_an_interrupt_within_the_block(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), signals_as_interrupts():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_the_variables_name_the_simulator_only_where_there_is_one() -> None:
    outputs = {"JobsApiUrl": "http://127.0.0.1:1/v1"}
    simulated = Connection("http://127.0.0.1:1", outputs, "the simulator http://127.0.0.1:2")
    expected = "export VEO4K_URL=http://127.0.0.1:1/v1 VEO4K_TOKEN=token"
    assert exports(simulated, "token") == f"{expected} SIMULATOR=http://127.0.0.1:2"
    assert exports(Connection("http://127.0.0.1:1", outputs, "https://api.kie.ai"), "token") == expected


def test_the_connection_file_exists_as_long_as_the_cloud(tmp_path: Path) -> None:
    file = tmp_path / "current.json"
    with published(Connection("http://127.0.0.1:1", {}, "the simulator"), file):
        assert json.loads(file.read_text())["provider"] == "the simulator"
        with pytest.raises(SystemExit, match="make local"):  # no cloud answers there
            current(file)
    assert not file.exists()
    with pytest.raises(SystemExit, match="make local"):
        current(file)


def test_a_second_local_cloud_in_the_folder_does_not_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its end would hide the first one from the command line, which would then act on AWS."""
    monkeypatch.setattr(sys, "argv", ["local.cloud"])
    monkeypatch.setattr(local_cloud, "_run", pytest.fail)
    monkeypatch.setattr(local_cloud, "running_local_cloud", lambda _: LocalCloud("http://127.0.0.1:1", "veo4k"))
    assert local_cloud.main() == 1
    assert "Stop it first" in capsys.readouterr().out


def test_a_cloud_leaves_the_connection_file_of_another(tmp_path: Path) -> None:
    first, second = (Connection(f"http://127.0.0.1:{port}", {}, "the simulator") for port in (1, 2))
    file = tmp_path / "current.json"
    with published(first, file):
        other = published(second, file)
        other.__enter__()
    assert json.loads(file.read_text())["endpoint"] == second.endpoint


def test_the_build_calls_pip_by_a_name_without_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    environments: list[dict[str, str]] = []

    def run(command: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[str]:
        environments.append(env)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    build._sam_build()
    assert environments[0]["PIP"] == "python3 -m pip"
    assert environments[0]["PATH"].startswith(f"{build.SAM.parent}:")
