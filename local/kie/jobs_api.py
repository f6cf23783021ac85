"""The newer contract: POST /api/v1/jobs/createTask and GET /api/v1/jobs/recordInfo.

How it answers a repeated request is undocumented; here every request is a new paid task with an id of its own.
"""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from local.kie.callback_payloads import OFF_LIST, News
from local.kie.generation import Order, attempt_id, held_back, progress, refusal, start
from local.kie.links import fresh_urls
from local.kie.provider import PROVIDER, Provider, Upscale, clock
from local.kie.responses import UNAVAILABLE, Answer, condition, response
from local.kie.veo_api import manner_of, parsed_order

MODEL = "veo/get-4k-video"

# States of a working task, by the progress up to which they last.
STAGES = ((0.1, "waiting"), (0.25, "queuing"), (2.0, "generating"))
ENDS = {"success": "success", "failed": "fail"}


async def create_task(request: web.Request) -> web.Response:
    """Start a paid task."""
    provider = request.app[PROVIDER]
    order = await _order_of(request)
    if order is None:
        return response(Answer(422, "The model or its input is not valid"), provider.settings.error_http_status)
    manner = manner_of(provider, order)
    answer = await _create(provider, order) if manner.applied else condition(500)
    return manner.instead(request) if manner.instead else response(answer, provider.settings.error_http_status)


async def _order_of(request: web.Request) -> Order | None:
    try:
        body = json.loads(await request.text())
        given = body["input"]
        return parsed_order(body, given["task_id"], given.get("index", 0)) if body["model"] == MODEL else None
    except (ValueError, KeyError, TypeError):
        return None


async def _create(provider: Provider, order: Order) -> Answer:
    now, scenario = clock(), provider.scenario(order.task_id)
    if refused := refusal(provider, scenario, order, now):
        return refused
    upscale = start(provider, order, attempt_id(provider, order), callback_body, now)
    if upscale is None:
        return condition(402)
    await held_back(provider, upscale)
    return Answer(200, "success", {} if scenario.nameless else {"taskId": upscale.charge.record_id})


async def record_info(request: web.Request) -> web.Response:
    """Task details under the unified shape."""
    provider = request.app[PROVIDER]
    upscale = provider.records.get(request.query.get("taskId", ""))
    answer = Answer(200, "success", _record(provider, upscale)) if upscale else Answer(422, "recordInfo is null")
    return response(answer, provider.settings.error_http_status)


def _record(provider: Provider, upscale: Upscale) -> dict[str, Any]:
    result = _urls(fresh_urls(provider, upscale)[0]) if upscale.phase == "success" else None
    state = ENDS.get(upscale.phase) or _stage(progress(provider, upscale, clock()))
    times = {"createTime": _milliseconds(upscale.started_at), "completeTime": _milliseconds(upscale.finished_at)}
    return times | _details(upscale.charge.record_id, state, result) | _paid(upscale.charge.credits)


def _stage(passed: float) -> str:
    return next(state for until, state in STAGES if passed < until)


def callback_body(name: str, news: News) -> dict[str, Any]:
    """The callback's body: the task's details as recordInfo gives them, in the envelope; `name` as in `bodies`."""
    return BODIES[name](news)


def _completed(details: dict[str, Any]) -> dict[str, Any]:
    return {"code": 200, "msg": "Playground task completed successfully.", "data": details}


def _failed(details: Any) -> dict[str, Any]:
    return {"code": 501, "msg": "Playground task failed.", "data": details}


def _told(news: News, result: Any, state: str = "success") -> dict[str, Any]:
    return _completed(_details(news.task_id, state, result) | _paid(news.credits))


def _snake_case(news: News) -> dict[str, Any]:
    details = {"task_id": news.task_id, "model": MODEL, "state": "success", "consume_credits": news.credits}
    return _completed(details | {"result_json": json.dumps({"result_urls": news.urls})})


def _flat(news: News) -> dict[str, Any]:
    return _completed(_details(news.task_id, "success", None) | _urls(news.urls))


BODIES: dict[str, Callable[[News], dict[str, Any]]] = {
    "success": lambda news: _told(news, _urls(news.urls)),
    "plain": lambda news: _completed(_details(news.task_id, "success", _urls(news.urls))),
    "snake_case": _snake_case,
    "flat": _flat,
    "json_string": lambda news: _told(news, _urls(json.dumps(news.urls))),
    "bare_url": lambda news: _told(news, _urls(news.urls[0])),
    "no_urls": lambda news: _told(news, None),
    "off_list": lambda news: _told(news, _urls([OFF_LIST])),
    "working": lambda news: _told(news, None, "generating"),
    "failure": lambda news: _failed(_details(news.task_id, "fail", None) | _paid(news.credits)),
    "data_null": lambda _: _failed(None),
}


def _urls(given: Any) -> dict[str, Any]:
    return {"resultUrls": given}


def _paid(credits_: int) -> dict[str, Any]:
    return {"consumeCredits": credits_}


def _details(record_id: str, state: str, result: Any) -> dict[str, Any]:
    failed = state == "fail"
    return {
        "taskId": record_id,
        "model": MODEL,
        "state": state,
        "param": json.dumps({"model": MODEL}),
        "resultJson": json.dumps(result) if result else "",
        "failCode": "500" if failed else None,
        "failMsg": UNAVAILABLE if failed else None,
    }


def _milliseconds(seconds: float) -> int | None:
    return round(seconds * 1000) or None
