"""The command `cancel`: takes a job back that the provider has not accepted."""

from typing import Annotated

import typer

from veo4k.domain import transitions
from veo4k.domain.conditional_update import Updated
from veo4k.domain.job import Job, Key
from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.jobs import PANEL, TaskId

app = typer.Typer()


@command(
    app,
    "veo4k cancel veo_task_abcdef123456",
    "veo4k cancel veo_task_abcdef123456 2 --json",
    panel=PANEL,
)
def cancel(
    session: Session,
    task_id: TaskId,
    run: Annotated[
        int | None, typer.Argument(metavar="[RUN]", min=1, help="Which run of the task. Default: the newest.")
    ] = None,
) -> None:
    """Cancel a QUEUED job: nothing is requested for it any more, and its end is announced."""
    if run is None:
        runs = session.jobs().runs(task_id)
        run = runs[-1].run if runs else 1
    job = cancel_run(session, Key(task_id, run))
    session.out.result(job.public(), f"{job.job_id} is cancelled. Nothing was requested for it.")


def cancel_run(session: Session, key: Key) -> Job:
    """Cancel a QUEUED job. Return it; raise OperatorError where there is none, or it is not QUEUED."""
    new_id, now, times = session.dependencies.new_id(), session.clock.now(), session.stack.times()
    outcome = session.jobs().write(transitions.cancel(key, new_id, now, times))
    if isinstance(outcome, Updated):
        return outcome.job
    if outcome.job is None:
        advice = "A message that is still on the queue becomes a job in some seconds, and can be cancelled then."
        raise OperatorError(f"There is no run {key.run} of {key.task_id}. {advice}")
    raise OperatorError(f"{outcome.job.job_id} is {outcome.job.state}. Only a QUEUED job can be cancelled.")
