"""Sweeps the due jobs, every minute and whenever it is invoked."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from veo4k.bootstrap.asking import account, balance_asked, world
from veo4k.observability import logger, metrics, narrate
from veo4k.services.sweep import sweep
from veo4k.services.vitals import balance, vitals


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: Any, context: LambdaContext) -> dict[str, int]:
    """Sweep, whatever the payload; answers with the counts of what was done."""
    metrics.add_metric("Heartbeat", MetricUnit.Count, 1)
    stop_at = world().clock.now() + context.get_remaining_time_in_millis() / 1000
    counts = narrate(sweep(world(), stop_at))
    for vital in [*vitals(world()), *balance(world(), account(), stop_at, balance_asked())]:
        metrics.add_metric(*vital)
    return dict(counts)
