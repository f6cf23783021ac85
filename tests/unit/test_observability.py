import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from proofs.doubles.stage import TASK, Stage
from veo4k.domain.log_events import LogEntry, LogEvent
from veo4k.domain.response import Meaning, Response
from veo4k.observability import UNSAID, WARNINGS, emit, logger, metrics

LogOutput = Callable[[], str]
REFUSED = Response(meaning=Meaning.REFUSED)


class Context:
    function_name = "stack-function"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:stack-function"
    aws_request_id = "request-1"


def lines(log_output: LogOutput) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_output().splitlines()]


def test_each_log_entry_is_a_line_with_its_details(log_output: LogOutput) -> None:
    emit([LogEntry(LogEvent.GATE_PAUSED, None, {"reason": "NO_CREDITS"}), LogEntry(LogEvent.CALLBACK_IGNORED)])
    first, second = lines(log_output)

    assert (first["message"], first["reason"]) == ("gate_paused", "NO_CREDITS")
    assert second["message"] == "callback_ignored"


def test_a_line_about_a_job_names_the_job_and_its_state(log_output: LogOutput) -> None:
    stage = Stage(REFUSED)
    emit(stage.receive(json.dumps({"taskId": TASK})))
    created, failed = lines(log_output)

    assert [created["jobId"], created["state"]] == [f"{TASK}#0#1", "SUBMITTING"]
    assert [failed["jobId"], failed["state"], failed["errorCode"]] == [f"{TASK}#0#1", "FAILED", "PROVIDER_FAILED"]


def instants(log_output: LogOutput) -> list[float]:
    """Return the time of each line's event, in seconds."""
    return [datetime.fromisoformat(line["at"]).timestamp() for line in lines(log_output)]


def test_each_step_of_a_job_has_its_own_time_however_late_it_is_logged(log_output: LogOutput) -> None:
    stage = Stage(Response(meaning=Meaning.WORKING, accepted_anew=True))
    stage.provider.meanwhile = lambda _: stage.clock.advance(20)
    entries = stage.receive(json.dumps({"taskId": TASK}))
    stage.clock.advance(30)
    emit(entries)
    created, accepted = instants(log_output)

    assert 20 <= accepted - created < 25
    assert accepted <= stage.clock.now() - 30


def test_log_entries_of_a_sweep_have_their_own_time_too(log_output: LogOutput) -> None:
    stage = Stage(Response(meaning=Meaning.WORKING, accepted_anew=True))
    stage.ask()
    stage.clock.advance(800)
    stage.provider.meanwhile = lambda _: stage.clock.advance(20)
    emit(stage.swept())
    claimed, answered = instants(log_output)

    assert 20 <= answered - claimed < 25


def test_only_events_that_an_operator_may_check_are_warnings(log_output: LogOutput) -> None:
    emit([LogEntry(event) for event in [*sorted(WARNINGS), LogEvent.JOB_CREATED]])

    assert [line["level"] for line in lines(log_output)] == ["WARNING"] * len(WARNINGS) + ["INFO"]


def test_log_entries_are_counted_by_their_event(log_output: LogOutput) -> None:
    @metrics.log_metrics
    def handler(_: object, __: object) -> dict[str, int]:
        return dict(
            emit([LogEntry(LogEvent.JOB_CREATED), LogEntry(LogEvent.JOB_CREATED), LogEntry(LogEvent.GATE_PAUSED)])
        )

    assert handler(None, None) == {"job_created": 2, "gate_paused": 1}
    counted = next(line for line in lines(log_output) if "_aws" in line)
    assert (counted["JobCreated"], counted["GatePaused"]) == ([2.0], [1.0])


def test_a_metric_has_the_function_as_its_only_dimension(log_output: LogOutput) -> None:
    metrics.log_metrics(lambda _, __: emit([LogEntry(LogEvent.JOB_CREATED)]))(None, None)
    counted = next(line for line in lines(log_output) if "_aws" in line)

    assert counted["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert counted["service"] == "function"


@pytest.mark.filterwarnings("ignore:No application metrics to publish")  # as the module sets on import
def test_a_function_that_counted_nothing_writes_no_metrics(log_output: LogOutput) -> None:
    metrics.log_metrics(lambda _, __: emit([]))(None, None)

    assert log_output() == ""


def test_a_line_names_service_and_request_but_repeats_no_log_group_data(log_output: LogOutput) -> None:
    context = Context()
    logger.inject_lambda_context(lambda _, __: emit([LogEntry(LogEvent.JOB_CREATED)]))({}, context)
    (line,) = lines(log_output)

    assert line["service"]
    assert line["function_request_id"] == context.aws_request_id
    assert not line.keys() & set(UNSAID)
