"""New keys for callbacks, with the former ones valid for a while. No key is ever shown."""

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError

SHORTEST = 16

app = typer.Typer()


class Which(StrEnum):
    """The keys that can be rotated."""

    TOKEN = "token"  # noqa: S105 - the word, not a secret
    WEBHOOK = "webhook"


_SECRETS = {Which.TOKEN: "TokenKeySecretName", Which.WEBHOOK: "WebhookKeySecretName"}
_NEXT = {
    Which.TOKEN: "New requests use it. Rotate again only when all jobs that were requested before have ended.",
    Which.WEBHOOK: "Now set the same key on the provider's settings page.",
}


@command(
    app,
    "veo4k rotate token",
    "veo4k rotate webhook",
    "pass show kie/webhook | veo4k rotate webhook --value-from-stdin",
    panel="Account",
)
def rotate(
    session: Session,
    which: Annotated[Which, typer.Argument(help="The key of our callback tokens, or the provider's webhook key.")],
    from_stdin: Annotated[
        bool, typer.Option("--value-from-stdin", help="Read the new key from standard input.")
    ] = False,
) -> None:
    """Put a new key in use and keep the former one as the previous key.

    The token key is generated, unless you pass one. The webhook key comes from the provider: the command prompts for it
    and does not show it.
    """
    secret = session.secret(_SECRETS[which])
    before = secret.in_use()
    new = _new_key(session, which, from_stdin=from_stdin)
    if before and new.encode() == before[0]:
        raise OperatorError("this key is in use already: nothing was changed")
    pair = {"current": new} | ({"previous": before[0].decode()} if before else {})
    secret.client.put_secret_value(SecretId=secret.name, SecretString=json.dumps(pair))
    kept = "The former key stays valid until the next rotation. " if before else ""
    kept += "The key before that is no longer valid. " if len(before) > 1 else ""
    told = {"rotated": which, "previousKept": bool(before), "olderForgotten": len(before) > 1}
    session.out.answer(told, f"The {which} key is in use within 30 seconds. {kept}{_NEXT[which]}")


def _new_key(session: Session, which: Which, *, from_stdin: bool) -> str:
    if from_stdin:
        key = sys.stdin.read().strip()
    elif which is Which.TOKEN:
        return session.world.new_key()
    else:
        key = str(typer.prompt("The new webhook key", hide_input=True, err=True)).strip()
    if len(key) < SHORTEST or not key.isprintable() or " " in key:
        raise OperatorError(f"a key has at least {SHORTEST} characters and no white space: nothing was changed")
    return key
