"""The provider, asked what costs nothing: the balance, and whether its paths are there."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import typer
from requests import RequestException, exceptions

from cli.command import Session, command
from cli.errors import OperatorError
from cli.web import Bearer, Heard, ask
from veo4k.adapters.provider_kie import APIS

CREDIT_PATH = "/api/v1/chat/credit"
PRICE = 120  # credits for one video by the provider's newest lists
OK, NOT_FOUND = 200, 404

app = typer.Typer()


@dataclass(frozen=True)
class Account:
    """An account at the provider. None of these requests counts as one, or could be charged: all are GET."""

    base_url: str
    key: bytes

    def credits(self) -> Heard:
        """Ask for the balance ("Get Remaining Credits")."""
        return self._get(CREDIT_PATH)

    def paths(self) -> Mapping[str, tuple[tuple[str, Heard], ...]]:
        """Ask each contract's two paths without naming a task; gives the answers by contract."""
        return {
            name: tuple((path, self._get(path)) for path in (contract.submission, contract.record))
            for name, contract in APIS.items()
        }

    def _get(self, path: str) -> Heard:
        try:
            return ask("GET", self.base_url + path, auth=Bearer(self.key))
        except RequestException as error:
            kind = next((words for kind, words in _SILENCE if isinstance(error, kind)), type(error).__name__)
            raise ProviderError(urlsplit(self.base_url).hostname or "", kind) from None


_SILENCE: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.SSLError, "its certificate does not hold, or somebody has put another in its place"),
    (exceptions.ProxyError, "the proxy does not let it through"),
    (exceptions.Timeout, "not in time"),
    (exceptions.ConnectionError, "no connection, or a connection that was cut"),
)


class ProviderError(OperatorError):
    """The provider did not answer; the text says how it failed."""

    def __init__(self, host: str, kind: str) -> None:
        super().__init__(kind)
        self.host = host


def account(session: Session) -> Account:
    """Give the account whose key the stack uses; OperatorError where it has none."""
    keys = session.secret("ApiKeySecretName").in_use()
    if not keys:
        raise OperatorError("the stack has no API key: put it into the secret ApiKeySecretName (docs/operations.md)")
    return Account(session.stack.parameter("KieBaseUrl", session.world.provider), keys[0])


@command(app, "veo4k credits", "veo4k credits --json | jq .credits", name="credits", panel="Account")
def balance(session: Session) -> None:
    """Show the account's remaining credits, asked of the provider with the stack's key."""
    told = account(session).credits()
    if told.code != OK or not isinstance(told.data, int | float):
        raise OperatorError(f"the provider gave no balance ({told.code or f'HTTP {told.status}'}): veo4k doctor")
    videos = int(told.data // PRICE)
    session.out.answer({"credits": told.data}, f"{told.data:,} credits, {videos:,} videos at {PRICE}")
