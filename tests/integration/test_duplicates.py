"""Several messages about the same video."""

import pytest

from local.cloud.environment import Environment
from local.cloud.rows import Row
from local.waiting import wait_until

TASK = "veo_task_on_time_twice"
MESSAGE = {"taskId": TASK}
EVENT_ID = f"{TASK}#0#1#SUCCEEDED"


@pytest.fixture(scope="module")
def ended(env: Environment) -> Row:
    """The ended job of three messages that were sent at once."""
    env.cloud.send(MESSAGE, MESSAGE, MESSAGE)
    return env.ended(TASK)


def test_three_messages_make_one_job_one_file_and_one_charge(env: Environment, ended: Row) -> None:
    assert [row["run"] for row in env.cloud.runs(TASK)] == [1]
    assert [stored.key for stored in env.stored(TASK)] == [ended["archive"]["key"]]
    assert len(env.charges(TASK)) == 1


def test_a_message_after_the_end_repeats_the_event_with_its_id(env: Environment, ended: Row) -> None:
    before = len(env.events_about(TASK))
    env.cloud.send(MESSAGE)
    events = env.events_about(TASK, before + 1)
    assert {event["detail"]["eventId"] for event in events} == {EVENT_ID}
    assert len(env.charges(TASK)) == 1


def test_force_makes_a_second_run_with_its_own_file_and_event(env: Environment, ended: Row) -> None:
    env.cloud.send(MESSAGE | {"force": True})
    second = env.ended(TASK, run=2)
    assert (second["state"], second["archive"]["key"]) == ("SUCCEEDED", f"videos/{TASK}/0/2.mp4")
    assert env.cloud.runs(TASK)[0]["archive"] == ended["archive"]
    ids = wait_until(lambda: {event["detail"]["eventId"] for event in env.events.about(TASK)} - {EVENT_ID})
    assert ids == {f"{TASK}#0#2#SUCCEEDED"}
