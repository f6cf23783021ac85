"""The command `doctor`: all checks that cost nothing, and what to do."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from veo4k_cli.checks.alarms import ALARMS, TOPIC, check_alarms, check_topic
from veo4k_cli.checks.callbacks import WITHOUT_STACK, check_callbacks, check_keys, resolve
from veo4k_cli.checks.finding import Finding, Findings, Verdict
from veo4k_cli.checks.functions import (
    CONCURRENCY,
    about_function,
    about_trigger,
    check_concurrency,
    check_event_source_mapping,
    check_function,
    check_jobs_api,
    check_sweep,
)
from veo4k_cli.checks.jobs import check_answers, check_gate, check_queues, check_table
from veo4k_cli.checks.provider import (
    API_KEY_VARIABLE,
    check_provider,
    check_provider_alone,
    judge_silence,
    key_in_environment,
)
from veo4k_cli.checks.stack import BUCKET, check_bucket, check_stack
from veo4k_cli.command import Session, command
from veo4k_cli.errors import EXPECTED, OperatorError, describe
from veo4k_cli.formatting import plural
from veo4k_cli.output import table
from veo4k_cli.provider import ProviderError

Check = Callable[[Session], Findings]

_MARKS = {
    Verdict.WELL: ("✓", "good"),
    Verdict.NOTE: ("·", "muted"),
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
    """Check everything that can be checked at no cost, and say what to do. Run it after a deployment.

    Provider: key, credits, both contracts' paths, clock. Stack: keys, callbacks, gate, table, hosts and answers that
    jobs wait for, queues, functions and their triggers, concurrency, bucket, alarms and who receives them. Without a
    stack: the provider alone, with the key in KIE_API_KEY.

    Each function is invoked with a harmless test event. The sweep runs once, as it does every minute, and processes
    what is due. The exit status is 1 if a finding needs you.
    """
    findings: list[Finding] = []
    with session.out.spinner("Checking") as spinner:
        for finding in _all_findings(session):
            findings.append(finding)
            if spinner is not None:
                spinner.update(f"Checked: {finding.about}")
    session.out.result([finding._asdict() for finding in findings], _view(findings))
    if any(finding.verdict is Verdict.ACT for finding in findings):
        raise typer.Exit(1)


def _all_findings(session: Session) -> Iterator[Finding]:
    try:
        _ = session.stack
    except EXPECTED as error:
        if not key_in_environment(session):
            advice = f"Or set {API_KEY_VARIABLE} to check the provider alone."
            raise OperatorError(f"{describe(error)} {advice}") from None
        yield Finding("stack", Verdict.NOTE, f"No stack was checked. {describe(error)}")
        yield from _guarded("provider", session, check_provider_alone)
        yield from WITHOUT_STACK
        return
    for about, check in CHECKS:
        yield from _guarded(about, session, check)


def _guarded(about: str, session: Session, check: Check) -> Findings:
    """Run a check. Where it fails, yield the failure as a finding."""
    try:
        yield from check(session)
    except ProviderError as error:
        yield judge_silence(error.host, resolve(error.host), error.cause)
    except EXPECTED as error:
        text = f"The check failed. {describe(error)}"
        yield Finding(about, Verdict.ACT, text, "Fix the cause, then run veo4k doctor again.")


def _triggered(name: str) -> tuple[tuple[str, Check], ...]:
    """Return the checks of a function and of the event source mapping that invokes it."""
    return (
        (about_function(name), partial(check_function, name=name)),
        (about_trigger(name), partial(check_event_source_mapping, name=name)),
    )


CHECKS: tuple[tuple[str, Check], ...] = (
    ("stack", check_stack),
    ("provider", check_provider),
    ("keys", check_keys),
    ("callbacks", check_callbacks),
    ("gate", check_gate),
    ("table", check_table),
    ("answers", check_answers),
    ("queues", check_queues),
    # After the table: the doctor's own sweep would process an overdue job.
    *_triggered("submit"),
    (about_function("callback"), partial(check_function, name="callback")),
    (about_function("api"), check_jobs_api),
    (about_trigger("sweep"), check_sweep),
    *_triggered("publish"),
    *_triggered("archive"),
    (CONCURRENCY, check_concurrency),
    (BUCKET, check_bucket),
    (TOPIC, check_topic),
    (ALARMS, check_alarms),
)


def _view(findings: Sequence[Finding]) -> RenderableType:
    result = table("", "what", "how it is, and what to do")
    for finding in findings:
        mark, style = _MARKS[finding.verdict]
        todo = Text(f"\n→ {finding.todo}", style) if finding.todo else Text()
        result.add_row(Text(mark, style), finding.about, Text.assemble(finding.text, todo))
    problems, warnings = (
        sum(found.verdict is verdict for found in findings) for verdict in (Verdict.ACT, Verdict.WARN)
    )
    summary = f"{plural(problems, 'finding')} for you to act on" if problems else "Nothing needs you"
    summary += f", {plural(warnings, 'warning')}." if warnings else "."
    return Group(result, "", Text(summary, "bad" if problems else "warn" if warnings else "good"))
