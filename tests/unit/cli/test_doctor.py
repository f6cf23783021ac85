"""The doctor before a stack that nobody can call, and without one."""

from typing import Any

from cli.command import World
from cli.errors import OperatorError
from tests.doubles.time_manual import NOON
from tests.unit.cli.doubles import DEAD
from tests.unit.cli.operator import Operator
from veo4k.domain.job import Partition


def verdicts(operator: Operator) -> dict[str, str]:
    operator.outputs["CallbackBaseUrl"] = "none"
    seen = operator.runs("doctor", "--json")
    found = {finding["about"]: finding["verdict"] for finding in seen.json}
    assert seen.status == int("act" in found.values())
    return found


def test_a_stack_without_keys_needs_all_of_them(operator: Operator) -> None:
    found = verdicts(operator)
    assert {found[about] for about in ("API key", "webhook key", "token key")} == {"act"}
    assert {found[about] for about in ("gate", "table", "sweep", "JobQueue", "DeadLetterQueue")} == {"well"}


def test_dead_messages_need_somebody(operator: Operator) -> None:
    operator.queues.send_message(QueueUrl=DEAD, MessageBody="{}")
    assert verdicts(operator)["DeadLetterQueue"] == "act"


def test_an_overdue_job_means_that_nobody_sweeps(operator: Operator) -> None:
    operator.has(partition=Partition.LIVE, due=NOON - 600)
    assert verdicts(operator)["sweep"] == "act"


def test_what_cannot_be_looked_at_is_a_finding_and_does_not_end_the_look(operator: Operator) -> None:
    del operator.outputs["ApiKeySecretName"]
    found = verdicts(operator)
    assert (found["provider"], found["gate"]) == ("act", "well")


def test_people_are_told_what_to_do(operator: Operator) -> None:
    operator.outputs["CallbackBaseUrl"] = "none"
    told = operator.runs("doctor").out
    assert "→ Put it into the secret ApiKeySecretName" in told
    assert "3 findings for you to act on." in told


def test_without_a_stack_and_without_a_key_there_is_nothing_to_look_at(operator: Operator) -> None:
    def find(name: str | None, *, local: bool) -> Any:
        raise OperatorError("no stack veo4k in eu-central-1")

    operator.world = World(find=find, environment={})
    seen = operator.runs("doctor")
    assert (seen.status, "or set KIE_API_KEY to look at the provider alone" in seen.err) == (2, True)
