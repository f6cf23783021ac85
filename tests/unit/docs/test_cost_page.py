"""docs/evidence/cost.md is the model's output, and what other pages quote of it is true."""

import re

import pytest
from samtranslator.yaml_helper import yaml_parse

from bench import cost, cost_page
from tests.unit.docs.pages import ROOT, page

TEMPLATE = yaml_parse((ROOT / "template.yaml").read_text())
UNITS = cost_page.counted(page("docs/evidence/performance.md"))
IDLE = cost.idle(cost_page.stack(TEMPLATE)).values()
LISTED, ALONE = (sum(prices) for prices in zip(*IDLE, strict=True))


def test_the_page_is_what_model_template_and_counted_units_give() -> None:
    assert page("docs/evidence/cost.md") == cost_page.page(page("docs/evidence/performance.md"), TEMPLATE)


def test_the_dashboard_stays_within_what_aws_gives_for_nothing() -> None:
    assert cost_page.stack(TEMPLATE).dashboard_metrics < cost.FREE_DASHBOARD_METRICS


def test_the_model_counts_every_metric_that_an_idle_sweep_emits() -> None:
    source = (ROOT / "layers/core/src/veo4k/services/health.py").read_text()
    emitted = set(re.findall(r'Gauge\("(\w+)"', source))
    assert set(cost.IDLE_METRICS) == emitted | {"Heartbeat"}


@pytest.mark.parametrize("name", ["README.md", "docs/operations.md"])
def test_other_pages_quote_the_models_sums_rounded(name: str) -> None:
    sums = [sum(cost.known(UNITS).values()), sum(cost.end(UNITS).values()), LISTED, ALONE]
    assert {f"${total:.0f}" for total in sums} <= set(re.findall(r"\$\d+", page(name)))


@pytest.mark.parametrize("name", ["docs/decisions.md", "CHANGELOG.md"])
def test_the_idle_month_is_quoted_to_the_cent(name: str) -> None:
    assert {f"${LISTED:.2f}", f"${ALONE:.2f}"} <= set(re.findall(r"\$\d+\.\d\d", page(name)))


def test_an_expression_is_billed_for_each_metric_that_it_reads() -> None:
    alarms = {name: r for name, r in TEMPLATE["Resources"].items() if r["Type"] == "AWS::CloudWatch::Alarm"}
    without_limit = sum(cost_page.metrics_read(r["Properties"]) for r in alarms.values()) - 1
    assert cost_page.stack(TEMPLATE).alarm_metrics == without_limit
