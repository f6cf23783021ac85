"""The command `doctor` with an API key and no stack: the provider alone."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.kie import Settings, Simulator
from tests.unit.cli.operator import Operator
from veo4k_cli.errors import OperatorError

KEY = "the-key-of-the-api-4711"
NO_STACK = {"stack": "note", "webhook key": "note", "callback URL": "note"}


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator(Settings(log_file=tmp_path_factory.mktemp("provider") / "kie.jsonl", api_key=KEY)) as running:
        yield running


@pytest.fixture
def operator(operator: Operator, simulator: Simulator) -> Operator:
    operator.error = OperatorError("There is no stack veo4k in eu-central-1.")
    operator.clock.at = time.time()
    operator.provider, operator.environment["KIE_API_KEY"] = simulator.base_url, KEY
    return operator


def verdicts(operator: Operator) -> dict[str, str]:
    return {about: finding["verdict"] for about, finding in operator.doctor().items()}


def test_a_healthy_provider_has_no_problem(operator: Operator) -> None:
    well = dict.fromkeys(("API key", "credits", "clock of the provider", "contract veo", "contract jobs"), "well")
    assert verdicts(operator) == NO_STACK | well


@pytest.mark.parametrize(
    ("fault", "about"),
    [
        ({"api_key": "another-key-0815"}, "API key"),
        ({"credits": 10}, "credits"),
        ({"retired": True}, "contract veo"),
        ({"outage": "html"}, "API key"),
        ({"outage": "reset"}, "provider"),
        *(({"refuse_with": code}, "API key") for code in (402, 403, 429, 433, 455, 500, 505)),
    ],
)
def test_a_fault_is_one_problem(operator: Operator, simulator: Simulator, fault: dict[str, Any], about: str) -> None:
    simulator.control(**fault)
    found = verdicts(operator)
    simulator.control(api_key=KEY, credits=1000, retired=False, outage="none", refuse_with=0)
    assert [subject for subject, verdict in found.items() if verdict == "act"] == [about]


def test_an_unreachable_provider_is_a_problem(operator: Operator) -> None:
    for base_url in ("http://127.0.0.1:9", "https://provider.invalid"):
        operator.provider = base_url
        assert verdicts(operator) == NO_STACK | {"provider": "act"}


def test_without_a_key_there_is_nothing_to_check(operator: Operator) -> None:
    for key in ("", "  "):
        operator.environment["KIE_API_KEY"] = key
        assert "Or set KIE_API_KEY to check the provider alone." in operator.refused("doctor")
