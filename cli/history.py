"""A run's history: what the functions logged about it, in the order in which it happened."""

import json
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple

from cli.stack import FUNCTIONS, Stack
from cli.words import moment
from veo4k.domain.job import ENDED, Job, State

_OPENING = frozenset({"job_created", "job_queued"})
_REACHING = _OPENING | {"request_accepted", "result_received", "job_archived", "job_failed", "job_timed_out"}
_LOGGED = frozenset({"DEBUG", "INFO"})
_DETAILS = ("errorCode", "reason", "meaning", "why", "status", "error")
_DAY = 86_400
_BEFORE = 60.0  # seconds by which CloudWatch may stamp a line earlier than its row was made
_RANK = {State.QUEUED: 0, State.SUBMITTING: 0, State.PROCESSING: 1, State.READY: 2} | dict.fromkeys(ENDED, 3)


class Line(NamedTuple):
    """One thing that happened: epoch seconds, the function, its action, the state after it, and the details."""

    at: float
    function: str
    action: str
    state: str
    details: Mapping[str, str]


class History(NamedTuple):
    """All lines that are left, and why the beginning is missing, if it is."""

    lines: list[Line]
    missing: str


def history(stack: Stack, job: Job, now: float) -> History:
    """Read a run's history from the log groups of the five functions (FilterLogEvents; two at a time)."""
    groups = [_log_group(stack, function) for function in FUNCTIONS]
    with ThreadPoolExecutor(max_workers=2) as crew:
        found = crew.map(lambda group: list(_events(stack, group, job)), groups)
        lines = in_order(line for events in found for event in events if (line := read_line(event, job.job_id)))
    begun = any(line.action in _OPENING for line in lines)
    return History(lines, "" if begun else _missing(stack, groups[0], job, now))


def in_order(lines: Iterable[Line]) -> list[Line]:
    """Order lines as the states were reached.

    Clocks differ, and what does not say when it was has the time at which its function told it, at its end. But a
    state's rank never falls, and what reached it comes before what followed from it: that decides before the time does.
    """
    return sorted(lines, key=lambda line: (_RANK[State(line.state)], line.action not in _REACHING, line.at))


def read_line(event: Mapping[str, Any], job_id: str) -> Line | None:
    """Read a log event; None where it is no line about this run."""
    try:
        told = json.loads(event["message"])
    except ValueError:
        return None
    if not isinstance(told, dict) or told.get("jobId") != job_id or told.get("state") not in set(State):
        return None
    details = {name: str(told[name]) for name in _DETAILS if name in told}
    return Line(
        _told_at(told) or event["timestamp"] / 1000,
        str(told.get("service")),
        str(told["message"]),
        told["state"],
        details,
    )


def _told_at(told: Mapping[str, Any]) -> float | None:
    """When it happened, where the line says so: a function reports when it is done."""
    try:
        return datetime.fromisoformat(str(told["at"])).timestamp()
    except (KeyError, ValueError):
        return None


def _events(stack: Stack, group: str, job: Job) -> Iterator[dict[str, Any]]:
    pages = stack.client("logs").get_paginator("filter_log_events")
    start = int((job.created_at - _BEFORE) * 1000)
    for page in pages.paginate(logGroupName=group, startTime=start, filterPattern=f'"{job.job_id}"'):
        yield from page["events"]


def _log_group(stack: Stack, function: str) -> str:
    told = stack.client("lambda").get_function_configuration(FunctionName=stack.function(function))
    return str(told["LoggingConfig"]["LogGroup"])


def _missing(stack: Stack, group: str, job: Job, now: float) -> str:
    level, days = stack.parameter("LogLevel", "INFO"), _retention(stack, group)
    if days and job.created_at < now - days * _DAY:
        return f"Logs are kept for {days} days: what happened before {moment(now - days * _DAY)} is gone."
    if level not in _LOGGED:
        return f"The parameter LogLevel is {level}: what is no warning is not logged, so the beginning is missing."
    return "The beginning is not in the logs (yet): a function reports when it is done, and logs take some seconds."


def _retention(stack: Stack, group: str) -> int:
    found = stack.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    return next((int(told.get("retentionInDays", 0)) for told in found if told["logGroupName"] == group), 0)
