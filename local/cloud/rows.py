"""Reads the job table with the rights of the account's owner."""

import time
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer

Row = Mapping[str, Any]
"""A row as plain values: strings, numbers, lists, dictionaries."""

ENDED = frozenset({"SUCCEEDED", "FAILED", "TIMED_OUT", "CANCELLED"})

_PLAIN = TypeDeserializer()


def read_rows(dynamodb: Any, table: str) -> list[Row]:
    """Return all jobs of a table, the oldest first. Rows of other kinds (the gate) are left out."""
    pages = dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    rows = [_row(item) for page in pages for item in page["Items"]]
    return sorted((row for row in rows if "jobId" in row), key=lambda row: str(row["createdAt"]))


def read_runs(dynamodb: Any, table: str, task_id: str) -> list[Row]:
    """Return all runs of one task, in order."""
    found = dynamodb.query(
        TableName=table,
        KeyConditionExpression="taskId = :task",
        ExpressionAttributeValues={":task": {"S": task_id}},
        ConsistentRead=True,
    )
    return [_row(item) for item in found["Items"]]


def public(row: Row) -> dict[str, Any]:
    """Return the attributes that the interface promises."""
    return {name: value for name, value in row.items() if not name.startswith("#")}


def is_changed(end: Row, row: Row) -> bool:
    """Return whether the public part of an ended row has changed since; a base video may have come, once."""
    came = {"base": row["base"]} if "base" in row else {}
    return came | public(end) != public(row)


def row_of(event: Mapping[str, Any]) -> Row:
    """Return the public row that an event holds."""
    return {name: value for name, value in event["detail"].items() if name != "eventId"}


def has_ended(row: Row) -> bool:
    """Return whether a job has ended."""
    return row["state"] in ENDED


def is_announced(row: Row) -> bool:
    """Return whether a job has ended and the stack has announced its end."""
    return has_ended(row) and "#lane" not in row


def age(row: Row, now: float | None = None) -> float:
    """Return the seconds from a job's creation to its end, or until `now` (epoch seconds)."""
    end = _seconds(row["finishedAt"]) if "finishedAt" in row else now or time.time()
    return max(0.0, end - _seconds(row["createdAt"]))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _row(item: Mapping[str, Any]) -> Row:
    return {name: _json_value(_PLAIN.deserialize(value)) for name, value in item.items()}


def _json_value(value: Any) -> Any:
    """Return a value with int and float instead of Decimal, at any depth."""
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, dict):
        return {name: _json_value(inner) for name, inner in value.items()}
    return [_json_value(inner) for inner in value] if isinstance(value, list) else value
