"""A job by HTTP on the local cloud: sent, read, its file fetched by the link, and cancelled."""

import hashlib

import pytest
import requests

from local.cloud.environment import Environment
from local.cloud.jobs_client import ask
from local.cloud.rows import Row, public
from local.waiting import wait_until

TASK, WAITING = "veo_task_on_time_by_http", "veo_task_lost_by_http"


@pytest.fixture(scope="module")
def ended(env: Environment) -> Row:
    """The row of a job that was sent by HTTP."""
    sent = ask(env.cloud, "POST", "/jobs", {"taskId": TASK, "tags": {"who": "Zoë"}})
    status_url = f"{env.cloud.outputs['JobsApiUrl']}/jobs/{TASK}"
    assert (sent.status_code, sent.json()) == (
        202,
        {"taskId": TASK, "index": 0, "statusUrl": status_url, "afterRun": 0},
    )
    return env.ended(TASK)


def test_a_job_sent_by_http_is_read_with_a_link_to_its_file(env: Environment, ended: Row) -> None:
    [run] = ask(env.cloud, "GET", f"/jobs/{TASK}").json()["runs"]
    assert public(ended).items() <= run.items()
    assert (ended["state"], ended["tags"]) == ("SUCCEEDED", {"who": "Zoë"})
    file = requests.get(run["downloadUrl"], timeout=30)
    assert hashlib.sha256(file.content).hexdigest() == run["archive"]["sha256"]
    assert f"{TASK}-0-1.mp4" in file.headers["Content-Disposition"]


def test_a_further_message_joins_or_makes_the_run_after_the_highest(env: Environment, ended: Row) -> None:
    again = ask(env.cloud, "POST", "/jobs", {"taskId": TASK, "force": True}).json()
    assert again["afterRun"] == ended["run"] == 1
    assert env.ended(TASK, run=2)["state"] == "SUCCEEDED"
    assert [run["run"] for run in ask(env.cloud, "GET", f"/jobs/{TASK}").json()["runs"]] == [2, 1]


def test_a_queued_run_is_cancelled_announced_and_requested_no_more(env: Environment) -> None:
    env.cloud.send({"taskId": WAITING})
    env.reached(WAITING, "PROCESSING")  # the next run waits for its end
    ask(env.cloud, "POST", "/jobs", {"taskId": WAITING, "index": 1})
    place = f"/jobs/{WAITING}/2"
    cancelled = wait_until(lambda: r if (r := ask(env.cloud, "DELETE", place)).status_code == 200 else None).json()
    assert (cancelled["state"], cancelled["attempts"]) == ("CANCELLED", 0)
    assert ask(env.cloud, "DELETE", place).status_code == 409
    [event] = [event for event in env.events_about(WAITING) if event["detail"]["run"] == 2]
    assert event["detail-type"] == "Veo 4K Job Cancelled"
    assert event["detail"] == cancelled | {"eventId": f"{WAITING}#1#2#CANCELLED"}
