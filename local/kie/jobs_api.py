"""The newer API: POST /api/v1/jobs/createTask and GET /api/v1/jobs/recordInfo.

Its response to a repeated request is undocumented. Here every request is a new paid task with an id of its own.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from local.kie.base_task import base_task, refused
from local.kie.generate_api import create_generation
from local.kie.jobs_payloads import MODELS, jobs_payload, task_details
from local.kie.links import fresh_urls
from local.kie.paid_tasks import UpscaleRequest, new_record_id, progress, start, uhd_task, wait_for_early_callback
from local.kie.prices import Kind
from local.kie.provider import PROVIDER, PaidTask, Provider, clock
from local.kie.record_info import UNKNOWN, is_hidden
from local.kie.responses import Envelope, as_http, condition
from local.kie.settings import JOBS
from local.kie.shapes import CREDITS, result_json
from local.kie.veo_api import parsed_request, respond
from local.kie.wording import written

INVALID = Envelope(422, "The model or its input is not valid")

# States of a working task, and the progress up to which each lasts.
STATES = ((0.1, "waiting"), (0.25, "queuing"), (2.0, "generating"))
ENDS = {"success": "success", "failed": "fail"}


async def create_task(request: web.Request) -> web.Response:
    """Start a paid task of one of the models."""
    try:
        body = json.loads(await request.text())
        create = CREATORS[body["model"]]
    except (ValueError, KeyError, TypeError):
        return as_http(INVALID, request.app[PROVIDER].settings.error_http_status)
    return await create(request, body)


async def _create_upscale(request: web.Request, body: dict[str, Any]) -> web.Response:
    try:
        fields = body["input"]
        upscale_request = parsed_request(body, fields["task_id"], fields.get("index", 0))
    except (KeyError, TypeError, AttributeError):
        upscale_request = None
    return await respond(request, upscale_request, _create, INVALID)


async def _create(provider: Provider, request: UpscaleRequest) -> Envelope:
    base = base_task(provider, request.task_id)
    if refusal := refused(base, request.index):
        return refusal
    own = new_record_id(provider, f"{request.task_id} {request.index}")
    task = uhd_task(provider, request, own, JOBS, jobs_payload)
    if not start(provider, task):
        return condition(402)
    await wait_for_early_callback(provider, task)
    return Envelope(200, "success", {} if base.scenario.no_task_id else _created(task))


async def _create_generation(request: web.Request, body: dict[str, Any]) -> web.Response:
    provider, fields = request.app[PROVIDER], body.get("input")
    asked = {**fields, "callBackUrl": body.get("callBackUrl", "")} if isinstance(fields, dict) else {}
    made = create_generation(provider, asked, JOBS, jobs_payload)
    envelope = made if isinstance(made, Envelope) else Envelope(200, "success", _created(made))
    return as_http(envelope, provider.settings.error_http_status)


def _created(task: PaidTask) -> dict[str, str]:
    return {"taskId": task.charge.record_id, "recordId": task.charge.record_id}


CREATORS: Mapping[str, Callable[[web.Request, dict[str, Any]], Awaitable[web.Response]]] = {
    MODELS[Kind.UHD]: _create_upscale,
    MODELS[Kind.GENERATION]: _create_generation,
}


async def record_info(request: web.Request) -> web.Response:
    """Return the details of a task that was created here."""
    provider, task_id = request.app[PROVIDER], request.query.get("taskId", "")
    task = provider.records.get(task_id) or provider.made.get(task_id)
    if task is None or task.api != JOBS or is_hidden(provider, task):
        return as_http(UNKNOWN, provider.settings.error_http_status)
    envelope = written(task.scenario, Envelope(200, "success", _record(provider, task)))
    return as_http(envelope, provider.settings.error_http_status)


def _record(provider: Provider, task: PaidTask) -> dict[str, Any]:
    charge, scenario, ended = task.charge, task.scenario, ENDS.get(task.phase)
    result = result_json(scenario.shape, fresh_urls(provider, task)[0]) if ended == "success" else ""
    times = {"createTime": _milliseconds(charge.charged_at), "completeTime": _milliseconds(task.finished_at)}
    state = ended or _working_state(progress(provider, task, clock()))
    failure = task.failure if ended == "fail" else None
    paid = {"consumeCredits": CREDITS[scenario.credits_as](charge.credits)}
    return times | task_details(charge.record_id, charge.kind, state, result, failure) | paid


def _working_state(passed: float) -> str:
    return next(state for until, state in STATES if passed < until)


def _milliseconds(seconds: float) -> int | None:
    return round(seconds * 1000) or None
