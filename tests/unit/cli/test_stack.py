"""Which stack a command acts on, and what the stack's description says."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from local.cloud.connection_file import FILE as WRITTEN
from local.cloud.connection_file import Connection, published
from local.paths import ROOT
from tests.unit.cli.operator import Operator
from veo4k.domain.gate import Pace
from veo4k_cli.errors import OperatorError
from veo4k_cli.local_cloud import FILE, LocalCloud, running_local_cloud
from veo4k_cli.stack import _S3_CONFIG, find_stack


def test_a_named_stack_and_the_local_cloud_exclude_each_other() -> None:
    with pytest.raises(OperatorError, match="Use one of them"):
        find_stack("prod", local=True)


def test_a_missing_local_cloud_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OperatorError, match="Start one with make local"):
        find_stack(None, local=True)


def test_the_pace_comes_from_the_stacks_parameters(operator: Operator) -> None:
    tuning = {"Tuning": "WindowSeconds=2,PauseSeconds=3", "DailyRequestLimit": "9"}
    operator.parameters |= tuning | {"RequestsPerWindow": "7"}
    assert operator.find(None, local=False).pace() == Pace(requests=7, window=2, pause=3, lease=90, daily=9)
    operator.parameters.clear()
    assert operator.find(None, local=False).pace() == Pace()


def test_region_and_account_come_from_the_arn(operator: Operator) -> None:
    stack = operator.find(None, local=False)
    assert (stack.region, stack.account) == ("eu-central-1", "123456789012")


def test_a_missing_output_is_an_error(operator: Operator) -> None:
    with pytest.raises(OperatorError, match=r"has no output Nothing\. Is it a veo4k stack"):
        operator.find(None, local=False).output("Nothing")


@pytest.fixture
def endpoint() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_the_local_cloud_is_found_in_its_folder_and_below(tmp_path: Path, endpoint: str) -> None:
    (below := tmp_path / "a/b").mkdir(parents=True)
    with published(Connection(endpoint, {}, "the simulator", "veo4k"), tmp_path / FILE):
        assert running_local_cloud(tmp_path) == running_local_cloud(below) == LocalCloud(endpoint, "veo4k")
    assert running_local_cloud(below) is None


def test_the_local_cloud_writes_the_file_that_the_command_line_reads() -> None:
    assert WRITTEN == ROOT / FILE


@pytest.mark.parametrize(
    "content",
    ["", "half a fi", "[]", "{}", '{"endpoint": "http://127.0.0.1:9", "stack": "a"}', '{"endpoint": 9, "stack": "a"}'],
)
def test_a_file_that_names_no_running_cloud_is_passed_over(tmp_path: Path, content: str) -> None:
    (file := tmp_path / FILE).parent.mkdir(parents=True)
    file.write_text(content)
    assert running_local_cloud(tmp_path) is None


def test_only_a_cloud_on_the_loopback_interface_counts(tmp_path: Path, endpoint: str) -> None:
    (file := tmp_path / FILE).parent.mkdir(parents=True)
    file.write_text(json.dumps({"endpoint": endpoint.replace("127.0.0.1", "0.0.0.0"), "stack": "veo4k"}))  # noqa: S104  not bound
    assert running_local_cloud(tmp_path) is None


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "me-south-1"])
def test_a_link_to_a_file_names_the_host_of_its_region(region: str) -> None:
    s3 = boto3.Session("key", "secret", region_name=region).client("s3", config=_S3_CONFIG)
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "videos", "Key": "a.mp4"})
    assert link.startswith(f"https://videos.s3.{region}.amazonaws.com/a.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256")
