"""The newer API: POST /api/v1/jobs/createTask and GET /api/v1/jobs/recordInfo.

Its response to a repeated request is undocumented. Here every request is a new paid task with an id of its own.
"""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from local.kie.callback_payloads import OFF_LIST, Result
from local.kie.generation import UpscaleRequest, new_record_id, progress, refusal, start, wait_for_early_callback
from local.kie.links import fresh_urls
from local.kie.provider import PROVIDER, Provider, Upscale, clock
from local.kie.responses import UNAVAILABLE, Envelope, as_http, condition
from local.kie.veo_api import parsed_request, respond

MODEL = "veo/get-4k-video"

# States of a working task, and the progress up to which each lasts.
STATES = ((0.1, "waiting"), (0.25, "queuing"), (2.0, "generating"))
ENDS = {"success": "success", "failed": "fail"}


async def create_task(request: web.Request) -> web.Response:
    """Start a paid task."""
    invalid = Envelope(422, "The model or its input is not valid")
    return await respond(request, await _upscale_request(request), _create, invalid)


async def _upscale_request(request: web.Request) -> UpscaleRequest | None:
    try:
        body = json.loads(await request.text())
        fields = body["input"]
        valid = body["model"] == MODEL
        return parsed_request(body, fields["task_id"], fields.get("index", 0)) if valid else None
    except (ValueError, KeyError, TypeError):
        return None


async def _create(provider: Provider, request: UpscaleRequest) -> Envelope:
    now, scenario = clock(), provider.scenario(request.task_id)
    if refused := refusal(provider, scenario, request, now):
        return refused
    upscale = start(provider, request, new_record_id(provider, request), jobs_payload, now)
    if upscale is None:
        return condition(402)
    await wait_for_early_callback(provider, upscale)
    return Envelope(200, "success", {} if scenario.no_task_id else {"taskId": upscale.charge.record_id})


async def record_info(request: web.Request) -> web.Response:
    """Return a task's details."""
    provider = request.app[PROVIDER]
    upscale = provider.records.get(request.query.get("taskId", ""))
    envelope = Envelope(200, "success", _record(provider, upscale)) if upscale else Envelope(422, "recordInfo is null")
    return as_http(envelope, provider.settings.error_http_status)


def _record(provider: Provider, upscale: Upscale) -> dict[str, Any]:
    result = _urls(fresh_urls(provider, upscale)[0]) if upscale.phase == "success" else None
    state = ENDS.get(upscale.phase) or _working_state(progress(provider, upscale, clock()))
    times = {"createTime": _milliseconds(upscale.started_at), "completeTime": _milliseconds(upscale.finished_at)}
    return times | _details(upscale.charge.record_id, state, result) | _paid(upscale.charge.credits)


def _working_state(passed: float) -> str:
    return next(state for until, state in STATES if passed < until)


def jobs_payload(name: str, result: Result) -> dict[str, Any]:
    """Return a callback's payload: the task's details as recordInfo has them, in the envelope."""
    return PAYLOADS[name](result)


def _completed(details: dict[str, Any]) -> dict[str, Any]:
    return {"code": 200, "msg": "Playground task completed successfully.", "data": details}


def _failed(details: Any) -> dict[str, Any]:
    return {"code": 501, "msg": "Playground task failed.", "data": details}


def _paid_for(result: Result, value: Any, state: str = "success") -> dict[str, Any]:
    return _completed(_details(result.task_id, state, value) | _paid(result.credits))


def _snake_case(result: Result) -> dict[str, Any]:
    details = {"task_id": result.task_id, "model": MODEL, "state": "success", "consume_credits": result.credits}
    return _completed(details | {"result_json": json.dumps({"result_urls": result.urls})})


def _flat(result: Result) -> dict[str, Any]:
    return _completed(_details(result.task_id, "success", None) | _urls(result.urls))


PAYLOADS: dict[str, Callable[[Result], dict[str, Any]]] = {
    "success": lambda result: _paid_for(result, _urls(result.urls)),
    "plain": lambda result: _completed(_details(result.task_id, "success", _urls(result.urls))),
    "snake_case": _snake_case,
    "flat": _flat,
    "json_string": lambda result: _paid_for(result, _urls(json.dumps(result.urls))),
    "bare_url": lambda result: _paid_for(result, _urls(result.urls[0])),
    "no_urls": lambda result: _paid_for(result, None),
    "off_list": lambda result: _paid_for(result, _urls([OFF_LIST])),
    "working": lambda result: _paid_for(result, None, "generating"),
    "failure": lambda result: _failed(_details(result.task_id, "fail", None) | _paid(result.credits)),
    "data_null": lambda _: _failed(None),
}


def _urls(value: Any) -> dict[str, Any]:
    return {"resultUrls": value}


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
