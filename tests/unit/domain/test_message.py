import json
from typing import Any

import pytest

from veo4k.domain.errors import InvalidMessageError
from veo4k.domain.message import Message, parse_message

TASK = "veo_task_abcdef123456"


def test_a_message_needs_nothing_but_a_task_id() -> None:
    assert parse_message(f'{{"taskId": "{TASK}"}}') == Message(task_id=TASK)


def test_a_message_may_say_more() -> None:
    fields = {"taskId": TASK, "index": 99, "tags": {"campaign": "été"}, "force": True, "taskToken": "abc"}

    assert parse_message(json.dumps(fields)) == Message(
        task_id=TASK, index=99, tags={"campaign": "été"}, force=True, task_token="abc"
    )


BROKEN: list[tuple[str, str]] = [
    ("not JSON", "not json"),
    ("cut off", '{"taskId": "veo_task_abcdef'),
    ("a list", '["veo_task_abcdef123456"]'),
    ("a string", f'"{TASK}"'),
    ("duplicate name", f'{{"taskId": "{TASK}", "taskId": "{TASK}"}}'),
    ("NaN", f'{{"taskId": "{TASK}", "index": NaN}}'),
    ("too deep", f'{{"taskId": "{TASK}", "tags": {"[" * 50}{"]" * 50}}}'),
    ("bottomless", "[" * 4000),
    ("endless number", f'{{"taskId": "{TASK}", "index": {"9" * 5000}}}'),
    ("too long", json.dumps({"taskId": TASK, "tags": {"a": "x" * 9000}})),
    ("lone surrogate in the text", '{"taskId": "\ud800"}'),
]


@pytest.mark.parametrize("body", [body for _, body in BROKEN], ids=[name for name, _ in BROKEN])
def test_what_is_no_strict_json_object_is_refused(body: str) -> None:
    with pytest.raises(InvalidMessageError):
        parse_message(body)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"taskId": "short"},
        {"taskId": "x" * 65},
        {"taskId": "veo.task.abcdef"},
        {"taskId": "veo_task_ümlaut"},
        {"taskId": f"{TASK}\n"},
        {"taskId": None},
        {"taskId": 12345678},
        {"taskId": TASK, "index": 1.0},
        {"taskId": TASK, "index": True},
        {"taskId": TASK, "index": "0"},
        {"taskId": TASK, "index": -1},
        {"taskId": TASK, "index": 100},
        {"taskId": TASK, "index": None},
        {"taskId": TASK, "force": 1},
        {"taskId": TASK, "force": None},
        {"taskId": TASK, "tags": []},
        {"taskId": TASK, "tags": {"a": 1}},
        {"taskId": TASK, "tags": {"": "a"}},
        {"taskId": TASK, "tags": {"a": "\ud800"}},
        {"taskId": TASK, "tags": {str(n): "" for n in range(11)}},
        {"taskId": TASK, "tags": {"a": "x" * 1020}},
        {"taskId": TASK, "taskToken": ""},
        {"taskId": TASK, "taskToken": "x" * 2049},
        {"taskId": TASK, "unknown": 1},
    ],
    ids=lambda fields: json.dumps(fields)[:60].replace("\\", "/"),
)
def test_a_field_that_breaks_its_rule_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessageError):
        parse_message(json.dumps(fields))


def test_the_reason_names_the_field_and_its_rule() -> None:
    with pytest.raises(InvalidMessageError, match="index must be a whole number from 0 to 99"):
        parse_message(json.dumps({"taskId": TASK, "index": "x"}))


def test_the_reason_never_repeats_what_was_sent() -> None:
    with pytest.raises(InvalidMessageError) as refusal:
        parse_message('{"taskToken": "secret", oops')

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"index": 0},
        {"index": 99},
        {"taskToken": "x"},
        {"taskToken": "x" * 2048},
        {"tags": {str(n): "" for n in range(10)}},
        {"tags": {"a": "x" * 1015}},
        {"tags": {"a": "é" * 507}},
        {"taskId": "x" * 8},
        {"taskId": "x" * 64},
    ],
    ids=lambda fields: json.dumps(fields)[:40].replace("\\", "/"),
)
def test_a_field_may_go_to_its_very_limit(fields: dict[str, Any]) -> None:
    assert parse_message(json.dumps({"taskId": TASK} | fields))


@pytest.mark.parametrize(
    "fields",
    [{"tags": {"a": "x" * 1016}}, {"tags": {"a": "é" * 508}}, {"taskToken": "é"}],
    ids=["tags of 1025 bytes", "tags of 1025 bytes in two-byte letters", "a token that is not ASCII"],
)
def test_a_field_may_not_go_beyond_it(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessageError):
        parse_message(json.dumps({"taskId": TASK} | fields))


def test_a_body_may_have_8_kib_and_no_byte_more() -> None:
    body = json.dumps({"taskId": TASK})

    assert parse_message(body.ljust(8192)) == Message(task_id=TASK)
    with pytest.raises(InvalidMessageError, match=r"^the body is longer than 8192 bytes$"):
        parse_message(body.ljust(8193))


def test_a_body_of_letters_that_take_more_bytes_is_longer_than_it_looks() -> None:
    with pytest.raises(InvalidMessageError, match="longer than 8192 bytes"):
        parse_message('"' + "é" * 4096 + '"')


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{}", "taskId is missing"),
        (f'{{"taskId": "{TASK}", "{"x" * 50}": 1}}', f"unknown field '{'x' * 40}'"),
        (f'{{"taskId": "{TASK}", "force": 1}}', "force must be true or false"),
        (f'{{"taskId": "{TASK}", "index": NaN}}', "not strict JSON: NaN is not a JSON number"),
        (f'{{"taskId": "{TASK}", "taskId": "{TASK}"}}', "not strict JSON: duplicate name in an object"),
        ("[]", "not a JSON object"),
        ("{", "not strict JSON: Expecting property name enclosed in double quotes at 1"),
        ('{"a": ' * 17 + "1" + "}" * 17, "nested deeper than 16"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_reason_is_a_sentence_for_people(body: str, reason: str) -> None:
    with pytest.raises(InvalidMessageError) as refusal:
        parse_message(body)

    assert str(refusal.value) == reason


def test_sixteen_levels_are_not_too_deep() -> None:
    with pytest.raises(InvalidMessageError, match="taskId is missing"):
        parse_message('{"a": ' * 16 + "1" + "}" * 16)
