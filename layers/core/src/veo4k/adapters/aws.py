"""AWS clients: one session, explicit timeouts and retries, and one place where their errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from veo4k.adapters.imports import uncollected
from veo4k.adapters.tls import shared_context
from veo4k.domain.errors import StorageError

with uncollected():
    import boto3
    from botocore import auth, handlers
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    from veo4k.adapters.signing import LeanSigner

_COMMON: Any = {
    "retries": {"mode": "standard", "total_max_attempts": 3},
    "parameter_validation": False,  # the service checks them too, and every request is ours
    "user_agent": "veo4k",  # else one is composed for every request
    # As many connections as a sweep has threads: more than the pool keeps would be opened anew each time.
    "max_pool_connections": 20,
}
# The SDK's own default of 60 s for a read is longer than the functions live that wait for it.
_CONFIG = Config(connect_timeout=2, read_timeout=5, **_COMMON)
# A part of a file takes longer than a row. It carries a checksum of its own, so its hash need not be signed as well.
_S3 = Config(connect_timeout=5, read_timeout=20, s3={"payload_signing_enabled": False}, **_COMMON)


auth.AUTH_TYPE_MAPS["v4"] = LeanSigner


@cache
def client(service: str) -> Any:
    """Give the process's only client of a service."""
    made = _session().client(service, config=_S3 if service == "s3" else _CONFIG)
    _unhook(made)
    pools = made._endpoint.http_session._manager  # noqa: SLF001  the SDK has no parameter for a TLS context
    pools.connection_pool_kw["ssl_context"] = shared_context()
    if service != "s3":  # whose endpoint is another one for each bucket
        made._ruleset_resolver = None  # noqa: SLF001  the region's endpoint, without the rules for each request
        pools.connection_from_url = cache(pools.connection_from_url)  # and the pool that goes with it
    return made


def _unhook(made: Any) -> None:
    """Leave out what each request's headers would tell of the SDK's attempts: nothing depends on it."""
    events, service_id = made.meta.events, made.meta.service_model.service_id.hyphenize()
    agent = made._user_agent_creator  # noqa: SLF001  what it says stays the same
    events.unregister(f"request-created.{service_id}", agent.rebuild_and_replace_user_agent_handler)
    events.unregister("request-created", handlers.add_retry_headers)


@cache
def _session() -> boto3.Session:
    return boto3.Session()


@contextmanager
def as_storage_error(doing: str) -> Iterator[None]:
    """Translate what the SDK raises; its text may quote what was sent, so only the code is kept."""
    try:
        yield
    except ClientError as error:
        raise StorageError(f"{doing}: {error.response.get('Error', {}).get('Code', 'ClientError')}") from None
    except (BotoCoreError, ResponseParserError) as error:
        raise StorageError(f"{doing}: {type(error).__name__}") from None
