"""The end of a job of each scenario. All are sent together."""

import hashlib

import pytest

from local.cloud.environment import Environment
from local.cloud.rows import Row, public
from local.cloud.stored_videos import expected_hash
from local.kie.ledger import credits_spent
from local.waiting import wait_until

EVIDENCE = {"on_time": "callback", "lost": "probe", "own_id_lost": "probe"}
FAILED = {"failure": "NOT_AVAILABLE_IN_4K", "unavailable_4k": "NOT_AVAILABLE_IN_4K", "base_video": "NOT_4K"}
DOWNLOADED = ("dead_link", "page_first", "late_file", "blank_encoding")
SIZES = dict.fromkeys(("on_time", "lost", *DOWNLOADED), (3840, 2160)) | {"portrait": (2160, 3840)}
SUCCEEDED = ("on_time", "portrait", "lost", "answer_lost", "answer_and_callback_lost", "own_id_lost", *DOWNLOADED)


def task(scenario: str) -> str:
    return f"veo_task_{scenario}_outcome"


@pytest.fixture(scope="module")
def ended(env: Environment) -> dict[str, Row]:
    """The row of each scenario's job at its end."""
    scenarios = (*SUCCEEDED, *FAILED)
    env.cloud.send(*({"taskId": task(scenario), "tags": {"scenario": scenario}} for scenario in scenarios))
    return {scenario: env.ended(task(scenario)) for scenario in scenarios}


@pytest.mark.parametrize("scenario", SIZES)
def test_a_message_becomes_a_proven_4k_file(env: Environment, ended: dict[str, Row], scenario: str) -> None:
    [stored] = env.stored(task(scenario))
    assert (stored.key, stored.width, stored.height) == (f"videos/{task(scenario)}/0/1.mp4", *SIZES[scenario])
    assert stored.sha256 == expected_hash(env.simulator, task(scenario), portrait=scenario == "portrait")
    beside = {"bucket": env.cloud.outputs["ArchiveBucketName"], "poster": True}
    assert ended[scenario]["archive"] == stored._asdict() | beside


@pytest.mark.parametrize("scenario", [*SUCCEEDED, *FAILED])
def test_an_event_equals_its_row(env: Environment, ended: dict[str, Row], scenario: str) -> None:
    row, events = ended[scenario], env.events_about(task(scenario))
    expected = public(row) | {"eventId": f"{task(scenario)}#0#1#{row['state']}"}
    at_any_time = {"base": expected.get("base")}  # it may come after the event
    assert [event["detail"] | at_any_time for event in events] == [expected | at_any_time] * len(events)
    assert {event["detail-type"] for event in events} == {f"Veo 4K Job {row['state'].title()}"}


@pytest.mark.parametrize("scenario", SUCCEEDED)
def test_a_job_is_charged_once_whatever_is_lost(env: Environment, ended: dict[str, Row], scenario: str) -> None:
    assert (ended[scenario]["state"], len(env.charges(task(scenario)))) == ("SUCCEEDED", 1)
    assert ended[scenario]["evidence"] == EVIDENCE.get(scenario, ended[scenario]["evidence"])
    assert ended[scenario]["tags"] == {"scenario": scenario}


def test_a_lost_response_is_requested_again_without_a_callback(ended: dict[str, Row]) -> None:
    assert ended["answer_and_callback_lost"]["attempts"] > 1


@pytest.mark.parametrize("scenario", FAILED)
def test_a_job_that_cannot_succeed_fails_without_a_file(env: Environment, ended: dict[str, Row], scenario: str) -> None:
    assert (ended[scenario]["state"], ended[scenario]["error"]["code"]) == ("FAILED", FAILED[scenario])
    assert env.stored(task(scenario)) == []


def test_the_base_video_is_kept_where_there_is_no_4k_version(env: Environment, ended: dict[str, Row]) -> None:
    unavailable = task("unavailable_4k")
    row = wait_until(lambda: next((row for row in env.cloud.runs(unavailable) if "base" in row), None))
    base, bucket = row["base"], env.cloud.outputs["ArchiveBucketName"]
    video = env.cloud.client("s3").get_object(Bucket=bucket, Key=f"videos/{unavailable}/0/1.base.mp4")["Body"].read()
    assert (base["bytes"], base["sha256"]) == (len(video), hashlib.sha256(video).hexdigest())
    assert (base["width"], base["height"]) == (1280, 720)
    assert public(row) == public(ended["unavailable_4k"]) | {"base": base}
    assert "#base" not in row


def test_a_failed_generation_is_charged_and_refunded(env: Environment, ended: dict[str, Row]) -> None:
    charges = env.charges(task("failure"))
    assert (len(charges), credits_spent(charges)) == (1, 0)


def test_forged_callbacks_are_refused_and_the_true_one_is_accepted(env: Environment) -> None:
    forged = task("forged")
    env.simulator.register(forged, "forged", minutes=30.0)
    env.cloud.send({"taskId": forged})
    assert env.ended(forged)["state"] == "SUCCEEDED"
    statuses = sorted(attempt["status"] for attempt in env.simulator.callbacks(forged))
    assert statuses == [200, 401, 401, 401, 404, 404]
