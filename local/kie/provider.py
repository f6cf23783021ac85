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

from local.kie.callback_payloads import News
from local.kie.ledger import Charge, Ledger
from local.kie.media import Media
from local.kie.rate_limit import SlidingWindow
from local.kie.request_log import RequestLog
from local.kie.scenarios import Scenario, scenario_of
from local.kie.settings import Settings


@dataclass(slots=True, kw_only=True)
class Upscale:
    """One paid attempt at one 4K version. `phase` is working, success or failed; `tried`: a callback was sent."""

    charge: Charge
    scenario: Scenario
    callback_url: str
    body: Callable[[str, News], dict[str, Any]]
    minutes: float
    started_at: float
    phase: str = "working"
    finished_at: float = 0.0
    links: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    tried: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, kw_only=True)
class Provider:
    """Everything one simulator knows.

    `current` holds the upscale a repeated POST is answered from, `records` every upscale by its record id, `tries`
    the callbacks tried, `requests` the API requests with their arrival stamps.
    """

    settings: Settings
    media: Media
    ledger: Ledger
    session: ClientSession
    log: RequestLog
    window: SlidingWindow = field(default_factory=SlidingWindow)
    registered: dict[str, Scenario] = field(default_factory=dict)
    first_asked: dict[str, float] = field(default_factory=dict)
    posts: Counter[str] = field(default_factory=Counter)
    downloads: Counter[str] = field(default_factory=Counter)
    current: dict[tuple[str, int], Upscale] = field(default_factory=dict)
    records: dict[str, Upscale] = field(default_factory=dict)
    upscales: list[Upscale] = field(default_factory=list)
    tries: list[dict[str, Any]] = field(default_factory=list)
    resumed: asyncio.Event = field(default_factory=asyncio.Event)
    generations_open: asyncio.Event = field(default_factory=asyncio.Event)
    callbacks_open: asyncio.Event = field(default_factory=asyncio.Event)
    background: set[asyncio.Task[None]] = field(default_factory=set)

    def scenario(self, task_id: str) -> Scenario:
        """The scenario registered for a task, or the one its id names."""
        return self.registered.get(task_id) or scenario_of(task_id)

    def adopt(self, settings: Settings) -> None:
        """Put new settings in force."""
        self.settings = settings
        _set(self.generations_open, on=not settings.generations_held)
        _set(self.callbacks_open, on=not settings.callbacks_held)
        _set(self.resumed, on=settings.outage != "hang")

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run something in the background until the simulator stops."""
        task = asyncio.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)
        return task

    async def pass_minutes(self, minutes: float) -> None:
        """Let simulated minutes pass."""
        await asyncio.sleep(self.settings.real_seconds(minutes))

    def secret_digest(self, text: str) -> str:
        """32 hex digits that only this simulator can make (deterministic by seed)."""
        return hmac.new(f"seed {self.settings.seed}".encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


PROVIDER = web.AppKey("provider", Provider)
_STARTED = time.time() - time.monotonic()


def clock() -> float:
    """Unix seconds that never fall, for stamps that are compared."""
    return _STARTED + time.monotonic()


def _set(event: asyncio.Event, *, on: bool) -> None:
    if on:
        event.set()
    else:
        event.clear()
