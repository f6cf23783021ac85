"""The provider: requests that cost nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from requests import RequestException, exceptions

from veo4k.adapters.provider_kie import APIS
from veo4k_cli.errors import OperatorError
from veo4k_cli.http import BearerAuth, Response, send

CREDIT_PATH = "/api/v1/chat/credit"
OK, NOT_FOUND = 200, 404


@dataclass(frozen=True)
class Account:
    """An account at the provider. Every request is a GET, takes no slot and cannot be charged."""

    base_url: str
    key: bytes

    def credits(self) -> Response:
        """Request the balance ("Get Remaining Credits")."""
        return self._get(CREDIT_PATH)

    def paths(self) -> Mapping[str, tuple[tuple[str, Response], ...]]:
        """Request both paths of each contract without a task id. Return paths and responses by contract."""
        return {
            name: tuple((path, self._get(path)) for path in (contract.submission, contract.record))
            for name, contract in APIS.items()
        }

    def _get(self, path: str) -> Response:
        try:
            return send("GET", self.base_url + path, auth=BearerAuth(self.key))
        except RequestException as error:
            cause = next((text for kind, text in _CAUSES if isinstance(error, kind)), type(error).__name__)
            raise ProviderError(urlsplit(self.base_url).hostname or "", cause) from None


_CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.SSLError, "the certificate is not valid, or a proxy has replaced it"),
    (exceptions.ProxyError, "the proxy refused the connection"),
    (exceptions.Timeout, "timeout"),
    (exceptions.ConnectionError, "no connection, or the connection was closed"),
)


class ProviderError(OperatorError):
    """The provider did not respond."""

    def __init__(self, host: str, cause: str) -> None:
        super().__init__(f"The provider {host} did not respond ({cause}). veo4k doctor says more.")
        self.host, self.cause = host, cause
