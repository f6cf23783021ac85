"""What senders and the provider say to each other: shared by the tests of the use cases."""

import json
from collections.abc import Sequence
from dataclasses import replace

from proofs.doubles.stage import TASK, URL, Stage
from veo4k.domain.job import Code, Job
from veo4k.domain.log_events import LogEntry
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response
from veo4k.domain.wait_reason import WaitReason

OWN = "veo_task_of_its_own"
OTHER = "veo_task_another_one"

WORKING = Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=TASK)
WITH_OWN_ID = replace(WORKING, task_id=OWN)
REPEATED = Response(meaning=Meaning.WORKING, task_id=TASK)
DONE = Response(meaning=Meaning.DONE, urls=(URL,))
LOST = Response(meaning=Meaning.LOST, cause="ReadTimeout")
UNCLEAR = Response(meaning=Meaning.UNCLEAR, words=Words(422, "something new"))
NEVER_SENT = Response(meaning=Meaning.NOT_SENT, cause="ConnectTimeout")
REFUSED = Response(meaning=Meaning.REFUSED, code=Code.INVALID_TASK)
NOT_YET = Response(meaning=Meaning.BASE_NOT_FINISHED, code=Code.BASE_NOT_FINISHED, cause="not success")
NO_CREDITS = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.NO_CREDITS)
MAINTENANCE = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.MAINTENANCE)
NOT_FOUND = Response(meaning=Meaning.NOT_FOUND, wait_reason=WaitReason.NOT_FOUND)
PATH_IS_GONE = Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.PATH_GONE)


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
