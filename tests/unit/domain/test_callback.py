import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veo4k.domain.callback import Address, CallbackPayload, callback_path, parse_address, parse_payload
from veo4k.domain.errors import InvalidBodyError
from veo4k.domain.job import Key
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning, Response

TASK = "veo_task_example123"
URL = "https://file.aiquickdraw.com/v/example_task_1234567890.mp4"
IMAGE = "https://file.aiquickdraw.com/v/example_task_1234567890.jpg"
TOKEN = "t" * 43


def parsed(value: Any) -> CallbackPayload:
    return parse_payload(value if isinstance(value, bytes) else json.dumps(value).encode())


def body(code: Any = 200, text: str = "", **data: Any) -> dict[str, Any]:
    return {"code": code, "msg": text, "data": data}


# The path


def test_the_path_names_the_job_and_its_token() -> None:
    assert callback_path(TASK, 7, 12, TOKEN) == f"/callbacks/{TASK}/7/12/{TOKEN}"


@given(
    task_id=st.from_regex(r"[A-Za-z0-9_-]{8,64}", fullmatch=True),
    index=st.integers(0, 99),
    run=st.integers(1, 999_999_999),
    token=st.from_regex(r"[A-Za-z0-9_-]{43}", fullmatch=True),
)
def test_every_path_we_write_is_read_back(task_id: str, index: int, run: int, token: str) -> None:
    parts = callback_path(task_id, index, run, token).removeprefix("/callbacks/").split("/")
    address = parse_address(*parts)
    assert address == Address(task_id, index, run, token)
    assert address.key == Key(task_id, run)


FOREIGN = {
    "task_id": [
        "",
        "short",
        "x" * 65,
        "veo task 123",
        "veo_task_1/2",
        "veo_task_☃☃",
        "veo_task_\u0661\u0662",
        f"{TASK}\n",
        "../etc/passwd",
    ],
    "index": ["", "-1", "+1", "01", "00", "100", "1.0", "1e1", " 1", "1\n", "\u0661", "a", "0x1"],
    "run": ["", "0", "-1", "+1", "01", "1.0", "1000000000", " 1", "1\n", "\u0661", "a"],
    "token": ["", "t" * 42, "t" * 44, "t" * 42 + "=", "t" * 42 + "+", "t" * 42 + "☃", TOKEN + "\n"],
}
FOREIGN_PARTS = [(name, value) for name, values in FOREIGN.items() for value in values]


@pytest.mark.parametrize(("name", "value"), FOREIGN_PARTS)
def test_a_part_of_another_shape_is_no_address(name: str, value: str) -> None:
    parts = {"task_id": TASK, "index": "0", "run": "1", "token": TOKEN}
    assert parse_address(**parts) is not None
    assert parse_address(**parts | {name: value}) is None


# The payload


def test_a_payload_is_a_response_and_the_id_of_its_task() -> None:
    """What its words and its data mean is in test_response.py."""
    read = parsed(body(200, "4K Video generated successfully.", taskId=TASK, info={"resultUrls": [URL]}))

    assert read.task_id == TASK
    assert (read.response.meaning, read.response.urls) == (Meaning.DONE, (URL,))
    assert read.response.words == Words(200, "4K Video generated successfully.")


@pytest.mark.parametrize("code", [400, 500, 501])
def test_a_failure_may_have_no_data_so_that_only_the_path_names_the_job(code: int) -> None:
    read = parsed({"code": code, "msg": "failed", "data": None})
    assert (read.response.meaning, read.task_id) == (Meaning.UNCLEAR, None)


# Whom it is about


@pytest.mark.parametrize(
    "payload",
    [
        {"code": 200, "data": {"taskId": TASK}},
        {"code": 200, "data": {"task_id": TASK}},
        {"code": 200, "taskId": TASK},
        {"code": 200, "task_id": TASK},
        {"code": 200, "taskId": TASK, "task_id": TASK, "data": {"taskId": TASK, "task_id": TASK}},
        {"code": 200, "taskId": None, "data": {"taskId": TASK}},
    ],
)
def test_the_task_is_named_in_four_places_that_agree(payload: dict[str, Any]) -> None:
    assert parsed(payload).task_id == TASK


@pytest.mark.parametrize("payload", [{"code": 200}, {"code": 200, "data": None}, {"code": 200, "data": [TASK]}])
def test_a_body_may_name_no_task(payload: dict[str, Any]) -> None:
    assert parsed(payload).task_id is None


@pytest.mark.parametrize(
    "payload",
    [
        {"code": 200, "taskId": TASK, "data": {"taskId": "veo_task_example124"}},
        {"code": 200, "data": {"taskId": TASK, "task_id": "veo_task_example124"}},
        {"code": 200, "taskId": TASK, "task_id": ""},
        *(
            {"code": 200, "data": {"taskId": value}}
            for value in ("", "short", 12345678, [TASK], {"a": 1}, True, "veo_task_☃☃")
        ),
    ],
)
def test_task_ids_that_disagree_or_are_none_are_invalid(payload: dict[str, Any]) -> None:
    with pytest.raises(InvalidBodyError):
        parsed(payload)


# What is never believed


@pytest.mark.parametrize("code", ["ok", True, False, None, 200.5, [200], {"a": 200}, ""], ids=repr)
def test_a_code_that_is_no_whole_number_is_invalid(code: Any) -> None:
    with pytest.raises(InvalidBodyError):
        parsed(body(code, taskId=TASK, resultUrls=[URL]))


BROKEN = {
    "nothing": b"",
    "text": b"hello",
    "a form": b"code=200&taskId=veo_task_example123",
    "a list": b"[200]",
    "null": b"null",
    "no code": b'{"data": {}}',
    "cut off": b'{"code": 200, "data": {',
    "more behind it": b'{"code": 200} {"code": 500}',
    "NaN": b'{"code": 200, "data": {"a": NaN}}',
    "Infinity": b'{"code": 200, "data": {"a": -Infinity}}',
    "NaN as the code": b'{"code": NaN}',
    "two codes": b'{"code": 500, "code": 200}',
    "two names deep inside": b'{"code": 200, "data": {"taskId": "veo_task_1", "taskId": "veo_task_2"}}',
    "no UTF-8": b'{"code": 200, "msg": "\xff"}',
    "UTF-16": '{"code": 200}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"code": 200}',
    "too deep": b'{"code": 200, "data": ' + b"[" * 17 + b"]" * 17 + b"}",
    "far too deep": b'{"code": 200, "data": ' + b"[" * 100_000,
    "a number of many digits": b'{"code": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_not_strict_json_is_invalid(value: bytes) -> None:
    with pytest.raises(InvalidBodyError):
        parsed(value)


def test_why_a_body_is_refused_does_not_quote_it() -> None:
    for value in (
        b'{"secret',
        b'{"code": 200, "data": {"secret": NaN}}',
        b'{"code": "secret"}',
        b'{"code": 1, "taskId": "secret"}',
    ):
        with pytest.raises(InvalidBodyError) as caught:
            parsed(value)
        assert "secret" not in str(caught.value)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_payload_or_an_invalid_body(value: bytes) -> None:
    try:
        read = parsed(value)
    except InvalidBodyError:
        return
    assert isinstance(read.response, Response)
