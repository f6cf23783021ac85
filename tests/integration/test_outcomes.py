"""What becomes of one job of each kind: all are sent together and looked at when they have ended."""

import pytest

from local.cloud.rows import Row, public
from local.demo.checks import credits_charged
from local.demo.evidence import true_hash
from tests.integration.world import World

SCENARIOS = (
    "on_time",
    "portrait",
    "lost",
    "answer_lost",
    "answer_and_callback_lost",
    "failure",
    "base_video",
    "dead_link",
    "own_id_lost",
)
FORGED_ANSWERS = [200, 401, 401, 401, 404, 404]


def task(scenario: str) -> str:
    return f"veo_task_{scenario}_outcome"


@pytest.fixture(scope="module")
def ended(world: World) -> dict[str, Row]:
    """The row of each scenario's job at its end."""
    world.send(*({"taskId": task(scenario), "tags": {"scenario": scenario}} for scenario in SCENARIOS))
    return {scenario: world.ended(task(scenario)) for scenario in SCENARIOS}


@pytest.mark.parametrize(
    ("scenario", "size"),
    [("on_time", (3840, 2160)), ("portrait", (2160, 3840)), ("lost", (3840, 2160)), ("dead_link", (3840, 2160))],
)
def test_a_message_becomes_a_proven_4k_file(
    world: World, ended: dict[str, Row], scenario: str, size: tuple[int, int]
) -> None:
    [stored] = world.stored(task(scenario))
    assert (stored.key, stored.width, stored.height) == (f"videos/{task(scenario)}/0/1.mp4", *size)
    assert stored.sha256 == true_hash(world.simulator, task(scenario), portrait=scenario == "portrait")
    assert ended[scenario]["archive"] == stored._asdict() | {"bucket": world.cloud.outputs["ArchiveBucketName"]}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_an_end_is_announced_as_the_row_tells_it(world: World, ended: dict[str, Row], scenario: str) -> None:
    event_id = f"{task(scenario)}#0#1#{ended[scenario]['state']}"
    told = [event["detail"] for event in world.events(task(scenario))]
    assert told == [public(ended[scenario]) | {"eventId": event_id}] * len(told)


def test_the_end_of_a_job_is_named_by_the_event(world: World, ended: dict[str, Row]) -> None:
    named = [world.events(task(scenario))[0]["detail-type"] for scenario in ("on_time", "failure")]
    assert named == ["Veo 4K Job Succeeded", "Veo 4K Job Failed"]


@pytest.mark.parametrize(
    ("scenario", "evidence"), [("on_time", "callback"), ("lost", "probe"), ("own_id_lost", "probe")]
)
def test_the_row_says_who_brought_the_result(ended: dict[str, Row], scenario: str, evidence: str) -> None:
    assert ended[scenario]["evidence"] == evidence


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name not in ("failure", "base_video")])
def test_a_job_is_charged_once_whatever_is_lost(world: World, ended: dict[str, Row], scenario: str) -> None:
    assert (ended[scenario]["state"], len(world.charges(task(scenario)))) == ("SUCCEEDED", 1)


def test_a_lost_answer_is_asked_for_again_where_no_callback_comes(ended: dict[str, Row]) -> None:
    assert ended["answer_and_callback_lost"]["attempts"] > 1


def test_a_failed_generation_fails_the_job_and_costs_nothing(world: World, ended: dict[str, Row]) -> None:
    assert (ended["failure"]["state"], ended["failure"]["error"]["code"]) == ("FAILED", "NOT_AVAILABLE_IN_4K")
    assert (len(world.charges(task("failure"))), credits_charged(world.charges(task("failure")))) == (1, 0)


def test_the_base_video_never_passes_for_the_result(world: World, ended: dict[str, Row]) -> None:
    assert (ended["base_video"]["state"], ended["base_video"]["error"]["code"]) == ("FAILED", "NOT_4K")
    assert world.stored(task("base_video")) == []


def test_tags_are_handed_through(ended: dict[str, Row]) -> None:
    assert ended["lost"]["tags"] == {"scenario": "lost"}


def test_forged_callbacks_are_refused_and_the_true_one_is_taken(world: World) -> None:
    forged = task("forged")
    world.simulator.register(forged, "forged", minutes=30.0)
    world.send({"taskId": forged})
    assert world.ended(forged)["state"] == "SUCCEEDED"
    assert sorted(answer["status"] for answer in world.simulator.callbacks(forged)) == FORGED_ANSWERS
