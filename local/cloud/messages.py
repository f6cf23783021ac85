"""Puts messages on the job queue."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

BATCH = 10  # messages that SQS takes at once


class SendError(RuntimeError):
    """The queue did not take every message."""


def send(sqs: Any, queue_url: str, messages: Sequence[Mapping[str, Any]]) -> None:
    """Ask for videos, as any producer would."""
    send_bodies(sqs, queue_url, [json.dumps(message) for message in messages])


def send_bodies(sqs: Any, queue_url: str, bodies: Sequence[str]) -> None:
    """Put bodies on the queue as they are, ten at a time."""
    for start in range(0, len(bodies), BATCH):
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + BATCH])]
        if failed := sqs.send_message_batch(QueueUrl=queue_url, Entries=entries).get("Failed"):
            raise SendError(f"{len(failed)} of {len(entries)} messages were not taken: {failed[0]['Message']}")
