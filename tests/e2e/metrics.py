"""The metrics that functions emit in their logs."""

import json

from local.cloud.environment import Environment


def emitted(env: Environment, function: str, metric: str) -> list[float]:
    """Return the values of a metric that a function, named by its stack output, has emitted."""
    lines = [json.loads(line) for line in env.cloud.logs(function).splitlines() if '"_aws"' in line]
    return [value for line in lines for value in line.get(metric, ())]
