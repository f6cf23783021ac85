"""The logs of a stack's functions, read from the log group that they share."""

from typing import Any

import pytest

from local.cloud import local_cloud
from local.cloud.local_cloud import LocalCloud

SUBMIT, SWEEP = "veo4k-SubmitFunction-1", "veo4k-SweepFunction-2"
OUTPUTS = {"SubmitFunctionName": SUBMIT, "SweepFunctionName": SWEEP, "PublishFunctionName": "another"}


class Logs:
    """Returns `filter_log_events` from these events."""

    def __init__(self, *events: tuple[int, str, str]) -> None:
        self.events: list[dict[str, Any]] = [
            {"timestamp": at, "logStreamName": f"2026/01/01/{function}[$LATEST]abc", "message": message}
            for at, function, message in events
        ]

    def filter_log_events(self, *, logGroupName: str, startTime: int, limit: int) -> dict[str, Any]:  # noqa: N803
        assert logGroupName == "/aws/lambda/veo4k"
        return {"events": [event for event in self.events if event["timestamp"] >= startTime][:limit]}


def cloud(monkeypatch: pytest.MonkeyPatch, *events: tuple[int, str, str]) -> LocalCloud:
    logs = Logs(*events)
    monkeypatch.setattr(LocalCloud, "client", lambda _self, _service: logs)
    return LocalCloud.deployed("", OUTPUTS)


def test_a_function_has_its_own_lines_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    running = cloud(monkeypatch, (1, SUBMIT, "a"), (2, SWEEP, "b"), (3, SUBMIT, "c"))
    assert [running.logs(output) for output in OUTPUTS] == ["a\nc", "b", ""]


@pytest.mark.parametrize("most", [2, 3, 4, 100])
def test_events_of_several_pages_are_read_once(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(local_cloud, "MOST_EVENTS", most)
    running = cloud(monkeypatch, *((number, SWEEP, str(number)) for number in range(9)))
    assert running.logs("SweepFunctionName") == "\n".join(map(str, range(9)))
