"""The provider's whole state, in memory, for one event loop."""

import asyncio
import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web

from local.kie.callback_payloads import Result
from local.kie.ledger import Charge, Ledger
from local.kie.media import Media
from local.kie.rate_limit import SlidingWindow
from local.kie.request_log import RequestLog
from local.kie.responses import Envelope
from local.kie.scenario import Callback, Scenario
from local.kie.scenario_choice import scenario_of
from local.kie.settings import Settings


@dataclass(slots=True, kw_only=True)
class PaidTask:
    """One paid task: a generation, an extension, a 1080P or a 4K version.

    api       the API that it was created with; recordInfo knows those of `jobs` alone
    payload   makes the payloads of its callbacks
    failure   how it is going to fail; None: it succeeds
    phase     working, success or failed
    links     how many links to its result were issued
    """

    charge: Charge
    scenario: Scenario
    api: str
    callback_url: str
    callbacks: tuple[Callback, ...]
    payload: Callable[[str, Result], Envelope]
    minutes: float
    failure: Envelope | None = None
    phase: str = "working"
    finished_at: float = 0.0
    links: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    called_back: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def times(self) -> tuple[float, float]:
        """When it started, and ended."""
        return self.charge.charged_at, self.finished_at


@dataclass(slots=True, kw_only=True)
class Provider:
    """The state of one simulator.

    registered         scenarios of tasks, by task id
    first_requested    when each task was first requested
    posts, looks       how many POSTs and readings of its record there were, by task id
    downloads          how many there were, by file name
    current            the 4K version that a repeated POST is about, by task id and index
    hd                 the 1080P versions, by task id and index
    made               generations and extensions, by task id
    records            4K and 1080P versions, by their own ids
    callback_attempts  a row for each
    """

    settings: Settings
    media: Media
    ledger: Ledger
    session: ClientSession
    log: RequestLog
    window: SlidingWindow = field(default_factory=SlidingWindow)
    registered: dict[str, Scenario] = field(default_factory=dict)
    first_requested: dict[str, float] = field(default_factory=dict)
    posts: Counter[str] = field(default_factory=Counter)
    looks: Counter[str] = field(default_factory=Counter)
    downloads: Counter[str] = field(default_factory=Counter)
    current: dict[tuple[str, int], PaidTask] = field(default_factory=dict)
    hd: dict[tuple[str, int], PaidTask] = field(default_factory=dict)
    made: dict[str, PaidTask] = field(default_factory=dict)
    records: dict[str, PaidTask] = field(default_factory=dict)
    tasks: list[PaidTask] = field(default_factory=list)
    callback_attempts: list[dict[str, Any]] = field(default_factory=list)
    outage_over: asyncio.Event = field(default_factory=asyncio.Event)
    generations_allowed: asyncio.Event = field(default_factory=asyncio.Event)
    callbacks_allowed: asyncio.Event = field(default_factory=asyncio.Event)
    background: set[asyncio.Task[None]] = field(default_factory=set)

    def scenario(self, task_id: str) -> Scenario:
        """Return the scenario registered for a task, or the one that its id selects."""
        return self.registered.get(task_id) or scenario_of(task_id)

    def adopt(self, settings: Settings) -> None:
        """Apply new settings."""
        self.settings = settings
        _set(self.generations_allowed, on=not settings.generations_held)
        _set(self.callbacks_allowed, on=not settings.callbacks_held)
        _set(self.outage_over, on=settings.outage != "hang")

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine in the background until the simulator stops."""
        task = asyncio.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)
        return task

    async def pass_minutes(self, minutes: float) -> None:
        """Let simulated minutes pass."""
        await asyncio.sleep(self.settings.real_seconds(minutes))

    def secret_digest(self, text: str) -> str:
        """Return 32 hex digits that only this simulator can make. The same seed makes the same digits."""
        return hmac.new(f"seed {self.settings.seed}".encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


PROVIDER = web.AppKey("provider", Provider)
_STARTED = time.time() - time.monotonic()


def clock() -> float:
    """Return Unix seconds that never decrease, for times that are compared."""
    return _STARTED + time.monotonic()


def _set(event: asyncio.Event, *, on: bool) -> None:
    if on:
        event.set()
    else:
        event.clear()
