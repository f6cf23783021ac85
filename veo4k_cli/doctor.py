"""The doctor: checks everything that can be checked without spending anything."""

import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from urllib.parse import urlsplit

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from veo4k.adapters.kie import NO_CALLBACK
from veo4k.domain.job import VEO, Lane
from veo4k_cli import deployment, deployment_findings, findings, provider_findings
from veo4k_cli.callbacks import send_tries
from veo4k_cli.command import Session, command
from veo4k_cli.errors import EXPECTED, OperatorError, in_words
from veo4k_cli.findings import Finding, Findings, Verdict
from veo4k_cli.output import table
from veo4k_cli.provider import Account, ProviderError
from veo4k_cli.web import seconds_of
from veo4k_cli.words import many

API_KEY = "KIE_API_KEY"
DEAD_LETTER_QUEUES = tuple(f"{kind}DeadLetterQueue" for kind in ("", "Archive", "Sweep", "Publish"))
QUEUES = ("JobQueue", "ArchiveQueue", *DEAD_LETTER_QUEUES)
_MARKS = {
    Verdict.WELL: ("✓", "good"),
    Verdict.NOTE: ("·", "aside"),
    Verdict.WARN: ("!", "warn"),
    Verdict.ACT: ("✗", "bad"),
}

app = typer.Typer()


@command(
    app,
    "veo4k doctor",
    "KIE_API_KEY=... veo4k doctor",
    "veo4k doctor --json | jq '.[] | select(.verdict == \"act\")'",
    panel="Account",
)
def doctor(session: Session) -> None:
    """Check everything that can be checked without spending anything, and say what to do. Run it after a deployment.

    Provider: key, credits, both contracts' paths, clock. Stack: keys, callbacks, gate, table, queues, functions and
    their triggers, concurrency, bucket, alarms and who receives them. Without a stack: the provider alone, with the key
    in KIE_API_KEY.

    Each function is invoked with a harmless test event. The sweep runs once, as it does every minute, and handles what
    is due. The exit status is 1 if something needs you.
    """
    found: list[Finding] = []
    with session.out.busy("Checking") as status:
        for finding in _found(session):
            found.append(finding)
            if status is not None:
                status.update(f"Checked: {finding.about}")
    session.out.answer([finding._asdict() for finding in found], _view(found))
    if any(finding.verdict is Verdict.ACT for finding in found):
        raise typer.Exit(1)


def _found(session: Session) -> Iterator[Finding]:
    try:
        stack = session.stack
    except EXPECTED as error:
        if not _given(session):
            raise OperatorError(f"{in_words(error)}; or set {API_KEY} to check the provider alone") from None
        yield Finding("stack", Verdict.NOTE, f"There is none to check: {in_words(error)}.")
        yield from _guarded("provider", session, _provider_alone)
        yield from findings.NO_STACK
        return
    yield deployment_findings.stack(stack.description, stack.status, stack.parameter("ProviderContract", VEO))
    for about, check in CHECKS:
        yield from _guarded(about, session, check)


def _guarded(about: str, session: Session, check: Callable[[Session], Findings]) -> Findings:
    """Check; where that fails, the failure is the finding."""
    try:
        yield from check(session)
    except ProviderError as error:
        yield from provider_findings.unreachable(error.host, _addresses(error.host), str(error))
    except EXPECTED as error:
        text = f"It could not be checked: {in_words(error)}."
        yield Finding(about, Verdict.ACT, text, "Fix that, then run veo4k doctor again.")


def _provider(session: Session) -> Findings:
    stack, keys = session.stack, session.secret("ApiKeySecretName").in_use()
    given = _given(session)
    if not keys:
        text = "The stack has none: jobs wait in QUEUED with the reason API_KEY_UNSET."
        yield Finding("API key", Verdict.ACT, text, "Put it into the secret ApiKeySecretName (docs/operations.md).")
    # A key of the environment is for the provider itself, not for whatever a stack was pointed at.
    elif given and given != keys[0]:
        yield Finding("API key", Verdict.NOTE, f"{API_KEY} is another key than the stack's, and was not checked.")
    if keys:
        account = Account(stack.parameter("KieBaseUrl", session.world.provider), keys[0])
        yield from _account(session, account, "the stack's secret")
        yield from provider_findings.paths(account.paths(), stack.parameter("ProviderContract", VEO))


def _provider_alone(session: Session) -> Findings:
    account = Account(session.world.provider, _given(session))
    yield from _account(session, account, API_KEY)
    yield from provider_findings.paths(account.paths(), VEO, "a stack's default")


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
        yield Finding("callback URL", Verdict.NOTE, "CallbackBaseUrl is none: results come late, by polling.")
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
    yield from findings.gate(session.gate().look(), session.clock.now())


def _table(session: Session) -> Findings:
    stack, now, jobs = session.stack, session.clock.now(), session.jobs()
    told = stack.client("dynamodb").describe_table(TableName=stack.output("JobTableName"))
    yield from findings.clock("AWS", seconds_of(told["ResponseMetadata"]["HTTPHeaders"].get("date", "")), now)
    oldest = next((job for key in jobs.due(Lane.LIVE, now) if (job := jobs.get(key)) is not None), None)
    due = oldest.due if oldest is not None and oldest.lane is Lane.LIVE else None
    yield from findings.table(told["Table"]["TableStatus"], now - due if due is not None else 0.0)


def _queues(session: Session) -> Findings:
    sqs, urls = session.stack.client("sqs"), {one.logical_id: one.physical_id for one in session.stack.resources()}
    for name in QUEUES:
        if name in urls:
            told = sqs.get_queue_attributes(QueueUrl=urls[name], AttributeNames=["ApproximateNumberOfMessages"])
            messages = int(told["Attributes"]["ApproximateNumberOfMessages"])
            yield from findings.queue(name, messages, dead=name in DEAD_LETTER_QUEUES)


def _triggered(name: str) -> tuple[tuple[str, Callable[[Session], Findings]], ...]:
    """Return the checks of a function and of the event source mapping that invokes it."""
    return (
        (deployment_findings.about_function(name), partial(deployment.function, name=name)),
        (deployment_findings.about_trigger(name), partial(deployment.mapping, name=name)),
    )


CHECKS: tuple[tuple[str, Callable[[Session], Findings]], ...] = (
    ("provider", _provider),
    ("keys", _keys),
    ("callbacks", _callbacks),
    ("gate", _gate),
    ("table", _table),
    ("queues", _queues),
    # After the table: the doctor's own sweep would hide an overdue job.
    *_triggered("submit"),
    (deployment_findings.about_function("callback"), partial(deployment.function, name="callback")),
    (deployment_findings.about_trigger("sweep"), deployment.sweep),
    *_triggered("publish"),
    *_triggered("archive"),
    (deployment_findings.CONCURRENCY, deployment.concurrency),
    (deployment_findings.BUCKET, deployment.bucket),
    (deployment_findings.TOPIC, deployment.alarm_topic),
    (deployment_findings.ALARMS, deployment.alarms),
)


def _view(found: Sequence[Finding]) -> RenderableType:
    made = table("", "what", "how it is, and what to do")
    for finding in found:
        mark, style = _MARKS[finding.verdict]
        todo = Text(f"\n→ {finding.todo}", style) if finding.todo else Text()
        made.add_row(Text(mark, style), finding.about, Text.assemble(finding.text, todo))
    acts, warnings = (sum(finding.verdict is kind for finding in found) for kind in (Verdict.ACT, Verdict.WARN))
    told = f"{many(acts, 'finding')} for you to act on" if acts else "Nothing needs you"
    told += f", {many(warnings, 'warning')}." if warnings else "."
    return Group(made, "", Text(told, "bad" if acts else "warn" if warnings else "good"))
