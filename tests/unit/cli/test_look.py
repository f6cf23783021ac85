"""One job: its row, its history, and both live."""

from collections.abc import Callable

from tests.doubles.time_manual import NOON
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.job import Code, Failure, State, utc

JOB = f"{TASK}#0#1"
DAY = 86_400.0


def test_show_tells_the_history_in_order_with_times_and_reasons(operator: Operator) -> None:
    operator.has(State.QUEUED, wait_reason="NO_CREDITS", due=NOON + 60)
    operator.logs.tell("sweep", NOON - 20, "request_deferred", JOB, "QUEUED", reason="NO_CREDITS")
    operator.logs.tell("submit", NOON - 60, "job_queued", JOB, "QUEUED")
    seen = operator.runs("show", TASK, "--json").json
    assert [(line["at"], line["function"], line["action"], line["details"]) for line in seen["history"]] == [
        (utc(NOON - 60), "submit", "job_queued", {}),
        (utc(NOON - 20), "sweep", "request_deferred", {"reason": "NO_CREDITS"}),
    ]
    assert seen["missing"] == ""


def test_a_line_that_says_when_it_happened_has_that_time_and_not_the_one_it_was_told_at(operator: Operator) -> None:
    operator.has(State.SUBMITTING)
    operator.logs.tell("submit", NOON, "job_created", JOB, "SUBMITTING", at=utc(NOON - 40))
    [line] = operator.runs("show", TASK, "--json").json["history"]
    assert line["at"] == utc(NOON - 40)


def test_a_callback_that_overtook_its_submission_comes_after_it(operator: Operator) -> None:
    operator.has(State.READY)
    operator.logs.tell("callback", NOON - 20, "result_received", JOB, "READY")
    operator.logs.tell("submit", NOON - 10, "job_created", JOB, "SUBMITTING")
    actions = [line["action"] for line in operator.runs("show", TASK, "--json").json["history"]]
    assert actions == ["job_created", "result_received"]


def test_what_followed_from_a_state_comes_after_what_reached_it(operator: Operator) -> None:
    operator.has(State.READY)
    operator.logs.tell("publish", NOON - 20, "archive_requested", JOB, "READY")
    operator.logs.tell("sweep", NOON - 10, "result_received", JOB, "READY")
    actions = [line["action"] for line in operator.runs("show", TASK, "--json").json["history"]]
    assert actions == ["result_received", "archive_requested"]


def test_lines_about_others_are_left_out(operator: Operator) -> None:
    operator.has()
    operator.logs.tell("submit", NOON, "job_created", f"{JOB}1", "SUBMITTING")
    operator.logs.events["/logs/submit"].append({"timestamp": 0, "message": f"REPORT of {JOB}"})
    assert operator.runs("show", TASK, "--json").json["history"] == []


def test_show_says_why_a_job_waits_and_what_to_do(operator: Operator) -> None:
    operator.has(State.QUEUED, wait_reason="NO_CREDITS", due=NOON + 60)
    told = operator.runs("show", TASK).out
    assert "NO_CREDITS: The account has no credits. Buy credits, then run veo4k gate open." in told
    assert "(in 60 s)" in told


def test_show_says_how_a_job_failed(operator: Operator) -> None:
    operator.has(State.FAILED, error=Failure(Code.NOT_4K, "It was no 4K video."), maybe_charged=True)
    told = operator.runs("show", TASK).out
    assert "NOT_4K: It was no 4K video." in told
    assert "maybe" in told


def test_logs_that_are_gone_are_owned_up_to(operator: Operator) -> None:
    operator.has(created_at=NOON - 31 * DAY)
    assert "Logs are kept for 30 days" in operator.runs("show", TASK).out


def test_logs_that_were_never_written_are_owned_up_to(operator: Operator) -> None:
    operator.has()
    operator.parameters["LogLevel"] = "WARNING"
    assert "LogLevel is WARNING" in operator.runs("show", TASK, "--json").json["missing"]


def test_logs_that_are_late_are_owned_up_to(operator: Operator) -> None:
    operator.has()
    assert "logs take some seconds" in operator.runs("show", TASK, "--json").json["missing"]


def test_show_gives_the_newest_run_or_the_one_asked_for(operator: Operator) -> None:
    operator.has(State.FAILED)
    operator.has(run=2)
    assert operator.runs("show", TASK, "--json").json["job"]["run"] == 2
    assert operator.runs("show", TASK, "--run", "1", "--json").json["job"]["run"] == 1
    assert f"Other runs: {JOB} FAILED" in operator.runs("show", TASK).out


def test_show_of_no_job_says_where_it_may_be(operator: Operator) -> None:
    seen = operator.runs("show", TASK)
    assert (seen.status, seen.out) == (2, "")
    assert "veo4k dead list" in seen.err


def test_show_gives_no_private_link(operator: Operator) -> None:
    operator.has(State.READY, urls=("https://file.example/a.mp4?secret=1",), task_tokens=frozenset({"AQCE-token"}))
    told = operator.runs("show", TASK).out + operator.runs("show", TASK, "--json").out
    assert not {"secret=1", "AQCE-token"} & set(told.replace('"', " ").split())
    assert "secret" not in told


def test_what_a_terminal_would_obey_is_not_printed(operator: Operator) -> None:
    operator.has(tags={"order": "\x1b[2Jgone"})
    assert "\x1b" not in operator.runs("show", TASK).out


def later(operator: Operator, *steps: Callable[[], object]) -> None:
    """Let one of these happen at each look of a watch."""
    left = list(steps)

    def sleep_until(instant: float) -> None:
        operator.clock.at = instant
        if left:
            left.pop(0)()

    operator.clock.sleep_until = sleep_until  # type: ignore[method-assign]


def test_watch_follows_a_job_to_its_end(operator: Operator) -> None:
    operator.has(State.SUBMITTING)
    later(operator, lambda: operator.has(State.PROCESSING), lambda: None, lambda: operator.has(State.SUCCEEDED))
    seen = operator.runs("watch", TASK)
    assert [line.split()[3] for line in seen.out.splitlines()] == ["SUBMITTING", "PROCESSING", "SUCCEEDED"]
    assert seen.status == 0


def test_watch_of_a_failure_is_status_1(operator: Operator) -> None:
    operator.has(State.FAILED, error=Failure(Code.NOT_4K, "It was no 4K video."))
    seen = operator.runs("watch", TASK)
    assert (seen.status, seen.out.rstrip().endswith("FAILED  It was no 4K video.")) == (1, True)


def test_watch_waits_for_a_run_that_is_still_on_the_way(operator: Operator) -> None:
    operator.has(State.FAILED)
    later(operator, lambda: None, lambda: operator.has(State.SUCCEEDED, run=2))
    assert operator.runs("watch", TASK, "--run", "2").status == 0


def test_watch_does_not_wait_for_ever_for_a_row(operator: Operator) -> None:
    seen = operator.runs("watch", TASK)
    assert seen.status == 2
    assert operator.clock.now() - NOON <= 61
    assert "veo4k dead list" in seen.err


def test_watch_gives_one_json_value_for_each_change(operator: Operator) -> None:
    operator.has(State.PROCESSING)
    later(operator, lambda: operator.has(State.SUCCEEDED))
    assert [line.count('"state"') for line in operator.runs("watch", TASK, "--json").out.splitlines()] == [1, 1]
