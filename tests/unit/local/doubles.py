"""A client of the simulator and a receiver of its callbacks, on the standard library alone."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

KEY = "test-api-key"
WEBHOOK_KEY = "test-webhook-key"


def until(truth: Callable[[], Any], seconds: float = 5.0) -> Any:
    """The first true value of `truth`, asked again and again; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not (value := truth()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)
    return value


@dataclass(frozen=True)
class Reply:
    """An HTTP answer and, where it is one, the JSON object in it."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> dict[str, Any]:
        """The body."""
        value: dict[str, Any] = json.loads(self.body)
        return value

    @property
    def code(self) -> int:
        """The body's code."""
        return int(self.json["code"])

    @property
    def msg(self) -> str:
        """The body's message."""
        return str(self.json["msg"])

    @property
    def data(self) -> Any:
        """The body's data."""
        return self.json["data"]


@dataclass(frozen=True)
class Caller:
    """A user of the API. `key` and `agent` are what it says about itself."""

    host_port: str
    key: str = KEY
    agent: str = "tests/1.0"

    def send(self, method: str, target: str, body: Any = None, timeout: float = 5.0) -> Reply:
        """One request; `timeout` in seconds."""
        connection = HTTPConnection(self.host_port, timeout=timeout)
        headers = {"Authorization": f"Bearer {self.key}", "User-Agent": self.agent}
        try:
            connection.request(method, target, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(), dict(answer.headers))
        finally:
            connection.close()

    def ask(self, task_id: str, index: int = 0, callback: str = "", timeout: float = 5.0) -> Reply:
        """POST get-4k-video."""
        body = {"taskId": task_id, "index": index} | ({"callBackUrl": callback} if callback else {})
        return self.send("POST", "/api/v1/veo/get-4k-video", body, timeout)

    def ask_until(self, task_id: str, words: str, index: int = 0) -> Reply:
        """The first answer whose message holds `words`."""
        reply: Reply = until(lambda: words in (reply := self.ask(task_id, index)).msg and reply)
        return reply

    def result(self, task_id: str, index: int = 0) -> str:
        """A link to the finished video, by repeated POSTs."""
        return str(self.ask_until(task_id, "generated successfully", index).data["resultUrls"][0])

    def record(self, task_id: str) -> Reply:
        """GET record-info."""
        return self.send("GET", f"/api/v1/veo/record-info?taskId={task_id}")

    def create(self, task_id: str, callback: str = "", index: int = 0) -> Reply:
        """POST createTask."""
        body = {"model": "veo/get-4k-video", "callBackUrl": callback, "input": {"task_id": task_id, "index": index}}
        return self.send("POST", "/api/v1/jobs/createTask", body)

    def fetch(self, url: str) -> Reply:
        """GET a file."""
        place = urlsplit(url)
        return self.send("GET", f"{place.path}?{place.query}")


@dataclass(frozen=True)
class Call:
    """One callback as it came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Receiver:
    """Takes callbacks in. `answers` are the next statuses it gives, then 200; `delay` in seconds before each."""

    calls: list[Call] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    delay: float = 0.0
    base_url: str = ""

    def url(self, task_id: str) -> str:
        """A callback URL of the product's form."""
        return f"{self.base_url}/callbacks/{task_id}/0/1/the-token"

    def wait_for(self, count: int = 1) -> list[Call]:
        """The calls, once there are `count`."""
        until(lambda: len(self.calls) >= count)
        return self.calls

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            receiver.calls.append(Call(self.path, dict(self.headers), body))
            time.sleep(receiver.delay)
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

    return Handler
