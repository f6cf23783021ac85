"""The command `cancel`: takes a job back that the provider has not accepted."""

from typing import Annotated

import typer

from veo4k.domain import transitions
from veo4k.domain.conditional_update import Updated
from veo4k.domain.job import Key
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
    jobs = session.jobs()
    if run is None:
        runs = jobs.runs(task_id)
        run = runs[-1].run if runs else 1
    update = transitions.cancel(
        Key(task_id, run), session.dependencies.new_id(), session.clock.now(), session.stack.times()
    )
    outcome = jobs.write(update)
    if isinstance(outcome, Updated):
        session.out.result(outcome.job.public(), f"{outcome.job.job_id} is cancelled. Nothing was requested for it.")
    elif outcome.job is None:
        advice = "A message that is still on the queue becomes a job in some seconds, and can be cancelled then."
        raise OperatorError(f"There is no run {run} of {task_id}. {advice}")
    else:
        raise OperatorError(f"{outcome.job.job_id} is {outcome.job.state}. Only a QUEUED job can be cancelled.")
