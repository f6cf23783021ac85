"""What commands refuse: with one sentence and status 2, before anything is printed or changed."""

import pytest

from tests.unit.cli.doubles import DEAD
from tests.unit.cli.operator import TASK, Operator
from veo4k.domain.job import State

CURRENT = "the-current-key-of-some-length"
QUEUED, ASKED, LATER, NEW = "veo_task_queued", "veo_task_asked", "veo_task_later", "veo_task_unknown"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("gate --upside-down", "No such option: --upside-down"),
        ("submit short", "error: taskId must be 8 to 64 letters, digits, _ or -\n"),
        (f"submit {TASK} --index 100", "error: index must be a whole number from 0 to 99\n"),
        (f"submit {TASK} --tag order", "error: --tag takes KEY=VALUE, not 'order'.\n"),
        (f"cancel {ASKED}", f"{ASKED}#0#1 is SUBMITTING. Only a QUEUED job can be cancelled."),
        (f"cancel {NEW}", f"There is no run 1 of {NEW}. A message that is still on the queue"),
        ("replay", "Name a task, or select jobs"),
        (f"replay {TASK} --error NOT_4K", "Replay either one task, or what the options select"),
        ("replay --index 1", "Name a task, or select jobs"),
        (f"replay {TASK} --since=", "Replay either one task, or what the options select"),
        ("replay --since=", "'' is not a time"),
        ("list --since=", "'' is not a time"),
        ("spend --since=", "'' is not a time"),
        ("replay --state QUEUED", "has not ended, so it cannot be replayed"),
        (f"replay {ASKED}", "is SUBMITTING, so a message would only join it"),
        (f"replay {LATER}", "is PAUSED, so a message would only join it"),
        (f"replay {NEW}", "veo4k submit makes its first run"),
        (f"link {TASK}", "No run of"),
        (f"link {TASK} 2", "Run 2 of"),
        (f"link {TASK} --base", "has a base video"),
        (f"link {TASK} 2 --base", "no base video"),
        (f"show {NEW}", "veo4k dead list"),
        (f"watch {NEW}", "veo4k dead list"),
        (f"watch {TASK} {ASKED} --run 1", "--run is for one task"),
        ("spend --by month", "--by takes day or tag:NAME"),
        ("spend --by tag:", "--by takes day or tag:NAME"),
        ("spend --by tag", "--by takes day or tag:NAME"),
        ("dead list --where colour~red", "--where takes FIELD~TEXT"),
        ("dead show 0000", "2 dead messages begin with 0000"),
        (f"test-callback {QUEUED}", "A callback would count as its acceptance"),
        (f"test-callback {NEW}", "There is no such job"),
        ("hook --tag a", "--tag takes KEY=VALUE, not 'a'."),
        ("hook --tag =x", "None is without a name."),
        ("hook --tag a=\x1bb", "None holds control characters."),
        (f"submit {TASK} --tag a=\x1bb", "pairs of strings without control characters"),
        (f"hook --tag a={'x' * 1100}", "1024 bytes as JSON"),
        ("hook" + "".join(f" --tag k{number}=v" for number in range(11)), "at most 10 tags"),
    ],
)
def test_what_cannot_be_done_is_refused_with_a_sentence(with_keys: Operator, command: str, text: str) -> None:
    with_keys.add_job(State.FAILED, run=2)
    with_keys.add_job(State.QUEUED, task_id=QUEUED)
    with_keys.add_job(State.SUBMITTING, task_id=ASKED)
    with_keys.add_job(State("PAUSED"), task_id=LATER)
    for _ in range(2):
        with_keys.queues.send_message(QueueUrl=DEAD, MessageBody="{}")
    started = with_keys.clock.now()
    assert text in with_keys.refused(*command.split())
    assert with_keys.clock.now() <= started + 61  # in which the row of a new job could have appeared


@pytest.mark.parametrize("lacking", ["token", "webhook"])
@pytest.mark.parametrize("command", ["hook", "test-callback"])
def test_without_a_key_of_callbacks_nothing_is_printed_or_sent(with_keys: Operator, command: str, lacking: str) -> None:
    with_keys.secrets.values[lacking] = ""
    assert f"Run veo4k rotate {lacking}." in with_keys.refused(command)


def test_without_an_address_for_callbacks_there_is_no_url_to_print(with_keys: Operator) -> None:
    with_keys.outputs["CallbackBaseUrl"] = "none"
    assert "CallbackBaseUrl is none" in with_keys.refused("hook")


@pytest.mark.parametrize("key", ["", "short", "two words of some length", "über\x00some-length-of-key", CURRENT])
def test_a_bad_key_or_the_current_one_changes_nothing(operator: Operator, key: str) -> None:
    operator.secrets.values["webhook"] = CURRENT
    assert "Nothing was changed." in operator.refused("rotate", "webhook", "--value-from-stdin", stdin=key)


def test_a_prompt_for_a_key_that_nobody_answers_changes_nothing(operator: Operator) -> None:
    done = operator.run("rotate", "webhook")
    assert (done.status, "webhook" in operator.secrets.values) == (2, False)
    assert done.err.endswith("error: No key was entered. Nothing was changed.\n")


def test_without_the_http_api_there_is_no_token_to_rotate(operator: Operator) -> None:
    del operator.outputs["JobsApiTokenSecretName"]
    assert "Deploy it with JobsApi=on first." in operator.refused("rotate", "api")
