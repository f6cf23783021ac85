"""Callback payloads of the veo API about 4K versions, in the shapes that have been documented or observed.

None has the index.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.kie.prices import Kind
from local.kie.responses import REFUSALS, UNAVAILABLE, Envelope, condition
from local.kie.shapes import SHAPES
from local.kie.video_details import failed_details, finished_details, uhd_response
from local.kie.wording import DONE, WORKING

OFF_LIST = "https://files.off-list.example/v/stolen.mp4?token=forged"
FAILURE = Envelope(500, UNAVAILABLE)
STRANGE = "Upscale node 7 gave this asset back."
NEWS = (402, 408, 429, 455, 502)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a task, from which payloads are built. `credits` as they are written; `shape`: see `shapes`."""

    task_id: str
    urls: list[str]
    posters: list[str]
    credits: Any
    kind: Kind = Kind.UHD
    shape: str = "documented"
    failure: Envelope = FAILURE
    times: tuple[float, float] = (0.0, 0.0)

    @property
    def links(self) -> dict[str, Any]:
        """The links as they are written."""
        return SHAPES[self.shape](self.urls)


Payloads = dict[str, Callable[[Result], Envelope]]


def _info(result: Result, links: dict[str, Any]) -> dict[str, Any]:
    return {"taskId": result.task_id, "info": links | {"imageUrls": result.posters}}


def _listed(result: Result, urls: Any) -> Envelope:
    return Envelope(200, DONE, _info(result, {"resultUrls": urls}))


def _success(result: Result) -> Envelope:
    return Envelope(200, DONE, {"creditsConsumed": result.credits} | _info(result, result.links))


def _snake_case(result: Result) -> Envelope:
    info = {"result_urls": result.urls, "image_urls": result.posters, "media_ids": ["media-1"]}
    return Envelope(200, DONE, {"task_id": result.task_id, "info": info})


def _flat(result: Result) -> Envelope:
    data = {"taskId": result.task_id, "resultUrls": result.urls, "imageUrls": result.posters}
    return Envelope(200, DONE, data)


def _record_success(result: Result) -> Envelope:
    response = uhd_response(result.links, result.posters)
    return Envelope(200, "success", finished_details(result.task_id, result.times, response))


def _record_failed(result: Result) -> Envelope:
    return Envelope(200, "success", failed_details(result.task_id, result.times, result.failure))


def _about(envelope: Envelope) -> Callable[[Result], Envelope]:
    return lambda result: Envelope(envelope.code, envelope.msg, {"taskId": result.task_id})


# What a callback may say that is no result, under either API.
STATEMENTS: Payloads = {
    "not_success": _about(REFUSALS["not_finished"]),
    "working_400": _about(WORKING["bad_request"]),
    "strange_failure": _about(Envelope(500, STRANGE)),
} | {f"code_{code}": _about(condition(code)) for code in NEWS}

PAYLOADS: Payloads = STATEMENTS | {
    "success": _success,
    "plain": lambda result: _listed(result, result.urls),
    "snake_case": _snake_case,
    "flat": _flat,
    "json_string": lambda result: _listed(result, json.dumps(result.urls)),
    "bare_url": lambda result: _listed(result, result.urls[0]),
    "no_urls": lambda result: Envelope(200, DONE, {"taskId": result.task_id}),
    "off_list": lambda result: _listed(result, [OFF_LIST]),
    "working": _about(WORKING["documented"]),
    "failure": lambda result: _about(result.failure)(result),
    "data_null": lambda result: Envelope(result.failure.code, result.failure.msg),
    "record_success": _record_success,
    "record_failed": _record_failed,
}


def veo_payload(name: str, result: Result) -> Envelope:
    """Return the named payload of the veo API."""
    return PAYLOADS[name](result)
