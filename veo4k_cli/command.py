"""How a function becomes a command: each takes --stack, --local and --json, and tells its failures in one line."""

import inspect
import os
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Annotated, Any, Protocol

import typer
from rich.markup import escape

from veo4k.adapters.clock import SystemClock
from veo4k.adapters.gate_dynamodb import DynamoGate
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.adapters.secrets import Secret
from veo4k.domain.ports import Clock
from veo4k_cli.errors import EXPECTED, in_words
from veo4k_cli.output import Output
from veo4k_cli.stack import Stack, find_stack

FAILED = 2
STACK_NAME = "VEO4K_STACK"
KEY_BYTES = 48

StackName = Annotated[
    str | None,
    typer.Option(
        "--stack",
        metavar="NAME",
        help="A stack on AWS, with your own credentials (AWS_PROFILE, AWS_REGION). Or set VEO4K_STACK.",
        rich_help_panel="Where and how",
        show_default=False,
    ),
]
Local = Annotated[bool, typer.Option("--local", help="The local cloud of make local.", rich_help_panel="Where and how")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.", rich_help_panel="Where and how")]
_COMMON = (("stack", StackName, None), ("local", Local, False), ("as_json", Json, False))


class Find(Protocol):
    """Finds the stack that is meant."""

    def __call__(self, name: str | None, *, local: bool) -> Stack:
        """Give it; OperatorError where there is none."""
        ...


@dataclass(frozen=True, kw_only=True)
class World:
    """What the commands act in. `provider`: its address, where no stack names one."""

    find: Find = find_stack
    clock: Clock = field(default_factory=SystemClock)
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    new_key: Callable[[], str] = lambda: secrets.token_urlsafe(KEY_BYTES)
    provider: str = "https://api.kie.ai"
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True)
class Session:
    """One command at work: the world, what was given to find the stack, and where the answer goes."""

    world: World
    name: str | None
    local: bool
    out: Output

    @cached_property
    def stack(self) -> Stack:
        """The stack, looked up at its first use and told to people, so that nobody acts on another one."""
        named = None if self.local else self.world.environment.get(STACK_NAME)
        found = self.world.find(self.name or named, local=self.local)
        self.out.aside(found.description)
        return found

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.world.clock

    def jobs(self) -> DynamoJobs:
        """Give the table of jobs."""
        return DynamoJobs(self.stack.client("dynamodb"), self.stack.output("JobTableName"))

    def gate(self) -> DynamoGate:
        """Give the account's gate."""
        stack = self.stack
        return DynamoGate(stack.client("dynamodb"), stack.output("JobTableName"), stack.pace(), self.world.new_id)

    def secret(self, output: str) -> Secret:
        """Give a secret by its output; what it holds never appears in a text of ours."""
        return Secret(self.stack.client("secretsmanager"), self.stack.output(output), self.clock.now)


def command(
    app: typer.Typer, *examples: str, name: str | None = None, panel: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function that takes a Session first; the examples end its help."""

    def made(function: Callable[..., None]) -> Callable[..., None]:
        run = _with_common_options(function)
        told = unwrapped(inspect.getdoc(function) or "")
        app.command(name, help=told, epilog=shown(examples), rich_help_panel=panel)(run)
        return function

    return made


def shown(examples: tuple[str, ...]) -> str:
    """Give examples as the end of a help text."""
    return "\n".join(["[bold]Examples[/bold]", *(f"[cyan]{escape(example)}[/cyan]" for example in examples)])


def unwrapped(text: str) -> str:
    """Give each paragraph on one line: a terminal breaks it where it ends."""
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in text.strip().split("\n\n"))


def _with_common_options(function: Callable[..., None]) -> Callable[..., None]:
    @wraps(function)
    def run(context: typer.Context, stack: str | None, local: bool, as_json: bool, **given: Any) -> None:
        session = Session(context.obj or World(), stack, local, Output(as_json=as_json))
        try:
            function(session, **given)
        except EXPECTED as error:
            session.out.fail(in_words(error))
            raise typer.Exit(FAILED) from None

    own = list(inspect.signature(function).parameters.values())[1:]
    common = [_keyword(name, kind, otherwise) for name, kind, otherwise in _COMMON]
    parameters = [_keyword("context", typer.Context), *(p.replace(kind=p.KEYWORD_ONLY) for p in own), *common]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _keyword(name: str, kind: Any, otherwise: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=otherwise, annotation=kind)
