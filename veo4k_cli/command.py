"""How a function becomes a command: with --stack, --local and --json, and with expected errors as sentences."""

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
from veo4k_cli.errors import EXPECTED, describe
from veo4k_cli.output import Output
from veo4k_cli.stack import Stack, find_stack

EXIT_STATUS_OF_ERRORS = 2
STACK_VARIABLE = "VEO4K_STACK"
KEY_BYTES = 48

StackName = Annotated[
    str | None,
    typer.Option(
        "--stack",
        metavar="NAME",
        help="A stack on AWS, with your own credentials (AWS_PROFILE, AWS_REGION). VEO4K_STACK sets it too.",
        rich_help_panel="Where and how",
        show_default=False,
    ),
]
Local = Annotated[bool, typer.Option("--local", help="The local cloud of make local.", rich_help_panel="Where and how")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.", rich_help_panel="Where and how")]
_COMMON = (("stack", StackName, None), ("local", Local, False), ("as_json", Json, False))


class FindStack(Protocol):
    """Finds the stack to act on."""

    def __call__(self, name: str | None, *, local: bool) -> Stack:
        """Return the stack. Raise OperatorError where there is none."""
        ...


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    """What commands depend on, and what tests replace.

    Attributes:
        provider: base URL of the provider, where no stack names one.
        environment: the environment variables.
    """

    find: FindStack = find_stack
    clock: Clock = field(default_factory=SystemClock)
    new_id: Callable[[], str] = lambda: uuid.uuid4().hex
    new_key: Callable[[], str] = lambda: secrets.token_urlsafe(KEY_BYTES)
    provider: str = "https://api.kie.ai"
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True)
class Session:
    """One command that runs: what it depends on, its options, and its output."""

    dependencies: Dependencies
    stack_name: str | None
    local: bool
    out: Output

    @cached_property
    def stack(self) -> Stack:
        """Find the stack at its first use, and print which one it is."""
        default = None if self.local else self.dependencies.environment.get(STACK_VARIABLE)
        stack = self.dependencies.find(self.stack_name or default, local=self.local)
        self.out.info(stack.description)
        return stack

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        return self.dependencies.clock

    def jobs(self) -> DynamoJobs:
        """Return the table of jobs."""
        return DynamoJobs(self.stack.client("dynamodb"), self.stack.output("JobTableName"))

    def gate(self) -> DynamoGate:
        """Return the account's gate."""
        client, table = self.stack.client("dynamodb"), self.stack.output("JobTableName")
        return DynamoGate(client, table, self.stack.pace(), self.dependencies.new_id)

    def secret(self, output: str) -> Secret:
        """Return the secret that an output names."""
        return Secret(self.stack.client("secretsmanager"), self.stack.output(output), self.clock.now)


def command(
    app: typer.Typer, *examples: str, name: str | None = None, panel: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a command of a function that takes a Session first. The examples end its help text."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        text = unwrap(inspect.getdoc(function) or "")
        epilog = format_examples(examples)
        app.command(name, help=text, epilog=epilog, rich_help_panel=panel)(_with_common_options(function))
        return function

    return decorate


def format_examples(examples: tuple[str, ...]) -> str:
    """Return examples as the end of a help text."""
    return "\n".join(["[bold]Examples[/bold]", *(f"[cyan]{escape(example)}[/cyan]" for example in examples)])


def unwrap(text: str) -> str:
    """Return each paragraph on one line, for the terminal to wrap."""
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in text.strip().split("\n\n"))


def _with_common_options(function: Callable[..., None]) -> Callable[..., None]:
    @wraps(function)
    def run(context: typer.Context, stack: str | None, local: bool, as_json: bool, **own_options: Any) -> None:
        session = Session(context.obj or Dependencies(), stack, local, Output(as_json=as_json))
        try:
            function(session, **own_options)
        except EXPECTED as error:
            session.out.error(describe(error))
            raise typer.Exit(EXIT_STATUS_OF_ERRORS) from None

    own = list(inspect.signature(function).parameters.values())[1:]
    common = [_keyword(name, kind, default) for name, kind, default in _COMMON]
    parameters = [_keyword("context", typer.Context), *(p.replace(kind=p.KEYWORD_ONLY) for p in own), *common]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what typer reads
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _keyword(name: str, kind: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
