import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from proofs.doubles.stage import TASK, Stage
from tests.unit.conftest import Context
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.response import Meaning, Response
from veo4k.observability import ERRORS, UNSAID, WARNINGS, emit, logger, metrics

LogOutput = Callable[[], str]


def lines(log_output: LogOutput) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_output().splitlines()]


def test_each_log_entry_is_a_line_with_its_details(log_output: LogOutput) -> None:
    emit([LogEntry(LogEvent.GATE_PAUSED, None, {"reason": "NO_CREDITS"}), LogEntry(LogEvent.CALLBACK_IGNORED)])
    first, second = lines(log_output)

    assert (first["message"], first["reason"]) == ("gate_paused", "NO_CREDITS")
    assert second["message"] == "callback_ignored"


def test_a_line_about_a_job_names_the_job_and_its_state(log_output: LogOutput) -> None:
    stage = Stage(Response(meaning=Meaning.REFUSED))
    emit(stage.receive(json.dumps({"taskId": TASK})))
    created, failed = lines(log_output)

    assert [created["jobId"], created["state"]] == [f"{TASK}#0#1", "SUBMITTING"]
    assert [failed["jobId"], failed["state"], failed["errorCode"]] == [f"{TASK}#0#1", "FAILED", "PROVIDER_FAILED"]


@pytest.mark.parametrize("is_swept", [False, True], ids=["a message", "a sweep"])
def test_each_step_has_its_own_time_however_late_it_is_logged(log_output: LogOutput, is_swept: bool) -> None:
    stage = Stage(Response(meaning=Meaning.WORKING, accepted_anew=True))
    if is_swept:
        stage.ask()
        stage.clock.advance(800)
    stage.provider.meanwhile = lambda _: stage.clock.advance(20)
    entries = stage.swept() if is_swept else stage.receive(json.dumps({"taskId": TASK}))
    stage.clock.advance(30)
    emit(entries)
    first, second = (datetime.fromisoformat(line["at"]).timestamp() for line in lines(log_output))

    assert 20 <= second - first < 25
    assert second <= stage.clock.now() - 30


def test_only_events_that_an_operator_may_check_are_warnings(log_output: LogOutput) -> None:
    emit([LogEntry(event) for event in [*sorted(WARNINGS), LogEvent.JOB_CREATED, *sorted(ERRORS)]])

    levels = ["WARNING"] * len(WARNINGS) + ["INFO"] + ["ERROR"] * len(ERRORS)
    assert [line["level"] for line in lines(log_output)] == levels


def test_log_entries_are_counted_by_their_event_and_function_alone(log_output: LogOutput) -> None:
    events = [LogEvent.JOB_CREATED, LogEvent.JOB_CREATED, LogEvent.GATE_PAUSED]
    answer = metrics.log_metrics(lambda _, __: dict(emit(map(LogEntry, events))))(None, None)
    counted = next(line for line in lines(log_output) if "_aws" in line)

    assert answer == {"job_created": 2, "gate_paused": 1}
    assert (counted["JobCreated"], counted["GatePaused"]) == ([2.0], [1.0])
    assert counted["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert counted["service"] == "function"


@pytest.mark.filterwarnings("ignore:No application metrics to publish")  # as the module sets on import
def test_a_function_that_counted_nothing_writes_no_metrics(log_output: LogOutput) -> None:
    metrics.log_metrics(lambda _, __: emit([]))(None, None)

    assert log_output() == ""


def test_a_line_names_service_and_request_but_repeats_no_log_group_data(
    log_output: LogOutput, context: Context
) -> None:
    logger.inject_lambda_context(lambda _, __: emit([LogEntry(LogEvent.JOB_CREATED)]))({}, context)
    (line,) = lines(log_output)

    assert line["service"]
    assert line["function_request_id"] == context.aws_request_id
    assert not line.keys() & set(UNSAID)
