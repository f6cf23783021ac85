"""What a response contains beside its meaning: ids, credits, and why a task failed."""

import json
from typing import Any

import pytest

from veo4k.domain.callback import CallbackPayload, parse_payload
from veo4k.domain.job import Code
from veo4k.domain.response import HttpResponse, Meaning, Response, read_job_record, read_record, read_submission

TASK = "veo_task_example123"
URL = "https://tempfile.aiquickdraw.com/v/example_task_1234567890.mp4"


def reply(**data: Any) -> HttpResponse:
    return HttpResponse(200, json.dumps({"code": 200, "msg": "success", "data": data}).encode())


def by_callback(code: int, msg: str = "", **data: Any) -> CallbackPayload:
    return parse_payload(json.dumps({"code": code, "msg": msg, "data": data}).encode())


def test_a_record_under_way_contains_id_and_credits() -> None:
    answer = read_record(reply(taskId=TASK, successFlag=0, creditsConsumed=120))

    assert answer == Response(meaning=Meaning.WORKING, task_id=TASK, credits=120)


def test_a_finished_record_contains_id_and_credits() -> None:
    answer = read_record(reply(taskId=TASK, successFlag=1, creditsConsumed=120, response={"resultUrls": [URL]}))

    assert answer == Response(meaning=Meaning.DONE, urls=(URL,), task_id=TASK, credits=120)


@pytest.mark.parametrize("state", ["waiting", "queuing", "generating", "success"])
def test_a_task_without_a_result_contains_id_and_credits(state: str) -> None:
    answer = read_job_record(reply(taskId=TASK, state=state, creditsConsumed=120))

    assert answer == Response(meaning=Meaning.WORKING, task_id=TASK, credits=120)


@pytest.mark.parametrize("state", [None, "SUCCESS", "done", 1])
def test_an_unknown_state_is_read_by_the_code_around_it(state: Any) -> None:
    answer = read_job_record(reply(taskId=TASK, state=state, creditsConsumed=120))

    assert answer == Response(meaning=Meaning.WORKING, task_id=TASK, credits=120, accepted_anew=True)


@pytest.mark.parametrize("success", [True, 1.0, "1"])
def test_only_a_whole_number_is_a_flag(success: Any) -> None:
    answer = read_record(reply(successFlag=success, response={"resultUrls": [URL]}))

    assert answer.meaning is Meaning.WORKING


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("This task was created more than 14 days ago", Code.BASE_EXPIRED),
        ("record is null", Code.INVALID_TASK),
        ("The record result data is blank", Code.INVALID_TASK),
        ("Original task status is not success", Code.BASE_NOT_FINISHED),
        ("The 4K version of this video is unavailable.", Code.NOT_AVAILABLE_IN_4K),
        ("4K is processing", Code.PROVIDER_FAILED),
        ("no luck", Code.PROVIDER_FAILED),
        (None, Code.PROVIDER_FAILED),
    ],
)
def test_a_task_says_why_it_failed(text: str | None, code: Code) -> None:
    failed = Response(meaning=Meaning.FAILED, code=code)

    assert read_job_record(reply(taskId=TASK, state="fail", failMsg=text)) == failed
    assert by_callback(501, "", state="fail", failMsg=text).response == failed


def test_a_task_that_says_nothing_of_its_failure_has_failed() -> None:
    assert read_job_record(reply(state="fail")) == Response(meaning=Meaning.FAILED, code=Code.PROVIDER_FAILED)


def test_the_state_of_a_refused_record_is_not_read() -> None:
    refused = {"code": 404, "msg": "record is null", "data": {"state": "success", "resultUrls": [URL]}}

    assert read_job_record(HttpResponse(200, json.dumps(refused).encode())).meaning is Meaning.REFUSED


def test_a_failed_task_contains_its_credits() -> None:
    assert read_job_record(reply(state="fail", creditsConsumed=5)).credits == 5


def test_a_callback_of_a_task_is_read_by_its_state() -> None:
    body = json.dumps({"resultUrls": [URL]})

    assert by_callback(200, taskId=TASK, state="success", resultJson=body) == CallbackPayload(
        Response(meaning=Meaning.DONE, urls=(URL,), task_id=TASK), TASK
    )


def test_a_failure_by_callback_contains_its_credits() -> None:
    assert by_callback(501, "no luck", creditsConsumed=5).response == Response(
        meaning=Meaning.FAILED, code=Code.PROVIDER_FAILED, credits=5
    )


@pytest.mark.parametrize(
    ("fail_code", "code"),
    [
        (404, Code.INVALID_TASK),
        ("404", Code.INVALID_TASK),
        ("abc", Code.PROVIDER_FAILED),
        ("\uff14\uff10\uff14", Code.PROVIDER_FAILED),
        ("0404", Code.PROVIDER_FAILED),
        (None, Code.PROVIDER_FAILED),
        ([404], Code.PROVIDER_FAILED),
    ],
    ids=["a number", "its digits", "letters", "wide digits", "too many digits", "nothing", "a list"],
)
def test_a_task_says_by_a_number_of_three_digits_why_it_failed(fail_code: Any, code: Code) -> None:
    assert read_job_record(reply(state="fail", failCode=fail_code)).code is code


@pytest.mark.parametrize("links", [[URL, 5, None, "", [URL]], json.dumps([URL, 5]), f" {URL} "])
def test_only_texts_are_links_however_their_list_comes(links: Any) -> None:
    assert by_callback(200, resultUrls=links).response.urls == (URL,)


@pytest.mark.parametrize("links", ["[", "[" * 100_000, 5, {"a": URL}, None])
def test_what_is_no_list_of_links_has_none(links: Any) -> None:
    assert by_callback(200, info={"resultUrls": links}).response.meaning is Meaning.WORKING


def test_an_unknown_code_is_a_lost_response_and_named() -> None:
    assert read_submission(HttpResponse(200, b'{"code": 418}')) == Response(meaning=Meaning.LOST, cause="code 418")


def test_a_foreign_page_is_a_lost_response_named_by_its_status() -> None:
    lost = Response(meaning=Meaning.LOST, cause="HTTP 502 without the provider's envelope")

    assert read_submission(HttpResponse(502, b"<html>Bad Gateway</html>")) == lost


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The 4K version of this video is unavailable.", Code.NOT_AVAILABLE_IN_4K),
        ("Fallback videos are not upscaled", Code.NOT_AVAILABLE_IN_4K),
        ("no luck", Code.PROVIDER_FAILED),
    ],
)
def test_an_unknown_status_is_a_refusal_with_the_reason_from_the_response(text: str, code: Code) -> None:
    body = json.dumps({"code": 422, "msg": text}).encode()

    assert read_submission(HttpResponse(200, body)) == Response(meaning=Meaning.REFUSED, code=code)


def test_a_status_contains_id_and_credits() -> None:
    data = {"taskId": TASK, "creditsConsumed": 120}
    answer = read_submission(
        HttpResponse(200, json.dumps({"code": 422, "msg": "4K is processing", "data": data}).encode())
    )

    assert (answer.meaning, answer.task_id, answer.credits) == (Meaning.WORKING, TASK, 120)
