"""docs/interface.md says what template and code say: names, defaults, rules, examples."""

import json
import re
from dataclasses import asdict
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.unit.docs.pages import ROOT, blocks, code, page, rows, section, words
from veo4k.domain.callback import LONGEST_BODY, TOKEN, callback_path
from veo4k.domain.errors import InvalidMessageError
from veo4k.domain.event import DETAIL_TYPES, SOURCE, detail
from veo4k.domain.gate import Pace
from veo4k.domain.job import ATTRIBUTES, ENDED, LIVE, Code, Job, State
from veo4k.domain.message import parse_message
from veo4k.domain.schedule import Times
from veo4k.services import signed_request
from veo4k.settings import _TUNABLE, TUNING_NAMES

NAME = "docs/interface.md"
EXAMPLES = blocks(page(NAME))
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
EMPTY = "(empty)"
TIMED_OUT = {Code.SUBMISSION_UNCONFIRMED, Code.NO_ANSWER, Code.NEVER_SUBMITTED}


def examples(kind: str) -> list[str]:
    return [text for info, text in EXAMPLES if info == f"json {kind}"]


def table(heading: str) -> list[list[str]]:
    return list(rows(section(NAME, heading)))


def names(heading: str) -> list[str]:
    return [code(row[0]) for row in table(heading)]


def default(cell: str) -> str:
    return "" if cell == EMPTY else cell.strip("`")


def test_every_parameter_is_listed_with_its_default() -> None:
    parameters = rows(section(NAME, "Stack parameters").split("### ")[0])
    listed = {code(row[0]): default(row[1]) for row in parameters}
    assert listed == {name: str(parameter["Default"]) for name, parameter in TEMPLATE["Parameters"].items()}


def test_every_name_of_tuning_is_listed_with_its_default() -> None:
    listed = {code(row[0]): float(row[1]) for row in table("Tuning")}
    defaults = {field: value for kind in (Times(), Pace()) for field, value in asdict(kind).items()}
    assert listed == {name: defaults[_TUNABLE[name]] for name in TUNING_NAMES}


def test_every_name_of_tuning_has_its_unit() -> None:
    units = {code(row[0]): row[2] for row in table("Tuning")}
    assert units == {name: "seconds" if name.endswith("Seconds") else "attempts" for name in TUNING_NAMES}


def test_the_example_of_tuning_matches_the_parameters_pattern() -> None:
    [example] = [word for word in words(section(NAME, "Tuning")) if re.fullmatch(r"\w+=\d+(,\w+=\d+)+", word)]
    assert re.fullmatch(TEMPLATE["Parameters"]["Tuning"]["AllowedPattern"], example)


def test_every_output_is_listed_and_nothing_else_is() -> None:
    assert sorted(names("Stack outputs")) == sorted(TEMPLATE["Outputs"])


def test_every_secret_is_an_output() -> None:
    assert set(names("Secrets")) == {name for name in TEMPLATE["Outputs"] if name.endswith("SecretName")}


def test_every_state_is_listed_as_live_or_ended() -> None:
    listed = {State(code(row[0])): row[2] for row in table("States")}
    assert listed == dict.fromkeys(LIVE, "live") | dict.fromkeys(ENDED, "ended")


def test_every_error_code_stands_with_the_state_it_ends_in() -> None:
    listed = {Code(code(row[0])): row[1] for row in table("Error codes")}
    assert listed == {code: "TIMED_OUT" if code in TIMED_OUT else "FAILED" for code in Code}


def test_every_public_attribute_is_named_and_no_private_one() -> None:
    public = {attribute for attribute in ATTRIBUTES.values() if not attribute.startswith("#")}
    listed = [row for row in table("Table row") if row[1] in {"S", "N", "M", "M of S", "L of S", "BOOL"}]
    assert {code(row[0]) for row in listed} == public | {"jobId"}


def test_the_longest_body_that_the_queue_takes_is_stated() -> None:
    longest = TEMPLATE["Resources"]["JobQueue"]["Properties"]["MaximumMessageSize"]
    assert f"a body over {longest // 1024} KiB" in section(NAME, "Queue message")


def test_every_field_of_a_message_is_named() -> None:
    [fields] = [json.loads(text) for text in examples("message") if "taskToken" in text]
    text = section(NAME, "Queue message").split("Good messages")[0]
    assert {code(row[0]) for row in rows(text)} == fields.keys()


def test_every_status_of_the_callback_is_listed() -> None:
    statuses = {
        signed_request.OK,
        signed_request.BAD_REQUEST,
        signed_request.UNAUTHORIZED,
        signed_request.NOT_FOUND,
        signed_request.TOO_LARGE,
        signed_request.UNAVAILABLE,
    }
    assert {int(row[0]) for row in table("Callback")} == statuses


def test_the_callback_is_described_as_implemented() -> None:
    text = section(NAME, "Callback")
    assert callback_path("{taskId}", "{index}", "{run}", "{token}") in text  # type: ignore[arg-type]  # a pattern
    assert f"{LONGEST_BODY // 1024} KiB" in text
    assert f"{signed_request.TOLERANCE} s" in text
    assert TOKEN.pattern.endswith("{43}")
    assert "43 characters" in text


@pytest.mark.parametrize("body", examples("message"))
def test_a_good_message_is_taken(body: str) -> None:
    assert parse_message(body).task_id == json.loads(body)["taskId"]


BAD = [(code(row[0]), code(row[1])) for row in table("Queue message") if row[0].startswith(("`{", "`["))]


@pytest.mark.parametrize(("body", "reason"), BAD)
def test_a_bad_message_is_refused_with_that_reason(body: str, reason: str) -> None:
    with pytest.raises(InvalidMessageError) as refused:
        parse_message(body)
    assert str(refused.value) == reason


def read(public: dict[str, Any]) -> Job:
    return Job.from_row(public)


@pytest.mark.parametrize("text", examples("row"))
def test_a_row_is_what_a_job_looks_like(text: str) -> None:
    row = json.loads(text)
    assert read(row).public() == row


@pytest.mark.parametrize("text", examples("event"))
def test_an_event_is_what_a_job_is_announced_with(text: str) -> None:
    event = json.loads(text)
    job = read(event["detail"])
    assert event["detail"] == detail(job)
    assert (event["source"], event["detail-type"]) == (SOURCE, DETAIL_TYPES[job.state])


@pytest.mark.parametrize("text", examples("event"))
def test_an_error_of_an_example_has_the_words_that_the_code_has(text: str) -> None:
    error = json.loads(text)["detail"].get("error")
    assert error is None or error["message"] == Code(error["code"]).message


def test_every_kind_of_event_has_an_example() -> None:
    assert {json.loads(text)["detail-type"] for text in examples("event")} == set(DETAIL_TYPES.values())
