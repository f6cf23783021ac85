"""The operator's command line on a local cloud."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pytest
import requests
from typer.testing import CliRunner

from local.cloud.environment import environment
from local.cloud.local_cloud import LocalCloud
from local.kie import Settings, Simulator
from local.kie.ledger import credits_spent
from local.paths import LOGS
from local.waiting import wait_until
from veo4k_cli.__main__ import app
from veo4k_cli.command import Dependencies
from veo4k_cli.errors import OperatorError
from veo4k_cli.stack import Stack, local_stack

API_KEY, WEBHOOK_KEY = "the-key-of-the-api-4711", "the-key-of-the-webhook-4711"
SETTINGS = Settings(
    speed=600,
    log_file=LOGS / "integration-cli.log",
    api_key=API_KEY,
    webhook_key=WEBHOOK_KEY,
)
TIMES = {"FirstProbeSeconds": "4", "ProbeSeconds": "1", "UnknownWaitSeconds": "1", "BaseRetrySeconds": "1"}


class Operator(NamedTuple):
    """A user of the command line, with the provider and the cloud."""

    simulator: Simulator
    cloud: LocalCloud
    environment: Mapping[str, str] = {}

    def runs(self, *words: str, stdin: str = "") -> tuple[int, str]:
        """Run a command. Return its exit status and its output."""
        endpoint = self.cloud.endpoint
        dependencies = Dependencies(find=lambda name, *, local: local_stack(endpoint), environment=self.environment)  # noqa: ARG005  the protocol's names
        done = CliRunner(env={"COLUMNS": "200", "TERM": "dumb"}).invoke(app, list(words), stdin, obj=dependencies)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert not [key for key in (API_KEY, WEBHOOK_KEY) if key in done.output]
        return done.exit_code, done.output

    def reads(self, *words: str) -> Any:
        """Run a command that must succeed. Return its JSON."""
        status, output = self.runs(*words, "--json")
        assert status == 0, output
        return json.loads(output)

    def drains(self) -> list[Any]:
        """Wait until the dead-letter queue has messages. Return them."""
        return next(found for _ in range(20) if (found := self.reads("dead", "list")))


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    with environment(SETTINGS, TIMES) as env:
        yield Operator(env.simulator, env.cloud)


def test_a_job_is_submitted_watched_and_shown_with_its_history(operator: Operator) -> None:
    operator.runs("submit", "veo_task_on_time_cli", "--tag", "order=A-1042")
    status, output = operator.runs("watch", "veo_task_on_time_cli")
    assert (status, "SUCCEEDED" in output) == (0, True)
    shown = operator.reads("show", "veo_task_on_time_cli")
    assert shown["job"]["tags"] == {"order": "A-1042"}
    assert {"job_created", "request_accepted", "result_received", "job_archived"} <= {
        line["action"] for line in shown["history"]
    }
    assert next(line["state"] for line in shown["history"]) == "SUBMITTING"


def test_a_job_that_ended_is_listed_and_replayed_as_a_new_run(operator: Operator) -> None:
    operator.runs("submit", "veo_task_failure_cli")
    assert operator.runs("watch", "veo_task_failure_cli")[0] == 1
    assert "veo_task_failure_cli#0#1" in {job["jobId"] for job in operator.reads("list", "--state", "FAILED")}
    assert operator.reads("replay", "veo_task_failure_cli")["run"] == 2
    assert operator.runs("watch", "veo_task_failure_cli", "--run", "2")[0] == 1


def test_lines_become_jobs_that_are_watched_listed_and_summed_up(operator: Operator) -> None:
    tasks = [f"veo_task_{name}_bulk" for name in ("on_time", "lost", "answer_lost", "failure", "base_video")]
    status, output = operator.runs("submit", "-", "--tag", "batch=7", stdin="\n".join([*tasks, "short"]))
    assert (status, "line 6: taskId must be 8 to 64" in output) == (1, True)
    assert operator.runs("watch", *tasks)[0] == 1
    assert {job["taskId"] for job in operator.reads("list", "--tag", "batch=7", "--since", "1h")} == set(tasks)
    charges = [charge for charge in operator.simulator.ledger() if charge["taskId"] in tasks]
    total = operator.reads("spend", "--by", "tag:batch", "--tag", "batch=7")["total"]
    assert (total["jobs"], total["succeeded"]) == (5, 3)
    assert total["credits"] == credits_spent(charges)
    assert total["credits"] + total["maybeCredits"] == sum(charge["credits"] for charge in charges)


def test_a_link_downloads_the_archived_file(operator: Operator) -> None:
    found = operator.reads("show", "veo_task_on_time_bulk")["job"]["archive"]
    content = requests.get(operator.reads("link", "veo_task_on_time_bulk")["url"], timeout=10).content
    assert hashlib.sha256(content).hexdigest() == found["sha256"]


def test_jobs_that_a_filter_selects_are_replayed(operator: Operator) -> None:
    selected = ("replay", "--error", "NOT_4K", "--tag", "batch=7")
    assert operator.reads(*selected)["byError"] == {"NOT_4K": 1}
    assert operator.reads(*selected, "--yes")["sent"] == 1
    assert operator.runs("watch", "veo_task_base_video_bulk", "--run", "2")[0] == 1
    assert operator.reads(*selected)["leftOut"] == 1


def test_jobs_wait_while_requests_are_paused(operator: Operator) -> None:
    assert operator.reads("gate", "pause")["reason"] == "SHUT_BY_HAND"
    operator.runs("submit", "veo_task_on_time_gate")
    waiting = next(found for _ in range(50) if (found := operator.reads("list", "--state", "QUEUED")))
    assert [job["taskId"] for job in waiting] == ["veo_task_on_time_gate"]
    assert "SHUT_BY_HAND" in operator.runs("show", "veo_task_on_time_gate")[1]
    # A function that is warm may look once, for nothing, before it knows of the pause.
    sent = [each for each in operator.simulator.stats()["requests"] if each["taskId"] == "veo_task_on_time_gate"]
    assert [each for each in sent if each["method"] != "GET"] == []
    # A test callback would count as the acceptance that the job never had.
    status, output = operator.runs("test-callback", "veo_task_on_time_gate")
    assert (status, "would count as its acceptance" in output) == (2, True)
    assert operator.reads("gate", "resume")["running"] is True
    operator.runs("sweep")
    assert operator.runs("watch", "veo_task_on_time_gate")[0] == 0


def test_a_sweep_by_hand_returns_its_counts(operator: Operator) -> None:
    assert all(isinstance(count, int) for count in operator.reads("sweep").values())


def test_dead_letters_are_listed_and_only_valid_ones_are_redriven(operator: Operator) -> None:
    sqs, urls = operator.cloud.client("sqs"), operator.cloud.outputs
    sqs.send_message(QueueUrl=urls["JobQueueUrl"], MessageBody='{"taskId": "short"}')
    [rejected] = operator.drains()
    assert rejected["reason"] == "taskId must be 8 to 64 letters, digits, _ or -"
    sqs.send_message(QueueUrl=urls["DeadLetterQueueUrl"], MessageBody='{"taskId": "veo_task_on_time_dead"}')
    assert len(operator.reads("dead", "redrive")["redriven"]) == 1
    assert len(operator.reads("dead", "list")) == 2
    operator.runs("dead", "redrive", "--yes")
    assert operator.runs("watch", "veo_task_on_time_dead")[0] == 0
    assert [letter["messageId"] for letter in operator.reads("dead", "list")] == [rejected["messageId"]]
    sqs.purge_queue(QueueUrl=urls["DeadLetterQueueUrl"])


def test_the_credits_are_the_providers(operator: Operator) -> None:
    assert operator.reads("credits") == {"credits": operator.simulator.balance()}


def test_test_callbacks_are_answered_and_change_nothing(operator: Operator) -> None:
    before = operator.reads("show", "veo_task_on_time_cli")["job"]
    status, output = operator.runs("test-callback", "veo_task_on_time_cli", "--json")
    assert (status, [tried["status"] for tried in json.loads(output)["callbacks"]]) == (0, [404, 401, 404, 200])
    assert operator.reads("show", "veo_task_on_time_cli")["job"] == before


def test_the_doctor_finds_a_healthy_stack_healthy(operator: Operator) -> None:
    status, output = operator.runs("doctor", "--json")
    assert [finding for finding in json.loads(output) if finding["verdict"] == "act"] == []
    assert status == 0


def test_the_doctor_sends_no_request_that_could_be_charged(operator: Operator) -> None:
    before = operator.simulator.stats(), operator.simulator.ledger()
    operator.runs("doctor")
    requests = operator.simulator.stats()["requests"][len(before[0]["requests"]) :]
    assert {(row["method"], row["taskId"]) for row in requests} == {("GET", None)}
    assert operator.simulator.ledger() == before[1]


def test_the_doctor_reports_a_retired_api_of_the_provider(operator: Operator) -> None:
    operator.simulator.control(retired=True)
    status, output = operator.runs("doctor", "--json")
    operator.simulator.control(retired=False)
    wrong = {finding["about"] for finding in json.loads(output) if finding["verdict"] == "act"}
    assert (status, wrong) == (1, {"contract veo"})


def test_the_doctor_reports_paused_requests_and_a_refused_key(operator: Operator) -> None:
    operator.runs("gate", "pause")
    operator.cloud.set_secret("ApiKeySecretName", "not-the-key-of-the-api")
    wrong = {found["about"] for found in json.loads(operator.runs("doctor", "--json")[1]) if found["verdict"] == "act"}
    operator.cloud.set_secret("ApiKeySecretName", API_KEY)
    operator.runs("gate", "resume")
    assert wrong == {"API key", "gate"}


def test_the_doctor_checks_the_stacks_own_key(operator: Operator) -> None:
    other = operator._replace(environment={"KIE_API_KEY": "some-other-key-4711"})
    findings = {each["about"]: each for each in json.loads(other.runs("doctor", "--json")[1])}
    assert (findings["stack"]["verdict"], findings["credits"]["verdict"]) == ("well", "well")


def test_without_a_stack_the_doctor_checks_the_provider_alone(operator: Operator) -> None:
    def find(name: str | None, *, local: bool) -> Stack:
        raise OperatorError("no stack veo4k in eu-central-1")

    dependencies = Dependencies(find=find, environment={"KIE_API_KEY": API_KEY}, provider=operator.simulator.base_url)
    done = CliRunner().invoke(app, ["doctor", "--json"], obj=dependencies)
    verdicts = {finding["about"]: finding["verdict"] for finding in json.loads(done.output)}
    assert verdicts == dict.fromkeys(("stack", "webhook key", "callback URL"), "note") | dict.fromkeys(
        ("API key", "credits", "clock of the provider", "contract veo", "contract jobs"), "well"
    )
    assert (done.exit_code, API_KEY in done.output) == (0, False)


# The last test: for half a minute after it the functions may have different keys.
def test_jobs_in_flight_survive_a_new_token_key(operator: Operator) -> None:
    operator.simulator.register("veo_task_rotated", "on_time", minutes=20.0)
    operator.runs("submit", "veo_task_rotated")
    wait_until(lambda: operator.reads("list", "--state", "PROCESSING"))  # a function may keep the refused key that long
    assert operator.reads("rotate", "token")["previousKept"] is True
    assert operator.runs("watch", "veo_task_rotated")[0] == 0
    assert operator.reads("show", "veo_task_rotated")["job"]["evidence"] == "callback"
