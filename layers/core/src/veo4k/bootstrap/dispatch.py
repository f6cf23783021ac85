"""What submit and sweep share: the gate, the provider, and the dispatcher of requests."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

from veo4k.adapters.aws import client
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.adapters.provider_kie import CONNECTIONS, KieProvider
from veo4k.bootstrap import clock, hosts, jobs, new_id, secret, settings, times
from veo4k.domain.job import ProviderApi
from veo4k.services.dispatch import Dispatcher


@cache
def gate() -> DynamoGate:
    """Return the account's gate."""
    return DynamoGate(client("dynamodb"), settings().text("JOB_TABLE_NAME"), settings().pace(), new_id)


@cache
def provider() -> KieProvider:
    """Return the account at the provider."""
    return KieProvider(
        base_url=settings().text("KIE_BASE_URL").rstrip("/"),
        callback_base=settings().text("CALLBACK_BASE_URL").rstrip("/"),
        api_key=secret("API_KEY_SECRET_NAME"),
        token_key=secret("TOKEN_KEY_SECRET_NAME"),
        provider_api=provider_api(),
    )


@cache
def provider_api() -> ProviderApi:
    """Return the provider's API for new requests."""
    return ProviderApi(settings().chosen("PROVIDER_CONTRACT", *ProviderApi))


@cache
def threads() -> ThreadPoolExecutor:
    """Return the process's threads, kept between invocations: starting ten costs as much as two requests."""
    return ThreadPoolExecutor(max_workers=CONNECTIONS)


def dispatcher(deadline: float) -> Dispatcher:
    """Return the dispatcher of one invocation. `deadline`: epoch second at which the function is killed."""
    return Dispatcher(
        jobs=jobs(),
        gate=gate(),
        provider=provider(),
        clock=clock(),
        executor=threads(),
        width=CONNECTIONS,
        new_id=new_id,
        times=times(),
        hosts=hosts(),
        provider_api=provider_api(),
        deadline=deadline,
    )
