"""The newer contract: POST /api/v1/jobs/createTask and GET /api/v1/jobs/recordInfo.

How it answers a repeated request is undocumented; here every request is a new paid task with an id of its own.
"""

import json
from typing import Any

from aiohttp import web

from local.kie.answers import UNAVAILABLE, Answer, condition, response
from local.kie.bodies import OFF_LIST, News
from local.kie.generation import Order, attempt_id, progress, refusal, start
from local.kie.links import fresh_urls
from local.kie.provider import PROVIDER, Provider, Upscale, clock
from local.kie.veo import manner_of, parsed_order

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
    answer = _create(provider, order) if manner.applied else condition(500)
    return manner.instead(request) if manner.instead else response(answer, provider.settings.error_http_status)


async def _order_of(request: web.Request) -> Order | None:
    try:
        body = json.loads(await request.text())
        given = body["input"]
        return parsed_order(body, given["task_id"], given.get("index", 0)) if body["model"] == MODEL else None
    except (ValueError, KeyError, TypeError):
        return None


def _create(provider: Provider, order: Order) -> Answer:
    now = clock()
    if refused := refusal(provider, provider.scenario(order.task_id), order, now):
        return refused
    upscale = start(provider, order, attempt_id(provider, order), callback_body, now)
    return Answer(200, "success", {"taskId": upscale.charge.record_id}) if upscale else condition(402)


async def record_info(request: web.Request) -> web.Response:
    """Task details under the unified shape."""
    provider = request.app[PROVIDER]
    upscale = provider.records.get(request.query.get("taskId", ""))
    answer = Answer(200, "success", _record(provider, upscale)) if upscale else Answer(422, "recordInfo is null")
    return response(answer, provider.settings.error_http_status)


def _record(provider: Provider, upscale: Upscale) -> dict[str, Any]:
    made = upscale.phase == "success"
    urls = fresh_urls(provider, upscale)[0] if made else []
    state = ENDS.get(upscale.phase) or _stage(progress(provider, upscale, clock()))
    times = {"createTime": _milliseconds(upscale.started_at), "completeTime": _milliseconds(upscale.finished_at)}
    return times | _unified(upscale.charge.record_id, state, urls, upscale.charge.credits)


def _stage(passed: float) -> str:
    return next(state for until, state in STAGES if passed < until)


def callback_body(name: str, news: News) -> dict[str, Any]:
    """The callback's body: the task's details as recordInfo gives them, in the envelope."""
    if name in ("failure", "data_null"):
        details = _unified(news.task_id, "fail", [], news.credits)
        return {"code": 501, "msg": "Playground task failed.", "data": None if name == "data_null" else details}
    urls = {"off_list": [OFF_LIST], "no_urls": [], "working": []}.get(name, news.urls)
    state = "generating" if name == "working" else "success"
    return {
        "code": 200,
        "msg": "Playground task completed successfully.",
        "data": _unified(news.task_id, state, urls, news.credits),
    }


def _unified(record_id: str, state: str, urls: list[str], paid: int) -> dict[str, Any]:
    failed = state == "fail"
    return {
        "taskId": record_id,
        "model": MODEL,
        "state": state,
        "param": json.dumps({"model": MODEL}),
        "resultJson": json.dumps({"resultUrls": urls}) if urls else "",
        "failCode": "500" if failed else None,
        "failMsg": UNAVAILABLE if failed else None,
        "consumeCredits": paid,
    }


def _milliseconds(seconds: float) -> int | None:
    return round(seconds * 1000) or None
