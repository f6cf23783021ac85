"""The dead-letter queue: looked into, and sent back from, without a loss."""

import json

import pytest

from tests.unit.cli.doubles import DEAD, JOBS
from tests.unit.cli.operator import TASK, Operator

OTHER = "veo_task_abcdef123457"


def dead(operator: Operator, body: str, rejected: str = "") -> None:
    told = {"MessageAttributes": {"Rejected": {"DataType": "String", "StringValue": rejected}}} if rejected else {}
    operator.queues.send_message(QueueUrl=DEAD, MessageBody=body, **told)


def message(task_id: str = TASK, **fields: object) -> str:
    return json.dumps({"taskId": task_id, **fields})


def visible(operator: Operator) -> int:
    return sum(m["ReceiptHandle"] not in operator.queues.hidden for m in operator.queues.messages[DEAD])


def test_looking_loses_nothing_and_hides_nothing(operator: Operator) -> None:
    for number in range(25):
        dead(operator, message(f"{TASK}{number}"))
    assert len(operator.runs("dead", "list", "--json").json) == 25
    assert visible(operator) == 25


def test_the_list_says_why_and_whether_it_can_go_back(operator: Operator) -> None:
    dead(operator, message())
    dead(operator, '{"taskId": "short"}', "taskId must be 8 to 64 letters, digits, _ or -")
    lines = operator.runs("dead", "list").out.splitlines()
    assert lines[1].split()[1:] == [TASK, "60", "s", "yes", "could", "not", "be", "stored"]
    assert lines[2].rstrip().endswith("no           taskId must be 8 to 64 letters, digits, _ or -")


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("reason~STORED", {TASK}),
        ("reason~index", {OTHER}),
        (f"taskId={OTHER}", {OTHER}),
        ("taskId=veo", set()),
        ("body~index", {OTHER}),
        ("messageId~0000", {TASK, OTHER}),
    ],
)
def test_messages_are_chosen_by_what_they_hold(operator: Operator, where: str, found: set[str]) -> None:
    dead(operator, message())
    dead(operator, message(OTHER, index="1"), "index must be a whole number from 0 to 99")
    assert {letter["taskId"] for letter in operator.runs("dead", "list", "--where", where, "--json").json} == found


def test_all_conditions_must_hold(operator: Operator) -> None:
    dead(operator, message())
    words = ("dead", "list", "--where", f"taskId={TASK}", "--where", "reason~index", "--json")
    assert operator.runs(*words).json == []


def test_a_condition_that_cannot_be_read_is_told(operator: Operator) -> None:
    assert "--where takes FIELD~TEXT" in operator.runs("dead", "list", "--where", "colour~red").err


def test_a_redrive_is_a_dry_run_unless_confirmed(operator: Operator) -> None:
    dead(operator, message())
    seen = operator.runs("dead", "redrive")
    assert "1 message to be sent back to the job queue; --yes does it." in seen.out
    assert (operator.queues.bodies(JOBS), visible(operator)) == ([], 1)


def test_a_dry_run_is_dry_even_when_confirmed(operator: Operator) -> None:
    dead(operator, message())
    assert operator.runs("dead", "redrive", "--yes", "--dry-run", "--json").json["dryRun"] is True
    assert operator.queues.bodies(JOBS) == []


def test_a_redrive_moves_the_chosen_messages_and_leaves_the_others(operator: Operator) -> None:
    dead(operator, message(tags={"order": "1"}))
    dead(operator, message(OTHER))
    operator.runs("dead", "redrive", "--where", f"taskId={TASK}", "--yes")
    assert operator.queues.bodies(JOBS) == [{"taskId": TASK, "tags": {"order": "1"}}]
    assert (operator.queues.bodies(DEAD), visible(operator)) == ([{"taskId": OTHER}], 1)


def test_an_invalid_message_stays(operator: Operator) -> None:
    dead(operator, '{"taskId": "short"}', "taskId must be 8 to 64 letters, digits, _ or -")
    seen = operator.runs("dead", "redrive", "--yes", "--json").json
    assert (len(seen["redriven"]), len(seen["kept"]), operator.queues.bodies(JOBS)) == (0, 1, [])


def test_a_redrive_keeps_its_rate(operator: Operator) -> None:
    for number in range(4):
        dead(operator, message(f"{TASK}{number}"))
    before = operator.clock.now()
    operator.runs("dead", "redrive", "--yes", "--rate", "2")
    assert operator.clock.now() - before == pytest.approx(2.0)


def test_a_message_is_shown_by_the_beginning_of_its_id(operator: Operator) -> None:
    dead(operator, message())
    told = operator.runs("dead", "show", "00000001").out
    assert "yes" in told
    assert '{"taskId": "veo_task_abcdef123456"}' in told


def test_an_id_that_names_several_is_told(operator: Operator) -> None:
    dead(operator, message())
    dead(operator, message())
    assert "2 dead messages begin with 0000" in operator.runs("dead", "show", "0000").err


@pytest.mark.parametrize("command", [("dead", "list", "--json"), ("dead", "show", "0"), ("dead", "redrive", "--json")])
@pytest.mark.parametrize(
    "body",
    [
        message(taskToken="AQCEsecret/+="),
        "{'taskToken': 'AQCEsecret'}",
        message(x="https://a.example/b?sig=secret"),
        message(x=f"https://a.example/callbacks/{TASK}/0/1/{'secret' * 7}x"),
        message("https://a.example/b?sig=secret"),
        json.dumps({"taskToken": json.dumps({"inner": "secret"})}),
    ],
)
def test_nothing_secret_of_a_body_is_shown(operator: Operator, command: tuple[str, ...], body: str) -> None:
    dead(operator, body)
    assert "secret" not in operator.runs(*command).out


def test_no_dead_messages(operator: Operator) -> None:
    assert operator.runs("dead", "list").out == "No dead messages.\n"
