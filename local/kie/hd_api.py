"""The 1080P version: GET /api/v1/veo/get-1080p-video. It is paid, and has no callback."""

from aiohttp import web

from local.kie.base_task import base_task, refused
from local.kie.callback_payloads import veo_payload
from local.kie.ledger import Charge
from local.kie.links import fresh_urls
from local.kie.paid_tasks import new_record_id, start
from local.kie.prices import HD_PRICE, Kind
from local.kie.provider import PROVIDER, PaidTask, Provider, clock
from local.kie.responses import Envelope, as_http, condition
from local.kie.settings import VEO

MINUTES = 2.0
WORKING = Envelope(400, "1080P is processing. It should be ready in 1-2 minutes. Please check back shortly.")


async def get_1080p_video(request: web.Request) -> web.Response:
    """Start a 1080P version, or return it once it is ready."""
    provider, index = request.app[PROVIDER], request.query.get("index", "0")
    envelope = _version(provider, request.query.get("taskId", ""), int(index) if index.isdecimal() else -1)
    return as_http(envelope, provider.settings.error_http_status)


def _version(provider: Provider, task_id: str, index: int) -> Envelope:
    if refusal := refused(base_task(provider, task_id), index):
        return refusal
    task = provider.hd.get((task_id, index))
    if task is None:
        task = _new_version(provider, task_id, index)
        if not start(provider, task):
            return condition(402)
        provider.hd[task_id, index] = task
    ready = task.phase == "success"
    return Envelope(200, "success", {"resultUrl": fresh_urls(provider, task)[0][0]}) if ready else WORKING


def _new_version(provider: Provider, task_id: str, index: int) -> PaidTask:
    own = new_record_id(provider, f"{task_id} hd{index}")
    return PaidTask(
        charge=Charge(Kind.HD, task_id, index, own, HD_PRICE, clock()),
        scenario=provider.scenario(task_id),
        api=VEO,
        callback_url="",
        callbacks=(),
        payload=veo_payload,
        minutes=MINUTES,
    )
