"""Callback bodies of the veo contract, in the shapes that have been documented or seen. None carries the index."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local.kie.responses import UNAVAILABLE

OFF_LIST = "https://files.off-list.example/v/stolen.mp4?token=forged"
DONE = "4K Video generated successfully."
WORKING = "4k is processing. It should be ready in 5-10 minutes. Please check back shortly."


@dataclass(frozen=True, slots=True)
class News:
    """What a callback has to tell."""

    task_id: str
    urls: list[str]
    posters: list[str]
    credits: int


def _body(code: int, msg: str, data: Any) -> dict[str, Any]:
    return {"code": code, "msg": msg, "data": data}


def _info(news: News, urls: Any) -> dict[str, Any]:
    return {"taskId": news.task_id, "info": {"resultUrls": urls, "imageUrls": news.posters}}


def _success(news: News) -> dict[str, Any]:
    return _body(200, DONE, {"creditsConsumed": news.credits, **_info(news, news.urls)})


def _snake_case(news: News) -> dict[str, Any]:
    info = {"result_urls": news.urls, "image_urls": news.posters, "media_ids": ["media-1"]}
    return _body(200, DONE, {"task_id": news.task_id, "info": info})


def _flat(news: News) -> dict[str, Any]:
    return _body(200, DONE, {"taskId": news.task_id, "resultUrls": news.urls, "imageUrls": news.posters})


BODIES: dict[str, Callable[[News], dict[str, Any]]] = {
    "success": _success,
    "plain": lambda news: _body(200, DONE, _info(news, news.urls)),
    "snake_case": _snake_case,
    "flat": _flat,
    "json_string": lambda news: _body(200, DONE, _info(news, json.dumps(news.urls))),
    "bare_url": lambda news: _body(200, DONE, _info(news, news.urls[0])),
    "no_urls": lambda news: _body(200, DONE, {"taskId": news.task_id}),
    "off_list": lambda news: _body(200, DONE, _info(news, [OFF_LIST])),
    "working": lambda news: _body(422, WORKING, {"taskId": news.task_id}),
    "failure": lambda news: _body(500, UNAVAILABLE, {"taskId": news.task_id}),
    "data_null": lambda _: _body(500, UNAVAILABLE, None),
}


def veo_body(name: str, news: News) -> dict[str, Any]:
    """The named body of the veo contract."""
    return BODIES[name](news)
