import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veo4k.domain.job import Code
from veo4k.domain.response import (
    ACCEPTED,
    HttpResponse,
    Meaning,
    NoResponse,
    Response,
    read_balance,
    read_job_record,
    read_job_submission,
    read_record,
    read_submission,
)

TASK = "veo_task_example123"
OWN = "4k_task_example123"
URL = "https://tempfile.aiquickdraw.com/v/example_task_1234567890.mp4"
UNAVAILABLE = "The 4K version of this video is unavailable. Please try a different video."

# The record of a task of the job's own ("Get Veo3.1 Details")


def record(**data: Any) -> Response:
    return read_record(HttpResponse(200, json.dumps({"code": 200, "msg": "success", "data": data}).encode()))


def test_a_record_with_links_is_the_result() -> None:
    answer = record(taskId=TASK, successFlag=1, response={"taskId": TASK, "resultUrls": [URL], "resolution": "4k"})
    assert answer == Response(meaning=Meaning.DONE, urls=(URL,), task_id=TASK)


def test_a_record_that_generates_is_working() -> None:
    assert record(taskId=TASK, successFlag=0, response=None).meaning is Meaning.WORKING


@pytest.mark.parametrize("flag", [2, 3])
@pytest.mark.parametrize(
    ("text", "why"),
    [("no luck", Code.PROVIDER_FAILED), (UNAVAILABLE, Code.NOT_AVAILABLE_IN_4K), (None, Code.PROVIDER_FAILED)],
)
def test_a_record_that_failed_ends_the_job(flag: int, text: str | None, why: Code) -> None:
    answer = record(taskId=TASK, successFlag=flag, errorMessage=text)
    assert (answer.meaning, answer.code) == (Meaning.FAILED, why)


@pytest.mark.parametrize("flag", [None, "1", "2", [2], {}, 4, -1, 0.5])
def test_a_flag_that_means_nothing_is_no_verdict(flag: Any) -> None:
    assert record(successFlag=flag, response={"resultUrls": [URL]}).meaning is Meaning.WORKING


def test_a_success_without_links_is_no_result_yet() -> None:
    assert record(taskId=TASK, successFlag=1, response={"resultUrls": []}).meaning is Meaning.WORKING


def test_links_of_a_record_that_failed_are_no_result() -> None:
    assert record(successFlag=2, response={"resultUrls": [URL]}).meaning is Meaning.FAILED


@pytest.mark.parametrize(
    ("code", "meaning"), [(402, Meaning.ACCOUNT_REFUSED), (404, Meaning.REFUSED), (500, Meaning.LOST)]
)
def test_a_record_that_is_refused_is_read_like_a_submission(code: int, meaning: Meaning) -> None:
    assert read_record(HttpResponse(200, json.dumps({"code": code}).encode())).meaning is meaning


# The record of the unified task API


def job_record(**data: Any) -> Response:
    return read_job_record(HttpResponse(200, json.dumps({"code": 200, "msg": "success", "data": data}).encode()))


@pytest.mark.parametrize("state", ["waiting", "queuing", "generating"])
def test_a_task_under_way_is_working(state: str) -> None:
    assert job_record(taskId=TASK, state=state).meaning is Meaning.WORKING


def test_a_task_that_succeeded_has_its_links_in_a_json_string() -> None:
    answer = job_record(taskId=TASK, state="success", resultJson=json.dumps({"resultUrls": [URL]}))
    assert answer == Response(meaning=Meaning.DONE, urls=(URL,), task_id=TASK)


@pytest.mark.parametrize("result", [None, "", "{", "[]", "{}", json.dumps({"resultUrls": []}), 5])
def test_a_task_that_succeeded_without_links_is_no_result_yet(result: Any) -> None:
    assert job_record(taskId=TASK, state="success", resultJson=result).meaning is Meaning.WORKING


@pytest.mark.parametrize("names", [("state", "resultJson"), ("state", "result_json")])
def test_the_links_are_found_in_snake_and_in_camel_case(names: tuple[str, str]) -> None:
    result = json.dumps({"result_urls": [URL]})
    assert job_record(**dict(zip(names, ("success", result), strict=True))).urls == (URL,)


def test_the_result_may_be_an_object_as_well_as_json() -> None:
    assert job_record(state="success", resultJson={"resultUrls": [URL]}).urls == (URL,)


@pytest.mark.parametrize("name", ["creditsConsumed", "credits_consumed", "consumeCredits", "consume_credits"])
def test_a_task_has_its_credits_under_one_of_four_names(name: str) -> None:
    result = json.dumps({"resultUrls": [URL]})
    assert job_record(state="success", resultJson=result, **{name: 120}).credits == 120


WHY_A_TASK_FAILED: list[tuple[Any, Any, Code]] = [
    ("500", "no luck", Code.PROVIDER_FAILED),
    ("500", UNAVAILABLE, Code.NOT_AVAILABLE_IN_4K),
    ("501", "", Code.PROVIDER_FAILED),
    (501, None, Code.PROVIDER_FAILED),
    ("400", "Fallback tasks are not supported", Code.NOT_AVAILABLE_IN_4K),
    ("422", "record is null.", Code.INVALID_TASK),
    ("422", "record status is not success.", Code.BASE_NOT_FINISHED),
    ("422", "Temporarily supports records within 14 days.", Code.BASE_EXPIRED),
    ("422", "something new", Code.PROVIDER_FAILED),
    ("404", "", Code.INVALID_TASK),
    (404, None, Code.INVALID_TASK),
    (None, "record is null.", Code.INVALID_TASK),
    (None, None, Code.PROVIDER_FAILED),
    ("", "", Code.PROVIDER_FAILED),
    ("none", "still processing", Code.PROVIDER_FAILED),
    ([404], {}, Code.PROVIDER_FAILED),
]


@pytest.mark.parametrize(("number", "text", "why"), WHY_A_TASK_FAILED)
@pytest.mark.parametrize("names", [("failCode", "failMsg"), ("fail_code", "fail_msg")])
def test_a_task_that_failed_ends_the_job_with_a_code_of_ours(
    number: Any, text: Any, why: Code, names: tuple[str, str]
) -> None:
    answer = job_record(taskId=TASK, state="fail", **dict(zip(names, (number, text), strict=True)))
    assert (answer.meaning, answer.code) == (Meaning.FAILED, why)


@pytest.mark.parametrize(
    ("code", "meaning"), [(402, Meaning.ACCOUNT_REFUSED), (404, Meaning.REFUSED), (500, Meaning.LOST)]
)
def test_a_response_without_task_details_is_read_like_a_submission(code: int, meaning: Meaning) -> None:
    assert read_job_record(HttpResponse(200, json.dumps({"code": code}).encode())).meaning is meaning


# The request under the unified task API


def job_submission(code: int, text: str = "", **data: Any) -> Response:
    return read_job_submission(HttpResponse(200, json.dumps({"code": code, "msg": text, "data": data}).encode()))


@pytest.mark.parametrize("name", ["taskId", "task_id"])
def test_a_task_of_its_own_is_accepted_under_its_id(name: str) -> None:
    assert job_submission(200, "success", **{name: OWN}) == Response(
        meaning=Meaning.WORKING, accepted_anew=True, task_id=OWN
    )


@pytest.mark.parametrize("data", [{}, {"taskId": None}, {"taskId": "short"}, {"taskId": 12345678}])
def test_an_acceptance_without_an_id_is_a_lost_response(data: dict[str, Any]) -> None:
    assert job_submission(200, "success", **data) == Response(meaning=Meaning.LOST, cause="accepted without a task id")


@pytest.mark.parametrize(
    ("code", "text", "meaning"),
    [
        (422, "record is null.", Meaning.REFUSED),
        (422, "record status is not success.", Meaning.BASE_NOT_FINISHED),
        (402, "no credits", Meaning.ACCOUNT_REFUSED),
        (501, "failed", Meaning.FAILED),
        (500, "Server exception", Meaning.LOST),
    ],
)
def test_an_unaccepted_request_is_read_as_under_the_other_api(code: int, text: str, meaning: Meaning) -> None:
    assert job_submission(code, text).meaning is meaning


# The credits left ("Get Remaining Credits")


def balance(body: Any, status: int = 200) -> float | None:
    return read_balance(HttpResponse(status, body if isinstance(body, bytes) else json.dumps(body).encode()))


@pytest.mark.parametrize("left", [0, 100, 99.5])
def test_the_balance_is_a_number(left: float) -> None:
    assert balance({"code": 200, "msg": "success", "data": left}) == left


@pytest.mark.parametrize("left", [None, True, "100", -1, [100], {"credits": 100}, float("nan"), float("inf")])
def test_what_is_no_balance_is_none(left: Any) -> None:
    assert balance({"code": 200, "data": left}) is None


@pytest.mark.parametrize(
    "body", [{"code": 401, "data": 100}, {"data": 100}, {"code": "200", "data": 100}, b"<html>", b""]
)
def test_a_balance_is_believed_in_the_providers_envelope_alone(body: Any) -> None:
    assert balance(body) is None


def test_no_reply_is_no_balance() -> None:
    assert read_balance(NoResponse(is_sent=True, cause="ReadTimeout")) is None


# Whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([URL, TASK]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["taskId", "task_id", "resultUrls", "info", "response", "resultJson", "state", "successFlag", "creditsConsumed"]
NAMES += ["failCode", "failMsg"]
STATES = st.sampled_from(["waiting", "queuing", "generating", "success", "fail"])
BODIES = st.builds(
    lambda code, text, data: json.dumps({"code": code, "msg": text, "data": data}).encode(),
    st.sampled_from([200, 400, 402, 404, 422, 500, 501]) | JSON,
    JSON,
    st.dictionaries(st.sampled_from(NAMES), JSON | STATES) | JSON,
)


@given(
    body=BODIES | st.binary(max_size=40),
    status=st.integers(100, 599),
    read=st.sampled_from([read_submission, read_record, read_job_submission, read_job_record]),
)
def test_any_bytes_are_a_response(body: bytes, status: int, read: Any) -> None:
    answer = read(HttpResponse(status, body))
    assert isinstance(answer, Response)
    assert (answer.meaning is Meaning.DONE) == bool(answer.urls)
    assert answer.meaning in ACCEPTED or not answer.accepted_anew
