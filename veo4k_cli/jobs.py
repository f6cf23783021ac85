"""The commands `submit`, `list` and `replay`."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from textwrap import shorten
from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType

from veo4k.adapters.dynamodb_types import from_item
from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain.job import ENDED, LIVE, Job, Partition, State
from veo4k.domain.message import parse_message
from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import duration, parse_since, plural
from veo4k_cli.output import state_text, table
from veo4k_cli.wait_reasons import wait_of, words_of

PANEL = "Jobs"
DEFAULT_LIMIT = 50
READERS = 10
LONGEST_OUTCOME = 80  # characters; `show` has the provider's whole message
END_OF_TIME = 9_999_999_999.0
EVIDENCE = {"probe": "poll"}
"""Values of `evidence` for which people read another word."""

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
        list[str] | None, typer.Option("--tag", metavar="KEY=VALUE", help="Copied to row and event. May be repeated.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Start a new run if the last one has ended.")] = False,
) -> None:
    """Request a video in 4K. This may cost credits."""
    tags = dict(_parse_tag(text) for text in tag or ())
    message = send(session, {"taskId": task_id, "index": index} | _non_empty(tags=tags, force=force))
    text = f"A message for {task_id}, video {index}, is on the job queue. Follow its job with veo4k watch {task_id}"
    session.out.result(message, text)


@command(
    app,
    "veo4k replay veo_task_abcdef123456",
    "veo4k replay veo_task_abcdef123456 --index 1 --json",
    panel=PANEL,
)
def replay(session: Session, task_id: TaskId, index: Index = 0) -> None:
    """Repeat an ended job as a new run with the same tags.

    By its documentation the provider returns a video that it has already made without a new charge. After a failure
    the new run may cost credits again.
    """
    runs = session.jobs().runs(task_id)
    last = next((job for job in reversed(runs) if job.index == index), None)
    if last is None:
        raise OperatorError(f"There is no job of {task_id}, video {index}. veo4k submit makes its first run.")
    if last.state in LIVE:
        raise OperatorError(
            f"{last.job_id} is {last.state}, so a message would only join it. Follow it with veo4k watch {task_id}"
        )
    run = runs[-1].run + 1
    message = send(session, {"taskId": task_id, "index": index, "force": True} | _non_empty(tags=dict(last.tags)))
    session.out.result(
        message | {"run": run, "before": last.public()},
        f"{last.job_id} ended {last.state}. A message for run {run} is on the job queue. "
        f"Follow it with veo4k watch {task_id} --run {run}",
    )


def send(session: Session, message: dict[str, Any]) -> dict[str, Any]:
    """Put a valid message on the job queue. Return it with its id. Raise InvalidMessageError for an invalid one."""
    body = json.dumps(message, ensure_ascii=False)
    parse_message(body)
    stack = session.stack
    sent = stack.client("sqs").send_message(QueueUrl=stack.output("JobQueueUrl"), MessageBody=body)
    return message | {"messageId": sent["MessageId"]}


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
    state: Annotated[
        list[State] | None, typer.Option("--state", help="Only jobs in this state. May be repeated.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Created since: 30m, 6h, 2d, 2026-11-22T10:00Z.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, show_default=False, help=f"The newest N jobs. [default: {DEFAULT_LIMIT}; JSON: all]"
        ),
    ] = None,
) -> None:
    """List jobs, the newest first.

    Live states are read from an index. Any other state needs a scan of the whole table.
    """
    now, states = session.clock.now(), frozenset(state or State)
    oldest = parse_since(since, now) if since else 0.0
    with session.out.spinner("Reading the table"):
        found = live_jobs(session.jobs()) if states <= LIVE else _scan(session)
        jobs = [job for job in found if job.state in states and job.created_at >= oldest]
    jobs.sort(key=lambda job: job.created_at, reverse=True)
    shown = jobs[: limit or (len(jobs) if session.out.as_json else DEFAULT_LIMIT)]
    session.out.result([job.public() for job in shown], _view(shown, jobs, now))


def live_jobs(jobs: DynamoJobs, most: int | None = None) -> list[Job]:
    """Read the jobs of the due index: all, or from each of its partitions the `most` that are due first."""
    keys = [key for partition in Partition for key in islice(jobs.due(partition, END_OF_TIME), most)]
    with ThreadPoolExecutor(READERS) as executor:
        return [job for job in executor.map(jobs.get, keys) if job is not None]


def _scan(session: Session) -> Iterator[Job]:
    pages = session.stack.client("dynamodb").get_paginator("scan")
    table_name = session.stack.output("JobTableName")
    for page in pages.paginate(TableName=table_name, FilterExpression="attribute_exists(jobId)"):
        yield from (Job.from_row(from_item(item)) for item in page["Items"])


def _view(shown: Sequence[Job], jobs: Sequence[Job], now: float) -> RenderableType:
    if not jobs:
        return "There are no such jobs. Request a video with veo4k submit TASK_ID"
    result = table("job", "state", ">took", "delivered by", "file, error or reason")
    for job in shown:
        took = duration((job.finished_at or now) - job.created_at)
        result.add_row(job.job_id, state_text(job.state), took, delivered_by(job), _outcome(job))
    counts = {state: sum(job.state is state for job in jobs) for state in State}
    summary = f"{plural(len(jobs), 'job')}: {', '.join(f'{count} {state}' for state, count in counts.items() if count)}"
    older = len(jobs) - len(shown)
    return Group(result, "", summary + (f". {older} older ones: --limit N shows more" if older else ""))


def delivered_by(job: Job) -> str:
    """Return what delivered the result: a submission's response, a callback, a poll. "" where there is none."""
    evidence = job.evidence or ""
    return EVIDENCE.get(evidence, evidence)


def _outcome(job: Job) -> str:
    if job.archive:
        return f"{job.archive.width}x{job.archive.height}, {job.archive.bytes:,} bytes"
    if job.error:
        return shorten(f"{job.error.code} {words_of(job)}", LONGEST_OUTCOME, placeholder="…")
    return wait_of(job) if job.state not in ENDED else ""


def _parse_tag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise OperatorError(f"--tag takes KEY=VALUE, not {text!r}.")
    return name, value


def _non_empty(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}
