"""The command `doctor` with an API key and no stack: the provider alone."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from local.kie import Settings, Simulator
from tests.unit.cli.operator import Operator

KEY = "the-key-of-the-api-4711"
NO_STACK = {"stack": "note", "webhook key": "note", "callback URL": "note"}
CONTRACTS = ("contract veo", "contract jobs")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("provider")
    with Simulator(Settings(media_folder=folder, log_file=folder / "kie.jsonl", api_key=KEY)) as running:
        yield running


@pytest.fixture
def operator(operator: Operator, simulator: Simulator) -> Operator:
    operator.has_no_stack()
    operator.clock.at = time.time()
    operator.provider, operator.environment["KIE_API_KEY"] = simulator.base_url, KEY
    return operator


def verdicts(operator: Operator) -> dict[str, str]:
    result = operator.run("doctor", "--json")
    assert operator.environment["KIE_API_KEY"] not in result.out + result.err
    found = {finding["about"]: finding["verdict"] for finding in result.json}
    assert result.status == int("act" in found.values())
    return found


def test_a_healthy_provider_has_no_problem(operator: Operator) -> None:
    well = dict.fromkeys(("API key", "credits", "clock of the provider", *CONTRACTS), "well")
    assert verdicts(operator) == NO_STACK | well


def test_a_refused_key_says_nothing_about_the_paths(operator: Operator) -> None:
    operator.environment["KIE_API_KEY"] = "another-key-0815"
    found = verdicts(operator)
    assert (found["API key"], {found[contract] for contract in CONTRACTS}) == ("act", {"note"})


@pytest.mark.parametrize(
    ("fault", "repair", "about"),
    [
        ({"credits": 10}, {"credits": 1000}, "credits"),
        ({"retired": True}, {"retired": False}, "contract veo"),
        ({"outage": "html"}, {"outage": "none"}, "API key"),
        ({"outage": "reset"}, {"outage": "none"}, "provider"),
        *(({"refuse_with": code}, {"refuse_with": 0}, "API key") for code in (402, 403, 429, 433, 455, 500, 505)),
    ],
)
def test_a_fault_of_the_provider_is_one_problem(
    operator: Operator, simulator: Simulator, fault: Any, repair: Any, about: str
) -> None:
    simulator.control(**fault)
    found = verdicts(operator)
    simulator.control(**repair)
    assert [subject for subject, verdict in found.items() if verdict == "act"] == [about]


@pytest.mark.parametrize("provider", ["http://127.0.0.1:9", "https://provider.invalid"])
def test_an_unreachable_provider_is_a_problem(operator: Operator, provider: str) -> None:
    operator.provider = provider
    assert verdicts(operator) == NO_STACK | {"provider": "act"}


@pytest.mark.parametrize("key", ["", "  "])
def test_without_a_key_there_is_nothing_to_check(operator: Operator, key: str) -> None:
    operator.environment["KIE_API_KEY"] = key
    result = operator.run("doctor")
    assert (result.status, "Or set KIE_API_KEY to check the provider alone." in result.err) == (2, True)
