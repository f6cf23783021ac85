"""The doctor before a stack that nobody can call, and without one."""

from typing import Any

from tests.doubles.time_manual import NOON
from tests.unit.cli.doubles import DEAD
from tests.unit.cli.operator import Operator
from veo4k.domain.job import Lane
from veo4k_cli.command import World
from veo4k_cli.errors import OperatorError


def verdicts(operator: Operator) -> dict[str, str]:
    operator.outputs["CallbackBaseUrl"] = "none"
    seen = operator.runs("doctor", "--json")
    found = {finding["about"]: finding["verdict"] for finding in seen.json}
    assert seen.status == int("act" in found.values())
    return found


def test_a_stack_without_keys_needs_all_of_them(operator: Operator) -> None:
    found = verdicts(operator)
    assert {found[about] for about in ("API key", "webhook key", "token key")} == {"act"}
    assert {found[about] for about in ("gate", "table", "due jobs", "JobQueue", "DeadLetterQueue")} == {"well"}


def test_dead_messages_need_somebody(operator: Operator) -> None:
    operator.queues.send_message(QueueUrl=DEAD, MessageBody="{}")
    assert verdicts(operator)["DeadLetterQueue"] == "act"


def test_an_overdue_job_needs_somebody(operator: Operator) -> None:
    operator.has(lane=Lane.LIVE, due=NOON - 600)
    assert verdicts(operator)["due jobs"] == "act"


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(operator: Operator) -> None:
    del operator.outputs["ApiKeySecretName"]
    found = verdicts(operator)
    assert (found["provider"], found["gate"]) == ("act", "well")


def test_people_are_told_what_to_do(operator: Operator) -> None:
    operator.outputs["CallbackBaseUrl"] = "none"
    told = operator.runs("doctor").out
    assert "→ Put it into the secret ApiKeySecretName" in told
    assert "3 findings for you to act on, 1 warning." in told


def test_without_a_stack_and_without_a_key_there_is_nothing_to_check(operator: Operator) -> None:
    def find(name: str | None, *, local: bool) -> Any:
        raise OperatorError("no stack veo4k in eu-central-1")

    operator.world = World(find=find, environment={})
    seen = operator.runs("doctor")
    assert (seen.status, "or set KIE_API_KEY to check the provider alone" in seen.err) == (2, True)
