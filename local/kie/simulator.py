"""The simulator from Python: a handle on a running one, and one that runs in a thread of this process.

A thread and not a subprocess: it cannot outlive its process, its start either succeeds or raises here, and nothing has
to be read from a pipe. `python -m local.kie` is there for a process of its own; `SimulatorClient` speaks to either.
"""

import asyncio
import json
import threading
from concurrent.futures import Future
from http.client import HTTPConnection
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from local.kie.server import running
from local.kie.settings import Settings

CLIENT_SECONDS = 30


class SimulatorClient:
    """A handle on a running simulator, by its base URL."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    @property
    def host_port(self) -> str:
        """`host:port`, as an entry of a list of result hosts."""
        return urlsplit(self.base_url).netloc

    def register(self, task_id: str, scenario: str = "on_time", **changes: Any) -> None:
        """Choose a task's scenario, with fields of it changed. Raises ValueError."""
        self._call("POST", "/_sim/tasks", {"taskId": task_id, "scenario": scenario} | changes)

    def control(self, **changes: Any) -> None:
        """Change settings at run time (`Settings`): credits, maintenance, outage … Raises ValueError."""
        self._call("POST", "/_sim/control", changes)

    def ledger(self) -> list[dict[str, Any]]:
        """One row per charge: taskId, index, recordId, credits, chargedAt, refundedAt."""
        charges: list[dict[str, Any]] = self._call("GET", "/_sim/ledger")["charges"]
        return charges

    def balance(self) -> int:
        """The account's remaining credits."""
        return int(self._call("GET", "/_sim/ledger")["balance"])

    def stats(self) -> dict[str, Any]:
        """posts, refused429, densestPosts, densestRequests, phases, downloads, requests, callbacks."""
        stats: dict[str, Any] = self._call("GET", "/_sim/stats")
        return stats

    def callbacks(self, task_id: str) -> list[dict[str, Any]]:
        """The tries to call back about one task, in order."""
        return [row for row in self.stats()["callbacks"] if row["taskId"] == task_id]

    def tasks(self) -> list[dict[str, Any]]:
        """Every paid attempt: taskId, index, recordId, phase, startedAt, finishedAt."""
        tasks: list[dict[str, Any]] = self._call("GET", "/_sim/tasks")
        return tasks

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        connection = HTTPConnection(self.host_port, timeout=CLIENT_SECONDS)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            value = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise ValueError(value["error"])
        return value


class Simulator(SimulatorClient):
    """A simulator in a background thread with an event loop of its own; a context manager, or `start` and `stop`."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__("")
        self.settings = settings or Settings()
        self._halt: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Start and wait until it answers. Raises what kept it from starting."""
        ready: Future[Settings] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="kie-simulator", daemon=True)
        self._thread.start()
        self.settings = ready.result()
        self.base_url = f"http://{self.settings.host}:{self.settings.port}"
        return self

    def stop(self) -> None:
        """Stop it, with whatever it was doing."""
        if self._halt and self._thread:
            loop, halt = self._halt
            loop.call_soon_threadsafe(halt.set)
            self._thread.join()
            self._halt = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _run(self, ready: "Future[Settings]") -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    async def _serve(self, ready: "Future[Settings]") -> None:
        halt = asyncio.Event()
        async with running(self.settings) as settings:
            self._halt = (asyncio.get_running_loop(), halt)
            ready.set_result(settings)
            await halt.wait()
