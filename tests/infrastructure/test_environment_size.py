"""Lambda refuses a function whose variables exceed 4 KB, and CloudFormation notices only while it deploys."""

import json
from typing import Any

import pytest

from tests.infrastructure.stack import FUNCTIONS, Resources, Template, properties
from tests.infrastructure.test_deployable import LONGEST_STACK_NAME
from veo4k.settings import TUNING_NAMES

LIMIT = 4096
"""Bytes of all variables of a function ("Lambda quotas"). Its error message quotes them as one JSON object."""

REGION = "ap-southeast-1"
LONGEST_URL_SUFFIX = "amazonaws.com.cn"
LONGEST_NUMBER = 20
"""Digits that the longest number of a parameter is given here. CloudFormation limits a number by its value only."""

API = f"https://a1b2c3d4e5.execute-api.{REGION}.{LONGEST_URL_SUFFIX}"
OF_RESOURCES = {
    "AWS::StackName": LONGEST_STACK_NAME,
    "JobTable": f"{LONGEST_STACK_NAME}-JobTable-{'A' * 13}",
    "EventBus": f"{LONGEST_STACK_NAME}-jobs",
    "ArchiveBucket": "b" * 63,
    "CallbackApi.ApiEndpoint": API,
    "${JobsHttpApi.ApiEndpoint}/v1": f"{API}/v1",
}
QUEUE_URL = f"https://sqs.{REGION}.{LONGEST_URL_SUFFIX}/111122223333/{'q' * 80}"


def longest(template: Template, value: Any) -> str:
    """Return the longest text that a variable of the template can become."""
    match value:
        case str():
            return value
        case {"Fn::If": [_, *choices]}:
            return max((longest(template, choice) for choice in choices), key=len)
        case {"Ref": name} if name in template["Parameters"]:
            return longest_parameter(template["Parameters"][name])
        case {"Ref": str(name)} | {"Fn::Sub": str(name)}:
            return QUEUE_URL if name.endswith("Queue") else OF_RESOURCES[name]
        case {"Fn::GetAtt": [name, "Id"]}:
            return f"arn:aws-us-gov:secretsmanager:{REGION}:111122223333:secret:{name}-{'a' * 12}-{'b' * 6}"
        case {"Fn::GetAtt": [name, attribute]}:
            return OF_RESOURCES[f"{name}.{attribute}"]
    raise AssertionError(value)


def longest_parameter(parameter: dict[str, Any]) -> str:
    if "AllowedValues" in parameter:
        return max((str(value) for value in parameter["AllowedValues"]), key=len)
    return "x" * (LONGEST_NUMBER if parameter["Type"] == "Number" else parameter["MaxLength"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_longest_parameters_fit_into_the_variables(template: Template, resources: Resources, function: str) -> None:
    variables = properties(resources, f"{function}Function")["Environment"]["Variables"]
    whole = {name: longest(template, value) for name, value in variables.items()}
    assert len(json.dumps(whole, separators=(",", ":"))) <= LIMIT


def test_tuning_takes_every_name_with_its_longest_number(template: Template) -> None:
    every = ",".join(f"{name}=99999999" for name in TUNING_NAMES)
    assert len(every) <= template["Parameters"]["Tuning"]["MaxLength"]


def test_a_url_may_have_the_longest_host_and_port(template: Template) -> None:
    for name in ("KieBaseUrl", "CallbackBaseUrl"):
        assert template["Parameters"][name]["MaxLength"] == len("https://") + 253 + len(":65535")
