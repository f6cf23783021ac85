"""The template's alarms with all that options add, and what each of them reads."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.infrastructure.conftest import read_template
from tests.infrastructure.rights import name_of
from tests.infrastructure.stack import of_type


class Read(NamedTuple):
    """One metric that an alarm reads. `of`: its service or resource; `place`: its number in the math expression."""

    alarm: str
    place: int
    namespace: Any
    name: str
    dimension: str
    of: str
    period: int


def _whole(alarm: dict[str, Any]) -> dict[str, Any]:
    return alarm | {"Metrics": [entry.get("Fn::If", [None, entry])[1] for entry in alarm.get("Metrics", ())]}


def _reads(name: str, alarm: dict[str, Any]) -> Iterator[Read]:
    """Yield the metrics of an alarm's math expression, or its own."""
    stats = [entry["MetricStat"] for entry in alarm["Metrics"] if "MetricStat" in entry]
    for place, stat in enumerate(stats or [{"Metric": alarm, "Period": alarm["Period"]}], 1):
        metric = stat["Metric"]
        [dimension] = metric["Dimensions"]
        of = name_of(dimension["Value"]).split(".")[0]
        yield Read(name, place, metric["Namespace"], metric["MetricName"], dimension["Name"], of, stat["Period"])


ALARMS = {n: _whole(alarm) for n, alarm in of_type(read_template()["Resources"], "AWS::CloudWatch::Alarm").items()}
READS = [read for name, alarm in ALARMS.items() for read in _reads(name, alarm)]
