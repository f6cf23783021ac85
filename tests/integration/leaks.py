"""Searches everything that a stack has written for keys, tokens, signatures and query strings."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from local.cloud.environment import Environment
from local.cloud.local_cloud import LocalCloud
from tests.integration.callback import token_of, token_under

TASK_TOKEN = "canary-task-token-4711"
SECRETS = ("ApiKeySecretName", "WebhookKeySecretName", "TokenKeySecretName", "JobsApiTokenSecretName")
UNTIL_ANNOUNCED = frozenset({"#urls", "#images", "#tokens"})
"""Attributes that a row may have until the job's end is announced."""

PATTERNS = {
    "a query string": re.compile(r"https?://[^\s\"'\\]+\?"),
    "a signature": re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=])"),
    "a callback's path": re.compile(r"/callbacks/[^/{\s]+/|/generated/[^/{\s]+"),
}

Texts = Mapping[str, str]


def search(texts: Texts, secrets: Iterable[str]) -> list[str]:
    """Return what texts have of secrets in each encoding, and of patterns of secrets."""
    forms = encoded({secret for secret in secrets if secret})
    hits = [f"{where}: a known secret" for where, text in texts.items() if any(form in text for form in forms)]
    return hits + [
        f"{where}: {what}" for where, text in texts.items() for what, how in PATTERNS.items() if how.search(text)
    ]


def encoded(secrets: Iterable[str]) -> set[str]:
    """Return each secret as it is, URL-encoded, and in Base64."""
    return {form for secret in secrets for form in (secret, quote(secret), base64.b64encode(secret.encode()).decode())}


def search_environment(env: Environment, *former_keys: str) -> list[str]:
    """Return what of secrets is in anything that the stack has written."""
    keys = [key for output in SECRETS for key in keys_in(env.cloud.secret(output))]
    token_keys = {*keys_in(env.cloud.secret("TokenKeySecretName")), *former_keys}
    rows, texts, settings = env.cloud.rows(), dict(written(env)), env.simulator.settings
    tokens = [token_under(key, row["taskId"], row["index"], row["run"]) for key in token_keys for row in rows]
    tokens += [token_of(key, "generated") for key in token_keys]
    assert len(texts) > len(rows) > 0
    return search(texts, [*keys, *tokens, settings.api_key, settings.webhook_key, TASK_TOKEN, *former_keys])


def keys_in(secret: str) -> list[str]:
    """Return the keys of a secret: one, or two during a rotation."""
    return list(json.loads(secret).values()) if secret.startswith("{") else [secret]


def written(env: Environment) -> Iterator[tuple[str, str]]:
    """Yield logs, metrics, rows, events, messages, and the tags and the JSON file of each video."""
    yield from logs(env.cloud)
    yield "the metrics", json.dumps(env.cloud.client("cloudwatch").list_metrics()["Metrics"])
    for row in env.cloud.rows():
        yield f"the row {row['jobId']}", json.dumps(searched(row), default=sorted)
    for event in env.events.received():
        yield f"the event {event['detail']['eventId']}", json.dumps(event)
    for letter in env.dead_letters.received():
        # The body stays as its sender wrote it.
        yield f"the reason of {letter['MessageId']}", json.dumps(letter.get("MessageAttributes", {}))
    yield from queues(env.cloud)
    yield from files(env.cloud)


def searched(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row without the attributes that it may have until its end is announced, or its base video is kept."""
    passing = {*(UNTIL_ANNOUNCED if "#lane" in row else ()), *(() if "base" in row else ("#base",))}
    return {name: value for name, value in row.items() if name not in passing}


def logs(cloud: LocalCloud) -> Iterator[tuple[str, str]]:
    """Yield every log group of the stack, the access log included."""
    client = cloud.client("logs")
    for group in client.describe_log_groups()["logGroups"]:
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        lines = [event["message"] for page in pages for event in page["events"]]
        yield f"the log {group['logGroupName']}", "\n".join(lines)


def queues(cloud: LocalCloud) -> Iterator[tuple[str, str]]:
    """Yield the messages in the stack's other queues."""
    sqs = cloud.client("sqs")
    for url in sqs.list_queues()["QueueUrls"]:
        if url != cloud.outputs["DeadLetterQueueUrl"]:
            found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
            yield f"the queue {url}", json.dumps(found.get("Messages", []))


def files(cloud: LocalCloud) -> Iterator[tuple[str, str]]:
    """Yield each video's tags and its JSON file."""
    s3, bucket = cloud.client("s3"), cloud.outputs["ArchiveBucketName"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for key in (entry["Key"] for entry in page.get("Contents", ())):
            if key.endswith(".mp4"):
                yield f"the tags of {key}", json.dumps(s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"])
            if key.endswith(".json"):
                yield key, s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
