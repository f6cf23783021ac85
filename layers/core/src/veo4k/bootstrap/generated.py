"""What callbacks of generations need: the job queue, and the keys of token and signature."""

from functools import cache

from veo4k.adapters.aws import client
from veo4k.adapters.queue_sqs import SqsJobSender
from veo4k.bootstrap import secret, settings
from veo4k.services.generated import GenerationHandler


@cache
def generation_handler() -> GenerationHandler:
    """Return the handler of callbacks of generations."""
    return GenerationHandler(
        job_sender=SqsJobSender(client("sqs"), settings().text("JOB_QUEUE_URL")),
        token_keys=secret("TOKEN_KEY_SECRET_NAME").in_use,
        webhook_keys=secret("WEBHOOK_KEY_SECRET_NAME").in_use,
    )
