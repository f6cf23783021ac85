import json
import signal
import subprocess
import sys
import threading
import time
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest

from local.kie import Settings, Simulator, SimulatorClient
from local.kie.media import Media
from local.kie.settings import read_settings
from tests.unit.local.conftest import Start
from tests.unit.local.doubles import KEY, WEBHOOK_KEY, Caller, Receiver, until
from tests.unit.local.test_callbacks import signature_over


def test_maintenance_answers_455_until_it_is_over(simulator: Simulator, caller: Caller) -> None:
    simulator.control(maintenance=True)
    assert (caller.ask("veo_task_on_time_1").code, caller.record("veo_task_on_time_1").code) == (455, 455)
    simulator.control(maintenance=False)
    assert caller.ask("veo_task_on_time_1").code == 200


@pytest.mark.parametrize("code", [401, 402, 403, 433, 455, 500, 505])
def test_any_code_can_be_what_everything_is_refused_with(simulator: Simulator, caller: Caller, code: int) -> None:
    simulator.control(refuse_with=code)
    assert caller.ask("veo_task_on_time_1").code == code
    assert simulator.ledger() == []


def test_the_window_can_be_changed(simulator: Simulator, caller: Caller) -> None:
    simulator.control(window_count=1, window_seconds=60)
    assert [caller.ask("veo_task_on_time_1").code for _ in range(2)] == [200, 429]


def test_a_retired_path_answers_404_without_an_envelope(simulator: Simulator, caller: Caller) -> None:
    simulator.control(retired=True)
    assert [caller.ask("veo_task_on_time_1").status, caller.record("veo_task_on_time_1").status] == [404, 404]
    assert b"code" not in caller.ask("veo_task_on_time_1").body
    assert caller.create("veo_task_on_time_1").code == 200


def test_a_hanging_api_answers_nobody_and_applies_nothing(simulator: Simulator, caller: Caller) -> None:
    simulator.control(outage="hang")
    with pytest.raises(TimeoutError):
        caller.ask("veo_task_on_time_1", timeout=0.1)
    simulator.control(outage="none")
    assert (simulator.ledger(), caller.ask("veo_task_on_time_1").code) == ([], 200)


def test_who_still_waits_when_a_hanging_api_resumes_gets_no_answer(simulator: Simulator, caller: Caller) -> None:
    simulator.control(outage="hang")
    resume = threading.Timer(0.1, simulator.control, kwargs={"outage": "none"})
    resume.start()
    with pytest.raises(RemoteDisconnected):
        caller.ask("veo_task_on_time_1")
    resume.join()


def test_who_has_gone_when_a_hanging_api_resumes_is_logged_as_unanswered(simulator: Simulator, caller: Caller) -> None:
    simulator.control(outage="hang")
    with pytest.raises(TimeoutError):
        caller.ask("veo_task_on_time_1", timeout=0.1)
    simulator.control(outage="none")
    (row,) = until(lambda: simulator.stats()["requests"])
    assert (row["taskId"], row["http"]) == ("veo_task_on_time_1", 0)


def test_an_api_that_is_reset_applies_nothing(simulator: Simulator, caller: Caller) -> None:
    simulator.control(outage="reset")
    with pytest.raises(RemoteDisconnected):
        caller.ask("veo_task_on_time_1")
    assert simulator.ledger() == []


def test_an_api_behind_a_broken_proxy_answers_with_its_page(simulator: Simulator, caller: Caller) -> None:
    simulator.control(outage="html")
    assert caller.ask("veo_task_on_time_1").status == 502


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"outage": "partly"}, "outage is one of none, hang, reset, html"),
        ({"colour": "red"}, "unknown: colour"),
        ({"port": 1}, "fixed while the simulator runs: port"),
        ({"maintenance": 1}, "maintenance must be a bool"),
        ({"window_count": True}, "window_count must be a int"),
    ],
)
def test_a_wrong_switch_is_explained(simulator: Simulator, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        simulator.control(**changes)


def test_settings_can_be_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "kie.json"
    path.write_text(json.dumps({"speed": 10, "log_file": "kie.jsonl", "generation_minutes": [1, 2]}))
    assert read_settings(path) == Settings(speed=10.0, log_file=Path("kie.jsonl"), generation_minutes=(1, 2))


def test_settings_printed_show_no_keys() -> None:
    assert KEY not in repr(Settings(api_key=KEY))
    assert WEBHOOK_KEY not in repr(Settings(webhook_key=WEBHOOK_KEY))


def test_every_request_is_logged_and_no_secret_is(start: Start, tmp_path: Path, receiver: Receiver) -> None:
    simulator = start(log_file=tmp_path / "log" / "kie.jsonl")
    caller = Caller(simulator.host_port)
    caller.ask("veo_task_on_time_1", callback=receiver.url("veo_task_on_time_1"))
    (call,) = receiver.wait_for()
    caller.fetch(caller.result("veo_task_on_time_1"))
    caller.record("veo_task_on_time_1")
    log = (tmp_path / "log" / "kie.jsonl").read_text()
    row = json.loads(log.splitlines()[0])
    assert (row["method"], row["path"]) == ("POST", "/api/v1/veo/get-4k-video")
    assert (row["http"], row["code"], row["taskId"], row["index"]) == (200, 200, "veo_task_on_time_1", 0)
    for everything in (log, json.dumps(simulator.stats())):
        for secret in (KEY, WEBHOOK_KEY, signature_over("veo_task_on_time_1", call), "the-token", "token="):
            assert secret not in everything


def test_a_request_to_a_path_that_never_was_is_logged_too(simulator: Simulator, caller: Caller) -> None:
    assert caller.send("POST", "/api/v1/veo/get-8k-video", {"taskId": "veo_task_on_time_1"}).status == 404
    (row,) = simulator.stats()["requests"]
    assert (row["path"], row["http"], row["code"]) == ("/api/v1/veo/get-8k-video", 404, None)


def test_the_state_of_every_attempt_can_be_seen(simulator: Simulator, caller: Caller) -> None:
    caller.ask("veo_task_failure_1")
    (task,) = until(lambda: (tasks := simulator.tasks())[0]["phase"] == "failed" and tasks)
    assert (task["taskId"], task["index"], task["recordId"]) == ("veo_task_failure_1", 0, "veo_task_failure_1")
    assert simulator.stats()["phases"] == {"failed": 1}


def test_generations_that_are_held_end_when_they_are_let_go(simulator: Simulator, caller: Caller) -> None:
    simulator.control(generations_held=True)
    caller.ask("veo_task_on_time_1")
    time.sleep(0.1)
    assert simulator.stats()["phases"] == {"working": 1}
    simulator.control(generations_held=False)
    until(lambda: simulator.stats()["phases"] == {"success": 1})


def test_a_port_that_is_taken_is_an_error_of_the_start(simulator: Simulator, start: Start) -> None:
    with pytest.raises(OSError, match="in use"):
        start(port=simulator.settings.port)


def test_a_stopped_simulator_leaves_no_thread_behind(start: Start) -> None:
    simulator = start()
    Caller(simulator.host_port).ask("veo_task_late_1", callback="http://127.0.0.1:9/never")
    simulator.stop()
    assert "kie-simulator" not in {thread.name for thread in threading.enumerate()}


def test_it_runs_in_a_process_of_its_own_and_ends_when_told(tmp_path: Path, media: Media) -> None:
    config = tmp_path / "kie.json"
    folders = {"media_folder": str(media.uhd.parent), "log_file": str(tmp_path / "kie.jsonl")}
    config.write_text(json.dumps(folders | {"api_key": KEY, "speed": 6000}))
    command = [sys.executable, "-m", "local.kie", "--port", "0", "--config", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own interpreter and module
        assert process.stdout is not None
        client = SimulatorClient(process.stdout.readline().split()[-1])
        assert Caller(client.host_port).ask("veo_task_on_time_1").code == 200
        assert len(client.ledger()) == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
