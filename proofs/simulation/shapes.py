"""The provider's responses, records and callbacks under both of its APIs, in the shapes seen."""

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

from proofs.simulation.videos import Fate
from veo4k.domain.job import ProviderApi
from veo4k.domain.response import HttpResponse

if TYPE_CHECKING:
    from proofs.simulation.provider import Making

Links = Mapping[str, Sequence[str | None] | None]
CREDITS = 120
_STATES = ("waiting", "queuing", "generating")


def reply(code: int, message: str, **data: Any) -> HttpResponse:
    """Return a response in the provider's envelope, over HTTP 200."""
    return HttpResponse(200, json.dumps({"code": code, "msg": message, "data": data or None}).encode())


def record(making: "Making", now: float, links: Links) -> HttpResponse:
    """Return a task's record in the shape of its provider API; `links`: of the result, where there is one by now."""
    shape = _jobs_record if making.provider_api == ProviderApi.JOBS else _veo_record
    return reply(200, "success", taskId=making.own_id, **shape(making, now, links))


def _veo_record(making: "Making", now: float, links: Links) -> dict[str, Any]:
    if now < making.done_at:
        return {"successFlag": 0}
    if making.video.fate is Fate.FAILS:
        return {"successFlag": 2, "errorMessage": "generation failed"}
    return {"successFlag": 1, "response": links}


def _jobs_record(making: "Making", now: float, links: Links) -> dict[str, Any]:
    if now < making.done_at:
        return {"state": _STATES[int(now) % len(_STATES)], "resultJson": ""}
    if making.video.fate is Fate.FAILS:
        return {"state": "fail", "failCode": "500", "failMsg": "generation failed"}
    return {"state": "success", "resultJson": json.dumps(links), "creditsConsumed": CREDITS}


def callback(making: "Making", named: str, links: Links, random: Random) -> bytes:
    if making.provider_api == ProviderApi.JOBS:
        body = _jobs_callback(making, named, links, random)
    elif making.video.fate is Fate.FAILS:
        data = {"taskId": named} if random.random() < 0.8 else None
        body = {"code": random.choice((500, 501, 400)), "msg": "unavailable", "data": data}
    else:
        data = random.choice(_VEO_RESULTS)(named, links)
        body = {"code": 200, "msg": "4K Video generated successfully.", "data": data}
    return json.dumps(body).encode()


_VEO_RESULTS = (
    lambda named, links: {"task_id": named, "result_urls": json.dumps(links["resultUrls"])},
    lambda named, links: {"taskId": named, "creditsConsumed": CREDITS, **links},
    lambda named, links: {"taskId": named, "info": links},
    lambda named, links: {"taskId": named, "info": links},
)


def _jobs_callback(making: "Making", named: str, links: Links, random: Random) -> dict[str, Any]:
    data = _jobs_record(making, making.done_at, links) | {random.choice(("taskId", "task_id")): named}
    failed = making.video.fate is Fate.FAILS
    return {"code": 501 if failed else 200, "msg": "failed" if failed else "success", "data": data}
