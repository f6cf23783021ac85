"""The same requests as a batch of submit, side by side over clients as they come: no shared TLS context."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import requests

table, session = boto3.client("dynamodb"), requests.Session()


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001
    """Make one POST and two writes for each message."""
    with ThreadPoolExecutor(len(event["Records"])) as executor:
        list(executor.map(_request, [json.loads(record["body"])["taskId"] for record in event["Records"]]))
    return {}


def _request(task_id: str) -> None:
    write: Any = {
        "TableName": os.environ["JOB_TABLE_NAME"],
        "Key": {"taskId": {"S": task_id}, "run": {"N": "1"}},
        "UpdateExpression": "SET #s = :s",
        "ExpressionAttributeNames": {"#s": "state"},
    }
    table.update_item(**write, ExpressionAttributeValues={":s": {"S": "SUBMITTING"}})
    session.post(os.environ["KIE_BASE_URL"] + "/api/v1/veo/get-4k-video", json={"taskId": task_id}, timeout=20)
    table.update_item(**write, ExpressionAttributeValues={":s": {"S": "PROCESSING"}})
