"""A run's history: the functions' log lines about it, in the order in which the steps happened.

All functions log to one group. Each line names its function in the field `service`.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from veo4k.domain.job import ENDED, Job, State
from veo4k_cli.foreign_json import json_object
from veo4k_cli.formatting import printable, timestamp
from veo4k_cli.stack import FUNCTIONS, Stack

_FIRST_STEPS = frozenset({"job_created", "job_queued"})
_ENDS = {"job_archived", "job_failed", "job_timed_out", "job_cancelled", "archive_abandoned"}
_STATE_CHANGES = _FIRST_STEPS | _ENDS | {"request_accepted", "result_received"}
_LEVELS_WITH_STEPS = frozenset({"DEBUG", "INFO"})
_DETAILS = ("errorCode", "reason", "meaning", "providerCode", "providerMessage", "about", "why", "status", "error")
_DAY = 86_400
_CLOCK_DIFFERENCE = 60.0  # seconds by which CloudWatch may stamp a line earlier than its row was created
_AFTER_THE_END = 2 * _DAY  # in which it was announced; CloudWatch searches all lines until the end that it is given
_RANK = {State.QUEUED: 0, State.SUBMITTING: 0, State.PROCESSING: 1, State.READY: 2} | dict.fromkeys(ENDED, 3)


class Line(NamedTuple):
    """One step: epoch seconds, the function, the log event, the state after it, and details."""

    at: float
    function: str
    action: str
    state: str
    details: Mapping[str, str]


class History(NamedTuple):
    """All lines that are left, and why the first ones are missing, or ""."""

    lines: list[Line]
    missing: str


def read_history(stack: Stack, job: Job, now: float) -> History:
    """Read a run's history from the log group of the stack."""
    group = log_group(stack)
    lines = _in_order(line for event in _events(stack, group, job) if (line := _parse_line(event, job.job_id)))
    is_complete = any(line.action in _FIRST_STEPS for line in lines)
    return History(lines, "" if is_complete else _why_missing(stack, group, job, now))


def _in_order(lines: Iterable[Line]) -> list[Line]:
    """Sort by the rank of the state, then state changes before their consequences, then time.

    Clocks differ, and a line without a time of its own has the time at which its function ended. A state's rank never
    falls, so it decides before the time does.
    """
    return sorted(lines, key=lambda line: (_RANK[State(line.state)], line.action not in _STATE_CHANGES, line.at))


def _parse_line(event: Mapping[str, Any], job_id: str) -> Line | None:
    """Parse a log event. Return None for a line that is not one of the functions' about this run."""
    content = json_object(event["message"])
    if content is None or content.get("jobId") != job_id or content.get("service") not in FUNCTIONS:
        return None
    if content.get("state") not in set(State):
        return None
    details = {name: printable(str(content[name])) for name in _DETAILS if name in content}
    at = _parse_time(content) or event["timestamp"] / 1000
    return Line(at, content["service"], printable(str(content["message"])), content["state"], details)


def _parse_time(content: Mapping[str, Any]) -> float | None:
    """Return when the step happened, where the line says so: a function writes its lines when it ends."""
    try:
        return datetime.fromisoformat(str(content["at"])).timestamp()
    except (KeyError, ValueError):
        return None


def _events(stack: Stack, group: str, job: Job) -> Iterator[dict[str, Any]]:
    pages = stack.client("logs").get_paginator("filter_log_events")
    times = {"startTime": int((job.created_at - _CLOCK_DIFFERENCE) * 1000)}
    if job.finished_at is not None:
        times["endTime"] = int((job.finished_at + _AFTER_THE_END) * 1000)
    for page in pages.paginate(logGroupName=group, filterPattern=f'"{job.job_id}"', **times):
        yield from page["events"]


def log_group(stack: Stack) -> str:
    """Return the log group of all functions. Each function's configuration names it."""
    function = stack.function_name(FUNCTIONS[0])
    configuration = stack.client("lambda").get_function_configuration(FunctionName=function)
    return str(configuration["LoggingConfig"]["LogGroup"])


def _why_missing(stack: Stack, group: str, job: Job, now: float) -> str:
    level, days = stack.parameter("LogLevel", "INFO"), _retention_days(stack, group)
    if days and job.created_at < now - days * _DAY:
        return f"The beginning is missing. Logs are kept for {days} days, since {timestamp(now - days * _DAY)}."
    if level not in _LEVELS_WITH_STEPS:
        return f"The beginning is missing. LogLevel is {level}, so only warnings and errors are logged."
    return "The beginning is missing (yet). A function logs a step when it ends, and logs take some seconds."


def _retention_days(stack: Stack, group: str) -> int:
    found = stack.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    return next((int(entry.get("retentionInDays", 0)) for entry in found if entry["logGroupName"] == group), 0)
