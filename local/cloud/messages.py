"""Sends messages to the job queue."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

BATCH = 10  # messages that SQS takes in one call


class SendError(RuntimeError):
    """The queue did not take every message."""


def send(sqs: Any, queue_url: str, messages: Sequence[Mapping[str, Any]]) -> None:
    """Send messages as JSON. Raise SendError where the queue refuses one."""
    send_bodies(sqs, queue_url, [json.dumps(message) for message in messages])


def send_bodies(sqs: Any, queue_url: str, bodies: Sequence[str]) -> None:
    """Send bodies unchanged, ten in a batch. Raise SendError where the queue refuses one."""
    for start in range(0, len(bodies), BATCH):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + BATCH])]
        if failed := sqs.send_message_batch(QueueUrl=queue_url, Entries=entries).get("Failed"):
            raise SendError(f"the queue refused {len(failed)} of {len(entries)} messages: {failed[0]['Message']}")
