"""Base tasks made here: POST /api/v1/veo/generate and /api/v1/veo/extend, and their callback.

A prompt may select the scenario of the new task: "[lost] a fox".
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from aiohttp import web

from local.kie.base_task import BASE_ERRORS, base_task, refused
from local.kie.callback_payloads import Result
from local.kie.generate_fields import EXTEND, GENERATE, invalid
from local.kie.ledger import Charge
from local.kie.paid_tasks import chance_of_minutes, new_record_id, start
from local.kie.prices import EXTENSIONS, Kind, generation_price
from local.kie.provider import PROVIDER, PaidTask, Provider, clock
from local.kie.record_info import base_response
from local.kie.responses import Envelope, as_http, condition
from local.kie.scenario_choice import prompted_id
from local.kie.settings import VEO


@dataclass(frozen=True, slots=True)
class Order:
    """What is bought: a kind of base task, with changes to its scenario. `payload`: of its callback."""

    kind: Kind
    price: int
    changes: dict[str, Any]
    api: str = VEO
    payload: Callable[[str, Result], Envelope] | None = None


async def generate(request: web.Request) -> web.Response:
    """Start a generation."""
    return await _respond(request, create_generation)


async def extend(request: web.Request) -> web.Response:
    """Start an extension of a finished base task."""
    return await _respond(request, _create_extension)


async def _respond(
    request: web.Request, create: Callable[[Provider, dict[str, Any]], PaidTask | Envelope]
) -> web.Response:
    provider = request.app[PROVIDER]
    try:
        body = json.loads(await request.text())
    except ValueError:
        body = None
    made = create(provider, body if isinstance(body, dict) else {})
    envelope = made if isinstance(made, Envelope) else Envelope(200, "success", {"taskId": made.charge.task_id})
    return as_http(envelope, provider.settings.error_http_status)


def create_generation(
    provider: Provider,
    body: dict[str, Any],
    api: str = VEO,
    payload: Callable[[str, Result], Envelope] | None = None,
) -> PaidTask | Envelope:
    """Start a generation, or return why there is none."""
    if wrong := invalid(body, GENERATE, "prompt"):
        return wrong
    resolution = body.get("resolution") or "720p"
    changes: dict[str, Any] = {"portrait": True} if body.get("aspect_ratio") == "9:16" else {}
    if resolution != "720p":
        changes |= {"resolution": resolution, "base": "uhd" if resolution == "4k" else "base"}
    price = generation_price(body.get("model") or "veo3_fast", resolution)
    return _made(provider, body, Order(Kind.GENERATION, price, changes, api, payload))


def _create_extension(provider: Provider, body: dict[str, Any]) -> PaidTask | Envelope:
    if wrong := invalid(body, EXTEND, "prompt", "taskId"):
        return wrong
    base = base_task(provider, body["taskId"])
    if refusal := refused(base, 0):
        return refusal
    changes = {"extended": True, "portrait": base.scenario.portrait}
    return _made(provider, body, Order(Kind.EXTENSION, EXTENSIONS[body.get("model") or "fast"], changes))


def _made(provider: Provider, body: dict[str, Any], order: Order) -> PaidTask | Envelope:
    prompt = body["prompt"]
    task_id = prompted_id(prompt, new_record_id(provider, prompt))
    scenario = replace(provider.scenario(task_id), **order.changes)
    task = PaidTask(
        charge=Charge(order.kind, task_id, 0, task_id, order.price, clock()),
        scenario=scenario,
        api=order.api,
        callback_url=body.get("callBackUrl") or "",
        callbacks=scenario.base_callbacks,
        payload=order.payload or partial(_payload, provider, prompt),
        minutes=chance_of_minutes(provider, task_id),
        failure=BASE_ERRORS.get(scenario.base_error),
    )
    if not start(provider, task):
        return condition(402)
    provider.registered[task_id] = scenario
    return task


def _payload(provider: Provider, prompt: str, name: str, result: Result) -> Envelope:
    if name == "failure":
        return Envelope(result.failure.code, result.failure.msg, {"taskId": result.task_id})
    base = base_task(provider, result.task_id)
    details = {"taskId": result.task_id, "promptJson": json.dumps({"prompt": prompt})}
    info = {"info": base_response(base, provider), "fallbackFlag": base.refusal == "fallback"}
    return Envelope(200, "Veo3.1 video generated successfully.", details | info)
