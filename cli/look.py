"""One job: its row and history, and the same live."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from cli.command import Session, command
from cli.errors import OperatorError
from cli.history import History, history
from cli.jobs import PANEL, TaskId
from cli.output import facts, state_text, table
from cli.words import ahead, harmless, moment, span, why
from veo4k.domain.job import ENDED, Job, State, utc

LOOK_SECONDS = 1.0
PATIENCE = 60.0  # seconds until a message must have become a row

app = typer.Typer()

Run = Annotated[int | None, typer.Option("--run", min=1, help="Which run; the newest if not given.")]


@command(
    app,
    "veo4k show veo_task_abcdef123456",
    "veo4k show veo_task_abcdef123456 --run 1 --json | jq .history",
    panel=PANEL,
)
def show(session: Session, task_id: TaskId, run: Run = None) -> None:
    """Show a job's row and its history: the states it went through, when and why.

    The history comes from the functions' logs, and reaches back as far as these are kept.
    """
    runs = session.jobs().runs(task_id)
    job = next((job for job in reversed(runs) if run in (None, job.run)), None)
    if job is None:
        which = f"run {run} of {task_id}" if runs else f"job of {task_id}"
        raise OperatorError(f"there is no {which}: was it rejected (veo4k dead list), is its message still on the way?")
    now = session.clock.now()
    with session.out.busy("Reading the logs"):
        past = history(session.stack, job, now)
    session.out.answer(_value(job, past, [other.job_id for other in runs]), _view(job, past, runs, now))


def _value(job: Job, past: History, runs: list[str]) -> dict[str, Any]:
    lines = [line._asdict() | {"at": utc(line.at)} for line in past.lines]
    next_look = None if job.due is None else utc(job.due)
    private = {
        "reason": job.wait_reason,
        "nextLookAt": next_look,
        "lostAnswers": job.lost_responses,
        "contract": job.provider_api,
    }
    return {"job": job.public(), "private": private, "runs": runs, "history": lines, "missing": past.missing}


def _view(job: Job, past: History, runs: Any, now: float) -> RenderableType:
    parts: list[RenderableType] = [facts(_facts(job, now)), "", _history(past)]
    others = [f"{other.job_id} {other.state}" for other in runs if other.run != job.run]
    return Group(*parts, *(["", f"Other runs: {', '.join(others)}"] if others else []))


def _facts(job: Job, now: float) -> Iterator[tuple[str, RenderableType]]:
    yield "job", job.job_id
    yield "state", state_text(job.state)
    if job.wait_reason:
        yield "waits for", why(job.wait_reason)
    if job.error:
        yield "error", f"{job.error.code}: {job.error.message}"
    if job.maybe_charged is not None:
        yield "charged", "maybe" if job.maybe_charged else "no"
    if job.archive:
        kept = job.archive
        yield "archived", f"s3://{kept.bucket}/{kept.key}"
        yield "", f"{kept.width}x{kept.height}, {kept.bytes:,} bytes, SHA-256 {kept.sha256}"
    if job.credits_consumed is not None:
        yield "credits", str(job.credits_consumed)
    if job.evidence:
        yield "brought by", job.evidence
    if job.tags:
        yield "tags", harmless(", ".join(f"{name}={value}" for name, value in job.tags.items()))
    yield (
        "attempts",
        f"{job.requests_sent}, {job.lost_responses} without an answer"
        if job.lost_responses
        else str(job.requests_sent),
    )
    yield from ((name, moment(at)) for name, at in _instants(job) if at is not None)
    if job.due is not None and job.state not in ENDED:
        yield "next look", ahead(job.due, now)


def _instants(job: Job) -> tuple[tuple[str, float | None], ...]:
    return (("created", job.created_at), ("accepted", job.accepted_at), ("finished", job.finished_at))


def _history(past: History) -> RenderableType:
    made, before = table("time (UTC)", "function", "what happened", "state", "why"), ""
    for line in past.lines:
        state = state_text(line.state) if line.state != before else ""
        made.add_row(moment(line.at), line.function, line.action, state, ", ".join(line.details.values()))
        before = line.state
    return Group(*([made] if past.lines else []), *([Text(past.missing, "aside")] if past.missing else []))


@command(
    app,
    "veo4k watch veo_task_abcdef123456",
    "veo4k watch veo_task_abcdef123456 --run 2 && echo archived",
    panel=PANEL,
)
def watch(session: Session, task_id: TaskId, run: Run = None) -> None:
    """Watch a job until it ends. The exit status is 0 if it succeeded, 1 if not."""
    last: Job | None = None
    with session.out.busy(f"Waiting for {task_id}") as status:
        for job in _looks(session, task_id, run):
            now = session.clock.now()
            if status is not None:
                status.update(f"{job.state} for {span(now - job.created_at)}{_waits(job, now)}")
            if last is None or (job.run, job.state) != (last.run, last.state):
                session.out.line(job.public(), _change(job, now))
            last = job
    if last is None or last.state is not State.SUCCEEDED:
        raise typer.Exit(1)


def _looks(session: Session, task_id: str, run: int | None) -> Iterator[Job]:
    """Look again and again, until the run has ended."""
    jobs, started = session.jobs(), session.clock.now()
    while True:
        job = next((job for job in reversed(jobs.runs(task_id)) if run in (None, job.run)), None)
        if job is not None:
            yield job
            if job.state in ENDED:
                return
        elif session.clock.now() >= started + PATIENCE:
            raise OperatorError(f"no row of {task_id} came in {PATIENCE:.0f} s: was it rejected (veo4k dead list)?")
        session.clock.sleep_until(session.clock.now() + LOOK_SECONDS)


def _waits(job: Job, now: float) -> str:
    due = "" if job.due is None or job.due <= now else f", looked after again in {span(job.due - now)}"
    return f" ({job.wait_reason})" + due if job.wait_reason else due


def _change(job: Job, now: float) -> Text:
    told = job.error.message if job.error else why(job.wait_reason or "")
    archive = f"s3://{job.archive.bucket}/{job.archive.key}" if job.archive else told
    return Text.assemble(f"{moment(now)}  {job.job_id}  ", state_text(job.state), f"  {archive}")
