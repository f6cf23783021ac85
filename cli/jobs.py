"""Jobs: ask for one, list them, ask for one again."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from cli.command import Session, command
from cli.errors import OperatorError
from cli.output import state_text, table
from cli.words import many, since, span
from veo4k.adapters.dynamodb_types import from_item
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain.job import ENDED, LIVE, Job, Partition, State
from veo4k.domain.message import parse_message

PANEL = "Jobs"
MOST_SHOWN = 50
READERS = 10
FOREVER = 9_999_999_999.0

app = typer.Typer()

TaskId = Annotated[str, typer.Argument(metavar="TASK_ID", help="The provider's id of the finished Veo 3.1 task.")]
Index = Annotated[int, typer.Option("--index", help="Which video of the task.")]


@command(
    app,
    "veo4k submit veo_task_abcdef123456",
    "veo4k submit veo_task_abcdef123456 --index 1 --tag order=A-1042 --tag customer=Zoë",
    panel=PANEL,
)
def submit(
    session: Session,
    task_id: TaskId,
    index: Index = 0,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="KEY=VALUE", help="Handed through to row and event.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="A new run, where the last one has ended.")] = False,
) -> None:
    """Ask for a video's 4K version. This may cost credits."""
    tags = dict(_pair(text) for text in tag or ())
    sent = send(session, {"taskId": task_id, "index": index} | _given(tags=tags, force=force))
    session.out.answer(sent, f"Asked for {task_id}, video {index}. Follow it: veo4k watch {task_id}")


@command(
    app,
    "veo4k replay veo_task_abcdef123456",
    "veo4k replay veo_task_abcdef123456 --index 1 --json",
    panel=PANEL,
)
def replay(session: Session, task_id: TaskId, index: Index = 0) -> None:
    """Do an ended job again, as a new run with the same tags.

    A video that the provider has already made is, by its documentation, handed out without a new charge; after a
    failure the new run may cost credits again.
    """
    runs = session.jobs().runs(task_id)
    last = next((job for job in reversed(runs) if job.index == index), None)
    if last is None:
        raise OperatorError(f"there is no job of {task_id}, video {index}: veo4k submit makes its first run")
    if last.state in LIVE:
        raise OperatorError(f"{last.job_id} is {last.state}, and would only be joined: veo4k watch {task_id}")
    run = runs[-1].run + 1
    message = {"taskId": task_id, "index": index, "force": True} | _given(tags=dict(last.tags))
    session.out.answer(
        send(session, message) | {"run": run, "before": last.public()},
        f"{last.job_id} ended {last.state}. Asked for run {run}: veo4k watch {task_id} --run {run}",
    )


def send(session: Session, message: dict[str, Any]) -> dict[str, Any]:
    """Put a message on the job queue, if it keeps the contract; gives it with its id."""
    body = json.dumps(message, ensure_ascii=False)
    parse_message(body)
    stack = session.stack
    answer = stack.client("sqs").send_message(QueueUrl=stack.output("JobQueueUrl"), MessageBody=body)
    return message | {"messageId": answer["MessageId"]}


@command(
    app,
    "veo4k list",
    "veo4k list --state QUEUED --state SUBMITTING",
    "veo4k list --since 6h --json | jq -r '.[].jobId'",
    name="list",
    panel=PANEL,
)
def list_jobs(
    session: Session,
    state: Annotated[list[State] | None, typer.Option("--state", help="Only these; may be repeated.")] = None,
    since_: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Made since then: 30m, 6h, 2d, 2026-11-22T10:00Z.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, show_default=False, help=f"The newest so many. [default: {MOST_SHOWN}; JSON: all]"
        ),
    ] = None,
) -> None:
    """List jobs, the newest first.

    Live states alone are read from the index, which holds little else. Ended jobs mean a scan of the whole table.
    """
    now, wanted = session.clock.now(), frozenset(state or State)
    oldest = since(since_, now) if since_ else 0.0
    with session.out.busy("Reading the table"):
        found = _live(session.jobs()) if wanted <= LIVE else _scanned(session)
        chosen = [job for job in found if job.state in wanted and job.created_at >= oldest]
    chosen.sort(key=lambda job: job.created_at, reverse=True)
    shown = chosen[: limit or (len(chosen) if session.out.as_json else MOST_SHOWN)]
    session.out.answer([job.public() for job in shown], _view(shown, chosen, now))


def _live(jobs: DynamoJobs) -> list[Job]:
    keys = [key for lane in Partition for key in jobs.due(lane, FOREVER)]
    with ThreadPoolExecutor(READERS) as crew:
        return [job for job in crew.map(jobs.get, keys) if job is not None]


def _scanned(session: Session) -> Iterator[Job]:
    pages = session.stack.client("dynamodb").get_paginator("scan")
    table_name = session.stack.output("JobTableName")
    for page in pages.paginate(TableName=table_name, FilterExpression="attribute_exists(jobId)"):
        yield from (Job.from_row(from_item(item)) for item in page["Items"])


def _view(shown: Sequence[Job], chosen: Sequence[Job], now: float) -> RenderableType:
    if not chosen:
        return "No such jobs. Ask for a video: veo4k submit TASK_ID"
    made = table("job", "state", ">took", "brought by", "file, error or reason")
    for job in shown:
        took = span((job.finished_at or now) - job.created_at)
        made.add_row(job.job_id, state_text(job.state), took, job.evidence or "", outcome(job))
    counts = [f"{sum(job.state is state for job in chosen)} {state}" for state in State]
    told = ", ".join(count for count in counts if not count.startswith("0 "))
    more = len(chosen) - len(shown)
    return Group(made, "", f"{many(len(chosen), 'job')}: {told}" + (f"; {more} older: --limit" if more else ""))


def outcome(job: Job) -> str:
    """Tell in a word or two what a job came to, or what it waits for."""
    if job.archive:
        return f"{job.archive.width}x{job.archive.height}, {job.archive.bytes:,} bytes"
    if job.error:
        return job.error.code
    return job.wait_reason or "" if job.state not in ENDED else ""


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise OperatorError(f"--tag takes KEY=VALUE, not {text!r}")
    return name, value


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
