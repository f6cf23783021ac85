"""What every API request passes first: the log, an outage, the proxy in front, the key, the rate limit, maintenance."""

import hmac
import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from local.kie.provider import PROVIDER, Provider, clock
from local.kie.responses import Answer, bad_gateway, condition, gone, response, unanswered

LIBRARIES = re.compile(r"python|aiohttp|httpx|okhttp|go-http-client|java/|libwww", re.IGNORECASE)

Check = Callable[[Provider, web.Request, float], web.Response | None]


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Stamp the request at its arrival, let it through or refuse it, and log it."""
    provider, arrived = request.app[PROVIDER], clock()
    if not request.path.startswith("/api/"):
        return await handler(request)
    await request.read()  # now: who has to wait for an answer may be gone when it is to be logged
    refused = await _refused(provider, request, arrived)
    answered = await _handled(request, handler) if refused is None else refused
    provider.log.write(at=arrived, method=request.method, path=request.path, **await _facts(request, answered))
    return answered


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as missing:
        return web.Response(status=missing.status, text=missing.text)


async def _refused(provider: Provider, request: web.Request, arrived: float) -> web.Response | None:
    if provider.settings.outage != "none":
        await provider.resumed.wait()
        return bad_gateway() if provider.settings.outage == "html" else unanswered(request)
    return next((told for check in CHECKS if (told := check(provider, request, arrived)) is not None), None)


def _retired(provider: Provider, request: web.Request, _: float) -> web.Response | None:
    return gone() if provider.settings.retired and request.path.startswith("/api/v1/veo/") else None


def _library(_: Provider, request: web.Request, __: float) -> web.Response | None:
    agent = request.headers.get(hdrs.USER_AGENT, "")
    return web.Response(status=403, text="error code: 1010") if LIBRARIES.match(agent) else None


def _stranger(provider: Provider, request: web.Request, _: float) -> web.Response | None:
    given = request.headers.get(hdrs.AUTHORIZATION, "").encode("utf-8", "surrogateescape")
    if hmac.compare_digest(given, f"Bearer {provider.settings.api_key}".encode()):
        return None
    return _told(provider, condition(401))


def _too_many(provider: Provider, request: web.Request, arrived: float) -> web.Response | None:
    settings = provider.settings
    if request.method != hdrs.METH_POST:
        return None
    admitted = provider.window.admits(arrived, settings.window_count, settings.window_seconds)
    return None if admitted else _told(provider, condition(429))


def _closed(provider: Provider, _: web.Request, __: float) -> web.Response | None:
    code = 455 if provider.settings.maintenance else provider.settings.refuse_with
    return _told(provider, condition(code)) if code else None


def _told(provider: Provider, answer: Answer) -> web.Response:
    return response(answer, provider.settings.error_http_status)


CHECKS: tuple[Check, ...] = (_retired, _library, _stranger, _too_many, _closed)


async def _facts(request: web.Request, answered: web.StreamResponse) -> dict[str, Any]:
    asked, said = _object(await request.text()), _object(getattr(answered, "text", ""))
    given = asked | _object(asked.get("input"))
    closed = request.transport is None or request.transport.is_closing()
    return {
        "http": 0 if closed else answered.status,
        "code": said.get("code"),
        "taskId": request.query.get("taskId") or given.get("taskId") or given.get("task_id"),
        "index": given.get("index"),
    }


def _object(value: Any) -> dict[str, Any]:
    try:
        parsed = json.loads(value or "{}") if isinstance(value, str) else value
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
