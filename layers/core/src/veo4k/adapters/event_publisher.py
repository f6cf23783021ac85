"""Where the consequences of a state go: ArchiveQueue, EventBus, and Step Functions tasks."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from veo4k.adapters.aws import as_storage_error
from veo4k.domain.errors import StorageError
from veo4k.domain.event import DETAIL_TYPES, SOURCE, detail
from veo4k.domain.job import Job, Key, State

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

ENTRIES = 10  # of one SendMessageBatch, and of one PutEvents
_OVER = {"TaskTimedOut", "TaskDoesNotExist", "InvalidToken"}
"""What Step Functions answers where no task waits for this token."""


@dataclass(frozen=True)
class AwsEventPublisher:
    """Sends in batches, and reports which of a batch failed: both APIs answer 200 with failures inside."""

    sqs: "SQSClient"
    events: "EventBridgeClient"
    sfn: "SFNClient"
    archive_queue_url: str
    event_bus: str

    def send_to_archive(self, jobs: Sequence[Job]) -> dict[Key, str]:
        """Put READY jobs on the archive queue. Return the failures: why a job is not on the queue."""
        return _failures(jobs, lambda batch: self._enqueue(batch, {}, 0), "enqueue")

    def send_bases_to_archive(self, jobs: Sequence[Job], delay: int) -> dict[Key, str]:
        """Request that base videos be kept, so many seconds later. Return the failures. No message holds a link."""
        return _failures(jobs, lambda batch: self._enqueue(batch, {"kind": "base"}, delay), "enqueue")

    def send_to_bus(self, jobs: Sequence[Job]) -> dict[Key, str]:
        """Put the ends of jobs on the event bus. Return the failures: why an end is not on the bus."""
        return _failures(jobs, self._put, "put")

    def send_to_task(self, job: Job, token: str) -> str:
        """Answer a Step Functions task. Return why the answer must be repeated, or an empty string."""
        try:
            with as_storage_error("SendTask"):
                self._answer(job, token)
        except StorageError as error:
            return str(error)
        return ""

    def _answer(self, job: Job, token: str) -> None:
        try:
            self._send_task(job, token, json.dumps(detail(job), ensure_ascii=False))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _OVER:
                raise

    def _send_task(self, job: Job, token: str, text: str) -> None:
        if job.state is State.SUCCEEDED:
            self.sfn.send_task_success(taskToken=token, output=text)
        else:
            code = job.error.code if job.error else job.state
            self.sfn.send_task_failure(taskToken=token, error=str(code), cause=text)

    def _enqueue(self, jobs: Sequence[Job], kind: Mapping[str, str], delay: int) -> list[str]:
        bodies = (json.dumps({"taskId": job.task_id, "run": job.run, **kind}) for job in jobs)
        entries: list[Any] = [
            {"Id": str(n), "MessageBody": body, **({"DelaySeconds": delay} if delay else {})}
            for n, body in enumerate(bodies)
        ]
        response = self.sqs.send_message_batch(QueueUrl=self.archive_queue_url, Entries=entries)
        failures = {failed["Id"]: failed["Code"] for failed in response.get("Failed", ())}
        return [failures.get(str(n), "") for n in range(len(jobs))]

    def _put(self, jobs: Sequence[Job]) -> list[str]:
        entries: list[Any] = [
            {
                "EventBusName": self.event_bus,
                "Source": SOURCE,
                "DetailType": DETAIL_TYPES[job.state],
                "Detail": json.dumps(detail(job), ensure_ascii=False),
            }
            for job in jobs
        ]
        return [result.get("ErrorCode", "") for result in self.events.put_events(Entries=entries)["Entries"]]


def _failures(jobs: Sequence[Job], send: Callable[[Sequence[Job]], list[str]], name: str) -> dict[Key, str]:
    """Send in batches; `send` returns for each job why it failed, or an empty string."""
    batches = [jobs[start : start + ENTRIES] for start in range(0, len(jobs), ENTRIES)]
    results = ((job, why) for batch in batches for job, why in zip(batch, _sent(send, batch, name), strict=True))
    return {job.key: why for job, why in results if why}


def _sent(send: Callable[[Sequence[Job]], list[str]], batch: Sequence[Job], name: str) -> list[str]:
    try:
        with as_storage_error(name):
            return send(batch)
    except StorageError as error:
        return [str(error)] * len(batch)
