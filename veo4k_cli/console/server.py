"""The console as a server on the loopback."""

import contextlib
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib import resources
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from veo4k_cli.command import Session
from veo4k_cli.console import pages
from veo4k_cli.console.actions import Actions
from veo4k_cli.console.cache import Cache
from veo4k_cli.console.guard import Access, Guard
from veo4k_cli.console.monitoring import Monitoring
from veo4k_cli.console.parts import PARTS
from veo4k_cli.console.reading import Reader
from veo4k_cli.console.view import NotFoundError, View
from veo4k_cli.errors import EXPECTED, OperatorError, describe
from veo4k_cli.output import Output
from veo4k_cli.stack import Stack

LOOPBACK = "127.0.0.1"
STATIC = {"console.css": "text/css", "console.js": "text/javascript"}
STOP_SECONDS = 2


@dataclass(frozen=True)
class Options:
    """How a console is served. Port 0 takes a free one."""

    port: int = 0
    plain_host: bool = False
    read_only: bool = False


def build(session: Session, options: Options, log: Callable[[str], None]) -> tuple[Guard, Access]:
    """Build the console of a session's stack, and the access to it. Each action is logged."""
    cache = Cache(session.clock.now)
    reader, monitoring = Reader(session, cache), Monitoring(session, cache)
    host = LOOPBACK if options.plain_host else f"veo4k-{secrets.token_hex(5)}.localhost"
    access = Access(host, reader.media_origin(), session.clock.now)
    actions = None if options.read_only else Actions(session, reader, log)
    view = View(reader, monitoring, access, actions, PARTS)
    errors: dict[Any, Any] = dict.fromkeys(EXPECTED, _failed) | {404: _missing}
    return Guard(Starlette(routes=_routes(view), exception_handlers=errors), access), access


def _routes(view: View) -> list[Route]:
    job = "/jobs/{task}/{run:int}"
    reads = {
        "/": pages.board,
        job: pages.job,
        "/gate": pages.gate,
        "/dead": pages.dead,
        "/spend": pages.spending,
        "/spend.csv": pages.spending_csv,
        "/search": pages.search,
        "/parts/{part}": View.part,
        "/icon.svg": pages.icon,
    } | {f"{job}/{name}": pages.file for name in pages.FILES}
    routes = [Route(path, partial(page, view)) for path, page in reads.items()]
    routes += [Route(f"/static/{name}", _static(name, kind)) for name, kind in STATIC.items()]
    acts = ("/gate/pause", "/gate/resume", f"{job}/replay", f"{job}/cancel", "/dead/redrive", "/dead/delete")
    return routes + [
        Route(path, partial(pages.act, view), methods=["POST"]) for path in acts if view.actions is not None
    ]


def _static(name: str, kind: str) -> Callable[[Request], Response]:
    content = resources.files("veo4k_cli.console").joinpath("static", name).read_bytes()
    return lambda _: Response(content, media_type=kind)


def _failed(_: Request, error: Exception) -> Response:
    return PlainTextResponse(f"{describe(error)}\n", 404 if isinstance(error, NotFoundError) else 502)


def _missing(_: Request, __: Exception) -> Response:
    return PlainTextResponse("There is no such page.\n", 404)


@contextlib.contextmanager
def served(session: Session, options: Options) -> Iterator[str]:
    """Serve a console in a thread while the block runs. Yield the link to it."""
    app, access = build(for_threads(session), options, session.out.info)
    with _listen(options.port) as listening:
        port: int = listening.getsockname()[1]
        server = uvicorn.Server(_config(app))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="console", daemon=True)
        thread.start()
        try:
            yield access.link(port)
        finally:
            server.should_exit = True
            thread.join(STOP_SECONDS + 1)


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        advice = "Name another one with --port, or none for a free one."
        raise OperatorError(
            f"Port {port} of {LOOPBACK} cannot be used: {os.strerror(error.errno or 0)}. {advice}"
        ) from None


def _config(app: Guard) -> uvicorn.Config:
    """Configure a server that logs no request: the link holds the code."""
    return uvicorn.Config(
        app,
        access_log=False,
        log_level="error",
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def for_threads(session: Session) -> Session:
    """Return the session for many threads: boto3 makes clients in one thread at a time only."""
    stack, lock = session.stack, threading.Lock()

    def client(service: str) -> Any:
        with lock:
            return stack.client(service)

    found = replace(stack, client=client)

    def find(name: str | None, *, local: bool) -> Stack:  # noqa: ARG001  a stack that is known already
        return found

    dependencies = replace(session.dependencies, find=find)
    return Session(dependencies, session.stack_name, session.local, Output(as_json=True))


def wait() -> None:
    """Wait for Ctrl-C."""
    with contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()
