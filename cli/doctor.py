"""The doctor: looks at everything that can be looked at without spending anything."""

import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from cli import findings, provider_findings
from cli.callbacks import send_tries
from cli.command import Session, command
from cli.errors import EXPECTED, OperatorError, in_words
from cli.findings import Finding, Findings, Verdict
from cli.output import table
from cli.provider import Account, ProviderError
from cli.web import seconds_of
from cli.words import many
from veo4k.adapters.provider_kie import NO_CALLBACK
from veo4k.domain.job import Partition, ProviderApi

API_KEY = "KIE_API_KEY"
QUEUES = ("JobQueue", "DeadLetterQueue", "ArchiveDeadLetterQueue", "SweepDeadLetterQueue", "PublishDeadLetterQueue")
_MARKS = {Verdict.WELL: ("✓", "good"), Verdict.NOTE: ("·", "aside"), Verdict.ACT: ("✗", "bad")}

app = typer.Typer()


@command(
    app,
    "veo4k doctor",
    "KIE_API_KEY=... veo4k doctor",
    "veo4k doctor --json | jq '.[] | select(.verdict == \"act\")'",
    panel="Account",
)
def doctor(session: Session) -> None:
    """Look at everything that can be looked at without spending anything, and say what to do.

    Provider: key, credits, both contracts' paths, clock. Stack: keys, callbacks, gate, table, queues. Without a stack,
    the provider alone, with the key in KIE_API_KEY. The exit status is 1 if something needs you.
    """
    found: list[Finding] = []
    with session.out.busy("Looking") as status:
        for finding in _found(session):
            found.append(finding)
            if status is not None:
                status.update(f"Looking: {finding.about}")
    session.out.answer([finding._asdict() for finding in found], _view(found))
    if any(finding.verdict is Verdict.ACT for finding in found):
        raise typer.Exit(1)


def _found(session: Session) -> Iterator[Finding]:
    try:
        stack = session.stack
    except EXPECTED as error:
        if not _given(session):
            raise OperatorError(f"{in_words(error)}; or set {API_KEY} to look at the provider alone") from None
        yield Finding("stack", Verdict.NOTE, f"There is none to look at: {in_words(error)}.")
        yield from _guarded("provider", session, _provider_alone)
        yield from findings.NO_STACK
        return
    yield Finding(
        "stack",
        Verdict.WELL,
        f"{stack.where}; provider contract: {stack.parameter('ProviderContract', ProviderApi.VEO)}.",
    )
    for about, look in LOOKS:
        yield from _guarded(about, session, look)


def _guarded(about: str, session: Session, look: Callable[[Session], Findings]) -> Findings:
    """Look; where that fails, the failure is the finding."""
    try:
        yield from look(session)
    except ProviderError as error:
        yield from provider_findings.unreachable(error.host, _addresses(error.host), str(error))
    except EXPECTED as error:
        yield Finding(
            about, Verdict.ACT, f"It could not be looked at: {in_words(error)}.", "Mend that, then look again."
        )


def _provider(session: Session) -> Findings:
    stack, keys = session.stack, session.secret("ApiKeySecretName").in_use()
    given = _given(session)
    if not keys:
        text = "The stack has none: jobs wait as QUEUED with the reason API_KEY_UNSET."
        yield Finding("API key", Verdict.ACT, text, "Put it into the secret ApiKeySecretName (docs/operations.md).")
    # A key of the environment is for the provider itself, not for whatever a stack was pointed at.
    elif given and given != keys[0]:
        yield Finding("API key", Verdict.NOTE, f"{API_KEY} is another key than the stack's, and was not looked at.")
    if keys:
        account = Account(stack.parameter("KieBaseUrl", session.world.provider), keys[0])
        yield from _account(session, account, "the stack's secret")
        yield from provider_findings.paths(account.paths(), stack.parameter("ProviderContract", ProviderApi.VEO))


def _provider_alone(session: Session) -> Findings:
    account = Account(session.world.provider, _given(session))
    yield from _account(session, account, API_KEY)
    yield from provider_findings.paths(account.paths(), ProviderApi.VEO, "a stack's default")


def _given(session: Session) -> bytes:
    return session.world.environment.get(API_KEY, "").strip().encode()


def _account(session: Session, account: Account, source: str) -> Findings:
    balance = account.credits()
    yield from provider_findings.api_key(balance, source)
    yield from findings.clock("the provider", balance.date, session.clock.now())


def _keys(session: Session) -> Findings:
    optional = session.stack.parameter("CallbackSignature", "required") == "optional"
    yield from findings.webhook_key(is_set=bool(session.secret("WebhookKeySecretName").in_use()), optional=optional)
    yield from findings.token_key(is_set=bool(session.secret("TokenKeySecretName").in_use()))


def _callbacks(session: Session) -> Findings:
    base = session.stack.output("CallbackBaseUrl")
    if base == NO_CALLBACK:
        yield Finding("callback URL", Verdict.NOTE, "CallbackBaseUrl is none: results come late, by probes.")
        return
    place = urlsplit(base)
    yield from findings.callback_place(place.scheme, _addresses(place.hostname or ""), local=session.stack.local)
    yield from findings.callbacks(send_tries(session))


def _addresses(host: str) -> Sequence[str]:
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})
    except OSError:
        return ()


def _gate(session: Session) -> Findings:
    yield from findings.gate(session.gate().read(), session.clock.now())


def _table(session: Session) -> Findings:
    stack, now, jobs = session.stack, session.clock.now(), session.jobs()
    told = stack.client("dynamodb").describe_table(TableName=stack.output("JobTableName"))
    yield from findings.clock("AWS", seconds_of(told["ResponseMetadata"]["HTTPHeaders"].get("date", "")), now)
    oldest = next((job for key in jobs.due(Partition.LIVE, now) if (job := jobs.get(key)) is not None), None)
    due = oldest.due if oldest is not None and oldest.partition is Partition.LIVE else None
    yield from findings.table(told["Table"]["TableStatus"], now - due if due is not None else 0.0)


def _queues(session: Session) -> Findings:
    sqs, urls = session.stack.client("sqs"), _urls(session)
    for name in QUEUES:
        if name in urls:
            told = sqs.get_queue_attributes(QueueUrl=urls[name], AttributeNames=["ApproximateNumberOfMessages"])
            messages = int(told["Attributes"]["ApproximateNumberOfMessages"])
            yield from findings.queue(name, messages, dead=name != "JobQueue")


def _urls(session: Session) -> dict[str, Any]:
    """Give the stack's queues by name; most of them are no outputs."""
    pages = session.stack.client("cloudformation").get_paginator("list_stack_resources")
    listed = (told for page in pages.paginate(StackName=session.stack.name) for told in page["StackResourceSummaries"])
    return {told["LogicalResourceId"]: told["PhysicalResourceId"] for told in listed}


LOOKS: tuple[tuple[str, Callable[[Session], Findings]], ...] = (
    ("provider", _provider),
    ("keys", _keys),
    ("callbacks", _callbacks),
    ("gate", _gate),
    ("table", _table),
    ("queues", _queues),
)


def _view(found: Sequence[Finding]) -> RenderableType:
    made = table("", "what", "how it stands, and what to do")
    for finding in found:
        mark, style = _MARKS[finding.verdict]
        todo = Text(f"\n→ {finding.todo}", style) if finding.todo else Text()
        made.add_row(Text(mark, style), finding.about, Text.assemble(finding.text, todo))
    acts = sum(finding.verdict is Verdict.ACT for finding in found)
    told = f"{many(acts, 'finding')} for you to act on." if acts else "Nothing needs you."
    return Group(made, "", Text(told, "bad" if acts else "good"))
