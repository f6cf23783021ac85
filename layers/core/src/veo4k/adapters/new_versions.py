"""The versions that a deployment is about to put to work, and CodeDeploy, which waits for a verdict on them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from veo4k.adapters.aws import as_storage_error
from veo4k.domain.errors import StorageError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


@dataclass(frozen=True)
class NewVersions:
    """`versions`: the qualified ARN of each function's new version, by the function's name."""

    functions: "LambdaClient"
    deployments: Any
    versions: Mapping[str, str]

    def ask(self, function: str, event: Mapping[str, Any]) -> Any:
        """Invoke the new version of a function and give its answer. StorageError where it has none."""
        with as_storage_error("Invoke"):
            answer = self.functions.invoke(FunctionName=self.versions[function], Payload=json.dumps(event).encode())
            body = answer["Payload"].read()
        if "FunctionError" in answer:
            raise StorageError(f"Invoke: {answer['FunctionError']}")
        return json.loads(body)

    def report(self, deployment: str, execution: str, *, sound: bool) -> None:
        """Tell CodeDeploy whether the deployment may go on. StorageError when it cannot be told."""
        with as_storage_error("PutLifecycleEventHookExecutionStatus"):
            self.deployments.put_lifecycle_event_hook_execution_status(
                deploymentId=deployment,
                lifecycleEventHookExecutionId=execution,
                status="Succeeded" if sound else "Failed",
            )
