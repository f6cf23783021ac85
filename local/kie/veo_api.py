"""The older API's paid request: POST /api/v1/veo/get-4k-video."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web

from local.kie.base_task import base_task, refused
from local.kie.callback_payloads import veo_payload
from local.kie.links import fresh_urls
from local.kie.paid_tasks import UpscaleRequest, new_record_id, start, uhd_task, wait_for_early_callback
from local.kie.post_faults import next_fault
from local.kie.provider import PROVIDER, PaidTask, Provider
from local.kie.responses import UNAVAILABLE, Envelope, as_http, condition
from local.kie.settings import VEO
from local.kie.shapes import SHAPES
from local.kie.wording import WORKING, written

GENERATED = "The video has been generated successfully"


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
    fault = next_fault(provider, upscale_request.task_id)
    envelope = await create(provider, upscale_request) if fault.applied else condition(500)
    if fault.replacement:
        return fault.replacement(request)
    return as_http(written(provider.scenario(upscale_request.task_id), envelope), status)


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


async def _create_or_repeat(provider: Provider, request: UpscaleRequest) -> Envelope:
    base = base_task(provider, request.task_id)
    if refusal := refused(base, request.index):
        return refusal
    counts_index = base.scenario.keyed_by_index or provider.settings.key_counts_index
    key = (request.task_id, request.index if counts_index else -1)
    before = provider.current.get(key)
    if before and not (before.phase == "failed" and provider.settings.after_failure == "new_attempt"):
        return REPEATED[before.phase](provider, before)
    own = new_record_id(provider, f"{request.task_id} {request.index}") if base.scenario.own_id else request.task_id
    task = uhd_task(provider, request, own, VEO, veo_payload)
    if not start(provider, task):
        return condition(402)
    provider.current[key] = task
    await wait_for_early_callback(provider, task)
    return Envelope(200, "success", None if base.scenario.no_task_id else _data(task, {"resultUrls": None}, None))


def _stated_id(task: PaidTask) -> str:
    return task.charge.task_id if task.scenario.names_base_id else task.charge.record_id


def _data(task: PaidTask, links: dict[str, Any], posters: Sequence[str] | None) -> dict[str, Any]:
    return {"taskId": _stated_id(task)} | links | {"imageUrls": posters}


def _working(_: Provider, task: PaidTask) -> Envelope:
    words = WORKING[task.scenario.working]
    return Envelope(words.code, words.msg, _data(task, {"resultUrls": None}, None))


def _generated(provider: Provider, task: PaidTask) -> Envelope:
    urls, posters = fresh_urls(provider, task)
    return Envelope(422, GENERATED, _data(task, SHAPES[task.scenario.shape](urls), posters))


def _failed(_: Provider, task: PaidTask) -> Envelope:
    return Envelope(500, UNAVAILABLE, {"taskId": _stated_id(task)})


REPEATED: dict[str, Callable[[Provider, PaidTask], Envelope]] = {
    "working": _working,
    "success": _generated,
    "failed": _failed,
}
