"""What the pages read from queues, alarms, metrics and logs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, NamedTuple

from veo4k_cli.checks.alarms import firing_alarms
from veo4k_cli.command import Session
from veo4k_cli.console.cache import Cache
from veo4k_cli.console.reading import COUNTS_SECONDS
from veo4k_cli.console.times import HOUR
from veo4k_cli.dead_letter_queue import message_count
from veo4k_cli.foreign_json import json_object
from veo4k_cli.history import log_group

SLOW_SECONDS = 60.0
HOUR_SECONDS = 15.0
REQUESTS = (
    ("JobCreated", "submit"),
    ("RequestClaimed", "submit"),
    ("RequestClaimed", "sweep"),
    ("PollClaimed", "sweep"),
    ("LinkRefreshClaimed", "sweep"),
)
"""Metrics that count the requests that take a slot."""
Point = tuple[float, float]
"""Epoch seconds of a minute, and a metric's value in it."""


class Pauses(NamedTuple):
    """Requests by minute, the minutes in which requests were paused, and the reasons with their times."""

    requests: Sequence[Point]
    paused: Sequence[float]
    reasons: Sequence[tuple[float, str]]


@dataclass
class Monitoring:
    """Reads what CloudWatch and SQS know, at most as often as it may have changed."""

    session: Session
    cache: Cache

    @property
    def now(self) -> float:
        """Return the time in epoch seconds."""
        return self.session.clock.now()

    def dead_count(self) -> int:
        """Return about how many messages the dead-letter queue holds."""
        return self.cache.get("dead", COUNTS_SECONDS, self._dead_count)

    def _dead_count(self) -> int:
        return message_count(self.session.stack.client("sqs"), self.session.stack.output("DeadLetterQueueUrl"))

    def alarms(self) -> Sequence[Mapping[str, Any]]:
        """Return the alarms that fire, by the names of the template."""
        return self.cache.get("alarms", SLOW_SECONDS, lambda: firing_alarms(self.session.stack))

    def gauge(self, metric: str) -> Point | None:
        """Return the latest value of a metric of the sweep within an hour."""
        points = self.cache.get(("metric", metric), SLOW_SECONDS, lambda: self._metrics((metric, "sweep", "Minimum")))
        return points[0][-1] if points[0] else None

    def pauses(self) -> Pauses:
        """Return the last hour of the gate."""
        return self.cache.get("pauses", HOUR_SECONDS, self._pauses)

    def _pauses(self) -> Pauses:
        gate, *counted = self._metrics(
            ("GateOpen", "sweep", "Minimum"), *((metric, service, "Sum") for metric, service in REQUESTS)
        )
        sent: dict[float, float] = {}
        for at, value in chain(*counted):
            sent[at] = sent.get(at, 0) + value
        return Pauses(sorted(sent.items()), [at for at, value in gate if value < 1], list(self._pause_reasons()))

    def _pause_reasons(self) -> Iterator[tuple[float, str]]:
        pages = self.session.stack.client("logs").get_paginator("filter_log_events")
        lines = pages.paginate(
            logGroupName=self.cache.get("group", HOUR, lambda: log_group(self.session.stack)),
            startTime=int((self.now - HOUR) * 1000),
            filterPattern='"gate_paused"',
        )
        for event in chain.from_iterable(page["events"] for page in lines):
            content = json_object(event["message"])
            if content is not None and content.get("message") == "gate_paused":
                yield event["timestamp"] / 1000, str(content.get("reason", ""))

    def _metrics(self, *wanted: tuple[str, str, str]) -> list[list[Point]]:
        """Return the last hour of metrics by minute. Each is a name, a service and a statistic."""
        stack, end = self.session.stack, datetime.fromtimestamp(self.now, UTC)
        queries = [
            {
                "Id": f"m{number}",
                "MetricStat": {"Metric": _metric(stack.name, name, service), "Period": 60, "Stat": stat},
            }
            for number, (name, service, stat) in enumerate(wanted)
        ]
        results = stack.client("cloudwatch").get_metric_data(
            MetricDataQueries=queries,
            StartTime=end - timedelta(hours=1),
            EndTime=end + timedelta(minutes=1),
            ScanBy="TimestampAscending",
        )["MetricDataResults"]
        points = {
            one["Id"]: [(at.timestamp(), value) for at, value in zip(one["Timestamps"], one["Values"], strict=True)]
            for one in results
        }
        return [points.get(query["Id"], []) for query in queries]


def _metric(namespace: str, name: str, service: str) -> dict[str, Any]:
    return {"Namespace": namespace, "MetricName": name, "Dimensions": [{"Name": "service", "Value": service}]}
