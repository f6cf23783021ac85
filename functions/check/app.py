"""Looks at the new versions before traffic goes to them: a deployment's hook before it moves an alias."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k.bootstrap.checking import candidates
from veo4k.observability import emit, logger, metrics
from veo4k.services.check import check


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Try every new version and tell CodeDeploy the verdict; answers with the counts of what was found."""
    entries = check(candidates())
    counts = emit(entries)
    sound = not counts.get("version_unsound")
    candidates().report(event["DeploymentId"], event["LifecycleEventHookExecutionId"], sound=sound)
    return dict(counts)
