"""The command `show`: a job's row and its history."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from veo4k.domain.job import ENDED, Job, encode, utc
from veo4k.domain.provider_words import NO_WORDS
from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import printable, timestamp, timestamp_ahead
from veo4k_cli.history import History, read_history
from veo4k_cli.jobs import PANEL, TaskId, delivered_by
from veo4k_cli.output import name_value_list, state_text, table
from veo4k_cli.wait_reasons import describe_wait, words_of

app = typer.Typer()

Run = Annotated[int | None, typer.Option("--run", min=1, help="Which run of the task. Default: the newest.")]


@command(
    app,
    "veo4k show veo_task_abcdef123456",
    "veo4k show veo_task_abcdef123456 --run 1 --json | jq .history",
    panel=PANEL,
)
def show(session: Session, task_id: TaskId, run: Run = None) -> None:
    """Show a job's row and its history: the states of the job, when they were reached and why.

    The history comes from the functions' logs, and reaches back as far as these are kept.
    """
    runs = session.jobs().runs(task_id)
    job = next((job for job in reversed(runs) if run in (None, job.run)), None)
    if job is None:
        missing = f"run {run} of {task_id}" if runs else f"job of {task_id}"
        advice = "veo4k dead list shows rejected messages. A new message needs some seconds."
        raise OperatorError(f"There is no {missing}. {advice}")
    now = session.clock.now()
    with session.out.spinner("Reading the logs"):
        history = read_history(session.stack, job, now)
    session.out.result(_value(job, history, runs), _view(job, history, runs, now))


def _value(job: Job, history: History, runs: Sequence[Job]) -> dict[str, Any]:
    return {
        "job": job.public(),
        "private": {
            "reason": job.wait_reason,
            "nextCheckAt": None if job.due is None else utc(job.due),
            "lostResponses": job.lost_responses,
            "unclearSince": None if job.unclear_since is None else utc(job.unclear_since),
            "unclearWords": encode("words", job.words or NO_WORDS),
            "contract": job.provider_api,
        },
        "runs": [other.job_id for other in runs],
        "history": [line._asdict() | {"at": utc(line.at)} for line in history.lines],
        "missing": history.missing,
    }


def _view(job: Job, history: History, runs: Sequence[Job], now: float) -> RenderableType:
    parts: list[RenderableType] = [name_value_list(_properties(job, now)), ""]
    parts += [_history_table(history)] if history.lines else []
    parts += [Text(history.missing, "muted")] if history.missing else []
    others = [f"{other.job_id} {other.state}" for other in runs if other.run != job.run]
    parts += ["", f"Other runs: {', '.join(others)}"] if others else []
    return Group(*parts)


def _properties(job: Job, now: float) -> Iterator[tuple[str, RenderableType]]:
    yield "job", job.job_id
    yield "state", state_text(job.state)
    if job.wait_reason:
        yield "waits for", describe_wait(job)
    if job.error:
        yield "error", f"{job.error.code}: {job.error.message}"
    if (words := words_of(job)) and job.archive is None:
        yield "provider said", words
    if job.maybe_charged is not None:
        yield "charged", "maybe" if job.maybe_charged else "no"
    yield from _files(job)
    if job.credits_consumed is not None:
        yield "credits", str(job.credits_consumed)
    if job.evidence:
        yield "delivered by", delivered_by(job)
    if job.tags:
        yield "tags", printable(", ".join(f"{name}={value}" for name, value in job.tags.items()))
    yield (
        "requests sent",
        f"{job.requests_sent}, {job.lost_responses} lost or unclear" if job.lost_responses else str(job.requests_sent),
    )
    yield from ((name, timestamp(at)) for name, at in _instants(job) if at is not None)
    if job.due is not None and job.state not in ENDED:
        yield "next check", timestamp_ahead(job.due, now)


def _files(job: Job) -> Iterator[tuple[str, str]]:
    for name, file in (("archived", job.archive), ("base video", job.base)):
        if file:
            yield name, f"s3://{file.bucket}/{file.key}"
            yield "", f"{file.width}x{file.height}, {file.bytes:,} bytes, SHA-256 {file.sha256}"


def _instants(job: Job) -> tuple[tuple[str, float | None], ...]:
    return (("created", job.created_at), ("accepted", job.accepted_at), ("finished", job.finished_at))


def _history_table(history: History) -> RenderableType:
    result, before = table("time (UTC)", "function", "what happened", "state", "details"), ""
    for line in history.lines:
        state = state_text(line.state) if line.state != before else ""
        result.add_row(timestamp(line.at), line.function, line.action, state, ", ".join(line.details.values()))
        before = line.state
    return result
