"""What senders say, and how a test of the use cases begins."""

import json
from collections.abc import Sequence
from dataclasses import replace

from proofs.doubles.stage import TASK, Stage
from veo4k.domain.job import Code, Job
from veo4k.domain.log_events import LogEntry
from veo4k.domain.response import Response

OTHER = "veo_task_another_one"


def message(task_id: str = TASK, **fields: object) -> str:
    return json.dumps({"taskId": task_id} | fields)


def tasks(count: int) -> list[str]:
    return [f"veo_task_number_{number:03}" for number in range(count)]


def messages(count: int) -> list[str]:
    return [message(task) for task in tasks(count)]


def asked(*script: Response, **changes: object) -> Stage:
    """Return a stage whose one job was requested, and has these fields since."""
    stage = Stage(*script)
    stage.ask()
    stage.change(**changes)
    return stage


def timeless(entries: Sequence[LogEntry]) -> list[LogEntry]:
    """Return log entries without their times, which have a test of their own."""
    return [replace(entry, at=None) for entry in entries]


def code(job: Job) -> Code | None:
    return job.error and job.error.code
