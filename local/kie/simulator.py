"""The simulator from Python: a client of a running one, and one that runs in a thread of this process.

A thread cannot outlive its process, and its start either succeeds or raises an error here. `SimulatorProcess` runs in
a process of its own. `SimulatorClient` is a client of both.
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
    """A client of a running simulator."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    @property
    def host_port(self) -> str:
        """`host:port`, as an entry of the parameter ResultHosts."""
        return urlsplit(self.base_url).netloc

    def register(self, task_id: str, scenario: str = "on_time", **changes: Any) -> None:
        """Choose a task's scenario, with some of its fields changed. Raise ValueError."""
        self._call("POST", "/_sim/tasks", {"taskId": task_id, "scenario": scenario} | changes)

    def control(self, **changes: Any) -> None:
        """Change settings at run time (`Settings`): credits, maintenance, outage … Raise ValueError."""
        self._call("POST", "/_sim/control", changes)

    def ledger(self) -> list[dict[str, Any]]:
        """Return a row for each charge: kind, taskId, index, recordId, credits, chargedAt, refundedAt."""
        charges: list[dict[str, Any]] = self._call("GET", "/_sim/ledger")["charges"]
        return charges

    def balance(self) -> int:
        """Return the account's balance in credits."""
        return int(self._call("GET", "/_sim/ledger")["balance"])

    def stats(self) -> dict[str, Any]:
        """Return posts, refused429, densestPosts, phases, downloads, requests, callbacks."""
        stats: dict[str, Any] = self._call("GET", "/_sim/stats")
        return stats

    def callbacks(self, task_id: str) -> list[dict[str, Any]]:
        """Return the attempts to deliver callbacks about one task, in order."""
        return [row for row in self.stats()["callbacks"] if row["taskId"] == task_id]

    def tasks(self) -> list[dict[str, Any]]:
        """Return each paid task: kind, taskId, index, recordId, phase, startedAt, finishedAt."""
        tasks: list[dict[str, Any]] = self._call("GET", "/_sim/tasks")
        return tasks

    def account(self, task_id: str) -> dict[str, int]:
        """Return the counts of one base task, of all its versions.

        posts (requests that may buy), looks (readings of its own record), polls (readings of the records of its
        versions), charges, credits (without refunded ones).
        """
        counts: dict[str, int] = self._call("GET", f"/_sim/tasks/{task_id}")
        return counts

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        connection = HTTPConnection(self.host_port, timeout=CLIENT_SECONDS)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            value = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ValueError(value["error"])
        return value


class Simulator(SimulatorClient):
    """A simulator in a background thread. It is a context manager; `start` and `stop` work as well."""

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__("")
        self.settings = settings or Settings()
        self._halt: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Start and wait until it answers. Raise the error that kept it from starting."""
        ready: Future[Settings] = Future()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="kie-simulator", daemon=True)
        self._thread.start()
        self.settings = ready.result()
        self.base_url = f"http://{self.settings.host}:{self.settings.port}"
        return self

    def stop(self) -> None:
        """Stop it at once."""
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
