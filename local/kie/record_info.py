"""The older API's details of every task: GET /api/v1/veo/record-info. It is free."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from local.kie.base_task import BaseTask, base_task
from local.kie.links import base_urls, file_url, fresh_urls
from local.kie.post_faults import Replacement, stating
from local.kie.prices import Kind
from local.kie.provider import PROVIDER, PaidTask, Provider, clock
from local.kie.responses import REFUSALS, UNAVAILABLE, Envelope, as_http, bad_gateway, condition, connection_closed
from local.kie.shapes import SHAPES
from local.kie.video_details import failed_details, finished_details, uhd_response, working_details
from local.kie.wording import written

UNKNOWN = REFUSALS["record_info_null"]

# How a reading of a base task's record goes: what is returned instead of it. None: the record.
LOOKS: Mapping[str, Replacement | None] = {
    "true": None,
    "server_error": stating(condition(500)),
    "page": lambda _: bad_gateway(),
    "too_frequent": stating(condition(429)),
    "lost": connection_closed,
    "null": stating(UNKNOWN),
}


async def record_info(request: web.Request) -> web.Response:
    """Return the details of a version that has an id of its own, else those of the base task with its base video."""
    provider = request.app[PROVIDER]
    task_id = request.query.get("taskId", "")
    task = provider.records.get(task_id)
    own = task is not None and task.charge.task_id != task_id
    replacement = None if own else _next_look(provider, task_id)
    if replacement:
        return replacement(request)
    envelope = _version(provider, task) if task and own else _base(base_task(provider, task_id), provider)
    scenario = task.scenario if task and own else provider.scenario(task_id)
    return as_http(written(scenario, envelope), provider.settings.error_http_status)


def is_hidden(provider: Provider, task: PaidTask) -> bool:
    """Return whether a task is so new that its record is not known yet."""
    age = clock() - task.charge.charged_at
    return age < provider.settings.real_seconds(task.scenario.hidden_minutes)


def _next_look(provider: Provider, task_id: str) -> Replacement | None:
    looks, number = provider.scenario(task_id).looks, provider.looks[task_id]
    provider.looks[task_id] += 1
    return LOOKS[looks[min(number, len(looks) - 1)]]


def _version(provider: Provider, task: PaidTask) -> Envelope:
    return UNKNOWN if is_hidden(provider, task) else Envelope(200, "success", VERSIONS[task.phase](provider, task))


def _finished_version(provider: Provider, task: PaidTask) -> dict[str, Any]:
    urls, posters = fresh_urls(provider, task)
    links = SHAPES[task.scenario.shape](urls)
    hd = links | {"originUrls": [], "resolution": "1080p"}
    response = hd if task.charge.kind is Kind.HD else uhd_response(links, posters)
    return finished_details(task.charge.record_id, task.times, response)


def _failed_version(_: Provider, task: PaidTask) -> dict[str, Any]:
    return failed_details(task.charge.record_id, task.times, task.failure or Envelope(500, UNAVAILABLE))


VERSIONS: dict[str, Callable[[Provider, PaidTask], dict[str, Any]]] = {
    "working": lambda _, task: working_details(task.charge.record_id, task.charge.charged_at),
    "success": _finished_version,
    "failed": _failed_version,
}


def _base(base: BaseTask, provider: Provider) -> Envelope:
    if base.is_missing:
        return REFUSALS[base.refusal]
    legacy = {"fallbackFlag": base.refusal == "fallback"}
    return Envelope(200, "success", BASES[base.phase](base, provider) | legacy)


def base_response(base: BaseTask, provider: Provider) -> dict[str, Any]:
    """Return the result of a finished base task."""
    urls, scenario = base_urls(provider, base), base.scenario
    whole = {"fullResultUrls": [file_url(provider, f"{base.task_id}_whole.mp4")]} if scenario.extended else {}
    origin = {"originUrls": urls if scenario.portrait else []}
    return {"resultUrls": urls} | whole | origin | {"resolution": scenario.resolution}


BASES: dict[str, Callable[[BaseTask, Provider], dict[str, Any]]] = {
    "working": lambda base, _: working_details(base.task_id, base.times[0]),
    "success": lambda base, provider: finished_details(base.task_id, base.times, base_response(base, provider)),
    "failed": lambda base, _: failed_details(base.task_id, base.times, base.failure or condition(500)),
}
