"""The AWS clients: explicit timeouts and retries, one TLS context, and the translation of the SDK's errors.

The clients are botocore's own. boto3 makes the same ones, and imports resources and transfers, which no function uses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from botocore.session import Session, get_session

from veo4k.adapters.tls import shared_context
from veo4k.domain.errors import StorageError

_COMMON: Any = {
    "retries": {"mode": "standard", "total_max_attempts": 3},
    "parameter_validation": False,  # the services check every parameter too
    "user_agent": "veo4k",  # without it the SDK composes a user agent for every request
    # As many connections as a sweep has threads: those beyond the pool's size would be opened anew each time.
    "max_pool_connections": 20,
}
# The SDK's default read timeout of 60 s is longer than most of the functions live.
_DEFAULT = Config(connect_timeout=2, read_timeout=5, **_COMMON)
# A part of a file takes longer than a row. Each part carries its own checksum, so the signature need not cover a hash.
# Links are signed for the bucket's own host in its region: a link to another host is redirected, which breaks it.
_S3_WAYS: Any = {
    "payload_signing_enabled": False,
    "addressing_style": "virtual",
    "us_east_1_regional_endpoint": "regional",
}
_S3 = Config(connect_timeout=5, read_timeout=20, signature_version="s3v4", s3=_S3_WAYS, **_COMMON)


@cache
def client(service: str) -> Any:
    """Return the process's only client of a service."""
    created: Any = _session().create_client(service, config=_S3 if service == "s3" else _DEFAULT)
    # The SDK has no parameter for a TLS context. With its own, every new connection reads the roots, 15 ms of CPU each.
    created._endpoint.http_session._manager.connection_pool_kw["ssl_context"] = shared_context()  # noqa: SLF001
    return created


@cache
def _session() -> Session:
    return get_session()


@contextmanager
def as_storage_error(operation: str) -> Iterator[None]:
    """Raise StorageError for every error of the SDK. Only its code is kept: its text may quote the request."""
    try:
        yield
    except ClientError as error:
        raise StorageError(f"{operation}: {error.response.get('Error', {}).get('Code', 'ClientError')}") from None
    except (BotoCoreError, ResponseParserError) as error:
        raise StorageError(f"{operation}: {type(error).__name__}") from None
