"""Many jobs at once: `submit -`, and `replay` of what is selected."""

import io
import json
from functools import partial

import pytest
import typer

from proofs.doubles.fake_aws import refusal
from proofs.doubles.time_manual import NOON
from tests.unit.cli.doubles import JOBS
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.job import Code, Failure, State
from veo4k.domain.message import LONGEST_BODY

GOOD = [f"veo_task_{number:08}" for number in range(25)]
NOT_4K, REFUSED = Failure(Code.NOT_4K, "No 4K."), Failure(Code.PROVIDER_FAILED, "Failed.")


def sent(operator: Operator) -> list[str]:
    return [body["taskId"] for body in operator.queues.bodies(JOBS)]


def test_every_line_of_standard_input_is_submitted(operator: Operator) -> None:
    result = operator.run("submit", "-", stdin="\ufeff" + "\r\n".join([*GOOD, "", ""]))
    assert (result.status, sent(operator), "25 messages sent" in result.out) == (0, GOOD, True)


def test_a_line_may_be_a_message_that_the_options_complete(operator: Operator) -> None:
    line = json.dumps({"taskId": TASK, "index": 2, "tags": {"order": "own"}})
    operator.run("submit", "-", "--index", "1", "--tag", "order=A", "--tag", "batch=7", stdin=f"{line}\n{GOOD[0]}")
    assert operator.queues.bodies(JOBS) == [
        {"taskId": TASK, "index": 2, "tags": {"order": "own", "batch": "7"}},
        {"taskId": GOOD[0], "index": 1, "tags": {"order": "A", "batch": "7"}},
    ]


def test_bad_lines_are_named_and_not_sent(operator: Operator) -> None:
    bad = {
        b"short": "taskId must be 8 to 64 letters, digits, _ or -",
        b'{"taskId": "veo_task_abcdef123456", "index": 1.0}': "index must be a whole number from 0 to 99",
        b'{"taskId": "veo_task_1", "taskId": "veo_task_2"}': "not strict JSON: duplicate name in an object",
        b"veo_task_\xff": "the line is not UTF-8",
        b"x" * 3 * LONGEST_BODY: f"the line is longer than {LONGEST_BODY} bytes",
    }
    lines, reasons = b"\n".join([GOOD[0].encode(), *bad, GOOD[1].encode()]), list(enumerate(bad.values(), 2))
    result, as_json = operator.run("submit", "-", stdin=lines), operator.run("submit", "-", "--json", stdin=lines)
    assert (result.status, sent(operator)) == (1, GOOD[:2] * 2)
    assert [reason for number, reason in reasons if f"line {number}: {reason}" not in result.err] == []
    not_sent = [{"line": number, "reason": reason} for number, reason in reasons]
    assert as_json.json == {"sent": 2, "notSent": 5, "lines": not_sent}


def test_messages_that_the_queue_did_not_take_are_sent_again(operator: Operator) -> None:
    operator.queues.failing = [{GOOD[3]: "InternalError", GOOD[4]: "InternalError"}, {GOOD[4]: "InternalError"}]
    result = operator.run("submit", "-", stdin="\n".join(GOOD))
    assert (result.status, sorted(sent(operator)), operator.clock.now()) == (0, GOOD, NOON + 3)


@pytest.mark.parametrize(("code", "waited"), [("InternalError", 15), ("InvalidMessageContents", 0)])
def test_a_message_that_is_never_taken_is_named(operator: Operator, code: str, waited: int) -> None:
    operator.queues.failing = [{GOOD[3]: code}] * 5
    result = operator.run("submit", "-", stdin="\n".join(GOOD[:10]))
    assert (result.status, len(sent(operator)), operator.clock.now()) == (1, 9, NOON + waited)
    assert f"line 4: SQS refused it: {code}" in result.err


@pytest.mark.parametrize(("error", "status"), [(refusal("AccessDenied", operation="A"), 2), (KeyboardInterrupt(), 130)])
def test_an_interrupted_submission_says_where_to_go_on(operator: Operator, error: BaseException, status: int) -> None:
    operator.queues.failing = [{}, error]
    result = operator.run("submit", "-", stdin="\n".join(GOOD))
    assert (result.status, len(sent(operator))) == (status, 10)
    assert "10 messages sent. Line 11 and those after it may not have been sent." in result.err


class Producer(io.BytesIO):
    """A pipe whose writer waits after its last line, until Ctrl-C."""

    def readline(self, size: int | None = -1, /) -> bytes:
        if line := super().readline(size):
            return line
        raise KeyboardInterrupt


@pytest.mark.parametrize(("lines", "sent", "line"), [(25, 20, 21), (20, 20, 21), (0, 0, 1)])
def test_an_interrupted_wait_for_a_line_says_where_to_go_on(
    operator: Operator, monkeypatch: pytest.MonkeyPatch, lines: int, sent: int, line: int
) -> None:
    producer = Producer("".join(f"{task}\n" for task in GOOD[:lines]).encode())
    monkeypatch.setattr(typer, "get_binary_stream", lambda _: producer)
    result = operator.run("submit", "-")
    text = f"Interrupted. {sent} messages sent. Line {line} and those after it may not have been sent."
    assert (result.status, len(operator.queues.bodies(JOBS)), text in result.err) == (130, sent, True)


@pytest.fixture
def ended(operator: Operator) -> Operator:
    """Five failures, one of which has a newer run and one another index, and a success."""
    failed = partial(operator.add_job, State.FAILED, maybe_charged=True)
    failed(task_id=GOOD[0], error=NOT_4K, tags={"order": "A"})
    failed(task_id=GOOD[1], error=REFUSED)
    failed(task_id=GOOD[2], error=REFUSED, finished_at=NOON - 90_000)
    failed(task_id=GOOD[3], error=NOT_4K)
    operator.add_job(State.PROCESSING, task_id=GOOD[3], run=2)
    operator.add_job(State.SUCCEEDED, task_id=GOOD[4])
    failed(task_id=GOOD[5], error=REFUSED, index=1)
    return operator


@pytest.mark.parametrize(
    ("selection", "tasks"),
    [
        ("--error NOT_4K", [0]),
        ("--state FAILED", [0, 1, 2, 5]),
        ("--since 1d", [0, 1, 5]),
        ("--tag order=A", [0]),
        ("--state FAILED --index 0", [0, 1, 2]),
        ("--state FAILED --index 1", [5]),
        ("--state SUCCEEDED", [4]),
        ("--error NEVER_SUBMITTED", []),
    ],
)
def test_replay_sends_what_is_selected_and_has_no_newer_run(ended: Operator, selection: str, tasks: list[int]) -> None:
    result = ended.run("replay", *selection.split(), "--yes")
    assert (result.status, sorted(sent(ended))) == (0, [GOOD[number] for number in tasks])
    assert all(body["force"] for body in ended.queues.bodies(JOBS))
    assert ended.table.scans == 0


def test_replay_shows_its_plan_and_price_and_asks(ended: Operator) -> None:
    declined = ended.run("replay", "--state", "FAILED", stdin="n\n")
    assert "4 jobs to replay, for 480 credits, $2.40 at most. 1 may be free" in declined.out
    assert "1 selected job left out" in declined.out
    assert (declined.status, ended.run("replay", "--state", "FAILED").status, sent(ended)) == (2, 2, [])
    assert ended.run("replay", "--state", "FAILED", stdin="y\n").status == 0
    assert len(sent(ended)) == 4


@pytest.mark.parametrize("command", ["replay {} --index 3", "replay --state SUCCEEDED --index 3 --yes"])
def test_a_job_with_any_tags_can_be_replayed(ended: Operator, command: str) -> None:
    tags = {"order": "Zoë \ufffe \U0001f600"}
    ended.add_job(State.SUCCEEDED, task_id=TASK, index=3, tags=tags)
    assert ended.run(*command.format(TASK).split()).status == 0
    assert [body["tags"] for body in ended.queues.bodies(JOBS)] == [tags]


def test_a_line_with_any_tags_can_be_submitted(operator: Operator) -> None:
    tags = {"order": "\ufffe"}
    lines = json.dumps({"taskId": TASK, "tags": tags}, ensure_ascii=False)
    assert operator.run("submit", "-", stdin=lines).status == 0
    assert operator.queues.bodies(JOBS) == [{"taskId": TASK, "index": 0, "tags": tags}]


def test_replay_as_json_is_a_dry_run_without_yes(ended: Operator) -> None:
    plan = ended.run("replay", "--state", "FAILED", "--json").json
    assert (plan["byError"], plan["credits"], plan["mayBeFree"]) == ({"NOT_4K": 1, "PROVIDER_FAILED": 3}, 480, 1)
    assert (plan["dryRun"], sent(ended)) == (True, [])
