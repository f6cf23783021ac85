"""The command `hook`: the URL that turns each finished generation into jobs."""

from typing import Annotated

import typer

from veo4k.adapters.provider_kie import NO_CALLBACK
from veo4k.domain.callback_auth import make_generated_token
from veo4k.domain.generation import Tags, generated_path
from veo4k.domain.message import LONGEST_TAGS, MOST_TAGS, are_tags
from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.selection import parse_tags

app = typer.Typer()


@command(
    app,
    "veo4k hook",
    "veo4k hook --tag project=atlas --tag customer=Zoë",
    "veo4k hook --json | jq -r .url",
    panel="Account",
)
def hook(
    session: Session,
    tag: Annotated[
        list[str] | None,
        typer.Option("--tag", metavar="KEY=VALUE", help="Copied to each job's row and event. May be repeated."),
    ] = None,
) -> None:
    """Print the URL that turns each finished generation into jobs.

    Pass it to the provider as callBackUrl of a generate or extend request. Then every video of that generation is
    requested in 4K as soon as it is finished. The URL is a secret: keep it like a password.
    """
    tags = parse_tags(tag)
    if not are_tags(tags):
        raise OperatorError(
            f"A job has at most {MOST_TAGS} tags, {LONGEST_TAGS} bytes as JSON. "
            "None is without a name. None holds control characters."
        )
    url, reason = hook_url(session, tags)
    if reason:
        raise OperatorError(reason)
    session.out.result({"url": url}, url)


def hook_url(session: Session, tags: Tags | None = None) -> tuple[str, str]:
    """Return the URL under the current token key, or an empty one and the reason."""
    base = session.stack.output("CallbackBaseUrl")
    if base == NO_CALLBACK:
        return "", "There is no URL: the stack receives no callbacks (CallbackBaseUrl is none)."
    if not session.secret("WebhookKeySecretName").in_use():
        return "", "There is no URL: without a webhook key the stack refuses generations. Run veo4k rotate webhook."
    if not (keys := session.secret("TokenKeySecretName").in_use()):
        return "", "There is no URL: the stack has no token key. Run veo4k rotate token."
    return base + generated_path(make_generated_token(keys[0]), tags), ""
