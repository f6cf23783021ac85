"""The older contract: POST /api/v1/veo/get-4k-video and GET /api/v1/veo/record-info."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from local.kie.callback_payloads import WORKING, veo_body
from local.kie.generation import Order, attempt_id, held_back, refusal, start
from local.kie.links import file_url, fresh_urls
from local.kie.provider import PROVIDER, Provider, Upscale, clock
from local.kie.responses import REFUSALS, UNAVAILABLE, Answer, bad_gateway, condition, response, unanswered

GENERATED = "The video has been generated successfully"


@dataclass(frozen=True, slots=True)
class Manner:
    """Whether a POST takes effect, and what comes back instead of its answer (None: the answer)."""

    applied: bool
    instead: Callable[[web.Request], web.Response] | None


MANNERS = {
    "told": Manner(applied=True, instead=None),
    "lost": Manner(applied=True, instead=unanswered),
    "lost_unapplied": Manner(applied=False, instead=unanswered),
    "garbage": Manner(applied=True, instead=lambda _: bad_gateway()),
    "garbage_unapplied": Manner(applied=False, instead=lambda _: bad_gateway()),
}


async def get_4k_video(request: web.Request) -> web.Response:
    """Ask for the 4K version, or ask again how it stands."""
    provider = request.app[PROVIDER]
    order = await order_of(request)
    if order is None:
        return response(Answer(400, "taskId is required and index is an integer"), provider.settings.error_http_status)
    manner = manner_of(provider, order)
    answer = await _ask(provider, order) if manner.applied else condition(500)
    return manner.instead(request) if manner.instead else response(answer, provider.settings.error_http_status)


async def order_of(request: web.Request) -> Order | None:
    """What the request's body asks for; None where it does not say."""
    try:
        body = json.loads(await request.text())
        return parsed_order(body, body["taskId"], body.get("index", 0))
    except (ValueError, KeyError, TypeError):
        return None


def parsed_order(body: dict[str, Any], task_id: Any, index: Any) -> Order:
    """An order from its JSON values. Raises TypeError."""
    callback_url = body.get("callBackUrl") or ""
    if not (isinstance(task_id, str) and type(index) is int and isinstance(callback_url, str)):
        raise TypeError(task_id)
    return Order(task_id, index, callback_url)


def manner_of(provider: Provider, order: Order) -> Manner:
    """How this POST is answered: the scenario may spoil the first ones of a task."""
    manners = provider.scenario(order.task_id).manners
    number = provider.posts[order.task_id]
    provider.posts[order.task_id] += 1
    return MANNERS[manners[number] if number < len(manners) else "told"]


async def _ask(provider: Provider, order: Order) -> Answer:
    now, scenario = clock(), provider.scenario(order.task_id)
    if refused := refusal(provider, scenario, order, now):
        return refused
    counts_index = scenario.keyed_by_index or provider.settings.key_counts_index
    key = (order.task_id, order.index if counts_index else -1)
    before = provider.current.get(key)
    if before and not (before.phase == "failed" and provider.settings.after_failure == "new_attempt"):
        return REPEATED[before.phase](provider, before)
    record_id = attempt_id(provider, order) if scenario.own_id else order.task_id
    upscale = start(provider, order, record_id, veo_body, now)
    if upscale is None:
        return condition(402)
    provider.current[key] = upscale
    await held_back(provider, upscale)
    return Answer(200, "success", None if scenario.nameless else _data(upscale, None, None))


def _data(upscale: Upscale, urls: list[str] | None, posters: list[str] | None) -> dict[str, Any]:
    return {"taskId": upscale.charge.record_id, "resultUrls": urls, "imageUrls": posters}


REPEATED: dict[str, Callable[[Provider, Upscale], Answer]] = {
    "working": lambda _, upscale: Answer(422, WORKING, _data(upscale, None, None)),
    "success": lambda provider, upscale: Answer(422, GENERATED, _data(upscale, *fresh_urls(provider, upscale))),
    "failed": lambda _, upscale: Answer(500, UNAVAILABLE, {"taskId": upscale.charge.record_id}),
}


async def record_info(request: web.Request) -> web.Response:
    """Task details: of a 4K task that has an id of its own, else of the base task (its base video: the trap)."""
    provider = request.app[PROVIDER]
    task_id = request.query.get("taskId", "")
    upscale = provider.records.get(task_id)
    if upscale and upscale.charge.task_id != task_id:
        answer = Answer(200, "success", RECORDS[upscale.phase](provider, upscale))
    else:
        answer = _base_record(provider, task_id)
    return response(answer, provider.settings.error_http_status)


def _base_record(provider: Provider, task_id: str) -> Answer:
    scenario, now = provider.scenario(task_id), clock()
    refused = refusal(provider, scenario, Order(task_id, 0, ""), now)
    if refused in (REFUSALS["unknown"], REFUSALS["expired"]):
        return refused
    if refused == REFUSALS["not_finished"]:
        return Answer(200, "success", _record(task_id, 0, now, None))
    result = _response(task_id, [file_url(provider, f"{task_id}_base.mp4")], "720p")
    record = _record(task_id, 1, now, result) | {"fallbackFlag": scenario.refusal == "fallback"}
    return Answer(200, "success", record)


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


def _made(provider: Provider, upscale: Upscale) -> dict[str, Any]:
    urls, posters = fresh_urls(provider, upscale)
    result = _response(upscale.charge.record_id, urls, "4k") | {"imageUrls": posters, "mediaIds": ["media-1"]}
    return _own_record(upscale, 1, result)


RECORDS: dict[str, Callable[[Provider, Upscale], dict[str, Any]]] = {
    "working": lambda _, upscale: _own_record(upscale, 0, None),
    "success": _made,
    "failed": lambda _, upscale: _own_record(upscale, 3, None) | {"errorCode": 500, "errorMessage": UNAVAILABLE},
}


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
