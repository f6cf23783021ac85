"""Checks that each API request passes first: outage, proxy, key, rate limit, maintenance. Logs each request."""

import hmac
import json
import re
from collections.abc import Callable
from typing import Any

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from local.kie.provider import PROVIDER, Provider, clock
from local.kie.responses import as_http, bad_gateway, blocked, condition, connection_closed, gone

LIBRARIES = re.compile(r"python|aiohttp|httpx|okhttp|go-http-client|java/|libwww", re.IGNORECASE)

OUTAGES: dict[str, Callable[[web.Request], web.Response]] = {
    "html": lambda _: bad_gateway(),
    "blocked": lambda _: blocked(),
}

Check = Callable[[Provider, web.Request, float], web.Response | None]


@web.middleware
async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Record the time of arrival, pass the request on or refuse it, and log it."""
    provider, arrived = request.app[PROVIDER], clock()
    if not request.path.startswith("/api/"):
        return await handler(request)
    await request.read()  # before a wait: a client that has left by then is still logged
    refused = await _refused(provider, request, arrived)
    response = await _handled(request, handler) if refused is None else refused
    provider.log.write(at=arrived, method=request.method, path=request.path, **await _log_fields(request, response))
    return response


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as missing:
        return web.Response(status=missing.status, text=missing.text)


async def _refused(provider: Provider, request: web.Request, arrived: float) -> web.Response | None:
    if provider.settings.outage != "none":
        await provider.outage_over.wait()
        return OUTAGES.get(provider.settings.outage, connection_closed)(request)
    responses = (check(provider, request, arrived) for check in CHECKS)
    return next((response for response in responses if response is not None), None)


def _retired_path(provider: Provider, request: web.Request, _: float) -> web.Response | None:
    return gone() if provider.settings.retired and request.path.startswith("/api/v1/veo/") else None


def _blocked_user_agent(_: Provider, request: web.Request, __: float) -> web.Response | None:
    agent = request.headers.get(hdrs.USER_AGENT, "")
    return blocked() if LIBRARIES.match(agent) else None


def _wrong_key(provider: Provider, request: web.Request, _: float) -> web.Response | None:
    header = request.headers.get(hdrs.AUTHORIZATION, "").encode("utf-8", "surrogateescape")
    if hmac.compare_digest(header, f"Bearer {provider.settings.api_key}".encode()):
        return None
    return _condition(provider, 401)


def _over_the_rate_limit(provider: Provider, request: web.Request, arrived: float) -> web.Response | None:
    settings = provider.settings
    if request.method != hdrs.METH_POST:
        return None
    admitted = provider.window.admits(arrived, settings.window_count, settings.window_seconds)
    return None if admitted else _condition(provider, 429)


def _refused_by_setting(provider: Provider, _: web.Request, __: float) -> web.Response | None:
    code = 455 if provider.settings.maintenance else provider.settings.refuse_with
    return _condition(provider, code) if code else None


def _condition(provider: Provider, code: int) -> web.Response:
    return as_http(condition(code), provider.settings.error_http_status)


CHECKS: tuple[Check, ...] = (_retired_path, _blocked_user_agent, _wrong_key, _over_the_rate_limit, _refused_by_setting)


async def _log_fields(request: web.Request, response: web.StreamResponse) -> dict[str, Any]:
    body, envelope = _json_object(await request.text()), _json_object(getattr(response, "text", ""))
    fields = body | _json_object(body.get("input"))
    closed = request.transport is None or request.transport.is_closing()
    return {
        "http": 0 if closed else response.status,
        "code": envelope.get("code"),
        "taskId": request.query.get("taskId") or fields.get("taskId") or fields.get("task_id"),
        "index": fields.get("index"),
    }


def _json_object(value: Any) -> dict[str, Any]:
    try:
        parsed = json.loads(value or "{}") if isinstance(value, str) else value
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
