"""docs/evidence/cost.md is the model's output, and what other pages quote of it is true."""

import re
from typing import Any

import pytest

from bench import cost, cost_page
from proofs.doubles.stage import Stage
from tests.unit.docs.pages import TEMPLATE, of_type, page, rows
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain.gate import Pace

UNITS = cost_page.counted(page("docs/evidence/performance.md"))
IDLE = cost.idle(cost_page.stack(TEMPLATE)).values()
LISTED, ALONE = (sum(prices) for prices in zip(*IDLE, strict=True))


def test_the_page_is_what_model_template_and_counted_units_give() -> None:
    assert page("docs/evidence/cost.md") == cost_page.page(page("docs/evidence/performance.md"), TEMPLATE)


def test_the_model_counts_every_metric_that_an_idle_sweep_emits() -> None:
    emitted = set(re.findall(r'Gauge\("(\w+)"', page("layers/core/src/veo4k/services/health.py")))
    assert set(cost.IDLE_METRICS) == emitted


class Reads:
    """A client of DynamoDB with an empty table, which counts the reads."""

    def __init__(self) -> None:
        self.queries = self.gets = 0

    def query(self, **_: Any) -> dict[str, Any]:
        self.queries += 1
        return {"Items": []}

    def get_item(self, **_: Any) -> dict[str, Any]:
        self.gets += 1
        return {}


@pytest.mark.parametrize("chance", [0.0, 0.9], ids=["QUEUED first in a pause", "LIVE first"])
def test_an_idle_sweep_reads_the_table_as_often_as_the_model_says(chance: float) -> None:
    reads: Any = Reads()
    stage: Any = Stage()
    stage.faulty_jobs, stage.faulty_gate = DynamoJobs(reads, "table"), DynamoGate(reads, "table", Pace(), stage.new_id)
    stage.chance, health = chance, stage.health()
    stage.swept(after=90)
    health.gauges()
    assert (reads.queries, reads.gets) == (cost.IDLE_QUERIES, cost.IDLE_GATE_READS)


def test_the_jobs_api_adds_the_metrics_that_its_option_names() -> None:
    entries = [entry for alarm in of_type("CloudWatch::Alarm").values() for entry in alarm.get("Metrics", ())]
    price = cost.options()["`JobsApi`: a secret, and three more metrics that alarms read"]
    assert price.listed == cost.SECRET + sum("Fn::If" in entry for entry in entries) * cost.ALARM_METRIC


def test_other_pages_quote_the_models_sums() -> None:
    sums = {f"${each:.0f}" for each in (sum(cost.known(UNITS).values()), sum(cost.end(UNITS).values()), LISTED, ALONE)}
    cents = {f"${LISTED:.2f}", f"${ALONE:.2f}"}
    expected = {"README.md": sums, "docs/operations.md": sums, "docs/decisions.md": cents, "CHANGELOG.md": cents}
    for name, quoted in expected.items():
        assert quoted <= set(re.findall(r"\$\d+(?:\.\d\d)?", page(name))), name


def test_the_questions_quote_the_costs_of_other_shapes() -> None:
    shapes = rows("docs/evidence/cost.md", "Other shapes, their orchestration alone")
    quoted = {row[-1] for row in rows("docs/faq.md", "What does it cost beside other shapes?")}
    assert {f"{float(cost):,.0f}" for _, cost in shapes} < quoted


def test_the_dashboard_is_free_and_an_expression_billed_for_each_metric() -> None:
    assert cost_page.stack(TEMPLATE).dashboard_metrics < cost.FREE_DASHBOARD_METRICS
    without_limit = sum(map(cost_page.metrics_read, of_type("CloudWatch::Alarm").values())) - 1
    assert cost_page.stack(TEMPLATE).alarm_metrics == without_limit
