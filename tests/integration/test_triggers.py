"""Each function returns a well-formed response to the sample event of its trigger (events/)."""

import pytest

from local.cloud.environment import Environment
from tests.integration.conftest import sample

ALL_DONE: dict[str, list[str]] = {"batchItemFailures": []}
RESPONSES = {
    ("SubmitFunctionName", "sqs_submit"): ALL_DONE,
    ("CallbackFunctionName", "http_callback"): {"statusCode": 404, "body": ""},
    ("CallbackFunctionName", "generated"): {"statusCode": 404, "body": ""},
    ("PublishFunctionName", "stream_publish"): ALL_DONE,
    ("ArchiveFunctionName", "sqs_archive"): ALL_DONE,
}


@pytest.mark.parametrize(("function", "name"), RESPONSES)
def test_a_sample_event_has_its_response(env: Environment, function: str, name: str) -> None:
    assert env.cloud.invoke(function, sample(name)) == RESPONSES[function, name]


def test_a_request_by_http_without_the_token_is_refused(env: Environment) -> None:
    assert env.cloud.invoke_by_name(env.cloud.function_name("api"), sample("http_api"))["statusCode"] == 401


def test_a_sweep_returns_its_counts(env: Environment) -> None:
    counts = env.cloud.invoke("SweepFunctionName", sample("schedule_sweep"))
    assert all(isinstance(count, int) for count in counts.values())
