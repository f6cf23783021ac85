"""What an open board costs on AWS: the calls of some minutes, at the list prices of us-east-1 in 2026."""

from collections import Counter
from typing import Any

from proofs.doubles.gate_memory import numbered
from tests.unit.cli.operator import Operator
from veo4k_cli.command import Dependencies, Session
from veo4k_cli.console.cache import Cache
from veo4k_cli.console.monitoring import Monitoring
from veo4k_cli.console.reading import Reader
from veo4k_cli.output import Output
from veo4k_cli.stack import Stack

MINUTES = 4
UNIT, METRIC, REQUEST = 0.125e-6, 0.01e-3, 0.4e-6
"""Dollars for a read unit of DynamoDB, a metric of GetMetricData, and a request of SQS."""
PRICES = {
    "query": 1.5 * UNIT,  # 51 keys of the due index, or the count of 100
    "batch_get_item": 50 * 0.5 * UNIT,
    "get_item": UNIT,
    "scan": 25 * UNIT,  # of the index by day: 500 jobs of 400 bytes
    "get_queue_attributes": REQUEST,
    "get_metric_data": METRIC,
    "describe_alarms": METRIC,
    "list_stack_resources": 0.0,
}


class Counted:
    """A client whose calls are counted."""

    def __init__(self, inner: Any, calls: Counter[str]) -> None:
        self._inner, self._calls = inner, calls

    def get_paginator(self, operation: str) -> Any:
        self._calls[operation] += 1
        return self._inner.get_paginator(operation)

    def __getattr__(self, name: str) -> Any:
        if name in PRICES:
            self._calls[name] += 1
        return getattr(self._inner, name)


def test_an_open_board_costs_less_than_two_cents_an_hour() -> None:
    operator, calls = Operator(), Counter[str]()

    def find(name: str | None, *, local: bool) -> Stack:
        stack = operator.find(name, local=local)
        client = stack.client
        object.__setattr__(stack, "client", lambda service: Counted(client(service), calls))
        return stack

    session = Session(
        Dependencies(find=find, clock=operator.clock, new_id=numbered()), None, False, Output(as_json=True)
    )
    cache, begin = Cache(operator.clock.now), operator.clock.now()
    reader, monitoring = Reader(session, cache), Monitoring(session, cache)
    operator.add_job(partition="LIVE", due=begin)
    for second in range(0, MINUTES * 60, 2):
        operator.clock.sleep_until(begin + second)
        reader.first()
        for read in (
            reader.gate,
            reader.counts,
            monitoring.dead_count,
            monitoring.alarms,
            lambda: reader.ended(["2027-01-15"]),
        ):
            read()
        for metric in ("Heartbeat", "CreditsLeft"):
            monitoring.gauge(metric)
    cost = sum(PRICES[operation] * count for operation, count in calls.items()) * 60 / MINUTES
    assert (0.005 < cost < 0.02, calls["batch_get_item"]) == (True, MINUTES * 30)
