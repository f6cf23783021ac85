"""What the provider's responses mean, as one table; what a result's links may look like is in test_payload.py."""

import json
from dataclasses import replace
from typing import Any

import pytest

from veo4k.domain.callback import is_failure, parse_payload
from veo4k.domain.job import Code
from veo4k.domain.provider_words import Words
from veo4k.domain.response import (
    PAUSING,
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
from veo4k.domain.wait_reason import WaitReason

TASK, OWN = "veo_task_example123", "4k_task_example123"
URL = "https://tempfile.aiquickdraw.com/v/example_task_1234567890.mp4"
IMAGE = "https://tempfile.aiquickdraw.com/v/example_task_1234567890.jpg"
NAMED = {"taskId": TASK, "resultUrls": None, "imageUrls": None}
UNAVAILABLE = "The 4K version of this video is unavailable. Please try a different video."
READERS = [read_submission, read_record, read_job_submission, read_job_record]


def reply(code: Any, msg: Any = "", data: Any = None, status: int = 200) -> HttpResponse:
    return HttpResponse(status, json.dumps({"code": code, "msg": msg, "data": data}).encode())


def called_back(code: Any, msg: Any = "", data: Any = None) -> Response:
    return parse_payload(reply(code, msg, data).body).response


VERDICTS: list[tuple[int, str, Meaning, Code]] = [
    (422, "record is null.", Meaning.REFUSED, Code.INVALID_TASK),
    (422, "recordInfo is null", Meaning.REFUSED, Code.INVALID_TASK),
    (500, "Record does not exist", Meaning.REFUSED, Code.INVALID_TASK),
    (422, "No generation found", Meaning.REFUSED, Code.INVALID_TASK),
    (422, "记录为空。", Meaning.REFUSED, Code.INVALID_TASK),
    (422, "record result data is blank.", Meaning.REFUSED, Code.INVALID_TASK),
    (422, "记录结果数据不存在", Meaning.REFUSED, Code.INVALID_TASK),
    (422, "Temporarily supports records within 14 days.", Meaning.REFUSED, Code.BASE_EXPIRED),
    (422, "记录为空。暂时支持14天内的记录。", Meaning.REFUSED, Code.BASE_EXPIRED),
    (422, "record status is not success.", Meaning.BASE_NOT_FINISHED, Code.BASE_NOT_FINISHED),
    (422, "记录状态不是成功。", Meaning.BASE_NOT_FINISHED, Code.BASE_NOT_FINISHED),
    (451, "image access limits", Meaning.REFUSED, Code.PROVIDER_FAILED),
    (500, UNAVAILABLE, Meaning.FAILED, Code.NOT_AVAILABLE_IN_4K),
    (400, UNAVAILABLE, Meaning.FAILED, Code.NOT_AVAILABLE_IN_4K),
    (422, "该视频的4K版本不可用", Meaning.FAILED, Code.NOT_AVAILABLE_IN_4K),
    (422, "该视频的4K版本不可用。请尝试其他视频。", Meaning.FAILED, Code.NOT_AVAILABLE_IN_4K),
    (400, "Fallback tasks are not supported", Meaning.FAILED, Code.NOT_AVAILABLE_IN_4K),
    (400, "This video was made through the fallback path.", Meaning.FAILED, Code.NOT_AVAILABLE_IN_4K),
    (422, "record result data not exist.", Meaning.REFUSED, Code.INVALID_TASK),
    (422, "record result data is empty.", Meaning.REFUSED, Code.INVALID_TASK),
    (422, "记录不存在", Meaning.REFUSED, Code.INVALID_TASK),
    (422, "Record is null. Temporarily supports records within 14 days.", Meaning.REFUSED, Code.BASE_EXPIRED),
]


@pytest.mark.parametrize(("code", "text", "meaning", "why"), VERDICTS)
def test_known_words_are_a_verdict_in_answer_and_callback(code: int, text: str, meaning: Meaning, why: Code) -> None:
    for read in (read_submission(reply(code, text)), read_job_submission(reply(code, text)), called_back(code, text)):
        assert (read.meaning, read.code, read.words) == (meaning, why, Words(code, text))


@pytest.mark.parametrize("code", [400, 408, 422, 500, 501, 550])
@pytest.mark.parametrize(
    "text",
    [
        "4k is processing. Please check back shortly.",
        "4k is processing…",
        "4K video is processing now",
        "Sorry, your video is still processing",
        "1080P is processing.",
        "Your 4K video is still processing, please wait",
        "处理中",
        "视频生成中",
        "4K 正在处理中,请等待",
        "4K视频处理中。预计5-10分钟完成。请稍后查看。",
        # What another clause denies is something else.
        "4K is processing, not ready yet. Please check back shortly.",
        "4k is processing, please do not submit again.",
        "4k is processing and nothing has to be done",
        "4K视频生成中\uff0c请不要重复请求",
        "4k is processing. You will be notified if it fails.",
        "4K 处理中。如果失败\uff0c积分会退回。",
        "The video has been generated successfully, no further request is needed",
        "4k is processing. The file can be downloaded within 14 days.",
    ],
)
def test_words_of_work_are_an_acceptance_under_any_code(code: int, text: str) -> None:
    assert read_submission(reply(code, text)).meaning is Meaning.WORKING
    assert called_back(code, text).meaning is Meaning.WORKING


@pytest.mark.parametrize("text", ["4K upgrade in progress, please wait", "", None, "升级进行中"])
def test_an_answer_422_that_names_the_task_is_an_acceptance(text: Any) -> None:
    assert read_submission(reply(422, text, NAMED)).meaning is Meaning.WORKING
    assert is_failure(called_back(422, text, NAMED))


UNCLEAR = [
    (422, "something new"),
    (422, ""),
    (400, "bad index"),
    (408, "Upstream is currently experiencing service issues. No result has been returned for over 10 minutes."),
    (504, "No result from upstream within 600 seconds"),
    (500, "4K service is temporarily unavailable. Please try again later."),
    (422, "Please check back shortly."),
    (422, "the video is NOT READY yet"),
    (400, "稍后再试"),
    (500, "Server exception"),
    (550, "E-1207"),
    (0, ""),
    (999, ""),
    # Known words, denied, or in the middle of another statement
    (500, "The 4K generation was not successful."),
    (500, "The request was not successful, please retry."),
    (500, "Upstream status is not success"),
    (500, "4K video could not be generated successfully."),
    (400, "The video was not generated successfully"),
    (500, "Not every video was generated successfully."),
    (500, "4K video generated successfully. An error occurred during the upload."),
    (500, "视频未生成成功"),
    (500, "视频生成成功率下降"),
    (500, "Failed while the video is processing"),
    (500, "Too many tasks, the system is processing"),
    (400, "Another task is processing"),
    (422, "Nothing is processing"),
    (400, "4K is processing, an error occurred"),
    (400, "If it is not processing, send it again"),
    (500, "生成中断"),
    (500, "视频生成中出现错误"),
    (500, "任务不在处理中"),
    (500, "系统正在处理中"),
    (500, "All fallback channels are busy, please retry"),
    (500, "Internal error, fallback failed"),
    (500, "The video could not be made with the fallback model"),
    (500, "The 4K version of this video is unavailable right now"),
    (500, "The 4K version of this video is unavailable. Please retry."),
    (500, "The 4K version is not unavailable"),
    (500, "4K版本不可用。服务繁忙"),
    (500, "4K版本暂时不可用"),
    (500, "Results of the last 14 days cannot be read"),
    (500, "Please wait, the video is kept for 14 days"),
    (500, "The video is not older than 14 days"),
    (400, "Only 114 days are left"),
    (500, "过去14天的日志不可用"),
    (500, "Cannot read the task because its record is null"),
    (500, "Internal error. Record is null."),
    (500, "用户积分记录为空"),
    (500, "No generation found a free worker"),
    (500, "record result data could not be loaded"),
    (500, "no result set"),
    (500, "No results yet"),
    (500, "Sampling frequency of the audio is wrong"),
    (500, "服务频繁出错"),
    (500, "并非积分不足"),
]


def test_only_the_beginning_of_a_long_message_is_read() -> None:
    """The patterns take time that grows with the square of the text."""
    assert read_submission(reply(400, "4k " * 600 + "is processing")).meaning is Meaning.WORKING
    assert read_submission(reply(400, "4k " * 700 + "is processing")).meaning is Meaning.UNCLEAR


@pytest.mark.parametrize(("code", "text"), UNCLEAR)
def test_unknown_words_are_no_verdict(code: int, text: str) -> None:
    for read in READERS:
        assert read(reply(code, text)) == Response(meaning=Meaning.UNCLEAR, words=Words(code, text))
    assert is_failure(called_back(code, text)) == (code in (400, 422, 500, 501))


@pytest.mark.parametrize("text", ["Not Found", "", "The requested resource or endpoint does not exist"])
def test_the_providers_own_404_is_no_verdict(text: str) -> None:
    for read in (read_submission(reply(404, text)), called_back(404, text)):
        assert (read.meaning, read.wait_reason) == (Meaning.NOT_FOUND, WaitReason.NOT_FOUND)
        assert not is_failure(read)


def test_a_failure_501_is_a_verdict_in_an_answer_alone() -> None:
    assert read_submission(reply(501, "failed")).meaning is Meaning.FAILED
    assert is_failure(called_back(501, "failed"))
    assert called_back(501, UNAVAILABLE).code is Code.NOT_AVAILABLE_IN_4K


@pytest.mark.parametrize(("code", "reason"), PAUSING.items())
def test_a_refusal_of_the_account_pauses_the_gate(code: int, reason: WaitReason) -> None:
    for read in (read_submission(reply(code, "no")), called_back(code)):
        assert (read.meaning, read.wait_reason) == (Meaning.ACCOUNT_REFUSED, reason)


def test_words_about_the_account_pause_the_gate_under_any_code() -> None:
    words = ("Your call frequency is too high, slow down", "请求过于频繁", "积分不足", "您的账号积分不足")
    reasons = [read_submission(reply(422, text, NAMED)).wait_reason for text in words]

    assert reasons == [WaitReason.RATE_LIMITED] * 2 + [WaitReason.NO_CREDITS] * 2


def test_a_proxy_that_refuses_the_caller_is_not_the_key() -> None:
    assert read_submission(HttpResponse(403, b"error code: 1010")).wait_reason is WaitReason.BLOCKED_BY_PROXY
    assert read_submission(HttpResponse(403, b"<html>")).wait_reason is WaitReason.API_KEY_REFUSED


# Acceptances and results


@pytest.mark.parametrize("code", [200, "200", 200.0])
@pytest.mark.parametrize("data", [{"taskId": TASK}, None, {}, [], "x", NAMED])
def test_a_first_request_is_accepted_however_little_it_says(code: Any, data: Any) -> None:
    answer = read_submission(reply(code, "success", data))
    assert (answer.meaning, answer.accepted_anew) == (Meaning.WORKING, True)


@pytest.mark.parametrize("text", ["4k is processing…", "4K视频处理中。", "The video has been generated successfully"])
def test_words_of_a_status_under_200_are_no_new_acceptance(text: str) -> None:
    for read in (read_submission(reply(200, text, NAMED)), called_back(200, text, NAMED)):
        assert (read.meaning, read.accepted_anew, read.task_id) == (Meaning.WORKING, False, TASK)
        assert read.is_generated == ("successfully" in text)


@pytest.mark.parametrize("text", ["success", "record is null.", "积分不足", "success. The file is kept for 14 days."])
def test_other_words_under_200_are_no_verdict(text: str) -> None:
    read = read_submission(reply(200, text, NAMED))
    assert (read.meaning, read.accepted_anew) == (Meaning.WORKING, True)


@pytest.mark.parametrize("code", [200, 422])
def test_a_response_with_links_is_the_result(code: int) -> None:
    data = {"taskId": TASK, "resultUrls": [URL], "imageUrls": [IMAGE], "creditsConsumed": 120.0}
    done = Response(meaning=Meaning.DONE, urls=(URL,), image_urls=(IMAGE,), task_id=TASK, credits=120)
    answer = read_submission(reply(code, "record is null", data))
    assert answer == replace(done, words=Words(code, "record is null"))
    assert called_back(code, "x", data).urls == (URL,)


@pytest.mark.parametrize("text", ["The video has been generated successfully", "视频生成成功"])
def test_done_without_links_is_an_acceptance_that_is_done(text: str) -> None:
    answer = read_submission(reply(422, text, NAMED))
    assert (answer.meaning, answer.is_generated, answer.accepted_anew) == (Meaning.WORKING, True, False)


@pytest.mark.parametrize(
    "data",
    [
        {"resultUrls": [{"file": 5}]},
        {"resultUrls": 7},
        {"video": {"link": URL}},
        {"videoUrls": [URL]},
        {"info": [{"resultUrls": [URL]}]},
        {"files": [[{"src": f" {URL}"}]]},
        {"files": json.dumps([{"src": URL}])},
    ],
)
@pytest.mark.parametrize(
    ("code", "text"),
    [(200, "success"), (422, "The video has been generated successfully"), (422, "4K video is ready"), (422, None)],
)
def test_a_success_with_no_readable_link_is_unreadable(code: int, text: str | None, data: dict[str, Any]) -> None:
    for read in (read_submission(reply(code, text, data)), called_back(code, text, data)):
        assert (read.meaning, read.code) == (Meaning.UNREADABLE, Code.RESULT_UNREADABLE)
        assert next(iter(data)) in read.cause
        assert "https" not in read.cause


@pytest.mark.parametrize(
    ("text", "meaning"), [("record is null", Meaning.REFUSED), ("4k is processing", Meaning.WORKING)]
)
def test_known_words_of_a_422_go_before_what_cannot_be_read(text: str, meaning: Meaning) -> None:
    assert read_submission(reply(422, text, {"resultUrls": [{"file": URL}]})).meaning is meaning


@pytest.mark.parametrize(
    "name", ["paramJson", "promptJson", "callBackUrl", "callbackUrl", "call_back_url", "imageUrls", "originUrls"]
)
def test_links_of_the_request_are_no_result(name: str) -> None:
    for value in (URL, [URL], {"url": URL}):
        assert read_submission(reply(200, "success", {name: value})).meaning is Meaning.WORKING


@pytest.mark.parametrize(("sent", "meaning"), [(True, Meaning.LOST), (False, Meaning.NOT_SENT)])
@pytest.mark.parametrize("read", READERS)
def test_no_reply_is_unknown_unless_nothing_was_sent(read: Any, sent: bool, meaning: Meaning) -> None:
    assert read(NoResponse(is_sent=sent, cause="ReadTimeout")) == Response(meaning=meaning, cause="ReadTimeout")


@pytest.mark.parametrize("status", [200, 400, 404, 422, 429, 500, 502])
def test_the_bodys_code_goes_before_the_status(status: int) -> None:
    assert read_submission(reply(200, data=NAMED, status=status)).meaning is Meaning.WORKING
    assert read_submission(reply(402, status=status)).reason == "NO_CREDITS"


NO_ENVELOPES = [b"", b" ", b"null", b"[]", b'"x"', b"{}", b'{"msg":"success"}', b"<html>", b"\xff\xfe", b'{"code":200']
NO_ENVELOPES += [b"[" * 100_000, b'{"a":' * 100_000, b"1" * 10_000, b'{"code": true}', b'{"code": null}']
NO_ENVELOPES += [b'{"code": "ok"}', b'{"code": 200.5}', b'{"code": NaN}', b'{"code": [200]}', b'{"code": ""}']


@pytest.mark.parametrize("body", NO_ENVELOPES, ids=lambda body: repr(body[:14]))
@pytest.mark.parametrize("read", READERS)
def test_without_an_envelope_only_the_account_is_believed(read: Any, body: bytes) -> None:
    lost = {read(HttpResponse(status, body)).meaning for status in (200, 204, 301, 400, 408, 422, 451, 500, 501, 503)}
    assert lost == {Meaning.LOST}
    for status, reason in {**PAUSING, 404: WaitReason.PATH_GONE, 405: WaitReason.PATH_GONE}.items():
        assert read(HttpResponse(status, body)) == Response(meaning=Meaning.ACCOUNT_REFUSED, wait_reason=reason)


@pytest.mark.parametrize("text", [None, 5, ["is processing"], {"a": "b"}])
def test_a_message_that_is_no_text_is_no_obstacle(text: Any) -> None:
    assert read_submission(reply(200, text, NAMED)).meaning is Meaning.WORKING
    assert read_submission(reply(500, text)).words == Words(500, "")


# Records, as answers and in callbacks


@pytest.mark.parametrize("flag", [0, 1, 2, 3])
@pytest.mark.parametrize("spell", [int, float, str])
def test_a_record_says_by_its_flag_how_it_stands(flag: int, spell: Any) -> None:
    meanings = [Meaning.WORKING, Meaning.DONE, Meaning.FAILED, Meaning.FAILED]
    data = {"taskId": TASK, "successFlag": spell(flag), "response": {"resultUrls": [URL]}, "errorMessage": "no luck"}
    assert read_record(reply(200, "success", data)).meaning is meanings[flag]
    assert called_back(200, "success", data).meaning is meanings[flag]


STATES = [("waiting", Meaning.WORKING), ("queuing", Meaning.WORKING), ("generating", Meaning.WORKING)]
STATES += [("success", Meaning.DONE), ("SUCCESS", Meaning.DONE), ("fail", Meaning.FAILED)]


@pytest.mark.parametrize(("state", "meaning"), STATES)
def test_a_task_says_by_its_state_how_it_stands(state: str, meaning: Meaning) -> None:
    data = {"taskId": OWN, "state": state, "resultJson": json.dumps({"resultUrls": [URL]}) + " tail"}
    read = read_job_record(reply(200, "success", data | {"creditsConsumed": "120"}))
    assert (read.meaning, read.task_id, read.credits) == (meaning, OWN, 120)
    assert called_back(501 if meaning is Meaning.FAILED else 200, "", data).meaning is meaning


@pytest.mark.parametrize("status", [None, "done", [2], {}, 4, -1, 0.5, True])
def test_an_unknown_status_of_a_record_is_no_verdict(status: Any) -> None:
    flag, state = {"successFlag": status, "response": {"resultUrls": [URL]}}, {"taskId": OWN, "state": status}
    assert read_record(reply(200, "success", flag)).meaning is Meaning.UNCLEAR
    assert read_job_record(reply(200, "success", state)).meaning is Meaning.UNCLEAR
    assert called_back(200, "", state).meaning is Meaning.WORKING


@pytest.mark.parametrize("data", [{"successFlag": 1}, {"successFlag": 1, "response": {"resultUrls": []}}])
def test_a_record_of_success_without_a_link_is_unreadable(data: dict[str, Any]) -> None:
    assert read_record(reply(200, "success", data)).meaning is Meaning.UNREADABLE
    assert read_job_record(reply(200, "", {"state": "success", "resultJson": "{}"})).meaning is Meaning.UNREADABLE


WHY_A_TASK_FAILED: list[tuple[Any, Any, Code]] = [
    (500, "no luck", Code.PROVIDER_FAILED),
    ("500", UNAVAILABLE, Code.NOT_AVAILABLE_IN_4K),
    ("422", "record is null.", Code.INVALID_TASK),
    ("422", "record status is not success.", Code.PROVIDER_FAILED),
    ("422", "created more than 14 days ago", Code.BASE_EXPIRED),
    (None, "still is processing", Code.PROVIDER_FAILED),
    (None, None, Code.PROVIDER_FAILED),
    ([404], {}, Code.PROVIDER_FAILED),
]
NAMES = [("failCode", "failMsg"), ("fail_code", "fail_msg"), ("errorCode", "errorMessage")]


@pytest.mark.parametrize(("number", "text", "why"), WHY_A_TASK_FAILED)
@pytest.mark.parametrize("names", NAMES, ids=str)
def test_a_failed_task_has_failed_whatever_its_words(number: Any, text: Any, why: Code, names: tuple[str, str]) -> None:
    data = {"state": "fail", **dict(zip(names, (number, text), strict=True))}
    for read in (read_job_record(reply(200, "success", data)), called_back(501, "failed", data)):
        assert (read.meaning, read.code) == (Meaning.FAILED, why)
    if isinstance(text, str):
        assert read.words == Words(int(number) if number else None, text)


def test_the_state_of_a_refused_record_is_not_read() -> None:
    refused = reply(422, "record is null", {"state": "success", "successFlag": 1})
    assert {read(refused).meaning for read in READERS} == {Meaning.REFUSED}


# The unified task API


@pytest.mark.parametrize("name", ["taskId", "task_id"])
def test_a_task_of_its_own_is_accepted_under_its_id(name: str) -> None:
    read = read_job_submission(reply(200, "success", {name: OWN}))
    assert (read.meaning, read.task_id) == (Meaning.WORKING, OWN)


@pytest.mark.parametrize("data", [None, {}, {"taskId": None}, {"taskId": "short"}, {"taskId": 12345678}])
def test_an_acceptance_without_an_id_is_a_lost_response(data: Any) -> None:
    lost = Response(meaning=Meaning.LOST, cause="accepted without a task id")
    assert read_job_submission(reply(200, "success", data)) == lost


@pytest.mark.parametrize("code", [400, 422, 550])
def test_unclear_words_with_a_new_tasks_id_are_an_acceptance(code: int) -> None:
    assert read_job_submission(reply(code, "E-1207", {"taskId": OWN})).meaning is Meaning.WORKING
    assert read_job_submission(reply(code, "E-1207")).meaning is Meaning.UNCLEAR


@pytest.mark.parametrize("left", [0, 100, 99.5, 5916.25])
def test_the_balance_is_a_number(left: float) -> None:
    assert read_balance(reply(200, "success", left)) == left


NO_BALANCES: list[HttpResponse | NoResponse] = [
    *(reply(200, "", left) for left in (None, True, "100", -1, [100], {"credits": 100}, float("nan"), float("inf"))),
    *(reply(401, "", 100), HttpResponse(200, b"<html>"), NoResponse(is_sent=True, cause="ReadTimeout")),
]


@pytest.mark.parametrize("response", NO_BALANCES)
def test_what_is_no_balance_in_the_providers_envelope_is_none(response: HttpResponse | NoResponse) -> None:
    assert read_balance(response) is None
