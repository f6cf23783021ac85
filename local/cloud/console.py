"""The console beside a running stack."""

import contextlib
from collections.abc import Iterator

from local.cloud.local_cloud import LocalCloud
from veo4k_cli.command import Dependencies, Session
from veo4k_cli.console.server import Options, served
from veo4k_cli.errors import EXPECTED
from veo4k_cli.output import Output
from veo4k_cli.stack import Stack, local_stack


@contextlib.contextmanager
def console_beside(cloud: LocalCloud) -> Iterator[str]:
    """Serve the console of a stack in a thread while the block runs. Yield its link, or "" where it did not start."""

    def find(name: str | None, *, local: bool) -> Stack:  # noqa: ARG001  the stack is known
        return local_stack(cloud.endpoint, cloud.stack)

    session = Session(Dependencies(find=find), None, local=True, out=Output(as_json=True))
    with contextlib.ExitStack() as running:
        try:
            link = running.enter_context(served(session, Options()))
        except (*EXPECTED, OSError):
            link = ""
        yield link
