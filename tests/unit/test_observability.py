import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.doubles.stage import TASK, Stage
from veo4k.domain.answer import Answer, Meaning
from veo4k.domain.notes import Note
from veo4k.observability import ALARMING, metrics, narrate

Told = Callable[[], str]
REFUSED = Answer(meaning=Meaning.REFUSED)


def lines(told: Told) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told().splitlines()]


def test_each_note_is_a_line_with_its_details(told: Told) -> None:
    narrate([Note("gate_shut", None, {"reason": "NO_CREDITS"}), Note("callback_ignored")])
    first, second = lines(told)

    assert (first["message"], first["reason"]) == ("gate_shut", "NO_CREDITS")
    assert second["message"] == "callback_ignored"


def test_a_line_about_a_job_names_it_and_its_state_so_that_one_query_shows_its_life(told: Told) -> None:
    stage = Stage(REFUSED)
    narrate(stage.receive(json.dumps({"taskId": TASK})))
    created, failed = lines(told)

    assert [created["jobId"], created["state"]] == [f"{TASK}#0#1", "SUBMITTING"]
    assert [failed["jobId"], failed["state"], failed["errorCode"]] == [f"{TASK}#0#1", "FAILED", "PROVIDER_FAILED"]


def test_what_somebody_may_want_to_look_at_is_a_warning_and_the_rest_is_not(told: Told) -> None:
    narrate([Note(action) for action in [*sorted(ALARMING), "job_created"]])

    assert [line["level"] for line in lines(told)] == ["WARNING"] * len(ALARMING) + ["INFO"]


def test_notes_are_counted_by_their_word(told: Told) -> None:
    @metrics.log_metrics
    def handler(_: object, __: object) -> dict[str, int]:
        return dict(narrate([Note("job_created"), Note("job_created"), Note("gate_shut")]))

    assert handler(None, None) == {"job_created": 2, "gate_shut": 1}
    counted = next(line for line in lines(told) if "_aws" in line)
    assert (counted["JobCreated"], counted["GateShut"]) == ([2.0], [1.0])


def test_a_metric_has_the_function_as_its_only_dimension(told: Told) -> None:
    metrics.log_metrics(lambda _, __: narrate([Note("job_created")]))(None, None)
    counted = next(line for line in lines(told) if "_aws" in line)

    assert counted["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert counted["service"] == "function"


@pytest.mark.filterwarnings("ignore:No application metrics to publish")  # as the module asks for, where it is imported
def test_who_counted_nothing_writes_no_metrics(told: Told) -> None:
    metrics.log_metrics(lambda _, __: narrate([]))(None, None)

    assert told() == ""
