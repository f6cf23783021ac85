"""Which stack is meant."""

import json
import socket
from pathlib import Path

import pytest

from tests.unit.cli.operator import Operator
from veo4k.domain.gate import Pace
from veo4k_cli.errors import OperatorError
from veo4k_cli.stack import find_stack, local_endpoint


def test_a_stack_on_aws_and_the_local_cloud_at_once_are_refused() -> None:
    with pytest.raises(OperatorError, match="give one of them"):
        find_stack("prod", local=True)


def test_the_pace_is_the_stacks_own(operator: Operator) -> None:
    operator.parameters |= {
        "RequestsPerWindow": "7",
        "Tuning": "WindowSeconds=2,PauseSeconds=3",
        "DailyRequestLimit": "9",
    }
    assert operator.find(None, local=False).pace() == Pace(requests=7, window=2, pause=3, lease=90, daily=9)


def test_a_stack_that_does_not_tell_its_pace_has_the_providers(operator: Operator) -> None:
    operator.parameters.clear()
    assert operator.find(None, local=False).pace() == Pace()


def test_region_and_account_are_those_of_the_stack(operator: Operator) -> None:
    stack = operator.find(None, local=False)
    assert (stack.region, stack.account) == ("eu-central-1", "123456789012")


def test_the_local_cloud_is_the_one_that_listens(tmp_path: Path) -> None:
    file = tmp_path / "current.json"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}"
        file.write_text(json.dumps({"endpoint": endpoint}))
        assert local_endpoint(file) == endpoint
    assert local_endpoint(file) is None


@pytest.mark.parametrize("text", ["", "{}", "half a fi"])
def test_a_file_that_names_no_cloud_counts_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "current.json"
    file.write_text(text)
    assert local_endpoint(file) is None


def test_without_a_file_there_is_no_local_cloud(tmp_path: Path) -> None:
    assert local_endpoint(tmp_path / "current.json") is None
