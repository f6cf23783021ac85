"""The commands `dead list`, `dead show` and `dead redrive`: no message is lost, and no secret is shown."""

import json
from typing import Any

import pytest

from proofs.doubles.fake_aws import refusal
from proofs.doubles.time_manual import NOON
from tests.unit.cli.doubles import DEAD, JOBS, UNREADABLE
from tests.unit.cli.operator import TASK, Operator
from veo4k_cli import dead_letter_queue

OTHER = "veo_task_abcdef123457"
INVALID, REASON = '{"taskId": "short"}', "taskId must be 8 to 64 letters, digits, _ or -"


def message(task_id: str = TASK, **fields: object) -> str:
    return json.dumps({"taskId": task_id, **fields})


def add(operator: Operator, *bodies: str, rejected: str = "") -> None:
    attributes = {"Rejected": {"DataType": "String", "StringValue": rejected}} if rejected else {}
    for body in bodies:
        operator.queues.send_message(QueueUrl=DEAD, MessageBody=body, MessageAttributes=attributes)


def test_list_leaves_every_message_visible(operator: Operator) -> None:
    assert operator.run("dead", "list").out == "There are no dead messages.\n"
    add(operator, *(message(f"{TASK}{number}") for number in range(25)))
    assert len(operator.run("dead", "list", "--json").json) == len(operator.queues.visible(DEAD)) == 25


def test_list_and_show_say_why_and_whether_a_message_can_go_back(operator: Operator) -> None:
    add(operator, message())
    add(operator, INVALID, rejected=REASON)
    _, valid, invalid = operator.run("dead", "list").out.splitlines()
    assert valid.split()[1:] == [TASK, "60", "s", "yes", "could", "not", "be", "stored"]
    assert invalid.rstrip().endswith(f"no           {REASON}")
    assert {"yes", *message().split()} <= set(operator.run("dead", "show", "00000001").out.split())


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"taskToken": ""}, "taskToken must be a string of 1 to 2048 ASCII characters"),
        ({"TaskToken": "AQCE"}, "unknown field 'TaskToken'"),
    ],
)
def test_a_reason_about_a_task_token_is_readable(operator: Operator, fields: dict[str, object], reason: str) -> None:
    add(operator, json.dumps({"taskId": TASK} | fields), rejected=reason)
    assert operator.run("dead", "list").out.rstrip().endswith(reason)


def test_where_selects_messages_that_meet_every_condition(operator: Operator) -> None:
    add(operator, message())
    add(operator, message(OTHER, index="1"), rejected="index must be a whole number from 0 to 99")
    selected = {
        "--where reason~STORED": {TASK},
        "--where reason~index": {OTHER},
        f"--where taskId={OTHER}": {OTHER},
        "--where taskId=veo": set(),
        "--where body~index": {OTHER},
        "--where messageId~0000": {TASK, OTHER},
        f"--where taskId={TASK} --where reason~index": set(),
    }
    found = {where: operator.run("dead", "list", *where.split(), "--json").json for where in selected}
    assert {where: {letter["taskId"] for letter in letters} for where, letters in found.items()} == selected


def test_redrive_sends_nothing_unless_confirmed(operator: Operator) -> None:
    add(operator, message())
    for options in ([], ["--dry-run"], ["--yes", "--dry-run"]):
        plan = operator.run("dead", "redrive", *options).out
        assert "1 message can go back to the job queue. Send with --yes." in plan
        assert (operator.queues.bodies(JOBS), len(operator.queues.visible(DEAD))) == ([], 1)


def test_redrive_moves_selected_and_valid_messages_only(operator: Operator) -> None:
    add(operator, message(tags={"order": "1"}), message(OTHER), INVALID)
    conditions = ("--where", "body~order", "--where", f"taskId={TASK}")
    assert len(operator.run("dead", "redrive", *conditions, "--yes", "--json").json["redriven"]) == 1
    assert operator.queues.bodies(JOBS) == [{"taskId": TASK, "tags": {"order": "1"}}]
    [kept] = operator.run("dead", "redrive", "--where", "taskId=short", "--yes", "--json").json["kept"]
    assert kept["taskId"] == "short"
    assert [letter["Body"] for letter in operator.queues.visible(DEAD)] == [message(OTHER), INVALID]


def test_redrive_keeps_its_rate(operator: Operator) -> None:
    add(operator, *(message(f"{TASK}{number}") for number in range(4)))
    operator.run("dead", "redrive", "--yes", "--rate", "2")
    assert operator.clock.now() - NOON == pytest.approx(2.0)


def test_a_slow_redrive_sends_every_message_once(operator: Operator) -> None:
    add(operator, INVALID, *(message(f"veo_task_{number:06}") for number in range(400)))
    result = operator.run("dead", "redrive", "--yes", "--rate", "2", "--json").json
    assert (len(result["redriven"]), operator.clock.now() - NOON) == (400, 200)
    assert len({body["taskId"] for body in operator.queues.bodies(JOBS)}) == len(operator.queues.bodies(JOBS)) == 400
    assert [letter["Body"] for letter in operator.queues.visible(DEAD)] == [INVALID]


def test_a_slow_redrive_hides_its_messages_from_other_readers(operator: Operator) -> None:
    add(operator, INVALID, *(message(f"veo_task_{number:06}") for number in range(300)))
    seen = list[int]()
    operator.clock.steps = [lambda: seen.append(len(operator.queues.visible(DEAD)))] * 300
    operator.run("dead", "redrive", "--yes", "--rate", "1")
    assert set(seen) == {0}


def test_a_repeated_message_ends_no_list_and_is_shown_once(operator: Operator) -> None:
    add(operator, *(message(f"veo_task_{number:06}") for number in range(40)))
    receive = operator.queues.receive_message
    times, first = iter(range(100)), list[Any]()

    def repeating(**request: Any) -> dict[str, Any]:
        received = receive(**request)
        first.extend(received["Messages"][:1] if not first else ())
        return {"Messages": [*received["Messages"], *first]} if received and next(times) < 2 else received

    operator.queues.receive_message = repeating  # type: ignore[method-assign]
    assert len(operator.run("dead", "list", "--json").json) == 40


def test_a_queue_that_hides_nothing_is_given_up(operator: Operator) -> None:
    add(operator, *(message(f"veo_task_{number:06}") for number in range(40)))
    same = operator.queues.receive_message(QueueUrl=DEAD, MaxNumberOfMessages=10, VisibilityTimeout=0)
    operator.queues.receive_message = lambda **_: same  # type: ignore[method-assign]
    result = operator.run("dead", "list", "--json")
    assert (result.status, len(result.json), "There may be more" in result.err) == (1, 10, True)


@pytest.mark.parametrize("command", ["list", "redrive --yes"])
def test_a_list_or_redrive_that_holds_not_all_messages_says_so(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(dead_letter_queue, "MOST_LETTERS", 25)
    add(operator, *(message(f"veo_task_{number:06}") for number in range(26)))
    status, _, err = operator.run("dead", *command.split())
    assert (status, "There may be more" in err) == (1, True)
    assert len(operator.queues.visible(DEAD)) == (26 if command == "list" else 1)
    assert operator.run("dead", *command.split(), "--where", "taskId~00001").status == 0


@pytest.mark.parametrize(("error", "status"), [(refusal("AccessDenied", operation="A"), 2), (KeyboardInterrupt(), 130)])
def test_an_interrupted_redrive_says_what_was_sent(operator: Operator, error: BaseException, status: int) -> None:
    add(operator, *(message(f"veo_task_{number:06}") for number in range(4)))

    def fail() -> None:
        raise error

    operator.clock.steps = [lambda: None, fail]
    result = operator.run("dead", "redrive", "--yes")
    assert (result.status, "2 messages sent back" in result.err) == (status, True)
    assert len(operator.queues.visible(DEAD)) == 2


@pytest.mark.parametrize(("body", "task"), UNREADABLE.items(), ids=lambda text: text[:12].encode().hex())
def test_a_body_that_nobody_can_read_hides_no_other_message(operator: Operator, body: str, task: str) -> None:
    add(operator, message(), body)
    assert {TASK, task} == {letter["taskId"] for letter in operator.run("dead", "list", "--json").json}
    for command in ("list", "redrive", "list --where taskId=other", "show 00000002", "redrive --yes"):
        assert operator.run("dead", *command.split()).status == 0
    assert operator.queues.bodies(JOBS) == [{"taskId": TASK}]


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
        *(
            message(**{name: "AQCEsecret"})
            for name in ("TaskToken", "task_token", "TASK-TOKEN", "myTasktoken", "taskToken.$")
        ),
        message(input={"TaskToken": "AQCEsecret"}),
        json.dumps({"https://a.example/b?sig=secret": 1}),
    ],
)
def test_no_secret_of_a_body_is_shown(operator: Operator, command: tuple[str, ...], body: str) -> None:
    add(operator, body)
    assert "secret" not in operator.run(*command).out
