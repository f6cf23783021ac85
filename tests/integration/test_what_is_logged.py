"""What the functions logged during all these tests, and what they left in the table."""

import re

import pytest

from local.cloud.function_logs import function_logs
from local.cloud.rows import has_ended
from tests.integration.callback import token
from tests.integration.conftest import Unkeyed
from tests.integration.world import World

SECRETS = ("ApiKeySecretName", "WebhookKeySecretName", "TokenKeySecretName")
QUERY = re.compile(r"https?://[^\s\"]+\?")
SIGNATURE = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{43}=")


@pytest.fixture(scope="module")
def logs(world: World, unkeyed: Unkeyed) -> str:
    """Everything all functions of both stacks logged."""
    return "\n".join(text for cloud in (world.cloud, unkeyed.world.cloud) for text in function_logs(cloud).values())


def test_the_functions_logged_what_they_did(logs: str) -> None:
    assert {"job_created", "result_ready", "job_archived", "end_announced", "callback_rejected"} <= set(
        re.findall(r'"message":"(\w+)"', logs)
    )


@pytest.mark.parametrize("secret", SECRETS)
def test_no_key_is_logged(world: World, logs: str, secret: str) -> None:
    assert world.secret(secret) not in logs


def test_no_token_is_logged(world: World, logs: str) -> None:
    tokens = (token(world, row["taskId"], row["index"], row["run"]) for row in world.rows())
    assert not [each for each in tokens if each in logs]


def test_no_signature_is_logged(logs: str) -> None:
    assert SIGNATURE.findall(logs) == []


def test_no_query_of_a_url_is_logged(logs: str) -> None:
    assert QUERY.findall(logs) == []


def test_no_announced_row_keeps_a_query_of_a_url(world: World) -> None:
    announced = [row for row in world.rows() if has_ended(row) and "#lane" not in row]
    assert announced
    assert [row for row in announced if QUERY.search(str(row))] == []


def test_no_sweep_failed(world: World, unkeyed: Unkeyed) -> None:
    assert world.sweeps.failures + unkeyed.world.sweeps.failures == []
