"""The table's private rows on the local cloud: only the functions that pace the account can reach the gate."""

from collections.abc import Iterator

import pytest

from local.cloud.local_cloud import LocalCloud
from tests.infrastructure.test_local_cloud import TRIES, zipped

WRITES = (
    "boto3.client('dynamodb').update_item("
    "TableName='{table}', Key={{'taskId': {{'S': '{task}'}}, 'run': {{'N': '0'}}}})"
)


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    with LocalCloud({"JobsApi": "on"}) as running:
        yield running


def tried(cloud: LocalCloud, function: str, task: str) -> str:
    """Return the outcome when a function with the role of this one writes a row of this task."""
    lambdas, name = cloud.client("lambda"), f"{function}-{task.strip('#')}"
    role = lambdas.get_function_configuration(FunctionName=cloud.function_name(function))["Role"]
    call = WRITES.format(table=cloud.outputs["JobTableName"], task=task)
    lambdas.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="app.handler",
        Timeout=60,  # importing the SDK takes long on a busy machine
        Code={"ZipFile": zipped(TRIES.format(call=call))},
    )
    answer: str = lambdas.invoke(FunctionName=name)["Payload"].read().decode()
    return answer.strip('"')


@pytest.mark.parametrize("function", ["Submit", "Sweep"])
def test_functions_that_call_the_provider_write_the_gate(cloud: LocalCloud, function: str) -> None:
    assert tried(cloud, function, "#gate") == "done"


@pytest.mark.parametrize("function", ["Callback", "Publish", "Archive", "Api"])
def test_no_other_function_writes_the_gate(cloud: LocalCloud, function: str) -> None:
    assert tried(cloud, function, "#gate") == "AccessDeniedException"


@pytest.mark.parametrize("function", ["Callback", "Publish", "Archive", "Api"])
def test_every_function_writes_jobs(cloud: LocalCloud, function: str) -> None:
    assert tried(cloud, function, "task12345678") == "done"
