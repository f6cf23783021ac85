import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veo4k.domain.callback import Address, CallbackPayload, callback_path, parse_address, parse_payload
from veo4k.domain.errors import InvalidBodyError
from veo4k.domain.job import Key
from veo4k.domain.provider_words import Words
from veo4k.domain.response import Meaning

TASK = "veo_task_example123"
URL = "https://file.aiquickdraw.com/v/example_task_1234567890.mp4"
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


IDS = ["", "short", "x" * 65, "veo task 123", "veo_task_1/2", "../etc/passwd", "veo_task_☃☃", "veo_task_\u0661\u0662"]
FOREIGN = {
    "task_id": [*IDS, f"{TASK}\n"],
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


NAMED: list[dict[str, Any]] = [
    *({"data": {"taskId": TASK}}, {"data": {"task_id": TASK}}, {"taskId": TASK}, {"task_id": TASK}),
    {"taskId": TASK, "task_id": TASK, "data": {"taskId": TASK, "task_id": TASK}},
    {"taskId": None, "data": {"taskId": TASK}},
]


@pytest.mark.parametrize("named", NAMED)
def test_the_task_is_named_in_four_places_that_agree(named: dict[str, Any]) -> None:
    assert parsed({"code": 200} | named).task_id == TASK


@pytest.mark.parametrize("unnamed", [{}, {"data": None}, {"data": [TASK]}])
def test_a_body_may_name_no_task(unnamed: dict[str, Any]) -> None:
    assert parsed({"code": 200} | unnamed).task_id is None


OTHER = "veo_task_example124"
DISAGREEING: list[dict[str, Any]] = [
    *({"taskId": TASK, "data": {"taskId": OTHER}}, {"data": {"taskId": TASK, "task_id": OTHER}}),
    {"taskId": TASK, "task_id": ""},
    *({"data": {"taskId": value}} for value in ("", "short", 12345678, [TASK], {"a": 1}, True, "veo_task_☃☃")),
]


@pytest.mark.parametrize("named", DISAGREEING)
def test_task_ids_that_disagree_or_are_none_are_invalid(named: dict[str, Any]) -> None:
    with pytest.raises(InvalidBodyError):
        parsed({"code": 200} | named)


# What is never believed


@pytest.mark.parametrize("code", ["ok", True, False, None, 200.5, [200], {"a": 200}, ""], ids=repr)
def test_a_code_that_is_no_whole_number_is_invalid(code: Any) -> None:
    with pytest.raises(InvalidBodyError):
        parsed(body(code, taskId=TASK, resultUrls=[URL]))


SECRETIVE = [
    *(b'{"secret', b'{"code": 200, "data": {"secret": NaN}}', b'{"code": 500, "secret": 1, "secret": 200}'),
    *(b'{"data": {"secret": 1}}', b'{"code": "secret"}', b'{"code": 1, "taskId": "secret"}'),
]


@pytest.mark.parametrize("value", SECRETIVE)
def test_why_a_body_is_refused_does_not_quote_it(value: bytes) -> None:
    with pytest.raises(InvalidBodyError) as caught:
        parsed(value)

    assert "secret" not in str(caught.value)
