"""Alarms of the emulator that behave like CloudWatch's.

The emulator refuses alarms on several metrics, and evaluates an alarm by the name of its metric alone.
"""

import time
from collections.abc import Mapping
from typing import Any

from ministack.services import cloudwatch  # type: ignore[import-not-found]  # lives in .venvs/cloud only
from ministack.services.cloudformation import provisioners  # type: ignore[import-not-found]

from local.cloud import metric_math

OF_ONE_METRIC = ("Namespace", "MetricName", "Dimensions", "Statistic", "ExtendedStatistic", "Period", "Unit")


def apply() -> None:
    """Replace the emulator's evaluation of alarms. Call it before the server starts."""
    _accept_alarms_of_several_metrics()
    cloudwatch._evaluate_alarm = _evaluate_alarm  # noqa: SLF001


def _accept_alarms_of_several_metrics() -> None:
    """Let a stack create alarms on metric math."""
    record_of = provisioners._cw_metric_alarm_record  # noqa: SLF001  what creates and updates an alarm calls

    def record(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        if not (queries := properties.get("Metrics")):
            return dict(record_of(name, properties))
        _evaluated(queries, {query["Id"]: [] for query in queries if "MetricStat" in query})
        alarm = record_of(name, properties | {"Metrics": None, "Namespace": "none", "MetricName": "none"})
        return {key: value for key, value in alarm.items() if key not in OF_ONE_METRIC} | {"Metrics": queries}

    provisioners._cw_metric_alarm_record = record  # noqa: SLF001


def _evaluate_alarm(alarm: dict[str, Any]) -> None:
    """Set an alarm's state from the periods of its own metrics. Before their first point, leave it as it is."""
    queries = alarm.get("Metrics") or [{"Id": "only", "MetricStat": _own_metric(alarm)}]
    stats = {query["Id"]: query["MetricStat"] for query in queries if "MetricStat" in query}
    points = {name: _points(stat["Metric"]) for name, stat in stats.items()}
    if not any(points.values()):
        return
    now = max(time.time(), *(point["Timestamp"] for some in cloudwatch._metrics.values() for point in some))  # noqa: SLF001
    count = alarm["EvaluationPeriods"]
    series = _evaluated(queries, {name: _series(points[name], stat, count, now) for name, stat in stats.items()})
    before, after = alarm["StateValue"], metric_math.state(alarm, series)
    if before != after:
        reason = f"{alarm['ComparisonOperator']} {alarm['Threshold']}: {series}"
        alarm.update(StateValue=after, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
        cloudwatch._record_history(alarm["AlarmName"], before, after, reason)  # noqa: SLF001
        cloudwatch._dispatch_alarm_actions(alarm, before, after, reason)  # noqa: SLF001


def _own_metric(alarm: Mapping[str, Any]) -> dict[str, Any]:
    """Return the only metric of an alarm, in the form of a metric of metric math."""
    metric = {key: alarm[key] for key in ("Namespace", "MetricName", "Dimensions")}
    return {"Metric": metric, "Period": alarm["Period"], "Stat": alarm.get("ExtendedStatistic") or alarm["Statistic"]}


def _points(metric: Mapping[str, Any]) -> list[dict[str, Any]]:
    dimensions = cloudwatch._dims_key({each["Name"]: each["Value"] for each in metric.get("Dimensions", ())})  # noqa: SLF001
    found = cloudwatch._metrics.get((metric["Namespace"], metric["MetricName"], dimensions))  # noqa: SLF001
    return list(found or ())


def _series(points: list[dict[str, Any]], stat: Mapping[str, Any], count: int, now: float) -> list[float | None]:
    """Return a metric's statistic for each of the latest `count` periods, the oldest first."""
    period = int(stat["Period"])
    ends = [now - period * number for number in reversed(range(count))]
    periods = ([point for point in points if end - period < point["Timestamp"] <= end] for end in ends)
    return [_statistic(some, stat["Stat"]) if some else None for some in periods]


def _statistic(points: list[dict[str, Any]], name: str) -> float | None:
    value = cloudwatch._stat_value(cloudwatch._calc_stats(points), name, points)  # noqa: SLF001
    return None if value is None else float(value)


def _evaluated(queries: list[dict[str, Any]], series: Mapping[str, list[float | None]]) -> list[float | None]:
    """Return the series that an alarm compares: that of its expression, or of its only metric."""
    expressions = [query["Expression"] for query in queries if "Expression" in query]
    [found] = [metric_math.computed(each, series) for each in expressions] or series.values()
    return found
