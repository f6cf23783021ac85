import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from proofs.doubles.gate_memory import numbered
from tests.unit.cli.operator import Operator
from veo4k_cli.command import Dependencies, Session
from veo4k_cli.console.guard import Access, Guard
from veo4k_cli.console.server import Options, build
from veo4k_cli.output import Output

PORT = 8400


@dataclass
class Browser:
    """A browser at a console over AWS in memory."""

    operator: Operator
    app: Guard
    access: Access
    log: list[str]
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)

    @property
    def origin(self) -> str:
        return f"http://{self.access.host}:{PORT}"

    def send(self, method: str, path: str, **parts: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url=self.origin, cookies=self.cookies) as client:
                response = await client.request(method, path, **parts)
                self.cookies = client.cookies
                return response

        return asyncio.run(send())

    def enter(self) -> httpx.Response:
        return self.get(self.access.link(PORT).removeprefix(self.origin))

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, fields: dict[str, Any], **headers: str) -> httpx.Response:
        return self.send("POST", path, data=fields, headers={"origin": self.origin} | headers)

    def form(self, page: str) -> dict[str, str]:
        """Return the hidden fields of a page's form."""
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.get(page).text))


Start = Callable[..., Browser]


@pytest.fixture
def start() -> Start:
    """Start a console, with a browser that has not entered yet."""

    def started(**options: bool) -> Browser:
        operator, log = Operator(), list[str]()
        dependencies = Dependencies(find=operator.find, clock=operator.clock, new_id=numbered())
        session = Session(dependencies, None, local=False, out=Output(as_json=True))
        app, access = build(session, Options(**options), log.append)
        return Browser(operator, app, access, log)

    return started


@pytest.fixture
def browser(start: Start) -> Browser:
    """Return a browser that has entered."""
    browser = start()
    assert browser.enter().status_code == 303
    return browser
