"""The HTTP API for jobs as an operator runs it: switched off and on, its token rotated, its table out of reach."""

from collections.abc import Iterator

import pytest
import requests

from local.cloud.jobs_client import ask, token_of
from local.cloud.local_cloud import LocalCloud
from local.cloud.parameters import JOBS_API
from local.waiting import wait_until
from tests.e2e.account import prepared
from tests.integration.command_line import veo4k_json

TASK = "veo_task_of_the_door"
OF_THE_DOOR = {"JobsApiUrl", "JobsApiTokenSecretName", "ApiRoleArn"}


@pytest.fixture(scope="module")
def cloud(endpoint: str) -> Iterator[LocalCloud]:
    """A stack without an API key: each job waits as QUEUED."""
    with LocalCloud(JOBS_API, stack="door", endpoint=endpoint) as running:
        yield running


def status(cloud: LocalCloud, token: str) -> int:
    return ask(cloud, "GET", f"/jobs/{TASK}", token=token).status_code


def test_a_rotated_token_is_taken_beside_the_former_until_the_next_one(cloud: LocalCloud) -> None:
    ask(cloud, "POST", "/jobs", {"taskId": TASK}).raise_for_status()
    first = token_of(cloud)
    wait_until(lambda: status(cloud, first) == 200 or None)
    veo4k_json(cloud, "rotate", "api")
    second = token_of(cloud)
    wait_until(lambda: status(cloud, second) == 200 or None)
    assert (status(cloud, first), second != first) == (200, True)
    veo4k_json(cloud, "rotate", "api")
    wait_until(lambda: status(cloud, first) == 401 or None)
    assert (status(cloud, second), status(cloud, token_of(cloud))) == (200, 200)


def test_switched_off_nothing_of_it_is_left_and_on_it_is_new(cloud: LocalCloud) -> None:
    former, token = cloud.outputs["JobsApiUrl"], token_of(cloud)
    cloud.change(JobsApi="off")
    assert (cloud.outputs.keys() & OF_THE_DOOR, cloud.function_name("api")) == (set(), "")
    with pytest.raises(requests.RequestException):
        requests.get(
            f"{former}/jobs/{TASK}", headers={"Authorization": f"Bearer {token}"}, timeout=5
        ).raise_for_status()
    assert requests.post(f"{cloud.callback_base_url}/callbacks/a/0/1/b", timeout=30).status_code == 404
    cloud.change(JobsApi="on")
    assert token_of(cloud) != token
    [run] = ask(cloud, "GET", f"/jobs/{TASK}").json()["runs"]
    assert ask(cloud, "DELETE", f"/jobs/{TASK}/{run['run']}").json()["state"] == "CANCELLED"


def test_without_the_table_every_answer_is_503_and_no_message_is_sent(endpoint: str) -> None:
    parameters = JOBS_API | {"PermissionsBoundaryArn": prepared(endpoint).no_table}
    with LocalCloud(parameters, stack="tableless", endpoint=endpoint) as cloud:
        answers = [ask(cloud, "POST", "/jobs", {"taskId": TASK}), ask(cloud, "GET", f"/jobs/{TASK}")]
        answers.append(ask(cloud, "DELETE", f"/jobs/{TASK}/1"))
        assert {(answer.status_code, answer.json()["error"]["code"]) for answer in answers} == {(503, "UNAVAILABLE")}
        assert "job_requested" not in cloud.all_logs().get(cloud.function_name("api"), "")
