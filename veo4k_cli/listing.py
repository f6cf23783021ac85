"""The command `list`."""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Annotated

import typer
from rich.console import Group, RenderableType

from veo4k.adapters.dynamodb_types import from_item
from veo4k.domain.job import ENDED, KNOWN, LIVE, Job, Partition, State
from veo4k_cli.command import Session, command
from veo4k_cli.ended_jobs import NoDayIndexError, ended_jobs, oldest_end
from veo4k_cli.formatting import duration, parse_since, plural
from veo4k_cli.jobs import PANEL, delivered_by, outcome
from veo4k_cli.output import state_text, table
from veo4k_cli.rows import read_rows
from veo4k_cli.selection import Selection, Since, States, Tags, last_instant, parse_tags

DEFAULT_LIMIT = 50
END_OF_TIME = 9_999_999_999.0

app = typer.Typer()


@command(
    app,
    "veo4k list",
    "veo4k list --state QUEUED --state SUBMITTING",
    "veo4k list --since 6h --tag order=A-1042 --json | jq -r '.[].jobId'",
    name="list",
    panel=PANEL,
)
def list_jobs(
    session: Session,
    *,
    state: States = None,
    tag: Tags = None,
    since: Since = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=1, show_default=False, help=f"The newest N jobs. [default: {DEFAULT_LIMIT}; JSON: all]"
        ),
    ] = None,
    scan: Annotated[
        bool,
        typer.Option("--scan", help="Read the whole table: also jobs that ended before the index by day existed."),
    ] = False,
) -> None:
    """List jobs, the newest first: by their end, live jobs by their creation.

    Live jobs are read from one index, ended jobs from another, day by day. Only --scan reads the whole table.
    """
    now = session.clock.now()
    selection = Selection(states=frozenset(state or KNOWN), tags=parse_tags(tag), since=parse_since(since, now))
    most = limit or (None if session.out.as_json else DEFAULT_LIMIT)
    with session.out.spinner("Reading the table"):
        found = _scanned(session, selection) if scan else _indexed(session, selection, now)
        jobs = list(islice(found, most and most + 1))
    shown = jobs[:most]
    session.out.result([job.public() for job in shown], _view(shown, now, has_older=len(jobs) > len(shown)))


def _indexed(session: Session, selection: Selection, now: float) -> Iterator[Job]:
    """Yield the selected jobs of both indexes, the newest first. Scan the table of a version without the index."""
    live = live_jobs(session) if selection.states & LIVE else []
    client, table_name = session.stack.client("dynamodb"), session.stack.output("JobTableName")
    since = max(selection.since, oldest_end(session.stack, now))
    ended = ended_jobs(client, table_name, since, now) if selection.states & ENDED else iter(())
    try:
        first = list(islice(ended, 1))
    except NoDayIndexError as error:
        session.out.info(f"{error} This list scans the whole table instead.")
        yield from _scanned(session, selection)
        return
    yield from filter(selection.has, heapq.merge(_sorted(live), first, ended, key=last_instant, reverse=True))


def live_jobs(session: Session, most: int | None = None) -> list[Job]:
    """Read the live jobs, by the due index: all, or from each of its partitions the `most` that are due first."""
    jobs, client, table_name = session.jobs(), session.stack.client("dynamodb"), session.stack.output("JobTableName")
    keys = (key for partition in Partition for key in islice(jobs.due(partition, END_OF_TIME), most))
    found = map(Job.from_row, read_rows(client, table_name, keys, consistent=True).values())
    return [job for job in found if job.state not in ENDED]


def _scanned(session: Session, selection: Selection) -> Iterator[Job]:
    pages = session.stack.client("dynamodb").get_paginator("scan")
    table_name = session.stack.output("JobTableName")
    rows = pages.paginate(TableName=table_name, FilterExpression="attribute_exists(jobId)")
    jobs = (Job.from_row(from_item(item)) for page in rows for item in page["Items"])
    yield from _sorted([job for job in jobs if selection.has(job)])


def _sorted(jobs: Sequence[Job]) -> list[Job]:
    return sorted(jobs, key=last_instant, reverse=True)


def _view(shown: Sequence[Job], now: float, *, has_older: bool) -> RenderableType:
    if not shown:
        return (
            "There are no such jobs. Request a video with veo4k submit TASK_ID\n"
            "Jobs that ended before this version was deployed are listed with --scan."
        )
    result = table("job", "state", ">took", "delivered by", "file, error or reason")
    for job in shown:
        took = duration((job.finished_at or now) - job.created_at)
        result.add_row(job.job_id, state_text(job.state), took, delivered_by(job), outcome(job))
    # The states in their order, then those of later versions.
    counts = dict.fromkeys(State, 0) | Counter(job.state for job in shown)
    counted = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    summary = f"{plural(len(shown), 'job')}: {counted}"
    return Group(result, "", summary + (". There are older ones: --limit N shows more" if has_older else ""))
