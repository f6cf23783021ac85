"""docs/alarms.md names charts, saved queries and alarms that exist."""

import re
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tests.unit.docs.pages import ROOT, page, prose, rows, words

NAME = "docs/alarms.md"
RESOURCES: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
_ITALIC = re.compile(r"(?<!\*)\*([^*\n]+)\*(?!\*)")


def of_type(kind: str) -> dict[str, Any]:
    return {name: resource["Properties"] for name, resource in RESOURCES.items() if resource["Type"] == kind}


def test_every_chart_or_saved_query_that_is_named_exists() -> None:
    [dashboard] = of_type("AWS::CloudWatch::Dashboard").values()
    titles = re.findall(r'"title": "([^"]+)"', dashboard["DashboardBody"]["Fn::Sub"][0])
    queries = [query["Name"]["Fn::Sub"].split("/")[1] for query in of_type("AWS::Logs::QueryDefinition").values()]
    named = _ITALIC.findall(prose(page(NAME)))
    assert named
    assert [phrase for phrase in named if not any(name.startswith(phrase) for name in [*titles, *queries])] == []


def test_the_overview_lists_every_alarm_once() -> None:
    overview = [name for row in rows(page(NAME).split("\n## ")[0]) for name in re.findall(r"`(\w+Alarm)`", row[1])]
    assert sorted(overview) == sorted(of_type("AWS::CloudWatch::Alarm"))


def test_every_queue_in_a_table_exists() -> None:
    named = {word for word in words(page(NAME)) if word.endswith("Queue")}
    assert named <= set(of_type("AWS::SQS::Queue"))
