"""The command `watch`: the changes of jobs, until they have ended."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from veo4k.domain.job import ENDED, Job, State
from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import duration, plural, timestamp
from veo4k_cli.jobs import PANEL, outcome
from veo4k_cli.output import state_text, table
from veo4k_cli.show import Run
from veo4k_cli.wait_reasons import describe_wait, wait_of, words_of

READ_SECONDS = 1.0  # between two reads of the rows, for each READERS jobs
READERS = 10
ROW_SECONDS = 60.0  # in which a message must have become a row
LINES_AROUND = 4  # of the terminal: the table's head and what is below it

app = typer.Typer()


@command(
    app,
    "veo4k watch veo_task_abcdef123456",
    "veo4k watch veo_task_abcdef123456 --run 2 && echo archived",
    "xargs veo4k watch < task_ids.txt",
    panel=PANEL,
)
def watch(
    session: Session,
    task_ids: Annotated[
        list[str], typer.Argument(metavar="TASK_ID...", help="The provider's ids of Veo 3.1 generations.")
    ],
    run: Run = None,
) -> None:
    """Watch jobs until all of them have ended. The exit status is 0 if all succeeded, 1 if not."""
    tasks = list(dict.fromkeys(task_ids))
    if run is not None and len(tasks) > 1:
        raise OperatorError("--run is for one task.")
    succeeded = _watch_one(session, tasks[0], run) if len(tasks) == 1 else _watch_many(session, tasks)
    if not succeeded:
        raise typer.Exit(1)


def _watch_one(session: Session, task_id: str, run: int | None) -> bool:
    last: Job | None = None
    with session.out.spinner(f"Waiting for {task_id}") as spinner:
        for job in _read_until_end(session, task_id, run):
            now = session.clock.now()
            if spinner is not None:
                spinner.update(f"{job.state} for {duration(now - job.created_at)}{_next_check(job, now)}")
            if _differs(job, last):
                session.out.line(job.public(), _change(job, now))
            last = job
    return last is not None and last.state is State.SUCCEEDED


def _read_until_end(session: Session, task_id: str, run: int | None) -> Iterator[Job]:
    """Yield the job at each read of its row, until the job has ended."""
    jobs, started = session.jobs(), session.clock.now()
    while True:
        job = next((job for job in reversed(jobs.runs(task_id)) if run in (None, job.run)), None)
        if job is not None:
            yield job
            if job.state in ENDED:
                return
        elif session.clock.now() >= started + ROW_SECONDS:
            raise OperatorError(f"No row of {task_id} appeared within {ROW_SECONDS:.0f} s. {ADVICE}")
        session.clock.sleep_until(session.clock.now() + READ_SECONDS)


ADVICE = "veo4k dead list shows rejected messages."


def _watch_many(session: Session, tasks: Sequence[str]) -> bool:
    """Show all jobs in one table, or print each change where there is no terminal."""
    last: dict[str, Job | None] = dict.fromkeys(tasks)
    with session.out.live() as show:
        for read in _read_all_until_end(session, tasks):
            now = session.clock.now()
            changes = [job for task, job in read.items() if job is not None and _differs(job, last[task])]
            last |= {task: job for task, job in read.items() if job is not None}
            if show is not None:
                show(_table(last, now, session.out.height))
            for job in changes if show is None else ():
                session.out.line(job.public(), _change(job, now))
    missing = [task for task, job in last.items() if job is None]
    if show is None:
        session.out.info(_count(last))
    if missing:
        names = ", ".join(missing[:3]) + (" …" if len(missing) > len(missing[:3]) else "")
        raise OperatorError(f"No row of {names} appeared within {ROW_SECONDS:.0f} s. {ADVICE}")
    return all(job is not None and job.state is State.SUCCEEDED for job in last.values())


def _differs(job: Job, before: Job | None) -> bool:
    return before is None or (job.run, job.state, wait_of(job)) != (before.run, before.state, wait_of(before))


def _read_all_until_end(session: Session, tasks: Sequence[str]) -> Iterator[dict[str, Job | None]]:
    """Yield the newest run of each task that had not ended before, until all have ended or are given up."""
    jobs, started, pending = session.jobs(), session.clock.now(), list(tasks)
    with ThreadPoolExecutor(READERS) as executor:
        while pending:
            runs = executor.map(jobs.runs, pending)
            read = {task: found[-1] if found else None for task, found in zip(pending, runs, strict=True)}
            yield read
            gives_up = session.clock.now() >= started + ROW_SECONDS
            pending = [task for task, job in read.items() if not (job.state in ENDED if job else gives_up)]
            if pending:
                session.clock.sleep_until(session.clock.now() + READ_SECONDS * max(1, len(pending) / READERS))


def _table(jobs: dict[str, Job | None], now: float, height: int) -> RenderableType:
    """Show the jobs that go on, then those that ended, as many as the terminal has lines for."""
    rows, room = table("job", "state", ">age", "file, error or reason"), max(1, height - LINES_AROUND)
    ordered = sorted(jobs.items(), key=lambda item: item[1] is not None and item[1].state in ENDED)
    for task, job in ordered[:room]:
        if job is None:
            rows.add_row(task, Text("no row yet", "muted"), "", "")
        else:
            age = duration((job.finished_at or now) - job.created_at)
            rows.add_row(job.job_id, state_text(job.state), age, outcome(job))
    hidden = len(ordered) - room
    return Group(rows, "", _count(jobs) + (f", {hidden} not shown" if hidden > 0 else ""))


def _count(jobs: dict[str, Job | None]) -> str:
    states = Counter(str(job.state) if job else "without a row" for job in jobs.values())
    return f"{plural(len(jobs), 'job')}: {', '.join(f'{count} {state}' for state, count in states.most_common())}"


def _next_check(job: Job, now: float) -> str:
    due = "" if job.due is None or job.due <= now else f", checked again in {duration(job.due - now)}"
    return f" ({wait})" + due if (wait := wait_of(job)) else due


def _change(job: Job, now: float) -> Text:
    details = f"{job.error.message} {_said(job)}".rstrip() if job.error else describe_wait(job)
    if job.archive:
        details = f"s3://{job.archive.bucket}/{job.archive.key}"
    return Text.assemble(f"{timestamp(now)}  {job.job_id}  ", state_text(job.state), f"  {details}")


def _said(job: Job) -> str:
    return f"The provider said: {words}" if (words := words_of(job)) else ""
