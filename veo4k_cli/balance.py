"""The command `credits`: the balance at the provider."""

import typer

from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.provider import OK, Account
from veo4k_cli.spending import PRICE

app = typer.Typer()


@command(app, "veo4k credits", "veo4k credits --json | jq .credits", name="credits", panel="Account")
def show_credits(session: Session) -> None:
    """Show the account's remaining credits, as the provider reports them for the stack's key."""
    keys = session.secret("ApiKeySecretName").in_use()
    if not keys:
        raise OperatorError("The stack has no API key. Put it into the secret ApiKeySecretName (docs/operations.md).")
    balance = Account(session.stack.parameter("KieBaseUrl", session.dependencies.provider), keys[0]).credits()
    if balance.code != OK or not isinstance(balance.data, int | float):
        code = balance.code or f"HTTP {balance.status}"
        raise OperatorError(f"The provider returned no balance ({code}). veo4k doctor says what to do.")
    videos = int(balance.data // PRICE)
    text = f"{balance.data:,} credits are left, enough for {videos:,} videos at {PRICE}."
    session.out.result({"credits": balance.data}, text)
