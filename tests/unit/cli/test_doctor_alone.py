"""The doctor with an API key and nothing else, before a provider that is well, and that is not."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from local.kie import Settings, Simulator
from veo4k_cli.__main__ import app
from veo4k_cli.command import World
from veo4k_cli.errors import OperatorError

KEY = "the-key-of-the-api-4711"
NO_STACK = {"stack": "note", "webhook key": "note", "callback URL": "note"}
PATHS = ("contract veo", "contract jobs")


def nowhere(name: str | None, *, local: bool) -> Any:
    raise OperatorError("no stack veo4k in eu-central-1")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder = tmp_path_factory.mktemp("provider")
    with Simulator(Settings(media_folder=folder, log_file=folder / "kie.jsonl", api_key=KEY)) as running:
        yield running


Look = Callable[..., dict[str, str]]


@pytest.fixture
def look(simulator: Simulator) -> Look:
    """Let the doctor look; gives its verdicts."""

    def looked(provider: str = simulator.base_url, key: str = KEY) -> dict[str, str]:
        world = World(find=nowhere, environment={"KIE_API_KEY": key}, provider=provider)
        done = CliRunner().invoke(app, ["doctor", "--json"], obj=world)
        assert key not in done.output
        found = {finding["about"]: finding["verdict"] for finding in json.loads(done.stdout)}
        assert done.exit_code == int("act" in found.values())
        return found

    return looked


def test_a_provider_that_is_well_needs_nobody(look: Look) -> None:
    assert look() == NO_STACK | dict.fromkeys(("API key", "credits", "clock of the provider", *PATHS), "well")


def test_a_key_that_is_refused_says_nothing_of_the_paths(look: Look) -> None:
    found = look(key="another-key-0815")
    assert (found["API key"], {found[path] for path in PATHS}) == ("act", {"note"})


def test_an_account_that_can_pay_no_video_needs_somebody(look: Look, simulator: Simulator) -> None:
    simulator.control(credits=10)
    assert look()["credits"] == "act"
    simulator.control(credits=1000)


@pytest.mark.parametrize("code", [402, 403, 429, 433, 455, 500, 505])
def test_whatever_the_provider_refuses_with_is_a_finding(look: Look, simulator: Simulator, code: int) -> None:
    simulator.control(refuse_with=code)
    found = look()
    simulator.control(refuse_with=0)
    assert (found["API key"], "credits" in found) == ("act", False)


def test_a_path_that_is_gone_needs_somebody(look: Look, simulator: Simulator) -> None:
    simulator.control(retired=True)
    found = look()
    simulator.control(retired=False)
    assert [found[path] for path in PATHS] == ["act", "well"]


@pytest.mark.parametrize("outage", ["html", "reset"])
def test_an_outage_ends_no_look(look: Look, simulator: Simulator, outage: str) -> None:
    simulator.control(outage=outage)
    found = look()
    simulator.control(outage="none")
    assert [found.get(about) for about in ("API key", "provider")].count("act") == 1


@pytest.mark.parametrize("provider", ["http://127.0.0.1:9", "https://provider.invalid"])
def test_a_provider_that_cannot_be_reached_is_a_finding(look: Look, provider: str) -> None:
    assert look(provider) == NO_STACK | {"provider": "act"}


def test_an_empty_key_is_none(simulator: Simulator) -> None:
    world = World(find=nowhere, environment={"KIE_API_KEY": "  "}, provider=simulator.base_url)
    done = CliRunner().invoke(app, ["doctor"], obj=world)
    assert (done.exit_code, "set KIE_API_KEY" in done.output) == (2, True)
