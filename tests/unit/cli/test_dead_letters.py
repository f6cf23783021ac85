"""The commands `dead list`, `dead show` and `dead redrive`: no message is lost, and no secret is shown."""

import json

import pytest

from tests.unit.cli.doubles import DEAD, JOBS
from tests.unit.cli.operator import TASK, Operator

OTHER = "veo_task_abcdef123457"
INVALID, REASON = '{"taskId": "short"}', "taskId must be 8 to 64 letters, digits, _ or -"


def message(task_id: str = TASK, **fields: object) -> str:
    return json.dumps({"taskId": task_id, **fields})


def add(operator: Operator, *bodies: str, rejected: str = "") -> None:
    attributes = {"Rejected": {"DataType": "String", "StringValue": rejected}} if rejected else {}
    for body in bodies:
        operator.queues.send_message(QueueUrl=DEAD, MessageBody=body, MessageAttributes=attributes)


def test_list_leaves_every_message_visible(operator: Operator) -> None:
    add(operator, *(message(f"{TASK}{number}") for number in range(25)))
    assert len(operator.run("dead", "list", "--json").json) == 25
    assert len(operator.queues.visible(DEAD)) == 25


def test_list_shows_the_reason_and_whether_a_message_can_go_back(operator: Operator) -> None:
    add(operator, message())
    add(operator, INVALID, rejected=REASON)
    _, valid, invalid = operator.run("dead", "list").out.splitlines()
    assert valid.split()[1:] == [TASK, "60", "s", "yes", "could", "not", "be", "stored"]
    assert invalid.rstrip().endswith(f"no           {REASON}")


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        (["reason~STORED"], {TASK}),
        (["reason~index"], {OTHER}),
        ([f"taskId={OTHER}"], {OTHER}),
        (["taskId=veo"], set()),
        (["body~index"], {OTHER}),
        (["messageId~0000"], {TASK, OTHER}),
        ([f"taskId={TASK}", "reason~index"], set()),
    ],
)
def test_where_selects_messages_that_meet_every_condition(
    operator: Operator, conditions: list[str], found: set[str]
) -> None:
    add(operator, message())
    add(operator, message(OTHER, index="1"), rejected="index must be a whole number from 0 to 99")
    options = [word for condition in conditions for word in ("--where", condition)]
    assert {letter["taskId"] for letter in operator.run("dead", "list", *options, "--json").json} == found


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["list", "--where", "colour~red"], "--where takes FIELD~TEXT"),
        (["show", "0000"], "2 dead messages begin with 0000"),
    ],
)
def test_an_unknown_field_or_an_ambiguous_id_is_an_error(operator: Operator, words: list[str], text: str) -> None:
    add(operator, message(), message())
    assert text in operator.run("dead", *words).err


@pytest.mark.parametrize("options", [[], ["--dry-run"], ["--yes", "--dry-run"]])
def test_redrive_sends_nothing_unless_confirmed(operator: Operator, options: list[str]) -> None:
    add(operator, message())
    assert "1 message can go back to the job queue. Send with --yes." in operator.run("dead", "redrive", *options).out
    assert (operator.queues.bodies(JOBS), len(operator.queues.visible(DEAD))) == ([], 1)


def test_redrive_moves_selected_and_valid_messages_only(operator: Operator) -> None:
    add(operator, message(tags={"order": "1"}), message(OTHER), INVALID)
    result = operator.run(
        "dead", "redrive", "--where", "body~order", "--where", f"taskId={TASK}", "--yes", "--json"
    ).json
    assert (len(result["redriven"]), operator.queues.bodies(JOBS)) == (1, [{"taskId": TASK, "tags": {"order": "1"}}])
    kept = operator.run("dead", "redrive", "--where", "taskId=short", "--yes", "--json").json["kept"]
    assert [letter["taskId"] for letter in kept] == ["short"]
    assert [letter["Body"] for letter in operator.queues.visible(DEAD)] == [message(OTHER), INVALID]


def test_redrive_keeps_its_rate(operator: Operator) -> None:
    add(operator, *(message(f"{TASK}{number}") for number in range(4)))
    before = operator.clock.now()
    operator.run("dead", "redrive", "--yes", "--rate", "2")
    assert operator.clock.now() - before == pytest.approx(2.0)


def test_show_takes_the_beginning_of_an_id(operator: Operator) -> None:
    add(operator, message())
    text = operator.run("dead", "show", "00000001").out
    assert "yes" in text
    assert '{"taskId": "veo_task_abcdef123456"}' in text


@pytest.mark.parametrize("command", [("dead", "list", "--json"), ("dead", "show", "0"), ("dead", "redrive", "--json")])
@pytest.mark.parametrize(
    "body",
    [
        message(taskToken="AQCEsecret/+="),
        "{'taskToken': 'AQCEsecret'}",
        message(x="https://a.example/b?sig=secret"),
        message(x=f"https://a.example/callbacks/{TASK}/0/1/{'secret' * 7}x"),
        message(x=f"https://a.example/generated/{'secret' * 7}x"),
        message("https://a.example/b?sig=secret"),
        json.dumps({"taskToken": json.dumps({"inner": "secret"})}),
    ],
)
def test_no_secret_of_a_body_is_shown(operator: Operator, command: tuple[str, ...], body: str) -> None:
    add(operator, body)
    assert "secret" not in operator.run(*command).out


def test_an_empty_queue_is_a_sentence(operator: Operator) -> None:
    assert operator.run("dead", "list").out == "There are no dead messages.\n"
