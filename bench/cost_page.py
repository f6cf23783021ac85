"""docs/evidence/cost.md: the model over the units in docs/evidence/performance.md and over the template.

`python -m bench.cost_page` writes the page anew. It measures nothing; `make bench` counts the units.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from bench import cost
from local.paths import ROOT

PAGE = ROOT / "docs/evidence/cost.md"
FIGURES = {
    "writes_known": "table writes until the result is known, units",
    "whole": "table writes until it is announced, units",
    "log_bytes": "bytes that a job logs, platform lines apart",
    "writes_signed": "the same where signed links have 400 characters",
}
"""Rows of docs/evidence/performance.md that the model reads."""

TEXT = """\
# What it costs

This page is a model, not a bill: units that `make bench` counted ([performance](performance.md), {when}),
times list prices of us-east-1. `python -m bench.cost_page` writes this page. The prices:
{SOURCES}

The model's assumptions are in `bench/cost.py`: a generation of 450 s, a response of the provider after 0.6 s,
batches of ten, 256 MB on arm64.

An idle month costs ${idle_sum:.2f} by list price. Monitoring (alarms, metrics, dashboard) is ${watching:.2f} of it. A
stack that is alone in its account pays ${alone_sum:.2f}, because AWS gives every account free allowances.

A million jobs cost ${million:.0f}. The archive is ${archive:.0f} of it: its function runs as long as the download
lasts, and S3 charges a request for every 16 MB. The provider charges {times:,.0f} times as much as AWS.

## From the message to the known result

{known}
A row is paid by the kilobyte. Where signed links of 400 characters make it larger than one, its writes take
{units.writes_signed:.1f} units in all instead of {whole:.1f}: ${dearer:.2f} a million more.

That is ${job:.6f} a job. The provider's own charge for one 4K video is {CREDITS} credits, about ${VIDEO:.2f} by its
newest lists: AWS is {share:.4f} % of it, and one paid request too many costs as much as {duplicate:,.0f} jobs on AWS.
In a burst submit waits for its slots, up to 20 s for a batch of ten: that adds up to ${burst:.2f} a million. Where no
job comes within 30 s of another, each has an invocation of its own and reads its keys anew: that adds
${one_by_one:.2f} a million.

## Other shapes, their orchestration alone

{anchors}
![$ of a million jobs](plots/cost.svg)

## Archive and announcement

{end}
Stored files and the egress of their downloads come on top: $0.023 per GB and month in S3 Standard.

A custom metric costs $0.30 for a month in which it is counted every hour. A job that succeeds by its callback counts
{JOB_METRICS} metrics beyond those of an idle stack. They cost ${job_metrics_price:.2f} in a month with a job of this
kind in every hour.

## A month in which nothing happens

By list price, and in an account that uses its free allowances (ten custom metrics, ten metrics that alarms read,
three dashboards of 50 metrics, a million requests to SQS, Lambda's, the schedule's and the logs') for nothing else:

{idle}
Empty receives: Lambda polls a queue without messages too. The model assumes {POLLERS} connections for each queue that
wait {LONG_POLL:.0f} s each, as third parties measured; AWS documents no number. No function records traces, so X-Ray
costs nothing.

Parameters that add to it:

{options}
A NAT gateway takes ${NAT_GB} for each GB besides.
"""


def counted(performance: str) -> cost.Counted:
    """Return the units of one job that the page docs/evidence/performance.md contains."""
    figures = {name: _figure(performance, row) for name, row in FIGURES.items()}
    known = figures["writes_known"]
    return cost.Counted(known, figures["whole"] - known, figures["log_bytes"], figures["writes_signed"])


def _figure(performance: str, row: str) -> float:
    [figure] = re.findall(rf"^\| {re.escape(row)} \| [^|]* \| ([0-9.]+) \|", performance, re.MULTILINE)
    return float(figure)


def stack(template: Mapping[str, Any]) -> cost.Stack:
    """Return what a template creates with its parameters' defaults."""
    resources = [r for r in template["Resources"].values() if _exists(template, r.get("Condition"))]

    def of_type(kind: str) -> list[dict[str, Any]]:
        return [resource["Properties"] for resource in resources if resource["Type"] == kind]

    functions = of_type("AWS::Serverless::Function")
    events = [event for function in functions for event in function.get("Events", {}).values()]
    [dashboard] = of_type("AWS::CloudWatch::Dashboard")
    return cost.Stack(
        alarm_metrics=sum(map(metrics_read, of_type("AWS::CloudWatch::Alarm"))),
        dashboard_metrics=_metrics_drawn(dashboard["DashboardBody"]["Fn::Sub"]),
        secrets=len(of_type("AWS::SecretsManager::Secret")),
        polled_queues=sum(event["Type"] == "SQS" for event in events),
        traced="Tracing" in template["Globals"]["Function"],
    )


def _exists(template: Mapping[str, Any], condition: str | None) -> bool:
    """Return whether a resource exists with the default of the one parameter that its condition compares."""
    if condition is None:
        return True
    test, negated = template["Conditions"][condition], False
    if "Fn::Not" in test:
        [test], negated = test["Fn::Not"], True
    left, right = test["Fn::Equals"]
    return (str(template["Parameters"][left["Ref"]]["Default"]) == str(right)) is not negated


def metrics_read(alarm: Mapping[str, Any]) -> int:
    """Count the metrics of an alarm: a math expression is billed for each metric that it reads."""
    return sum("MetricStat" in entry for entry in alarm["Metrics"]) if "Metrics" in alarm else 1


def _metrics_drawn(body: str | list[Any]) -> int:
    """Count the metrics of a dashboard's body, which is JSON once the variables of `Fn::Sub` are left out."""
    text, variables = (body, {}) if isinstance(body, str) else body
    for name in variables:
        text = text.replace(f"${{{name}}}", "")
    return sum(len(widget["properties"].get("metrics", [])) for widget in json.loads(text)["widgets"])


def page(performance: str, template: Mapping[str, Any]) -> str:
    """Return docs/evidence/cost.md."""
    units = counted(performance)
    known, end, idle = cost.known(units), cost.end(units), cost.idle(stack(template))
    million, whole = sum(known.values()) + sum(end.values()), units.writes_known + units.writes_end
    job = sum(known.values()) / cost.MILLION
    [when] = re.findall(r"on (\d{4}-\d{2}-\d{2})", performance)
    numbers = {
        "units": units,
        "when": when,
        "idle_sum": sum(price.listed for price in idle.values()),
        "alone_sum": sum(price.alone for price in idle.values()),
        "watching": sum(price.listed for price in [*idle.values()][:3]),
        "million": million,
        "archive": sum(price for name, price in end.items() if name.startswith(("Lambda archive", "S3"))),
        "times": cost.VIDEO * cost.MILLION / million,
        "job": job,
        "whole": whole,
        "dearer": (units.writes_signed - whole) * cost.WRITE,
        "share": job / cost.VIDEO * 100,
        "duplicate": cost.VIDEO / job,
        "burst": cost.burst_extra(),
        "one_by_one": cost.one_by_one(),
        "job_metrics_price": cost.JOB_METRICS * cost.METRIC,
    }
    tables = {
        "known": _prices(known),
        "anchors": _prices(cost.anchors(), whole=False),
        "end": _prices(end),
        "idle": _monthly(idle),
        "options": _monthly(cost.options(), whole=False),
    }
    return TEXT.format_map(vars(cost) | numbers | tables)


def _prices(rows: Mapping[str, float], *, whole: bool = True) -> str:
    lines = "".join(f"| {name} | {price:.2f} |\n" for name, price in rows.items())
    total = f"| **all** | **{sum(rows.values()):.2f}** |\n" if whole else ""
    return f"| | $ per million jobs |\n|---|---|\n{lines}{total}"


def _monthly(rows: Mapping[str, cost.Price], *, whole: bool = True) -> str:
    lines = "".join(f"| {name} | {price.listed:.2f} | {price.alone:.2f} |\n" for name, price in rows.items())
    listed, alone = (sum(prices) for prices in zip(*rows.values(), strict=True))
    total = f"| **all** | **{listed:.2f}** | **{alone:.2f}** |\n" if whole else ""
    return f"| | $ per month, list price | with free allowances |\n|---|---|---|\n{lines}{total}"


def write() -> None:
    """Write docs/evidence/cost.md anew."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    PAGE.write_text(page((ROOT / "docs/evidence/performance.md").read_text(), template))


if __name__ == "__main__":
    write()
