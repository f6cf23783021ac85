"""The commands `show` and `watch`."""

from typing import Any

import pytest

from proofs.doubles.time_manual import NOON
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.job import Code, Failure, State, utc
from veo4k.domain.provider_words import Words

JOB = f"{TASK}#0#1"
DAY = 86_400.0
NOT_4K = Failure(Code.NOT_4K, "It was no 4K video.")
SAID = Words(500, "Upscale node 7 gave this asset back.")


def history(operator: Operator) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = operator.run("show", TASK, "--json").json["history"]
    return lines


def test_the_history_has_times_functions_and_details(operator: Operator) -> None:
    operator.add_job(State.QUEUED, wait_reason="NO_CREDITS", due=NOON + 60)
    operator.logs.add("sweep", NOON - 20, "request_deferred", JOB, "QUEUED", reason="NO_CREDITS")
    operator.logs.add("submit", NOON - 60, "job_queued", JOB, "QUEUED")
    result = operator.run("show", TASK, "--json").json
    assert [(line["at"], line["function"], line["action"], line["details"]) for line in result["history"]] == [
        (utc(NOON - 60), "submit", "job_queued", {}),
        (utc(NOON - 20), "sweep", "request_deferred", {"reason": "NO_CREDITS"}),
    ]
    assert result["missing"] == ""


def test_a_line_has_the_time_of_its_step(operator: Operator) -> None:
    """Not the time of the log event, which is written when the function ends."""
    operator.add_job(State.SUBMITTING)
    operator.logs.add("submit", NOON, "job_created", JOB, "SUBMITTING", at=utc(NOON - 40))
    assert [line["at"] for line in history(operator)] == [utc(NOON - 40)]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("submit", "job_created", "SUBMITTING"), ("callback", "result_received", "READY")),
        (("sweep", "result_received", "READY"), ("publish", "archive_requested", "READY")),
    ],
)
def test_states_order_the_history_before_times_do(
    operator: Operator, first: tuple[str, str, str], second: tuple[str, str, str]
) -> None:
    operator.add_job(State.READY)
    for at, (function, action, state) in ((NOON - 20, second), (NOON - 10, first)):
        operator.logs.add(function, at, action, JOB, state)
    assert [line["action"] for line in history(operator)] == [first[1], second[1]]


def test_the_history_leaves_out_other_jobs_and_programs(operator: Operator) -> None:
    operator.add_job()
    operator.logs.add("submit", NOON, "job_created", f"{JOB}1", "SUBMITTING")
    operator.logs.events.append({"timestamp": 0, "message": f"REPORT of {JOB}"})
    operator.logs.add("another-program", NOON, "job_seen", JOB, "SUBMITTING")
    assert history(operator) == []


@pytest.mark.parametrize(
    ("age", "level", "text"),
    [
        (31 * DAY, "INFO", "Logs are kept for 30 days"),
        (60, "WARNING", "LogLevel is WARNING"),
        (60, "INFO", "logs take some seconds"),
    ],
)
def test_show_says_why_the_beginning_is_missing(operator: Operator, age: float, level: str, text: str) -> None:
    operator.add_job(created_at=NOON - age)
    operator.parameters["LogLevel"] = level
    assert text in operator.run("show", TASK).out


def test_show_says_what_a_job_waits_for(operator: Operator) -> None:
    operator.add_job(State.QUEUED, wait_reason="NO_CREDITS", due=NOON + 60)
    text = operator.run("show", TASK).out
    assert "NO_CREDITS: The account has no credits. Buy credits, then run veo4k gate resume." in text
    assert "(in 60 s)" in text


def test_show_says_how_a_job_failed(operator: Operator) -> None:
    operator.add_job(State.FAILED, error=NOT_4K, maybe_charged=True)
    text = operator.run("show", TASK).out
    assert "NOT_4K: It was no 4K video." in text
    assert "maybe" in text


def test_show_names_the_host_that_a_job_waits_for(operator: Operator) -> None:
    operator.add_job(wait_reason="HOST_NOT_ALLOWED", wait_text="HOST_NOT_ALLOWED: files.example")
    text = operator.run("show", TASK).out
    assert "HOST_NOT_ALLOWED: files.example. The result is on a host that ResultHosts does not allow." in text


@pytest.mark.parametrize(
    ("state", "fields"),
    [
        (State.FAILED, {"error": NOT_4K._replace(words=SAID)}),
        (State.SUBMITTING, {"words": SAID, "unclear_since": NOON, "wait_reason": "UNCLEAR_ANSWER"}),
    ],
)
def test_show_prints_what_the_provider_said(operator: Operator, state: State, fields: dict[str, Any]) -> None:
    operator.add_job(state, **fields)
    assert '500 "Upscale node 7 gave this asset back."' in operator.run("show", TASK).out
    assert operator.run("show", TASK, "--json").out.count(f'"providerMessage": "{SAID.message}"') == 1


def test_show_takes_the_newest_run_by_default(operator: Operator) -> None:
    operator.add_job(State.FAILED)
    operator.add_job(run=2)
    assert operator.run("show", TASK, "--json").json["job"]["run"] == 2
    assert operator.run("show", TASK, "--run", "1", "--json").json["job"]["run"] == 1
    assert f"Other runs: {JOB} FAILED" in operator.run("show", TASK).out


def test_show_of_an_unknown_job_says_where_to_search(operator: Operator) -> None:
    result = operator.run("show", TASK)
    assert (result.status, result.out, "veo4k dead list" in result.err) == (2, "", True)


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


def test_watch_prints_one_json_value_a_line(operator: Operator) -> None:
    operator.add_job(State.PROCESSING)
    operator.clock.steps = [lambda: operator.add_job(State.SUCCEEDED)]
    assert [line.count('"state"') for line in operator.run("watch", TASK, "--json").out.splitlines()] == [1, 1]


def test_watch_of_a_failed_job_is_status_1(operator: Operator) -> None:
    operator.add_job(State.FAILED, error=NOT_4K)
    result = operator.run("watch", TASK)
    assert (result.status, result.out.rstrip().endswith("FAILED  It was no 4K video.")) == (1, True)


def test_watch_prints_why_a_job_waits_and_what_was_said(operator: Operator) -> None:
    operator.add_job(wait_reason="HOST_NOT_ALLOWED", wait_text="HOST_NOT_ALLOWED: files.example")
    operator.clock.steps = [
        lambda: operator.add_job(wait_reason="HOST_NOT_ALLOWED", wait_text="HOST_NOT_ALLOWED: other.example"),
        lambda: operator.add_job(State.FAILED, error=NOT_4K._replace(words=SAID)),
    ]
    first, second, third = operator.run("watch", TASK).out.splitlines()
    assert ("files.example" in first, "other.example" in second) == (True, True)
    assert third.endswith('It was no 4K video. The provider said: 500 "Upscale node 7 gave this asset back."')


def test_watch_waits_for_the_row_of_a_new_run(operator: Operator) -> None:
    operator.add_job(State.FAILED)
    operator.clock.steps = [lambda: None, lambda: operator.add_job(State.SUCCEEDED, run=2)]
    assert operator.run("watch", TASK, "--run", "2").status == 0


def test_watch_gives_up_without_a_row_in_a_minute(operator: Operator) -> None:
    result = operator.run("watch", TASK)
    assert (result.status, "veo4k dead list" in result.err) == (2, True)
    assert operator.clock.now() - NOON <= 61
