"""docs/operations.md and docs/alarms.md: their policies match the template, and the charts they name exist."""

import json
import re
from typing import Any

from tests.unit.docs.pages import RESOURCES, blocks, of_type, page, prose, section, words

NAME = "docs/operations.md"
POLICIES: dict[str, Any] = {info: json.loads(text) for info, text in blocks(page(NAME)) if info.startswith("json ")}
SERVICES = {"Serverless": "lambda", "ApiGatewayV2": "apigateway"}
"""Services whose actions have another prefix than the resource type's middle part in lower case."""


def actions_of(statements: list[Any]) -> set[str]:
    lists = [statement.get("Fn::If", [None, statement])[1]["Action"] for statement in statements]
    return {action for found in lists for action in (found if isinstance(found, list) else [found])}


def services(resources: list[Any]) -> set[str]:
    middles = {resource["Type"].split("::")[1] for resource in resources}
    return {SERVICES.get(middle, middle.lower()) for middle in middles}


def test_the_deployers_policy_covers_every_service_and_fits_into_a_policy() -> None:
    """IAM allows 6,144 characters and does not count white space."""
    policy = POLICIES["json deployer"]
    allowed = {action.split(":")[0] for action in actions_of(policy["Statement"])}
    assert services([*RESOURCES.values()]) | {"cloudformation", "scheduler"} <= allowed
    assert len(re.sub(r"\s", "", json.dumps(policy))) <= 6144


def test_the_key_policy_names_every_log_group_of_the_template() -> None:
    [_, logs] = POLICIES["json key-policy"]["Statement"]
    named = logs["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]
    groups = [group["LogGroupName"]["Fn::Sub"] for group in of_type("Logs::LogGroup").values()]
    assert [arn.split(":log-group:")[1] for arn in named] == [g.replace("${AWS::StackName}", "veo4k") for g in groups]


def test_the_key_policies_cover_every_service_that_uses_the_key() -> None:
    own = [r for r in RESOURCES.values() if not r["Type"].startswith(("AWS::IAM", "AWS::Serverless"))]
    users = services([resource for resource in own if "KmsKeyArn" in json.dumps(resource)])
    through = POLICIES["json key-policy-services"][0]["Condition"]["StringEquals"]["kms:ViaService"]
    assert users == {place.split(".")[0] for place in through} | {"logs"}


def test_the_boundary_section_lists_every_action_of_the_roles() -> None:
    named = words(section(NAME, "A permissions boundary"))
    listed = {word for word in named if re.fullmatch(r"[a-z0-9]+:[A-Z]\w+", word)}
    policies = [policy for role in of_type("IAM::Role").values() for policy in role["Policies"]]
    used = {action for policy in policies for action in actions_of(policy["PolicyDocument"]["Statement"])}
    assert listed - {"iam:PermissionsBoundary"} == used


def test_the_page_shows_the_saved_query_of_one_job() -> None:
    [fields] = [text.splitlines()[0] for _, text in blocks(page(NAME)) if text.startswith("fields @timestamp")]
    [saved] = [q["QueryString"] for q in of_type("Logs::QueryDefinition").values() if "jobId =" in q["QueryString"]]
    assert saved.startswith(f"{fields}\n")


def test_every_chart_or_saved_query_that_the_alarms_name_exists() -> None:
    [dashboard] = of_type("CloudWatch::Dashboard").values()
    titles = re.findall(r'"title": "([^"]+)"', dashboard["DashboardBody"]["Fn::Sub"][0])
    queries = [query["Name"]["Fn::Sub"].split("/")[1] for query in of_type("Logs::QueryDefinition").values()]
    named = re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", prose(page("docs/alarms.md")))
    assert named
    assert [phrase for phrase in named if not any(name.startswith(phrase) for name in [*titles, *queries])] == []
