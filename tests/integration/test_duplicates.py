"""The same video asked for more than once."""

import pytest

from local.cloud.rows import Row
from tests.integration.world import World, until

TASK = "veo_task_on_time_twice"
MESSAGE = {"taskId": TASK}
EVENT_ID = f"{TASK}#0#1#SUCCEEDED"


@pytest.fixture(scope="module")
def ended(world: World) -> Row:
    """The job that three messages at once ask for, at its end."""
    world.send(MESSAGE, MESSAGE, MESSAGE)
    return world.ended(TASK)


def test_three_messages_make_one_job_and_one_file(world: World, ended: Row) -> None:
    assert [row["run"] for row in world.runs(TASK)] == [1]
    assert [stored.key for stored in world.stored(TASK)] == [ended["archive"]["key"]]


def test_three_messages_cost_one_charge(world: World, ended: Row) -> None:
    assert len(world.charges(TASK)) == 1


def test_a_message_after_the_end_has_it_announced_again_under_the_same_id(world: World, ended: Row) -> None:
    before = len(world.events(TASK))
    world.send(MESSAGE)
    events = world.events(TASK, before + 1)
    assert {event["detail"]["eventId"] for event in events} == {EVENT_ID}
    assert len(world.charges(TASK)) == 1


def test_force_does_it_again_as_run_2(world: World, ended: Row) -> None:
    world.send(MESSAGE | {"force": True})
    again = world.ended(TASK, run=2)
    assert (again["state"], again["archive"]["key"]) == ("SUCCEEDED", f"videos/{TASK}/0/2.mp4")
    assert world.runs(TASK)[0]["archive"] == ended["archive"]


def test_the_newest_run_is_announced_under_an_id_of_its_own(world: World, ended: Row) -> None:
    ids = until(lambda: {event["detail"]["eventId"] for event in world.announcements.about(TASK)} - {EVENT_ID})
    assert ids == {f"{TASK}#0#2#SUCCEEDED"}
