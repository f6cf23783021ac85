"""Callback payloads of the veo API, in the shapes that have been documented or observed. None has the index."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.kie.responses import UNAVAILABLE

OFF_LIST = "https://files.off-list.example/v/stolen.mp4?token=forged"
DONE = "4K Video generated successfully."
WORKING = "4k is processing. It should be ready in 5-10 minutes. Please check back shortly."


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a task, from which payloads are built."""

    task_id: str
    urls: list[str]
    posters: list[str]
    credits: int


def _envelope(code: int, msg: str, data: Any) -> dict[str, Any]:
    return {"code": code, "msg": msg, "data": data}


def _info(result: Result, urls: Any) -> dict[str, Any]:
    return {"taskId": result.task_id, "info": {"resultUrls": urls, "imageUrls": result.posters}}


def _success(result: Result) -> dict[str, Any]:
    return _envelope(200, DONE, {"creditsConsumed": result.credits, **_info(result, result.urls)})


def _snake_case(result: Result) -> dict[str, Any]:
    info = {"result_urls": result.urls, "image_urls": result.posters, "media_ids": ["media-1"]}
    return _envelope(200, DONE, {"task_id": result.task_id, "info": info})


def _flat(result: Result) -> dict[str, Any]:
    data = {"taskId": result.task_id, "resultUrls": result.urls, "imageUrls": result.posters}
    return _envelope(200, DONE, data)


PAYLOADS: dict[str, Callable[[Result], dict[str, Any]]] = {
    "success": _success,
    "plain": lambda result: _envelope(200, DONE, _info(result, result.urls)),
    "snake_case": _snake_case,
    "flat": _flat,
    "json_string": lambda result: _envelope(200, DONE, _info(result, json.dumps(result.urls))),
    "bare_url": lambda result: _envelope(200, DONE, _info(result, result.urls[0])),
    "no_urls": lambda result: _envelope(200, DONE, {"taskId": result.task_id}),
    "off_list": lambda result: _envelope(200, DONE, _info(result, [OFF_LIST])),
    "working": lambda result: _envelope(422, WORKING, {"taskId": result.task_id}),
    "failure": lambda result: _envelope(500, UNAVAILABLE, {"taskId": result.task_id}),
    "data_null": lambda _: _envelope(500, UNAVAILABLE, None),
}


def veo_payload(name: str, result: Result) -> dict[str, Any]:
    """Return the named payload of the veo API."""
    return PAYLOADS[name](result)
