"""Each option of the template on the local cloud: a stack with it is created, runs and is deleted."""

from collections.abc import Iterator

import pytest

from local.cloud.emulator import emulator
from local.cloud.local_cloud import LocalCloud
from tests.e2e.account import Account, prepared

OPTIONS = (
    {"LowCredits": "0"},
    {"DailyRequestLimit": "10"},
    {"KeepBase": "off"},
    {"ExpireAfterDays": "30"},
    {"JobsApi": "on"},
    {"CallbackBaseUrl": "none"},
    {"CallbackBaseUrl": "https://videos.example.com"},
    {"ProviderContract": "jobs"},
    {"KmsKeyArn": "{key}"},
    {"ArchiveBucketName": "{bucket}"},
    {"PermissionsBoundaryArn": "{boundary}"},
    {"SubnetIds": "{subnets}", "SecurityGroupIds": "{groups}"},
)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with emulator() as url:
        yield url


@pytest.fixture(scope="module")
def account(endpoint: str) -> Account:
    return prepared(endpoint)


@pytest.mark.parametrize("option", OPTIONS, ids=str)
def test_a_stack_with_an_option_is_created_and_runs(endpoint: str, account: Account, option: dict[str, str]) -> None:
    parameters = account.filled(option)
    with LocalCloud(parameters, stack="option", endpoint=endpoint) as cloud:
        assert "sweep_interrupted" not in cloud.invoke("SweepFunctionName", {})
        assert [name for name, value in parameters.items() if cloud.outputs.get(name, value) != value] == []


def test_alarms_are_sent_to_the_address(endpoint: str) -> None:
    with LocalCloud({"AlarmEmail": "operator@example.com"}, stack="mail", endpoint=endpoint) as cloud:
        assert "sweep_interrupted" not in cloud.invoke("SweepFunctionName", {})
        [found] = cloud.client("sns").list_subscriptions_by_topic(TopicArn=cloud.outputs["AlarmTopicArn"])[
            "Subscriptions"
        ]
    assert (found["Protocol"], found["Endpoint"]) == ("email", "operator@example.com")


def test_a_permissions_boundary_bounds_the_roles(endpoint: str, account: Account) -> None:
    boundary = {"PermissionsBoundaryArn": account.no_table}
    with LocalCloud(boundary, stack="bound", endpoint=endpoint) as cloud:
        assert cloud.invoke("SweepFunctionName", {}) == {"sweep_interrupted": 1}
        assert "AccessDenied" in cloud.logs("SweepFunctionName")


def test_a_stack_name_may_have_50_characters(endpoint: str) -> None:
    with LocalCloud(stack="v" * 50, endpoint=endpoint) as cloud:
        assert "sweep_interrupted" not in cloud.invoke("SweepFunctionName", {})
