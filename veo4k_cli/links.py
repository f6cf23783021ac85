"""The command `link`: a signed link to an archived file."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from veo4k.domain.job import Archived, Job, utc
from veo4k_cli.command import Session, command
from veo4k_cli.errors import OperatorError
from veo4k_cli.jobs import PANEL, TaskId

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LONGEST = 3600  # seconds

app = typer.Typer()


@command(
    app,
    "veo4k link veo_task_abcdef123456",
    'curl -o video.mp4 "$(veo4k link veo_task_abcdef123456)"',
    "veo4k link veo_task_abcdef123456 1 --json | jq -r .expiresAt",
    "veo4k link veo_task_abcdef123456 --base",
    panel=PANEL,
)
def link(
    session: Session,
    task_id: TaskId,
    run: Annotated[
        int | None, typer.Argument(metavar="RUN", min=1, help="Which run. Default: the newest with a file.")
    ] = None,
    base: Annotated[bool, typer.Option("--base", help="To the base video that is kept beside it.")] = False,
) -> None:
    """Print a link to the archived file, which works for an hour without AWS credentials.

    It ends earlier where your own credentials end earlier. Everyone who has the link can download the file.
    """
    file = _newest_file(session.jobs().runs(task_id), run, base=base)
    if file is None:
        which = f"Run {run} of {task_id}" if run else f"No run of {task_id}"
        what = "base video" if base else "archived file"
        has = f"has no {what}" if run else f"has {'a' if base else 'an'} {what}"
        raise OperatorError(f"{which} {has}. veo4k show {task_id} says why.")
    url = file_link(session.stack.client("s3"), file, LONGEST)
    session.out.result({"url": url, "expiresAt": utc(session.clock.now() + LONGEST)}, url)


def _newest_file(runs: Sequence[Job], run: int | None, *, base: bool) -> Archived | None:
    files = (job.base if base else job.archive for job in reversed(runs) if run in (None, job.run))
    return next(filter(None, files), None)


def file_link(s3: "S3Client", file: Archived, seconds: int) -> str:
    """Return a link to a file of the archive for so long. Whoever has the link has the file."""
    place = {"Bucket": file.bucket, "Key": file.key}
    return s3.generate_presigned_url("get_object", Params=place, ExpiresIn=min(seconds, LONGEST))
