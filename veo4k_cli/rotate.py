"""The command `rotate`: new keys for callbacks, and a new token of the HTTP API.

The former ones stay valid for a while, and no key is shown.
"""

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from veo4k.domain.errors import StorageError
from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.hook import hook_url

MIN_LENGTH = 16

app = typer.Typer()


class Key(StrEnum):
    """The keys that can be rotated."""

    TOKEN = "token"  # noqa: S105 - the word, not a secret
    WEBHOOK = "webhook"
    API = "api"


_SECRETS = {Key.TOKEN: "TokenKeySecretName", Key.WEBHOOK: "WebhookKeySecretName", Key.API: "JobsApiTokenSecretName"}
_NAMES = {Key.TOKEN: "token key", Key.WEBHOOK: "webhook key", Key.API: "token of the HTTP API"}
_NEXT_STEP = {
    Key.TOKEN: "New requests use it. Rotate again only when all jobs that were requested before have ended.",
    Key.WEBHOOK: "Now set the same key on the provider's settings page.",
    Key.API: "Give the new token, JobsApiTokenSecretName, to every client. Then rotate again to end the former one.",
}


@command(
    app,
    "veo4k rotate token",
    "veo4k rotate webhook",
    "veo4k rotate api",
    "pass show kie/webhook | veo4k rotate webhook --value-from-stdin",
    panel="Account",
)
def rotate(
    session: Session,
    key: Annotated[Key, typer.Argument(help="The key of the callback tokens, the webhook key, or the API's token.")],
    from_stdin: Annotated[
        bool, typer.Option("--value-from-stdin", help="Read the new key from standard input.")
    ] = False,
) -> None:
    """Put a new key in use and keep the former one as the previous key.

    The token key and the API's token are generated, unless you pass one. The webhook key comes from the provider: the
    command prompts for it and does not show it.
    """
    if key is Key.API and _SECRETS[key] not in session.stack.outputs:
        raise OperatorError("The stack has no HTTP API for jobs. Deploy it with JobsApi=on first.")
    secret = session.secret(_SECRETS[key])
    former = secret.in_use()
    new = _new_value(session, key, from_stdin=from_stdin)
    if former and new.encode() == former[0]:
        raise OperatorError("This key is in use already. Nothing was changed.")
    pair = {"current": new} | ({"previous": former[0].decode()} if former else {})
    secret.client.put_secret_value(SecretId=secret.name, SecretString=json.dumps(pair))
    text = f"The new {_NAMES[key]} is in use within 30 seconds. "
    text += "The former one stays valid until the next rotation. " if former else ""
    text += "The one before that is no longer valid. " if len(former) > 1 else ""
    value = {"rotated": key, "previousKept": bool(former), "olderForgotten": len(former) > 1}
    url = _new_hook(session) if key is Key.TOKEN else ""
    hook = f"\nGenerations that you start from now on need this URL (veo4k hook):\n{url}" if url else ""
    session.out.result(value | ({"hook": url} if url else {}), text + _NEXT_STEP[key] + hook)


def _new_hook(session: Session) -> str:
    """Return the new URL of `veo4k hook`, or an empty one. The key has been rotated: nothing may fail any more."""
    try:
        return hook_url(session)[0]
    except StorageError:
        return ""


def _new_value(session: Session, key: Key, *, from_stdin: bool) -> str:
    if from_stdin:
        value = sys.stdin.read().strip()
    elif key is not Key.WEBHOOK:
        return session.dependencies.new_key()
    else:
        value = _prompt()
    if len(value) < MIN_LENGTH or not value.isprintable() or " " in value:
        raise OperatorError(f"A key has at least {MIN_LENGTH} characters and no white space. Nothing was changed.")
    return value


def _prompt() -> str:
    try:
        return str(typer.prompt("The new webhook key", hide_input=True, err=True)).strip()
    except typer.Abort:
        raise OperatorError("No key was entered. Nothing was changed.") from None
