"""The newer API's details of a task, and its callback payloads: the details in the envelope."""

import json
from typing import Any

from local.kie.callback_payloads import OFF_LIST, STATEMENTS, Payloads, Result
from local.kie.prices import Kind
from local.kie.responses import Envelope
from local.kie.shapes import result_json

MODELS = {Kind.UHD: "veo/get-4k-video", Kind.HD: "veo/get-1080p-video", Kind.GENERATION: "veo-3-1"}


def task_details(
    task_id: str, kind: Kind, state: str, result: str = "", failure: Envelope | None = None
) -> dict[str, Any]:
    """Return a task's details. `result`: JSON text."""
    return {
        "taskId": task_id,
        "model": MODELS[kind],
        "state": state,
        "param": json.dumps({"model": MODELS[kind]}),
        "resultJson": result,
        "failCode": str(failure.code) if failure else None,
        "failMsg": failure.msg if failure else None,
    }


def _completed(details: Any) -> Envelope:
    return Envelope(200, "Playground task completed successfully.", details)


def _failed(details: Any) -> Envelope:
    return Envelope(501, "Playground task failed.", details)


def _details(result: Result, text: str = "", state: str = "success") -> dict[str, Any]:
    return task_details(result.task_id, result.kind, state, text) | {"consumeCredits": result.credits}


def _listed(result: Result, urls: Any) -> Envelope:
    return _completed(_details(result, json.dumps({"resultUrls": urls})))


def _success(result: Result) -> Envelope:
    return _completed(_details(result, result_json(result.shape, result.urls)))


def _plain(result: Result) -> Envelope:
    text = json.dumps({"resultUrls": result.urls})
    return _completed(task_details(result.task_id, result.kind, "success", text))


def _snake_case(result: Result) -> Envelope:
    details = {"task_id": result.task_id, "model": MODELS[result.kind], "state": "success"}
    paid = {"consume_credits": result.credits}
    return _completed(details | paid | {"result_json": json.dumps({"result_urls": result.urls})})


def _failure(result: Result) -> dict[str, Any]:
    details = task_details(result.task_id, result.kind, "fail", failure=result.failure)
    return details | {"consumeCredits": result.credits}


PAYLOADS: Payloads = STATEMENTS | {
    "success": _success,
    "plain": _plain,
    "snake_case": _snake_case,
    "flat": lambda result: _completed(_details(result) | {"resultUrls": result.urls}),
    "json_string": lambda result: _listed(result, json.dumps(result.urls)),
    "bare_url": lambda result: _listed(result, result.urls[0]),
    "no_urls": lambda result: _completed(_details(result)),
    "off_list": lambda result: _listed(result, [OFF_LIST]),
    "working": lambda result: _completed(_details(result, state="generating")),
    "failure": lambda result: _failed(_failure(result)),
    "data_null": lambda _: _failed(None),
    "record_success": _success,
    "record_failed": lambda result: _completed(_failure(result)),
}


def jobs_payload(name: str, result: Result) -> Envelope:
    """Return the named payload of the newer API."""
    return PAYLOADS[name](result)
