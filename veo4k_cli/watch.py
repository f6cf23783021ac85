"""The command `watch`: a job's changes, until the job ends."""

from collections.abc import Iterator

import typer
from rich.text import Text

from veo4k.domain.job import ENDED, Job, State
from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.formatting import duration, timestamp
from veo4k_cli.jobs import PANEL, TaskId
from veo4k_cli.output import state_text
from veo4k_cli.show import Run
from veo4k_cli.wait_reasons import describe_wait, wait_of, words_of

READ_SECONDS = 1.0  # between two reads of the row
ROW_SECONDS = 60.0  # in which a message must have become a row

app = typer.Typer()


@command(
    app,
    "veo4k watch veo_task_abcdef123456",
    "veo4k watch veo_task_abcdef123456 --run 2 && echo archived",
    panel=PANEL,
)
def watch(session: Session, task_id: TaskId, run: Run = None) -> None:
    """Watch a job until it ends. The exit status is 0 if the job succeeded, 1 if not."""
    last: Job | None = None
    with session.out.spinner(f"Waiting for {task_id}") as spinner:
        for job in _read_until_end(session, task_id, run):
            now = session.clock.now()
            if spinner is not None:
                spinner.update(f"{job.state} for {duration(now - job.created_at)}{_next_check(job, now)}")
            if last is None or _shown(job) != _shown(last):
                session.out.line(job.public(), _change(job, now))
            last = job
    if last is None or last.state is not State.SUCCEEDED:
        raise typer.Exit(1)


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
            advice = "veo4k dead list shows rejected messages."
            raise OperatorError(f"No row of {task_id} appeared within {ROW_SECONDS:.0f} s. {advice}")
        session.clock.sleep_until(session.clock.now() + READ_SECONDS)


def _shown(job: Job) -> tuple[int, State, str]:
    """Return what is printed again when it changes."""
    return job.run, job.state, wait_of(job)


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
