"""The data of record-info: the details of one task."""

import json
import time
from collections.abc import Sequence
from typing import Any

from local.kie.responses import Envelope

# Of a failed task: 2 where it was refused, 3 where it was created and its generation failed.
FAILURE_FLAGS = {400: 2, 422: 2, 500: 3, 501: 3}


def working_details(task_id: str, started: float) -> dict[str, Any]:
    """Return the details of a task that works."""
    return _details(task_id, 0, (started, None), None)


def failed_details(task_id: str, times: tuple[float, float], failure: Envelope) -> dict[str, Any]:
    """Return the details of a failed task."""
    details = _details(task_id, FAILURE_FLAGS[failure.code], times, None)
    return details | {"errorCode": failure.code, "errorMessage": failure.msg}


def finished_details(task_id: str, times: tuple[float, float], response: dict[str, Any]) -> dict[str, Any]:
    """Return the details of a task that succeeded. `times`: when it started and ended."""
    return _details(task_id, 1, times, {"taskId": task_id} | response)


def uhd_response(links: dict[str, Any], posters: Sequence[str]) -> dict[str, Any]:
    """Return the result of a 4K version."""
    return links | {"originUrls": [], "resolution": "4k", "imageUrls": posters, "mediaIds": ["media-1"]}


def _details(
    task_id: str, success_flag: int, times: tuple[float, float | None], response: dict[str, Any] | None
) -> dict[str, Any]:
    started, finished = times
    return {
        "taskId": task_id,
        "paramJson": json.dumps({"prompt": "a test pattern"}),
        "createTime": _time(started),
        "completeTime": None if finished is None else _time(finished),
        "response": response,
        "successFlag": success_flag,
        "errorCode": None,
        "errorMessage": "",
    }


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))
