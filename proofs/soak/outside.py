"""What is true after all: looked up from the outside, and held against what the stack says of itself."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.cloud.jobs import messages_in
from local.cloud.rows import Row, public
from local.demo.checks import credits_charged
from local.demo.evidence import true_hash
from proofs.soak.ground import LIMIT, Ground


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that was found. `objects`: SHA-256 by key; `truth`: of the file that the provider made, by task."""

    tasks: Sequence[str]
    rows: Mapping[str, Row]
    ended_as: Mapping[str, Row]
    charges: Sequence[Mapping[str, Any]]
    objects: Mapping[str, str]
    truth: Mapping[str, str]
    events: Sequence[Mapping[str, Any]]
    dead_letters: int
    densest: int
    refused: int
    requests: Sequence[Mapping[str, Any]] = field(repr=False)

    def states(self) -> Counter[str]:
        """How many jobs came to which state."""
        return Counter(str(row["state"]) for row in self.rows.values())

    def charged(self) -> Counter[str]:
        """How often each task was charged."""
        return Counter(str(charge["taskId"]) for charge in self.charges)

    def announced(self) -> dict[str, set[str]]:
        """The event ids under which each task was announced."""
        ids: dict[str, set[str]] = {}
        for event in self.events:
            ids.setdefault(event["detail"]["taskId"], set()).add(event["detail"]["eventId"])
        return ids


def look(ground: Ground) -> Findings:
    """Find everything out."""
    stats, s3, sqs = ground.simulator.stats(), ground.cloud.client("s3"), ground.cloud.client("sqs")
    queues = sqs.list_queues().get("QueueUrls", [])
    return Findings(
        tasks=ground.tasks,
        rows=ground.watch.rows,
        ended_as=ground.watch.ended_as,
        charges=ground.simulator.ledger(),
        objects=_hashes(s3, ground.cloud.outputs["ArchiveBucketName"]),
        truth={task: true_hash(ground.simulator, task) for task in ground.tasks},
        events=ground.announcements.received(),
        dead_letters=sum(messages_in(sqs, queue) for queue in queues if "DeadLetter" in queue),
        densest=stats["densestRequests"],
        refused=stats["refused429"],
        requests=stats["requests"],
    )


def _hashes(s3: Any, bucket: str) -> dict[str, str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="videos/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ()) if entry["Key"].endswith(".mp4")]
    return {key: hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest() for key in keys}


def problems(found: Findings) -> list[str]:
    """Everything that is not as it must be after any fault."""
    wrong = [problem for task in found.tasks for problem in _of_task(found, task)]
    return [*wrong, *_of_account(found)]


def _of_task(found: Findings, task: str) -> Iterator[str]:
    row = found.rows.get(task)
    if row is None or row["state"] != "SUCCEEDED":
        yield f"{task} is {row['state'] if row else 'unknown'}, not SUCCEEDED: {dict(row or {}).get('error', '')}"
        return
    key = f"videos/{task}/0/1.mp4"
    if not row["archive"]["sha256"] == found.objects.get(key) == found.truth[task]:
        yield f"{task}: row, object and the provider's own file do not agree"
    if (charged := found.charged()[task]) != 1:
        yield f"{task} was charged {charged} times"
    if found.announced().get(task) != {f"{task}#0#1#SUCCEEDED"}:
        yield f"{task} was announced as {found.announced().get(task)}"
    if public(found.ended_as.get(task, row)) != public(row):
        yield f"{task} was changed after its end"


def _of_account(found: Findings) -> Iterator[str]:
    if surplus := sorted(found.objects.keys() - {f"videos/{task}/0/1.mp4" for task in found.tasks}):
        yield f"objects of nobody: {surplus}"
    if credits_charged(found.charges) != sum(charge["credits"] for charge in found.charges):
        yield "credits were given back, as for failures"
    if found.densest > LIMIT:
        yield f"{found.densest} requests in one window"
    if found.refused:
        yield f"{found.refused} requests refused as too many"
    if found.dead_letters:
        yield f"{found.dead_letters} messages in dead-letter queues"
    for event in found.events:
        if {name: value for name, value in event["detail"].items() if name != "eventId"} != public(_row(found, event)):
            yield f"{event['detail']['taskId']} was announced otherwise than its row says"


def _row(found: Findings, event: Mapping[str, Any]) -> Row:
    return found.rows.get(event["detail"]["taskId"], {})
