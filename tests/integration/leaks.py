"""Everything that a stack has written, searched for what must never be in it: keys, tokens, signatures, queries."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from local.cloud.local_cloud import LocalCloud
from tests.integration.callback import token_under
from tests.integration.world import World

TASK_TOKEN = "canary-task-token-4711"
SECRETS = ("ApiKeySecretName", "WebhookKeySecretName", "TokenKeySecretName")
UNTIL_ANNOUNCED = frozenset({"#urls", "#images", "#tokens"})
"""What a row may hold as long as its job has not been announced."""

PATTERNS = {
    "a query string": re.compile(r"https?://[^\s\"'\\]+\?"),
    "a signature": re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])"),
    "a callback's path": re.compile(r"/callbacks/[^/{\s]+/"),
}

Texts = Mapping[str, str]


class Searched(NamedTuple):
    """How much was searched for how many secrets, and what was found where."""

    texts: int
    characters: int
    secrets: int
    hits: list[str]


def search(texts: Texts, secrets: Iterable[str]) -> Searched:
    """Search texts for secrets in each of their disguises, and for what looks like one."""
    known = {secret for secret in secrets if secret}
    forms = disguised(known)
    hits = [f"{where}: a known secret" for where, text in texts.items() if any(form in text for form in forms)]
    hits += [f"{where}: {what}" for where, text in texts.items() for what, how in PATTERNS.items() if how.search(text)]
    return Searched(len(texts), sum(map(len, texts.values())), len(known), hits)


def disguised(secrets: Iterable[str]) -> set[str]:
    """Each secret as it is, in a URL, and in Base64."""
    return {form for secret in secrets for form in (secret, quote(secret), base64.b64encode(secret.encode()).decode())}


def search_world(world: World, *more: str) -> Searched:
    """Search everything this world's stack has written; `more`: secrets that were in use before."""
    keys = [key for output in SECRETS for key in keys_in(world.secret(output))]
    tokens = [
        token_under(key, row["taskId"], row["index"], row["run"])
        for key in {*keys_in(world.secret("TokenKeySecretName")), *more}
        for row in world.rows()
    ]
    given = (world.simulator.settings.api_key, world.simulator.settings.webhook_key, TASK_TOKEN)
    return search(dict(written(world)), [*keys, *tokens, *given, *more])


def keys_in(secret: str) -> list[str]:
    """The keys of a secret: one, or two during a rotation."""
    return list(json.loads(secret).values()) if secret.startswith("{") else [secret]


def written(world: World) -> Iterator[tuple[str, str]]:
    """Logs and the metrics in them, metrics, rows, events, what lies in the queues, and the JSON beside each video."""
    yield from logs(world.cloud)
    yield "the metrics", json.dumps(world.client("cloudwatch").list_metrics()["Metrics"])
    for row in world.rows():
        yield f"the row {row['jobId']}", json.dumps(public(row), default=sorted)
    for event in world.announcements.received():
        yield f"the event {event['detail']['eventId']}", json.dumps(event)
    for letter in world.dead_letters.received():
        # The body is its sender's own, and stays as it came.
        yield f"the reason of {letter['MessageId']}", json.dumps(letter.get("MessageAttributes", {}))
    yield from queues(world)
    yield from sidecars(world)


def public(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row without what it may hold until its job is announced."""
    return {name: value for name, value in row.items() if name not in UNTIL_ANNOUNCED or "#lane" not in row}


def logs(cloud: LocalCloud) -> Iterator[tuple[str, str]]:
    """Every log group of the stack, access log included."""
    client = cloud.client("logs")
    for group in client.describe_log_groups()["logGroups"]:
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        lines = [event["message"] for page in pages for event in page["events"]]
        yield f"the log {group['logGroupName']}", "\n".join(lines)


def queues(world: World) -> Iterator[tuple[str, str]]:
    """What lies in the stack's other queues."""
    sqs = world.client("sqs")
    for url in sqs.list_queues()["QueueUrls"]:
        if url != world.cloud.outputs["DeadLetterQueueUrl"]:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
            yield f"the queue {url}", json.dumps(found.get("Messages", []))


def sidecars(world: World) -> Iterator[tuple[str, str]]:
    """Each video's tags, and the JSON beside it."""
    s3, bucket = world.client("s3"), world.cloud.outputs["ArchiveBucketName"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for entry in page.get("Contents", ()):
            if entry["Key"].endswith(".mp4"):
                tags = s3.get_object_tagging(Bucket=bucket, Key=entry["Key"])["TagSet"]
                yield f"the tags of {entry['Key']}", json.dumps(tags)
            if entry["Key"].endswith(".json"):
                yield entry["Key"], s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read().decode()
