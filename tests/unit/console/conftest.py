import asyncio
import re
from typing import Any

import httpx
import pytest

from proofs.doubles.gate_memory import numbered
from tests.unit.cli.operator import Operator
from veo4k_cli.command import Dependencies, Session
from veo4k_cli.console.guard import Guard
from veo4k_cli.console.server import Options, build
from veo4k_cli.output import Output

PORT = 8400


def session(operator: Operator, find: Any = None) -> Session:
    dependencies = Dependencies(find=find or operator.find, clock=operator.clock, new_id=numbered())
    return Session(dependencies, None, local=False, out=Output(as_json=True))


class InProcess(httpx.BaseTransport):
    """Hands requests to the console without a network."""

    def __init__(self, app: Guard) -> None:
        self._console = httpx.ASGITransport(app=app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def handled() -> httpx.Response:
            response = await self._console.handle_async_request(request)
            return httpx.Response(response.status_code, headers=response.headers, content=await response.aread())

        return asyncio.run(handled())


class Browser(httpx.Client):
    """A browser at a console over AWS in memory."""

    def __init__(self, **options: bool) -> None:
        self.operator, self.log = Operator(), list[str]()
        app, self.access = build(session(self.operator), Options(**options), self.log.append)
        super().__init__(transport=InProcess(app), base_url=f"http://{self.access.host}:{PORT}")

    def enter(self) -> httpx.Response:
        return self.get(self.access.link(PORT))

    def send_form(self, path: str, fields: dict[str, Any], **headers: str) -> httpx.Response:
        return self.post(path, data=fields, headers={"origin": f"http://{self.access.host}:{PORT}"} | headers)

    def form(self, page: str) -> dict[str, str]:
        """Return the hidden fields of a page's form."""
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.get(page).text))


@pytest.fixture
def browser() -> Browser:
    """Return a browser that has entered."""
    browser = Browser()
    assert browser.enter().status_code == 303
    return browser
