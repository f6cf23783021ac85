"""What is true after a run: read from outside the stack, and compared with what the stack's rows and events say."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.cloud.environment import Environment
from local.cloud.queue_reader import messages_in
from local.cloud.rows import Row, is_changed, row_of
from local.cloud.stored_videos import expected_hash
from local.cloud.table_watcher import TableWatcher
from local.kie.ledger import credits_spent
from proofs.soak.pauses import Pauses, pauses

LIMIT = 20  # requests in a window of the provider
FIRST_PAUSE = 5  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything found. `objects`: SHA-256 by key; `expected`: SHA-256 of the provider's own file, by task."""

    tasks: Sequence[str]
    rows: Mapping[str, Row]
    ended_as: Mapping[str, Row]
    charges: Sequence[Mapping[str, Any]]
    objects: Mapping[str, str]
    expected: Mapping[str, str]
    events: Sequence[Mapping[str, Any]]
    dead_letters: int
    densest: int
    refused: int
    requests: Sequence[Mapping[str, Any]] = field(repr=False)

    def charged(self) -> Counter[str]:
        """Return the number of charges of each task."""
        return Counter(str(charge["taskId"]) for charge in self.charges)

    def announced(self) -> dict[str, set[str]]:
        """Return the ids of each task's events."""
        ids: dict[str, set[str]] = {}
        for event in self.events:
            ids.setdefault(event["detail"]["taskId"], set()).add(event["detail"]["eventId"])
        return ids

    def unanswered(self) -> int:
        """Return how many requests a stopped provider left unanswered."""
        return sum(not request["http"] for request in self.requests)

    def pauses(self) -> Pauses:
        """Return what the provider's log has about pauses for lack of credits. No pause holds a free look back."""
        paced = (row for row in self.requests if row["method"] != "GET" or row["taskId"] not in self.tasks)
        return pauses(paced, FIRST_PAUSE)

    def figures(self) -> dict[str, int]:
        """Return the totals.

        `twice`: tasks charged more than once; `announced`: tasks with at least one of the `events`; `dead`: messages in
        dead-letter queues; `densest`: requests in the densest window.
        """
        return {
            "succeeded": sum(row["state"] == "SUCCEEDED" for row in self.rows.values()),
            "charges": len(self.charges),
            "twice": sum(times > 1 for times in self.charged().values()),
            "files": len(self.objects),
            "announced": len(self.announced()),
            "events": len(self.events),
            "dead": self.dead_letters,
            "densest": self.densest,
            "unanswered": self.unanswered(),
            "pauses": self.pauses().number,
        }


def find(environment: Environment, watcher: TableWatcher, tasks: Sequence[str]) -> Findings:
    """Read everything after a run."""
    simulator, cloud = environment.simulator, environment.cloud
    stats, sqs = simulator.stats(), cloud.client("sqs")
    queues = sqs.list_queues().get("QueueUrls", [])
    return Findings(
        tasks=tasks,
        rows=watcher.rows,
        ended_as=watcher.ended_as,
        charges=simulator.ledger(),
        objects=_hashes(cloud.client("s3"), cloud.outputs["ArchiveBucketName"]),
        expected={task: expected_hash(simulator, task) for task in tasks},
        events=environment.events.received(),
        dead_letters=sum(messages_in(sqs, queue) for queue in queues if "DeadLetter" in queue),
        densest=stats["densestPosts"],  # the free looks are not counted by the provider
        refused=stats["refused429"],
        requests=stats["requests"],
    )


def _hashes(s3: Any, bucket: str) -> dict[str, str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="videos/")
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", ()) if entry["Key"].endswith(".mp4")]
    return {key: hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest() for key in keys}


def problems(found: Findings) -> list[str]:
    """Return everything that is not as it must be after any fault."""
    return [*(problem for task in found.tasks for problem in _of_task(found, task)), *_of_account(found)]


def _of_task(found: Findings, task: str) -> Iterator[str]:
    row = found.rows.get(task)
    if row is None or row["state"] != "SUCCEEDED":
        yield f"{task} is {row['state'] if row else 'unknown'}, not SUCCEEDED: {dict(row or {}).get('error', '')}"
        return
    key = f"videos/{task}/0/1.mp4"
    if not row["archive"]["sha256"] == found.objects.get(key) == found.expected[task]:
        yield f"{task}: row, object and the provider's own file differ"
    if (charged := found.charged()[task]) != 1:
        yield f"{task} was charged {charged} times"
    if found.announced().get(task) != {f"{task}#0#1#SUCCEEDED"}:
        yield f"{task} was announced as {found.announced().get(task)}"
    if is_changed(found.ended_as.get(task, row), row):
        yield f"{task} was changed after its end"


def _of_account(found: Findings) -> Iterator[str]:
    files = {f"videos/{task}/0/1{kind}" for task in found.rows for kind in (".mp4", ".base.mp4")}
    if surplus := sorted(found.objects.keys() - files):
        yield f"objects without a job: {surplus}"
    if credits_spent(found.charges) != sum(charge["credits"] for charge in found.charges):
        yield "credits were refunded, as for failures"
    if found.densest > LIMIT:
        yield f"{found.densest} requests in one window"
    if found.refused:
        yield f"{found.refused} requests refused as too many"
    if found.dead_letters:
        yield f"{found.dead_letters} messages in dead-letter queues"
    for event in found.events:
        task = event["detail"]["taskId"]
        if is_changed(row_of(event), found.rows.get(task, {})):
            yield f"{task}: event and row differ"
