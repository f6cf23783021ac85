"""Send each end of a job to a web service, signed as Standard Webhooks says. Standard library and boto3 only.

The receiver verifies with a library of Standard Webhooks in its own language, and ignores a `webhook-id` that it knows.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

import boto3

TIMEOUT = 20  # seconds
secrets = boto3.client("secretsmanager")


def handler(event: dict[str, Any], _: object) -> None:
    """Deliver the event of the queue's one message. An error leaves the message on the queue, so it is tried again."""
    detail = json.loads(event["Records"][0]["body"])["detail"]
    secret = secrets.get_secret_value(SecretId=os.environ["SECRET_ARN"])["SecretString"]
    body = payload(detail)
    status = post(os.environ["ENDPOINT"], body, headers(secret, detail["eventId"], int(time.time()), body))
    if not 200 <= status < 300:  # a redirect is no delivery either
        raise RuntimeError(f"The endpoint answered {status}.")


def payload(detail: dict[str, Any]) -> bytes:
    """Return the body: the kind of the end, its time, and the event's detail."""
    kind = f"veo4k.job.{detail['state'].lower()}"
    return json.dumps({"type": kind, "timestamp": detail["finishedAt"], "data": detail}).encode()


def headers(secret: str, event_id: str, now: int, body: bytes) -> dict[str, str]:
    """Return the headers of a delivery.

    Args:
        secret: base64, with or without the prefix whsec_.
        event_id: the same in every repeat.
        now: seconds since 1970, of this attempt.
        body: as it is sent.
    """
    key = base64.b64decode(secret.strip().removeprefix("whsec_"))
    signed = hmac.digest(key, f"{event_id}.{now}.".encode() + body, hashlib.sha256)
    return {
        "content-type": "application/json",
        "user-agent": "veo4k-webhook",
        "webhook-id": event_id,
        "webhook-timestamp": str(now),
        "webhook-signature": "v1," + base64.b64encode(signed).decode(),
    }


def post(url: str, body: bytes, fields: dict[str, str]) -> int:
    """Send the request. Return the status. Follow no redirect: the next host is not the one that was configured."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("POST", f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}", body, fields)
        return connection.getresponse().status
    finally:
        connection.close()
