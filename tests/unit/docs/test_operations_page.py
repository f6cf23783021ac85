"""docs/operations.md lists every log event, alarm and queue, and its policies match the template."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from tests.unit.docs.pages import ROOT, blocks, code, page, rows, section, words
from veo4k.domain.log_events import LogEvent
from veo4k.domain.wait_reason import WaitReason
from veo4k.observability import WARNINGS, metric_name

NAME = "docs/operations.md"
CORE = ROOT / "layers/core/src/veo4k"
RESOURCES: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]
WARNING = "!"


def strings(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def table() -> list[list[str]]:
    return list(rows(section(NAME, "Log events and metrics")))


def of_type(kind: str) -> set[str]:
    return {name for name, resource in RESOURCES.items() if resource["Type"] == kind}


def test_every_log_event_is_listed_once_and_no_other() -> None:
    assert sorted(code(row[0]) for row in table()) == sorted(LogEvent)


def test_every_log_event_stands_with_its_metric() -> None:
    assert [code(row[1]) for row in table()] == [metric_name(code(row[0])) for row in table()]


def test_the_log_events_that_are_warnings_are_marked() -> None:
    assert {code(row[0]) for row in table() if row[0].endswith(WARNING)} == WARNINGS


def test_every_log_event_is_emitted_by_a_function_that_there_is() -> None:
    functions = {folder.name for folder in (ROOT / "functions").iterdir() if folder.is_dir()}
    assert {function for row in table() for function in row[2].split(", ")} <= functions


def test_every_number_that_the_sweep_measures_is_listed() -> None:
    measured = {text for text in strings(CORE / "services/health.py") if re.fullmatch(r"(?:[A-Z][a-z]+){2,}", text)}
    assert measured | {"Heartbeat"} <= set(words(section(NAME, "Log events and metrics")))


def test_every_alarm_that_is_named_exists() -> None:
    assert {code(row[0]) for row in rows(section(NAME, "Alarms"))} <= of_type("AWS::CloudWatch::Alarm")


def test_every_dead_letter_queue_is_listed() -> None:
    listed = {code(row[0]) for row in rows(section(NAME, "Dead-letter queues"))}
    assert listed == {name for name in of_type("AWS::SQS::Queue") if name.endswith("DeadLetterQueue")}


def test_every_wait_reason_is_listed_with_its_explanation() -> None:
    listed = {code(row[0]): row[1] for row in rows(section(NAME, "One job"))}
    assert listed == {reason.value: reason.explanation for reason in WaitReason}


POLICIES: dict[str, Any] = {info: json.loads(text) for info, text in blocks(page(NAME)) if info.startswith("json ")}
SERVICES = {"Serverless": "lambda", "ApiGatewayV2": "apigateway"}
"""Services whose actions have another prefix than the resource type's middle part in lower case."""


def actions_of(statements: list[Any]) -> set[str]:
    return {action for statement in statements for action in as_list(statement["Action"])}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def services(kinds: set[str]) -> set[str]:
    middles = {kind.split("::")[1] for kind in kinds}
    return {SERVICES.get(middle, middle.lower()) for middle in middles}


def test_the_deployers_policy_covers_every_service_of_the_template() -> None:
    needed = services({resource["Type"] for resource in RESOURCES.values()}) | {"cloudformation", "scheduler"}
    allowed = {action.split(":")[0] for action in actions_of(POLICIES["json deployer"]["Statement"])}
    assert needed <= allowed


def test_the_deployers_policy_fits_into_a_managed_policy() -> None:
    """IAM allows 6,144 characters and does not count white space."""
    assert len(re.sub(r"\s", "", json.dumps(POLICIES["json deployer"]))) <= 6144


def test_the_key_policy_names_every_log_group_of_the_template() -> None:
    [_, logs] = POLICIES["json key-policy"]["Statement"]
    named = logs["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]
    groups = [
        r["Properties"]["LogGroupName"]["Fn::Sub"] for r in RESOURCES.values() if r["Type"] == "AWS::Logs::LogGroup"
    ]
    assert [arn.split(":log-group:")[1] for arn in named] == [g.replace("${AWS::StackName}", "veo4k") for g in groups]


def test_the_key_policies_cover_every_service_that_uses_the_key() -> None:
    own = {name: r for name, r in RESOURCES.items() if not r["Type"].startswith(("AWS::IAM", "AWS::Serverless"))}
    users = services({r["Type"] for r in own.values() if "KmsKeyArn" in json.dumps(r)})
    through = POLICIES["json key-policy-services"][0]["Condition"]["StringEquals"]["kms:ViaService"]
    assert users == {place.split(".")[0] for place in through} | {"logs"}


def test_the_boundary_section_lists_every_action_of_the_roles() -> None:
    listed = {
        word for word in words(section(NAME, "A permissions boundary")) if re.fullmatch(r"[a-z0-9]+:[A-Z]\w+", word)
    }
    used = {
        action
        for role in RESOURCES.values()
        if role["Type"] == "AWS::IAM::Role"
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in as_list(statement.get("Fn::If", [None, statement])[1]["Action"])
    }
    assert listed - {"iam:PermissionsBoundary"} == used
