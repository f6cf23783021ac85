"""What the callbacks need: the table or the job queue, and the keys of token and signature."""

from functools import cache

from veo4k.adapters.aws import client
from veo4k.adapters.queue_sqs import SqsJobSender
from veo4k.bootstrap import hosts, jobs, secret, settings, times
from veo4k.services.callback import CallbackHandler
from veo4k.services.generation import GenerationHandler


@cache
def callback_handler() -> CallbackHandler:
    """Return the handler of callbacks of 4K versions."""
    return CallbackHandler(
        jobs=jobs(),
        token_keys=secret("TOKEN_KEY_SECRET_NAME").in_use,
        webhook_keys=secret("WEBHOOK_KEY_SECRET_NAME").in_use,
        times=times(),
        hosts=hosts(),
        is_signature_optional=settings().chosen("CALLBACK_SIGNATURE", "required", "optional") == "optional",
    )


@cache
def generation_handler() -> GenerationHandler:
    """Return the handler of callbacks of generations."""
    return GenerationHandler(
        job_sender=SqsJobSender(client("sqs"), settings().text("JOB_QUEUE_URL")),
        token_keys=secret("TOKEN_KEY_SECRET_NAME").in_use,
        webhook_keys=secret("WEBHOOK_KEY_SECRET_NAME").in_use,
    )
