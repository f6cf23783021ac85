"""Sweeps the due jobs, every minute and whenever it is invoked."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k import bootstrap
from veo4k.bootstrap.sweep import health, sweeper
from veo4k.observability import emit, logger, metrics
from veo4k.services.health import heartbeat

sweeper(deadline=0)  # builds the clients while the function starts, when Lambda gives it a whole processor


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Any, context: LambdaContext) -> dict[str, int]:
    """Sweep, whatever the payload. Return the counts of log events."""
    deadline = bootstrap.deadline(context.get_remaining_time_in_millis())
    balance = health().balance(deadline)  # before a sweep that may take all its time
    counts = emit(sweeper(deadline).sweep())
    for gauge in [*heartbeat(counts), *health().gauges(), *balance]:
        metrics.add_metric(*gauge)
    return dict(counts)
