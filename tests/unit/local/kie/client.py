"""A client of the simulator with a receiver of its callbacks."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

from local.kie import Simulator, SimulatorClient
from local.waiting import T, wait_until
from proofs.doubles.http_server import answering, posted

KEY = "test-api-key"
WEBHOOK_KEY = "test-webhook-key"
TASK = "veo_task_on_time_1"


def until(condition: Callable[[], T | None]) -> T:
    """Return the first true value of a condition that is soon true."""
    return wait_until(condition, seconds=5, pause=0.005)


class Response(NamedTuple):
    """An HTTP response, with the JSON object in it and the fields of its envelope."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    json: dict[str, Any]
    code: int
    msg: str
    data: Any


class Callback(NamedTuple):
    """A callback that was received."""

    path: str
    headers: Mapping[str, str]
    payload: dict[str, Any]

    def is_signed_over(self, task_id: str, key: str = WEBHOOK_KEY) -> bool:
        message = task_id + "." + self.headers["X-Webhook-Timestamp"]
        digest = hmac.digest(key.encode(), message.encode(), hashlib.sha256)
        return self.headers["X-Webhook-Signature"] == base64.b64encode(digest).decode()


@dataclass
class CallbackReceiver:
    """Receives callbacks. `statuses`: of the next responses, then 200; `delay`: seconds before each response."""

    place: str = ""
    received: list[Callback] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    delay: float = 0.0

    def url(self, task_id: str) -> str:
        """Return a callback URL of the form that the stack has."""
        return f"{self.place}/callbacks/{task_id}/0/1/the-token"

    def wait_for(self, count: int = 1) -> list[Callback]:
        """Return the callbacks, once there are `count`."""
        return until(lambda: self.received if len(self.received) >= count else None)

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        self.received.append(Callback(handler.path, dict(handler.headers), json.loads(posted(handler))))
        time.sleep(self.delay)
        handler.send_response(self.statuses.pop(0) if self.statuses else 200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@contextmanager
def receiving() -> Iterator[CallbackReceiver]:
    receiver = CallbackReceiver()
    with answering(receiver.take) as receiver.place:
        yield receiver


class Client(SimulatorClient):
    """A client of both APIs and of the control API. `key` and `agent` are sent with each request."""

    def __init__(self, simulator: Simulator, receiver: CallbackReceiver) -> None:
        super().__init__(simulator.base_url)
        self.simulator, self.receiver = simulator, receiver
        self.key, self.agent = KEY, "tests/1.0"

    def send(self, method: str, target: str, body: Any = None) -> Response:
        headers = {"Authorization": f"Bearer {self.key}", "User-Agent": self.agent}
        with closing(HTTPConnection(self.host_port, timeout=5)) as connection:
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            content = response.read()
        value = json.loads(content) if content.startswith(b"{") else {}
        envelope = value.get("code", 0), value.get("msg", ""), value.get("data")
        return Response(response.status, content, dict(response.headers), value, *envelope)

    def request(self, task_id: str = TASK, index: int = 0) -> Response:
        """POST get-4k-video with the receiver's callback URL."""
        body = {"taskId": task_id, "index": index, "callBackUrl": self.receiver.url(task_id)}
        return self.send("POST", "/api/v1/veo/get-4k-video", body)

    def request_until(self, words: str, task_id: str = TASK, index: int = 0) -> Response:
        """POST get-4k-video until the response's message has the words."""
        return until(lambda: response if words in (response := self.request(task_id, index)).msg else None)

    def result(self, task_id: str = TASK, index: int = 0) -> str:
        """Return the path of a fresh link to the finished video."""
        url: str = self.request_until("generated successfully", task_id, index).data["resultUrls"][0]
        return url.removeprefix(self.base_url)

    def all_callbacks(self, task_id: str = TASK, count: int = 1) -> list[Callback]:
        """Request a 4K version. Return its callbacks, once there are `count`."""
        self.request(task_id)
        return self.receiver.wait_for(count)

    def callback(self, task_id: str = TASK) -> Callback:
        """Request a 4K version. Return its first callback."""
        return self.all_callbacks(task_id)[0]

    def attempts(self, task_id: str = TASK, count: int = 1) -> list[dict[str, Any]]:
        """Return the attempts to deliver callbacks, once there are `count`."""
        return until(lambda: sent if len(sent := self.callbacks(task_id)) >= count else None)

    def record(self, task_id: str = TASK) -> Response:
        return self.send("GET", f"/api/v1/veo/record-info?taskId={task_id}")

    def create(self, task_id: str) -> Response:
        """POST createTask with the receiver's callback URL."""
        body = {"model": "veo/get-4k-video", "callBackUrl": self.receiver.url(task_id), "input": {"task_id": task_id}}
        return self.send("POST", "/api/v1/jobs/createTask", body)

    def finished(self, task_id: str, flag: int = 1) -> Any:
        """Return a task's details, once they have that success flag."""
        return until(lambda: data if (data := self.record(task_id).data)["successFlag"] == flag else None)

    def fetch(self, link: str) -> Response:
        """GET a file by its URL or path."""
        return self.send("GET", link.removeprefix(self.base_url))
