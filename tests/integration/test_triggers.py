"""Each function takes the sample event of its trigger (events/) and gives a well-formed answer."""

import pytest

from tests.integration.world import World, sample

ALL_DONE: dict[str, list[str]] = {"batchItemFailures": []}
ANSWERS = {
    ("SubmitFunctionName", "sqs_submit"): ALL_DONE,
    ("CallbackFunctionName", "http_callback"): {"statusCode": 404, "body": ""},
    ("PublishFunctionName", "stream_publish"): ALL_DONE,
    ("ArchiveFunctionName", "sqs_archive"): ALL_DONE,
}


@pytest.mark.parametrize(("function", "name"), ANSWERS)
def test_a_sample_event_is_answered(world: World, function: str, name: str) -> None:
    assert world.cloud.invoke(function, sample(name)) == ANSWERS[function, name]


def test_a_sweep_answers_with_its_counts(world: World) -> None:
    counts = world.cloud.invoke("SweepFunctionName", sample("schedule_sweep"))
    assert all(isinstance(count, int) for count in counts.values())
