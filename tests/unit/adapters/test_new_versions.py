"""The way to new versions, and to CodeDeploy, which waits for a verdict on them."""

import io
import json
from typing import Any, cast

import pytest

from tests.unit.adapters.fake_aws import FakeClient, refusal
from veo4k.adapters.new_versions import NewVersions
from veo4k.domain.errors import StorageError

VERSIONS = {"sweep": "arn:aws:lambda:eu-central-1:123456789012:function:sweep:7"}


def versions(functions: Any = None, deployments: Any = None) -> NewVersions:
    return NewVersions(functions or cast("Any", FakeClient()), deployments or FakeClient(), VERSIONS)


def answered(body: bytes, **more: str) -> FakeClient:
    return FakeClient({"Payload": io.BytesIO(body)} | more)


def test_the_new_version_itself_is_asked_and_not_the_one_behind_the_alias() -> None:
    functions = answered(b'{"poll_claimed": 1}')
    assert versions(functions).ask("sweep", {"a": 1}) == {"poll_claimed": 1}
    [(operation, request)] = functions.calls
    assert (operation, request["FunctionName"]) == ("invoke", VERSIONS["sweep"])
    assert json.loads(request["Payload"]) == {"a": 1}


def test_a_version_that_raises_has_no_answer_and_what_it_said_is_not_repeated() -> None:
    with pytest.raises(StorageError, match=r"^Invoke: Unhandled$"):
        versions(answered(b'{"errorMessage": "secret"}', FunctionError="Unhandled")).ask("sweep", {})


def test_a_version_that_cannot_be_reached_has_no_answer() -> None:
    with pytest.raises(StorageError, match="AccessDenied"):
        versions(FakeClient(refusal("AccessDenied"))).ask("sweep", {})


@pytest.mark.parametrize(("sound", "status"), [(True, "Succeeded"), (False, "Failed")])
def test_the_verdict_is_told_to_the_deployment(sound: bool, status: str) -> None:
    deployments = FakeClient()
    versions(deployments=deployments).report("d-1", "hook-1", sound=sound)
    [(_, request)] = deployments.calls
    assert request == {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "hook-1", "status": status}


def test_a_verdict_that_cannot_be_told_fails_the_function_so_that_the_deployment_does_not_go_on() -> None:
    with pytest.raises(StorageError):
        versions(deployments=FakeClient(refusal("InvalidLifecycleEventHookExecutionIdException"))).report(
            "d", "h", sound=True
        )
