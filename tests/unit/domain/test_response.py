import json
from typing import Any

import pytest

from veo4k.domain.job import Code
from veo4k.domain.response import (
    HttpResponse,
    Meaning,
    NoResponse,
    Response,
    read_job_record,
    read_job_submission,
    read_record,
    read_submission,
)
from veo4k.domain.wait_reason import WaitReason

TASK = "veo_task_example123"
URL = "https://tempfile.aiquickdraw.com/v/example_task_1234567890.mp4"
IMAGE = "https://tempfile.aiquickdraw.com/v/example_task_1234567890.jpg"
NOTHING = {"taskId": TASK, "resultUrls": None, "imageUrls": None}
RESULT = {"taskId": TASK, "resultUrls": [URL], "imageUrls": [IMAGE]}
WORKING_TEXT = "4k is processing. It should be ready in 5-10 minutes. Please check back shortly."
DONE_TEXT = "The video has been generated successfully"
READERS = [read_submission, read_record, read_job_submission, read_job_record]


def submission(body: Any, status: int = 200) -> Response:
    return read_submission(HttpResponse(status, body if isinstance(body, bytes) else json.dumps(body).encode()))


def envelope(code: Any, text: str = "", **more: Any) -> dict[str, Any]:
    return {"code": code, "msg": text, **more}


# The table of answers, row by row


def test_a_first_request_is_accepted() -> None:
    answer = submission(envelope(200, "success", data=NOTHING))
    assert answer == Response(meaning=Meaning.WORKING, accepted_anew=True, task_id=TASK)


@pytest.mark.parametrize("data", [{"taskId": TASK}, None, {}, [], "x"])
def test_an_acceptance_may_say_little(data: Any) -> None:
    answer = submission(envelope(200, "success", data=data))
    assert (answer.meaning, answer.accepted_anew) == (Meaning.WORKING, True)


@pytest.mark.parametrize("code", [200, 422])
def test_a_response_with_links_is_the_result(code: int) -> None:
    answer = submission(envelope(code, DONE_TEXT, data=RESULT))
    assert answer == Response(meaning=Meaning.DONE, urls=(URL,), image_urls=(IMAGE,), task_id=TASK)


@pytest.mark.parametrize(
    "text", [WORKING_TEXT, "Please check back shortly.", "The video is NOT READY yet", "Processing"]
)
def test_a_repeat_may_be_answered_still_working(text: str) -> None:
    answer = submission(envelope(422, text, data=NOTHING))
    assert (answer.meaning, answer.task_id, answer.accepted_anew) == (Meaning.WORKING, TASK, False)


def test_done_without_links_is_accepted_and_says_that_it_is_done() -> None:
    answer = submission(envelope(422, DONE_TEXT, data=NOTHING))
    assert answer.meaning is Meaning.WORKING
    assert "generated" in answer.reason


def test_a_repeat_that_works_does_not_say_that_it_is_done() -> None:
    assert "generated" not in submission(envelope(422, WORKING_TEXT, data=NOTHING)).reason


def test_a_base_video_that_is_not_finished_is_for_later() -> None:
    answer = submission(envelope(422, "record status is not success."))
    assert (answer.meaning, answer.code) == (Meaning.BASE_NOT_FINISHED, Code.BASE_NOT_FINISHED)
    assert answer.reason


REFUSALS = [
    (422, "record is null.", Code.INVALID_TASK),
    (422, "record result data is blank.", Code.INVALID_TASK),
    (422, "record result data not exist.", Code.INVALID_TASK),
    (422, "record result data is empty.", Code.INVALID_TASK),
    (422, "Temporarily supports records within 14 days.", Code.BASE_EXPIRED),
    (422, "something new", Code.PROVIDER_FAILED),
    (422, "", Code.PROVIDER_FAILED),
    (400, "bad index", Code.PROVIDER_FAILED),
    (400, "Fallback tasks are not supported", Code.NOT_AVAILABLE_IN_4K),
    (404, "not found", Code.INVALID_TASK),
    (451, "image access limits", Code.PROVIDER_FAILED),
]


@pytest.mark.parametrize(("code", "text", "why"), REFUSALS)
def test_a_wrong_request_is_refused_for_good(code: int, text: str, why: Code) -> None:
    answer = submission(envelope(code, text, data=None))
    assert (answer.meaning, answer.code) == (Meaning.REFUSED, why)


PAUSING = {
    401: "API_KEY_REFUSED",
    402: "NO_CREDITS",
    403: "API_KEY_REFUSED",
    429: "RATE_LIMITED",
    433: "KEY_LIMIT_REACHED",
    455: "MAINTENANCE",
    505: "FEATURE_OFF",
}


@pytest.mark.parametrize(("code", "reason"), PAUSING.items())
def test_a_refusal_of_the_account_pauses_the_gate(code: int, reason: str) -> None:
    for answer in (submission(envelope(code, "no")), submission(b"<html>", status=code)):
        assert (answer.meaning, answer.reason) == (Meaning.ACCOUNT_REFUSED, reason)


@pytest.mark.parametrize("status", [404, 405])
@pytest.mark.parametrize("body", [b"", b"<html>Not Found</html>", b'{"message":"Not Found"}'])
def test_a_path_that_is_gone_concerns_the_account_and_no_task(status: int, body: bytes) -> None:
    assert submission(body, status) == Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=WaitReason.PATH_GONE)


UNAVAILABLE = "The 4K version of this video is unavailable. Please try a different video."


@pytest.mark.parametrize(
    ("code", "text", "why"),
    [
        (500, UNAVAILABLE, Code.NOT_AVAILABLE_IN_4K),
        (501, UNAVAILABLE, Code.NOT_AVAILABLE_IN_4K),
        (501, "generation failed", Code.PROVIDER_FAILED),
    ],
)
def test_a_generation_that_failed_ends_the_job(code: int, text: str, why: Code) -> None:
    answer = submission(envelope(code, text))
    assert (answer.meaning, answer.code) == (Meaning.FAILED, why)


@pytest.mark.parametrize("code", [500, 408, 502, 503, 504, 0, -1, 201, 999, 10**30])
def test_every_other_code_is_unknown(code: int) -> None:
    assert submission(envelope(code, "Server exception")).meaning is Meaning.LOST


@pytest.mark.parametrize(("sent", "meaning"), [(True, Meaning.LOST), (False, Meaning.NOT_SENT)])
@pytest.mark.parametrize("read", READERS)
def test_no_reply_is_unknown_unless_nothing_was_sent(read: Any, sent: bool, meaning: Meaning) -> None:
    assert read(NoResponse(is_sent=sent, cause="ReadTimeout")) == Response(meaning=meaning, cause="ReadTimeout")


# Which code carries the truth


@pytest.mark.parametrize("status", [200, 400, 404, 422, 429, 500, 502])
def test_the_bodys_code_goes_before_the_status(status: int) -> None:
    assert submission(envelope(200, data=NOTHING), status).meaning is Meaning.WORKING
    assert submission(envelope(402, "no credits"), status).reason == "NO_CREDITS"


NO_CODES: list[Any] = [
    "200",
    True,
    False,
    None,
    200.0,
    [200],
    {"code": 200},
    float("nan"),
    float("inf"),
    "",
]


@pytest.mark.parametrize("code", NO_CODES, ids=repr)
@pytest.mark.parametrize("read", READERS)
def test_a_code_that_is_no_whole_number_is_never_believed(read: Any, code: Any) -> None:
    reply = json.dumps(envelope(code, "success", data=RESULT)).encode()
    assert read(HttpResponse(200, reply)).meaning is Meaning.LOST
    assert read(HttpResponse(402, reply)).reason == "NO_CREDITS"


NO_ENVELOPES = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"5",
    b'"x"',
    b"{}",
    b'{"msg":"success"}',
    b"<html>",
    b"\xff\xfe",
    b'{"code":200',
]


@pytest.mark.parametrize(
    "body",
    [*NO_ENVELOPES, b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000],
    ids=lambda b: b[:9].decode("ascii", "ignore"),
)
@pytest.mark.parametrize("read", READERS)
def test_without_an_envelope_only_the_account_is_believed(read: Any, body: bytes) -> None:
    assert {
        read(HttpResponse(status, body)).meaning for status in (200, 204, 301, 400, 408, 422, 451, 500, 501, 503)
    } == {Meaning.LOST}
    assert {read(HttpResponse(status, body)).meaning for status in (401, 402, 403, 404, 405, 429, 433, 455, 505)} == {
        Meaning.ACCOUNT_REFUSED
    }


@pytest.mark.parametrize("text", [None, 5, ["processing"], {"a": "processing"}])
def test_a_message_that_is_no_text_is_no_obstacle(text: Any) -> None:
    assert submission({"code": 200, "msg": text, "data": NOTHING}).meaning is Meaning.WORKING
    assert submission({"code": 500, "msg": text}).meaning is Meaning.LOST
