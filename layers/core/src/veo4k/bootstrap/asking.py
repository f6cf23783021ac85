"""What submit and sweep act in: the table, the gate and the provider; and submit's queue."""

import random
from functools import cache

from veo4k.adapters.aws import client
from veo4k.adapters.crew import KeptCrew
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.adapters.kie import CONNECTIONS, Kie
from veo4k.adapters.queue_sqs import SqsQueue
from veo4k.bootstrap import clock, jobs, new_id, secret, settings
from veo4k.domain.job import JOBS, VEO
from veo4k.domain.ports import World


@cache
def account() -> Kie:
    """Build the account at the provider."""
    told = settings()
    return Kie(
        base_url=told.text("KIE_BASE_URL").rstrip("/"),
        callback_base=told.text("CALLBACK_BASE_URL").rstrip("/"),
        api_key=secret("API_KEY_SECRET_NAME"),
        token_key=secret("TOKEN_KEY_SECRET_NAME"),
    )


@cache
def balance_asked() -> set[float]:
    """Remember when this process asked for the balance."""
    return set()


@cache
def world() -> World:
    """Build what submit and sweep act in."""
    told = settings()
    return World(
        jobs=jobs(),
        gate=DynamoGate(client("dynamodb"), told.text("JOB_TABLE_NAME"), told.pace(), new_id),
        provider=account(),
        clock=clock(),
        crew=lambda: KeptCrew(CONNECTIONS),
        width=CONNECTIONS,
        new_id=new_id,
        chance=random.random,
        times=told.times(),
        hosts=told.hosts(),
        contract=told.chosen("PROVIDER_CONTRACT", VEO, JOBS),
    )


@cache
def queue() -> SqsQueue:
    """Build the job queue."""
    told = settings()
    return SqsQueue(client("sqs"), told.text("JOB_QUEUE_URL"), told.text("DEAD_LETTER_QUEUE_URL"))
