"""The command `replay`: one ended job again, or all that a filter selects."""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import Group

from veo4k.adapters.jobs_dynamodb import DynamoJobs
from veo4k.domain.job import ENDED, LIVE, Code, Job, State
from veo4k.domain.message import are_tags
from veo4k_cli.bulk_submission import Outgoing, body_of
from veo4k_cli.command import Session, command
from veo4k_cli.ended_jobs import ended_jobs, oldest_end
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import parse_since, plural
from veo4k_cli.jobs import PANEL, BulkSubmission, non_empty, send
from veo4k_cli.output import table
from veo4k_cli.selection import Selection, Tags, parse_tags
from veo4k_cli.spending import DOLLARS, PRICE, may_be_free

READERS = 10
DEFAULT_STATES = frozenset({State.FAILED, State.TIMED_OUT})

app = typer.Typer()


@command(
    app,
    "veo4k replay veo_task_abcdef123456",
    "veo4k replay --error ARCHIVE_FAILED --error NOT_4K --since 2d",
    "veo4k replay --state TIMED_OUT --tag order=A-1042 --yes",
    panel=PANEL,
)
def replay(
    session: Session,
    task_id: Annotated[
        str | None, typer.Argument(metavar="TASK_ID", help="Replay the job of this task alone.", show_default=False)
    ] = None,
    index: Annotated[
        int | None,
        typer.Option(
            "--index",
            help="Which video of the task. [default: 0; of selected jobs: all]",
            show_default=False,
        ),
    ] = None,
    *,
    state: Annotated[
        list[State] | None,
        typer.Option("--state", help="Jobs that ended so. May be repeated. Default: FAILED and TIMED_OUT."),
    ] = None,
    error: Annotated[
        list[Code] | None, typer.Option("--error", help="Jobs with this error code. May be repeated.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Jobs that ended since: 30m, 6h, 2d, 2026-11-22.")
    ] = None,
    tag: Tags = None,
    yes: Annotated[bool, typer.Option("--yes", help="Replay what is selected without a question.")] = False,
) -> None:
    """Repeat an ended job, or all that the options select, as new runs with the same tags.

    By its documentation the provider returns a video that it has already made without a new charge. After a failure
    the new run may cost credits again. For selected jobs the command shows the plan and its price first.
    """
    selects = bool(state or error or tag) or since is not None
    if task_id is not None:
        if selects:
            raise OperatorError("Replay either one task, or what the options select.")
        _replay_one(session, task_id, index or 0)
    elif selects:
        now = session.clock.now()
        codes, states = frozenset(map(str, error or ())), frozenset(state or DEFAULT_STATES)
        oldest, tags = parse_since(since, now), parse_tags(tag)
        selection = Selection(states=states, codes=codes, tags=tags, index=index, since=oldest)
        _replay_selected(session, selection, now, yes=yes)
    else:
        raise OperatorError("Name a task, or select jobs with --state, --error, --since or --tag.")


def _replay_one(session: Session, task_id: str, index: int) -> None:
    runs = session.jobs().runs(task_id)
    last = next((job for job in reversed(runs) if job.index == index), None)
    if last is None:
        raise OperatorError(f"There is no job of {task_id}, video {index}. veo4k submit makes its first run.")
    if last.state not in ENDED:
        raise OperatorError(
            f"{last.job_id} is {last.state}, so a message would only join it. Follow it with veo4k watch {task_id}"
        )
    run = runs[-1].run + 1
    session.out.result(
        send(session, _message(last)) | {"run": run, "before": last.public()},
        f"{last.job_id} ended {last.state}. A message for run {run} is on the job queue. "
        f"Follow it with veo4k watch {task_id} --run {run}",
    )


def _message(job: Job) -> dict[str, Any]:
    tags = {name: value for name, value in job.tags.items() if are_tags({name: value})}  # a former version took more
    return {"taskId": job.task_id, "index": job.index, "force": True} | non_empty(tags=tags)


@dataclass(frozen=True)
class Plan:
    """The jobs that would be replayed. `left_out`: how many of the selected ones have a newer run."""

    jobs: Sequence[Job]
    left_out: int

    @property
    def credits(self) -> int:
        """Return what the plan costs at most."""
        return PRICE * len(self.jobs)

    @property
    def free(self) -> int:
        """Return how many of the replays may be free."""
        return sum(map(may_be_free, self.jobs))

    def value(self) -> dict[str, Any]:
        """Return the plan as plain values."""
        counts = {"jobs": len(self.jobs), "byError": dict(Counter(map(_end, self.jobs))), "leftOut": self.left_out}
        return counts | {"credits": self.credits, "dollars": self.credits * DOLLARS, "mayBeFree": self.free}

    def view(self) -> Group:
        """Return the plan by error, and its price."""
        rows = table("ended with", ">jobs", ">credits at most", ">may be free")
        for end, count in Counter(map(_end, self.jobs)).most_common():
            free = sum(may_be_free(job) for job in self.jobs if _end(job) == end)
            rows.add_row(end, f"{count:,}", f"{count * PRICE:,}", f"{free:,}")
        price = f"{self.credits:,} credits, ${self.credits * DOLLARS:,.2f}"
        text = f"{plural(len(self.jobs), 'job')} to replay, for {price} at most. "
        text += f"{self.free:,} may be free: the provider may have their 4K videos already."
        left_out = f"{plural(self.left_out, 'selected job')} left out: a newer run exists."
        return Group(rows, "", text, *([left_out] if self.left_out else []))


def _end(job: Job) -> str:
    return str(job.error.code) if job.error else str(job.state)


def make_plan(jobs: DynamoJobs, selected: Iterable[Job]) -> Plan:
    """Plan to replay the newest run of each video that is selected, where no newer run exists."""
    newest: dict[tuple[str, int], Job] = {}
    count = 0
    for job in selected:
        count += 1
        video = (job.task_id, job.index)
        newest[video] = max(newest.get(video, job), job, key=lambda each: each.run)
    with ThreadPoolExecutor(READERS) as executor:
        are_last = executor.map(lambda job: _is_last_run(jobs, job), newest.values())
        kept = [job for job, is_last in zip(newest.values(), are_last, strict=True) if is_last]
    return Plan(kept, count - len(kept))


def _is_last_run(jobs: DynamoJobs, job: Job) -> bool:
    """Return whether the video has no newer run. The index may be older than the table."""
    return max(other.run for other in [*jobs.runs(job.task_id), job] if other.index == job.index) == job.run


def _replay_selected(session: Session, selection: Selection, now: float, *, yes: bool) -> None:
    if live := sorted(selection.states & LIVE):
        raise OperatorError(f"A job that is {live[0]} has not ended, so it cannot be replayed.")
    client, table_name = session.stack.client("dynamodb"), session.stack.output("JobTableName")
    since = max(selection.since, oldest_end(session.stack, now))
    with session.out.spinner("Reading the ended jobs"):
        plan = make_plan(session.jobs(), filter(selection.has, ended_jobs(client, table_name, since, now)))
    sends = yes or not session.out.as_json
    if not session.out.as_json:
        session.out.result({}, plan.view())
    elif not (sends and plan.jobs):
        session.out.result(plan.value() | {"dryRun": not sends, "sent": 0}, "")
    if sends and plan.jobs:
        if not yes:
            _confirm()
        _send_all(session, plan)


def _confirm() -> None:
    try:
        agrees = typer.confirm("Replay them?", err=True)
    except typer.Abort:
        agrees = False
    if not agrees:
        raise OperatorError("Nothing was sent. Answer y, or replay with --yes.")


def _send_all(session: Session, plan: Plan) -> None:
    bulk = BulkSubmission(session)
    with session.out.progress("Replaying", len(plan.jobs)) as progress:
        messages = (Outgoing(number, body_of(_message(job))) for number, job in enumerate(plan.jobs, start=1))
        bulk.send_all(messages, lambda: progress(bulk.sent, plural(bulk.sent, "message")))
    text = f"{plural(bulk.sent, 'message')} sent to the job queue. veo4k list shows their jobs."
    session.out.result(plan.value() | {"dryRun": False} | bulk.value(), text)
    if bulk.not_sent:
        raise typer.Exit(1)
