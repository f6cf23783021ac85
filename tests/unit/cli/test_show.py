"""The commands `show` and `watch`."""

import json
from typing import Any

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.job import Archived, Code, Failure, State, utc
from veo4k.domain.provider_words import Words
from veo4k.domain.wait_reason import WaitReason

JOB = f"{TASK}#0#1"
NOT_4K = Failure(Code.NOT_4K, "It was no 4K video.")
SAID = Words(500, "Upscale node 7 gave this asset back.")
QUOTED = f'500 "{SAID.message}"'
HOST: dict[str, Any] = {"wait_reason": "HOST_NOT_ALLOWED", "wait_text": "HOST_NOT_ALLOWED: files.example"}


def test_the_history_has_the_steps_of_the_job_in_order(operator: Operator) -> None:
    operator.add_job(State.QUEUED)
    operator.logs.add("sweep", NOON - 20, "request_deferred", JOB, "QUEUED", reason="NO_CREDITS")
    # A function writes its lines when it ends. A line that was written later than its step has the time of the step.
    operator.logs.add("submit", NOON, "job_queued", JOB, "QUEUED", at=utc(NOON - 60))
    operator.logs.add("submit", NOON, "job_created", f"{JOB}1", "SUBMITTING")  # of another job
    operator.logs.add("another-program", NOON, "job_seen", JOB, "SUBMITTING")
    operator.logs.events.append({"timestamp": 0, "message": f"REPORT of {JOB}"})
    result = operator.run("show", TASK, "--json").json
    assert [(line["at"], line["function"], line["action"], line["details"]) for line in result["history"]] == [
        (utc(NOON - 60), "submit", "job_queued", {}),
        (utc(NOON - 20), "sweep", "request_deferred", {"reason": "NO_CREDITS"}),
    ]
    assert result["missing"] == ""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("submit job_created SUBMITTING", "callback result_received READY"),
        ("sweep result_received READY", "publish archive_requested READY"),
    ],
)
def test_states_order_the_history_before_times_do(operator: Operator, first: str, second: str) -> None:
    operator.add_job(State.READY)
    for at, line in ((NOON - 20, second), (NOON - 10, first)):
        function, action, state = line.split()
        operator.logs.add(function, at, action, JOB, state)
    history = operator.run("show", TASK, "--json").json["history"]
    assert [f"{line['function']} {line['action']} {line['state']}" for line in history] == [first, second]


def test_the_history_ends_two_days_after_the_job(operator: Operator) -> None:
    """What is announced again later is not looked for: a log group may hold years."""
    operator.add_job(State.FAILED, finished_at=NOON - 400_000)
    for at, action in ((NOON - 300_000, "announcement_sent"), (NOON - 100, "announcement_repeated")):
        operator.logs.add("publish", at, action, JOB, "FAILED")
    history = operator.run("show", TASK, "--json").json["history"]
    assert [line["action"] for line in history] == ["announcement_sent"]


def test_a_log_line_of_unprintable_text_is_shown(operator: Operator) -> None:
    operator.add_job(State.FAILED)
    operator.logs.add("sweep", NOON, "job_failed", JOB, "FAILED", reason="a\x1b[2J\ud800b")
    operator.logs.events.append({"timestamp": 0, "message": f'"{JOB}"' + "[" * 60_000})
    assert "a\ufffd[2J\ufffdb" in operator.run("show", TASK).out
    [line] = operator.run("show", TASK, "--json").json["history"]
    assert line["details"] == {"reason": "a\ufffd[2J\ufffdb"}


def test_show_says_why_the_beginning_is_missing(operator: Operator) -> None:
    for age, level, text in (
        (31 * 86_400, "INFO", "Logs are kept for 30 days"),
        (60, "WARNING", "LogLevel is WARNING"),
        (60, "INFO", "logs take some seconds"),
    ):
        operator.parameters["LogLevel"] = level
        operator.add_job(created_at=NOON - age)
        assert text in operator.run("show", TASK).out


@pytest.mark.parametrize(
    ("state", "fields", "text"),
    [
        (State.QUEUED, {"wait_reason": "NO_CREDITS"}, f"NO_CREDITS: {WaitReason.NO_CREDITS.explanation}"),
        (State.QUEUED, {"due": NOON + 60}, "(in 60 s)"),
        (State.PROCESSING, HOST, f"{HOST['wait_text']}. {WaitReason.HOST_NOT_ALLOWED.explanation}"),
        (State.SUBMITTING, {"words": SAID, "unclear_since": NOON, "wait_reason": "UNCLEAR_ANSWER"}, QUOTED),
        (State.FAILED, {"error": NOT_4K}, "NOT_4K: It was no 4K video."),
        (State.FAILED, {"error": NOT_4K._replace(words=SAID)}, QUOTED),
        (State.FAILED, {"maybe_charged": True}, "maybe"),
        (State.FAILED, {"base": Archived("bucket", "a/1.base.mp4", 1, "ab", 1280, 720)}, "s3://bucket/a/1.base.mp4"),
    ],
)
def test_show_says_how_a_job_stands(operator: Operator, state: State, fields: dict[str, Any], text: str) -> None:
    operator.add_job(state, **fields)
    assert text in operator.run("show", TASK).out
    as_json = operator.run("show", TASK, "--json").out
    assert as_json.count(f'"providerMessage": "{SAID.message}"') == int(text == QUOTED)


def test_show_takes_the_newest_run_by_default(operator: Operator) -> None:
    operator.add_job(State.FAILED)
    operator.add_job(run=2)
    assert operator.run("show", TASK, "--json").json["job"]["run"] == 2
    assert operator.run("show", TASK, "--run", "1", "--json").json["job"]["run"] == 1
    assert f"Other runs: {JOB} FAILED" in operator.run("show", TASK).out


def test_show_prints_no_secret_and_no_control_character(operator: Operator) -> None:
    url, token, tag = "https://file.example/a.mp4?secret=1", "AQCE-secret", "\x1b[2Jgone"
    operator.add_job(State.READY, urls=(url,), task_tokens=frozenset({token}), tags={"order": tag})
    text, as_json = operator.run("show", TASK).out, operator.run("show", TASK, "--json").out
    assert "secret" not in text + as_json
    assert "\x1b" not in text


def test_watch_prints_each_change_until_the_end(operator: Operator) -> None:
    operator.add_job(State.SUBMITTING)
    operator.clock.steps = [
        lambda: operator.add_job(State.PROCESSING),
        lambda: None,
        lambda: operator.add_job(State.SUCCEEDED),
    ]
    result = operator.run("watch", TASK)
    assert [line.split()[3] for line in result.out.splitlines()] == ["SUBMITTING", "PROCESSING", "SUCCEEDED"]
    assert result.status == 0


def test_watch_prints_why_a_job_waits_and_how_it_failed(operator: Operator) -> None:
    operator.add_job(**HOST)
    operator.clock.steps = [
        lambda: operator.add_job(**HOST | {"wait_text": "HOST_NOT_ALLOWED: other.example"}),
        lambda: operator.add_job(State.FAILED, error=NOT_4K._replace(words=SAID)),
    ]
    status, out, _ = operator.run("watch", TASK)
    first, second, third = out.splitlines()
    assert ("files.example" in first, "other.example" in second, status) == (True, True, 1)
    assert third.endswith(f"FAILED  It was no 4K video. The provider said: {QUOTED}")


def test_watch_waits_for_a_new_run_and_prints_one_json_value_a_line(operator: Operator) -> None:
    operator.add_job(State.FAILED)
    operator.clock.steps = [lambda: operator.add_job(run=2), lambda: operator.add_job(State.SUCCEEDED, run=2)]
    result = operator.run("watch", TASK, "--run", "2", "--json")
    assert (result.status, [json.loads(line)["run"] for line in result.out.splitlines()]) == (0, [2, 2])


@pytest.mark.parametrize(("end", "status"), [(State.SUCCEEDED, 0), (State.FAILED, 1)])
def test_watch_of_many_ends_when_all_have_ended(operator: Operator, end: State, status: int) -> None:
    operator.add_job()
    operator.add_job(State.SUCCEEDED, task_id="veo_task_other")
    operator.clock.steps = [lambda: None, lambda: operator.add_job(end)]
    result = operator.run("watch", TASK, "veo_task_other")
    states = [line.split()[2:4] for line in result.out.splitlines()]
    assert states == [[JOB, "PROCESSING"], ["veo_task_other#0#1", "SUCCEEDED"], [JOB, end]]
    assert (result.status, "2 jobs:" in result.err) == (status, True)


def test_watch_of_many_names_the_tasks_that_never_got_a_row(operator: Operator) -> None:
    operator.add_job(State.SUCCEEDED)
    result = operator.run("watch", TASK, "veo_task_other")
    assert (result.status, "No row of veo_task_other appeared within 60 s" in result.err) == (2, True)
