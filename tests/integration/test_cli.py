"""The operator's command line on a local cloud."""

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest
import requests

from local.cloud.environment import environment
from local.cloud.local_cloud import LocalCloud
from local.kie import Settings, Simulator
from local.kie.ledger import credits_spent
from local.paths import LOGS
from tests.integration.command_line import veo4k, veo4k_json

API_KEY, WEBHOOK_KEY = "the-key-of-the-api-4711", "the-key-of-the-webhook-4711"
TIMES = {"FirstProbeSeconds": "4", "ProbeSeconds": "1", "UnknownWaitSeconds": "1", "BaseRetrySeconds": "1"}


class Operator(NamedTuple):
    """A user of the command line, with the provider and the cloud. `reads` returns a command's JSON."""

    simulator: Simulator
    cloud: LocalCloud
    reads: Callable[..., Any]

    def runs(self, *words: str, **options: str) -> tuple[int, str]:
        """Run a command. Return its exit status and its output, in which no key may be."""
        done = veo4k(self.cloud, *words, **options)
        assert not [key for key in (API_KEY, WEBHOOK_KEY) if key in done.output]
        return done.exit_code, done.output

    def watches(self, *words: str) -> int:
        """Wait until jobs have ended. Return the exit status."""
        return self.runs("watch", *words)[0]

    def diagnoses(self, **environment: str) -> tuple[int, dict[str, str]]:
        """Run the doctor. Return its exit status, and its verdict on each thing."""
        status, output = self.runs("doctor", "--json", **environment)
        return status, {finding["about"]: finding["verdict"] for finding in json.loads(output)}

    def complaints(self) -> set[str]:
        """Return what the doctor demands to act on."""
        status, findings = self.diagnoses()
        assert status == 1
        return {about for about, verdict in findings.items() if verdict == "act"}


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    log = LOGS / "integration-cli.log"
    with environment(Settings(speed=600, log_file=log, api_key=API_KEY, webhook_key=WEBHOOK_KEY), TIMES) as env:
        yield Operator(env.simulator, env.cloud, partial(veo4k_json, env.cloud))


def test_a_job_is_submitted_watched_and_shown_with_its_history(operator: Operator) -> None:
    operator.runs("submit", "veo_task_on_time_cli", "--tag", "order=A-1042")
    status, output = operator.runs("watch", "veo_task_on_time_cli")
    assert (status, "SUCCEEDED" in output) == (0, True)
    shown = operator.reads("show", "veo_task_on_time_cli")
    assert shown["job"]["tags"] == {"order": "A-1042"}
    assert {"job_created", "request_accepted", "result_received", "job_archived"} <= {
        line["action"] for line in shown["history"]
    }
    assert shown["history"][0]["state"] == "SUBMITTING"


def test_lines_become_jobs_that_are_watched_listed_and_summed_up(operator: Operator) -> None:
    tasks = [f"veo_task_{name}_bulk" for name in ("on_time", "lost", "answer_lost", "failure", "base_video")]
    status, output = operator.runs("submit", "-", "--tag", "batch=7", stdin="\n".join([*tasks, "short"]))
    assert (status, "line 6: taskId must be 8 to 64" in output) == (1, True)
    assert operator.watches(*tasks) == 1
    assert {job["taskId"] for job in operator.reads("list", "--tag", "batch=7", "--since", "1h")} == set(tasks)
    charges = [charge for charge in operator.simulator.ledger() if charge["taskId"] in tasks]
    total = operator.reads("spend", "--by", "tag:batch", "--tag", "batch=7")["total"]
    assert (total["jobs"], total["succeeded"]) == (5, 3)
    assert total["credits"] == credits_spent(charges)
    assert total["credits"] + total["maybeCredits"] == sum(charge["credits"] for charge in charges)


def test_a_job_that_ended_is_listed_and_replayed_as_a_new_run(operator: Operator) -> None:
    assert "veo_task_failure_bulk#0#1" in {job["jobId"] for job in operator.reads("list", "--state", "FAILED")}
    assert operator.reads("replay", "veo_task_failure_bulk")["run"] == 2
    assert operator.watches("veo_task_failure_bulk", "--run", "2") == 1


def test_jobs_that_a_filter_selects_are_replayed(operator: Operator) -> None:
    selected = ("replay", "--error", "NOT_4K", "--tag", "batch=7")
    assert operator.reads(*selected)["byError"] == {"NOT_4K": 1}
    assert operator.reads(*selected, "--yes")["sent"] == 1
    assert operator.watches("veo_task_base_video_bulk", "--run", "2") == 1
    assert operator.reads(*selected)["leftOut"] == 1


def test_a_link_downloads_the_archived_file(operator: Operator) -> None:
    found = operator.reads("show", "veo_task_on_time_bulk")["job"]["archive"]
    content = requests.get(operator.reads("link", "veo_task_on_time_bulk")["url"], timeout=10).content
    assert hashlib.sha256(content).hexdigest() == found["sha256"]


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
    assert all(isinstance(count, int) for count in operator.reads("sweep").values())
    assert operator.watches("veo_task_on_time_gate") == 0


def test_dead_letters_are_listed_and_only_valid_ones_are_redriven(operator: Operator) -> None:
    sqs, urls = operator.cloud.client("sqs"), operator.cloud.outputs
    sqs.send_message(QueueUrl=urls["JobQueueUrl"], MessageBody='{"taskId": "short"}')
    [rejected] = next(found for _ in range(20) if (found := operator.reads("dead", "list")))
    assert rejected["reason"] == "taskId must be 8 to 64 letters, digits, _ or -"
    sqs.send_message(QueueUrl=urls["DeadLetterQueueUrl"], MessageBody='{"taskId": "veo_task_on_time_dead"}')
    assert len(operator.reads("dead", "redrive")["redriven"]) == 1
    assert len(operator.reads("dead", "list")) == 2
    operator.runs("dead", "redrive", "--yes")
    assert operator.watches("veo_task_on_time_dead") == 0
    assert [letter["messageId"] for letter in operator.reads("dead", "list")] == [rejected["messageId"]]
    sqs.purge_queue(QueueUrl=urls["DeadLetterQueueUrl"])


def test_the_credits_are_the_providers(operator: Operator) -> None:
    assert operator.reads("credits") == {"credits": operator.simulator.balance()}


def test_test_callbacks_are_answered_and_change_nothing(operator: Operator) -> None:
    before = operator.reads("show", "veo_task_on_time_cli")["job"]
    callbacks = operator.reads("test-callback", "veo_task_on_time_cli")["callbacks"]
    assert [tried["status"] for tried in callbacks] == [404, 401, 404, 200]
    assert operator.reads("show", "veo_task_on_time_cli")["job"] == before


def test_the_doctor_finds_a_healthy_stack_healthy_by_its_own_key_and_for_free(operator: Operator) -> None:
    ledger, known = operator.simulator.ledger(), len(operator.simulator.stats()["requests"])
    status, findings = operator.diagnoses(KIE_API_KEY="some-other-key-4711")
    assert (status, findings["stack"], findings["credits"]) == (0, "well", "well")
    assert "act" not in findings.values()
    requests = operator.simulator.stats()["requests"][known:]
    assert {(row["method"], row["taskId"]) for row in requests} == {("GET", None)}
    assert operator.simulator.ledger() == ledger


def test_the_doctor_reports_a_retired_api_paused_requests_and_a_refused_key(operator: Operator) -> None:
    operator.simulator.control(retired=True)
    operator.runs("gate", "pause")
    assert operator.complaints() == {"contract veo", "gate"}
    operator.simulator.control(retired=False)
    operator.cloud.set_secret("ApiKeySecretName", "not-the-key-of-the-api")
    assert operator.complaints() == {"API key", "gate"}
