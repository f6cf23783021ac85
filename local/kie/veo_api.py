"""The older API: POST /api/v1/veo/get-4k-video and GET /api/v1/veo/record-info."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from local.kie.callback_payloads import WORKING, veo_payload
from local.kie.generation import UpscaleRequest, new_record_id, refusal, start, wait_for_early_callback
from local.kie.links import file_url, fresh_urls
from local.kie.provider import PROVIDER, Provider, Upscale, clock
from local.kie.responses import REFUSALS, UNAVAILABLE, Envelope, as_http, bad_gateway, condition, connection_closed

GENERATED = "The video has been generated successfully"


@dataclass(frozen=True, slots=True)
class PostFault:
    """Whether a POST takes effect, and what is returned instead of its response (None: its response)."""

    applied: bool
    replacement: Callable[[web.Request], web.Response] | None


POST_FAULTS = {
    "none": PostFault(applied=True, replacement=None),
    "lost": PostFault(applied=True, replacement=connection_closed),
    "lost_unapplied": PostFault(applied=False, replacement=connection_closed),
    "garbage": PostFault(applied=True, replacement=lambda _: bad_gateway()),
    "garbage_unapplied": PostFault(applied=False, replacement=lambda _: bad_gateway()),
}


async def get_4k_video(request: web.Request) -> web.Response:
    """Start a 4K version, or return the state of the one that was started before."""
    invalid = Envelope(400, "taskId is required and index is an integer")
    return await respond(request, await _upscale_request(request), _create_or_repeat, invalid)


async def respond(
    request: web.Request,
    upscale_request: UpscaleRequest | None,
    create: Callable[[Provider, UpscaleRequest], Awaitable[Envelope]],
    invalid: Envelope,
) -> web.Response:
    """Respond to a POST of either API, with the fault that the scenario has for it."""
    provider = request.app[PROVIDER]
    status = provider.settings.error_http_status
    if upscale_request is None:
        return as_http(invalid, status)
    fault = _next_fault(provider, upscale_request.task_id)
    envelope = await create(provider, upscale_request) if fault.applied else condition(500)
    return fault.replacement(request) if fault.replacement else as_http(envelope, status)


def parsed_request(body: dict[str, Any], task_id: Any, index: Any) -> UpscaleRequest:
    """Return a request from its JSON values. Raise TypeError."""
    callback_url = body.get("callBackUrl") or ""
    if not (isinstance(task_id, str) and type(index) is int and isinstance(callback_url, str)):
        raise TypeError(task_id)
    return UpscaleRequest(task_id, index, callback_url)


async def _upscale_request(request: web.Request) -> UpscaleRequest | None:
    try:
        body = json.loads(await request.text())
        return parsed_request(body, body["taskId"], body.get("index", 0))
    except (ValueError, KeyError, TypeError):
        return None


def _next_fault(provider: Provider, task_id: str) -> PostFault:
    faults = provider.scenario(task_id).post_faults
    number = provider.posts[task_id]
    provider.posts[task_id] += 1
    return POST_FAULTS[faults[number] if number < len(faults) else "none"]


async def _create_or_repeat(provider: Provider, request: UpscaleRequest) -> Envelope:
    now, scenario = clock(), provider.scenario(request.task_id)
    if refused := refusal(provider, scenario, request, now):
        return refused
    counts_index = scenario.keyed_by_index or provider.settings.key_counts_index
    key = (request.task_id, request.index if counts_index else -1)
    before = provider.current.get(key)
    if before and not (before.phase == "failed" and provider.settings.after_failure == "new_attempt"):
        return REPEATED[before.phase](provider, before)
    record_id = new_record_id(provider, request) if scenario.own_id else request.task_id
    upscale = start(provider, request, record_id, veo_payload, now)
    if upscale is None:
        return condition(402)
    provider.current[key] = upscale
    await wait_for_early_callback(provider, upscale)
    return Envelope(200, "success", None if scenario.no_task_id else _data(upscale, None, None))


def _data(upscale: Upscale, urls: list[str] | None, posters: list[str] | None) -> dict[str, Any]:
    return {"taskId": upscale.charge.record_id, "resultUrls": urls, "imageUrls": posters}


REPEATED: dict[str, Callable[[Provider, Upscale], Envelope]] = {
    "working": lambda _, upscale: Envelope(422, WORKING, _data(upscale, None, None)),
    "success": lambda provider, upscale: Envelope(422, GENERATED, _data(upscale, *fresh_urls(provider, upscale))),
    "failed": lambda _, upscale: Envelope(500, UNAVAILABLE, {"taskId": upscale.charge.record_id}),
}


async def record_info(request: web.Request) -> web.Response:
    """Return the details of a 4K task that has an id of its own, else of the base task with its base video."""
    provider = request.app[PROVIDER]
    task_id = request.query.get("taskId", "")
    upscale = provider.records.get(task_id)
    if upscale and upscale.charge.task_id != task_id:
        envelope = Envelope(200, "success", RECORDS[upscale.phase](provider, upscale))
    else:
        envelope = _base_record(provider, task_id)
    return as_http(envelope, provider.settings.error_http_status)


def _base_record(provider: Provider, task_id: str) -> Envelope:
    scenario, now = provider.scenario(task_id), clock()
    refused = refusal(provider, scenario, UpscaleRequest(task_id, 0, ""), now)
    if refused in (REFUSALS["unknown"], REFUSALS["expired"]):
        return refused
    if refused == REFUSALS["not_finished"]:
        return Envelope(200, "success", _record(task_id, 0, now, None))
    result = _response(task_id, [file_url(provider, f"{task_id}_base.mp4")], "720p")
    record = _record(task_id, 1, now, result) | {"fallbackFlag": scenario.refusal == "fallback"}
    return Envelope(200, "success", record)


def _record(task_id: str, success_flag: int, created: float, result: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "taskId": task_id,
        "paramJson": json.dumps({"prompt": "a test pattern"}),
        "createTime": _time(created),
        "completeTime": _time(created) if success_flag else None,
        "response": result,
        "successFlag": success_flag,
        "errorCode": None,
        "errorMessage": "",
        "fallbackFlag": False,
    }


def _response(task_id: str, urls: list[str], resolution: str) -> dict[str, Any]:
    return {"taskId": task_id, "resultUrls": urls, "originUrls": [], "resolution": resolution}


def _own_record(upscale: Upscale, success_flag: int, result: dict[str, Any] | None) -> dict[str, Any]:
    return _record(upscale.charge.record_id, success_flag, upscale.started_at, result)


def _success_record(provider: Provider, upscale: Upscale) -> dict[str, Any]:
    urls, posters = fresh_urls(provider, upscale)
    result = _response(upscale.charge.record_id, urls, "4k") | {"imageUrls": posters, "mediaIds": ["media-1"]}
    return _own_record(upscale, 1, result)


RECORDS: dict[str, Callable[[Provider, Upscale], dict[str, Any]]] = {
    "working": lambda _, upscale: _own_record(upscale, 0, None),
    "success": _success_record,
    "failed": lambda _, upscale: _own_record(upscale, 3, None) | {"errorCode": 500, "errorMessage": UNAVAILABLE},
}


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
