"""The provider in other words: a job of each scenario, all on one stack, and its end. Run by `make prove`."""

from collections.abc import Collection, Iterator

import pytest

from local.cloud.environment import Environment
from local.cloud.rows import Row, has_ended
from local.kie.callback_payloads import STRANGE
from local.kie.responses import REFUSALS, UNAVAILABLE
from local.waiting import wait_until
from tests.integration.conftest import SHORT_WINDOW, running

PATIENCE = 180.0  # seconds
SHORT_DEADLINES = {"DeadlineSeconds": "3", "HardDeadlineSeconds": "3"}
UNTIL_ASKED_AGAIN = {"minutes": 200.0}  # twenty seconds

SUCCEEDED = {
    # A lost response, then other words for "is processing"
    "in_progress": "callback",
    "no_msg": "callback",
    "working_400": "callback",
    "chinese": "callback",
    # Other words for "not yet", "not now" and "not found"
    "chinese_unfinished_base": "callback",
    "chinese_no_credits": "callback",
    "frequency_430": "callback",
    "blocked_1010": "callback",
    "not_found_404": "callback",
    "service_unavailable": "callback",
    "strange_500": "callback",
    # Callbacks that are no verdict
    "working_400_callback": "probe",
    "callback_402": "probe",
    "callback_408": "probe",
    "callback_429": "probe",
    "callback_455": "probe",
    "callback_not_success": "probe",
    "false_failure": "probe",
    # Ids, and results in other shapes
    "own_id_by_callback": "callback",
    "record_callback": "callback",
    "credits_double": "callback",
    "credits_text": "callback",
    "result_url": "callback",
    "full_urls": "callback",
    "object_urls": "callback",
    "text_with_tail": "callback",
    "data_text": "callback",
}
"""What delivers the result of each scenario."""

ASKED_AGAIN = frozenset({"in_progress", "no_msg", "working_400", "chinese"})

FAILED = {
    "strange_failure": ("PROVIDER_FAILED", 500, STRANGE),
    "record_failed_callback": ("NOT_AVAILABLE_IN_4K", 500, UNAVAILABLE),
    "always_strange": ("PROVIDER_FAILED", 422, REFUSALS["strange"].msg),
    "wrong_parameter": ("SUBMISSION_UNCONFIRMED", 500, REFUSALS["wrong_parameter"].msg),
    "chinese_expired": ("BASE_EXPIRED", 422, "记录为空。暂时支持14天内的记录。"),
    "chinese_unknown_task": ("INVALID_TASK", 422, "记录为空。"),
    "chinese_blank": ("INVALID_TASK", 422, "记录结果数据为空。"),
    "record_info_null": ("INVALID_TASK", 422, REFUSALS["record_info_null"].msg),
    "record_missing": ("INVALID_TASK", 422, REFUSALS["record_missing"].msg),
    "no_generation": ("INVALID_TASK", 422, REFUSALS["no_generation"].msg),
    "no_link": ("RESULT_UNREADABLE", 200, "success"),
    "unreadable_link": ("RESULT_UNREADABLE", 200, "success"),
}
"""The code of each error, and the provider's own code and words beside it."""

AT_THE_DEADLINE = ("always_strange", "wrong_parameter", "no_link", "unreadable_link")


def task(scenario: str) -> str:
    return f"veo_task_{scenario}_words"


@pytest.fixture(scope="module")
def env() -> Iterator[Environment]:
    # A small machine needs seconds to start a callback function for each of so many jobs.
    with running("words", SHORT_WINDOW, PauseSeconds="1", UnclearSeconds="2", FirstProbeSeconds="16") as env:
        yield env


def ends(env: Environment, scenarios: Collection[str]) -> dict[str, Row]:
    """Send a job of each scenario. Return the rows when all have ended."""
    env.cloud.send(*({"taskId": task(scenario)} for scenario in scenarios))

    def found() -> dict[str, Row] | None:
        rows = {row["taskId"]: row for row in env.cloud.rows() if has_ended(row)}
        return {one: rows[task(one)] for one in scenarios} if rows.keys() >= set(map(task, scenarios)) else None

    return wait_until(found, PATIENCE)


@pytest.fixture(scope="module")
def ended(env: Environment) -> dict[str, Row]:
    """The row of each scenario's job at its end. The deadlines are short only for those that end there."""
    for scenario in ASKED_AGAIN:
        env.simulator.register(task(scenario), scenario, **UNTIL_ASKED_AGAIN)
    rows = ends(env, {*SUCCEEDED, *FAILED} - set(AT_THE_DEADLINE))
    with env.sweeps.turn:  # unlike AWS, the emulator kills a running function when it updates it
        env.cloud.change(**SHORT_DEADLINES)
    return rows | ends(env, AT_THE_DEADLINE)


@pytest.mark.parametrize("scenario", SUCCEEDED)
def test_a_job_succeeds_with_one_charge_whatever_words_come(
    env: Environment, ended: dict[str, Row], scenario: str
) -> None:
    row = ended[scenario]
    assert (row["state"], row.get("evidence"), row.get("error")) == ("SUCCEEDED", SUCCEEDED[scenario], None)
    assert len(env.charges(task(scenario))) == 1


@pytest.mark.parametrize("scenario", ["credits_double", "credits_text"])
def test_credits_are_read_however_they_are_written(ended: dict[str, Row], scenario: str) -> None:
    assert ended[scenario]["creditsConsumed"] == 120


@pytest.mark.parametrize("scenario", FAILED)
def test_row_and_event_of_a_failure_have_the_providers_words(
    env: Environment, ended: dict[str, Row], scenario: str
) -> None:
    row = ended[scenario]
    error = row["error"]
    assert (error["code"], error["providerCode"], error["providerMessage"]) == FAILED[scenario]
    assert {event["detail"]["error"] == error for event in env.events_about(task(scenario))} == {True}
    assert row["state"] == ("TIMED_OUT" if error["code"] == "SUBMISSION_UNCONFIRMED" else "FAILED")


@pytest.mark.parametrize("scenario", ASKED_AGAIN)
def test_a_lost_response_was_asked_about_again(ended: dict[str, Row], scenario: str) -> None:
    assert ended[scenario]["attempts"] > 1
