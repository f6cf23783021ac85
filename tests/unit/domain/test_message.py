import json
from typing import Any

import pytest

from proofs.fuzz.wrong_messages import TASK, WRONG, WRONG_BEYOND_A_SCHEMA, shown
from veo4k.domain.errors import InvalidMessageError
from veo4k.domain.message import Message, parse_message


def test_a_message_needs_nothing_but_a_task_id_and_may_say_more() -> None:
    assert parse_message(f'{{"taskId": "{TASK}"}}') == Message(task_id=TASK)
    fields = {"taskId": TASK, "index": 99, "tags": {"campaign": "été"}, "force": True, "taskToken": "abc"}
    assert parse_message(json.dumps(fields)) == Message(
        task_id=TASK, index=99, tags={"campaign": "été"}, force=True, task_token="abc"
    )


LIMITS: list[dict[str, Any]] = [
    *({"index": 0}, {"index": 99}, {"taskToken": "x"}, {"taskToken": "x" * 2048}, {"taskId": "x" * 8}),
    *({"tags": {str(n): "" for n in range(10)}}, {"tags": {"a": "x" * 1015}}, {"tags": {"a": "é" * 507}}),
    *({"tags": {char: char}} for char in " ~\xa0\u2029\u202f\u2065\u206a\U0001f600"),
    {"taskId": "x" * 64},
]


@pytest.mark.parametrize("fields", [*WRONG, *WRONG_BEYOND_A_SCHEMA], ids=shown)
def test_a_field_that_breaks_its_rule_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessageError):
        parse_message(json.dumps(fields))


@pytest.mark.parametrize("fields", LIMITS, ids=shown)
def test_a_field_may_go_to_its_very_limit(fields: dict[str, Any]) -> None:
    assert parse_message(json.dumps({"taskId": TASK} | fields))


def test_a_body_may_have_8_kib_and_no_byte_more() -> None:
    body = json.dumps({"taskId": TASK})

    assert parse_message(body.ljust(8192)) == Message(task_id=TASK)
    for longer in (body.ljust(8193), '"' + "é" * 4096 + '"'):
        with pytest.raises(InvalidMessageError, match=r"^the body is longer than 8192 bytes$"):
            parse_message(longer)


REASONS = [
    ("{}", "taskId is missing"),
    (f'{{"taskId": "{TASK}", "{"x" * 50}": 1}}', f"unknown field '{'x' * 40}'"),
    (f'{{"taskId": "{TASK}", "force": 1}}', "force must be true or false"),
    (f'{{"taskId": "{TASK}", "index": "x"}}', "index must be a whole number from 0 to 99"),
    ('{"\ud800"', r"'utf-8' codec can't encode character '\ud800' in position 2: surrogates not allowed"),
    ('{"taskToken": "secret", oops', "not strict JSON: Expecting property name enclosed in double quotes at 24"),
]


@pytest.mark.parametrize(("body", "reason"), REASONS)
def test_the_reason_is_a_sentence_and_never_repeats_what_was_sent(body: str, reason: str) -> None:
    with pytest.raises(InvalidMessageError) as refusal:
        parse_message(body)

    assert str(refusal.value) == reason
