"""Files that come a minute late, or with a header that says nothing: each job succeeds. Run by `make prove`."""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

import pytest

from local.cloud.environment import Environment
from local.cloud.rows import Row, has_ended
from local.waiting import wait_until
from tests.e2e.result_host import Host, hosting, padded

CONTENT = padded(1)
LATE, PATIENCE = 60.0, 180.0  # seconds
CHALLENGE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking</body></html>"
TASKS = {
    "a page instead": "veo_task_page_first",
    "404": "veo_task_404_first",
    "a blank Content-Encoding": "veo_task_blank_encoding",
}


@dataclass
class HinderingHost(Host):
    """Sends a page, or 404, for a minute after the first request for it; or a header without a value at once."""

    asked: dict[str, list[float]] = field(default_factory=dict)

    def deliver(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer a GET."""
        times = self.asked.setdefault(handler.path, [])
        times.append(time.monotonic())
        is_late = times[-1] - times[0] >= LATE
        is_page, is_missing = (TASKS[name] in handler.path and not is_late for name in ("a page instead", "404"))
        content = CHALLENGE if is_page else b"" if is_missing else self.content
        handler.send_response(404 if is_missing else 200)
        handler.send_header("Content-Type", "text/html" if is_page else "video/mp4")
        handler.send_header("Content-Length", str(len(content)))
        if TASKS["a blank Content-Encoding"] in handler.path:
            handler.send_header("Content-Encoding", "")
        handler.end_headers()
        handler.wfile.write(content)


@dataclass(frozen=True)
class Hindered:
    """What came of the three jobs."""

    rows: dict[str, Row]
    asked: dict[str, int]


@pytest.fixture(scope="module")
def hindered(env: Environment) -> Iterator[Hindered]:
    host = HinderingHost(CONTENT)
    with hosting(host):
        for task in TASKS.values():
            env.simulator.register(task, "lost", minutes=6000)
            env.cloud.send({"taskId": task})
            host.call_back(env, task)

        def ended() -> dict[str, Row] | None:
            rows = {name: env.cloud.runs(task)[0] for name, task in TASKS.items()}
            return rows if all(map(has_ended, rows.values())) else None

        rows = wait_until(ended, PATIENCE, pause=1)
        yield Hindered(rows, {name: len(host.asked[f"/{task}.mp4"]) for name, task in TASKS.items()})


@pytest.mark.parametrize("name", TASKS)
def test_a_file_that_is_hindered_is_archived(env: Environment, hindered: Hindered, name: str) -> None:
    row = hindered.rows[name]
    assert (row["state"], row["archive"]["sha256"]) == ("SUCCEEDED", hashlib.sha256(CONTENT).hexdigest())
    assert len([charge for charge in env.simulator.ledger() if charge["taskId"] == TASKS[name]]) == 1


def test_what_came_late_was_requested_again(hindered: Hindered) -> None:
    assert (hindered.asked["a page instead"] > 1, hindered.asked["404"] > 1) == (True, True)
    assert hindered.asked["a blank Content-Encoding"] == 1
