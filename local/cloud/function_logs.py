"""Writes the logs of the stack's functions to a file."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.cloud.local_cloud import LocalCloud

FUNCTIONS = ("submit", "callback", "sweep", "publish", "archive", "api")


@contextlib.contextmanager
def logs_written(cloud: LocalCloud, file: Path) -> Iterator[None]:
    """Append the logs of all functions to the file when the block ends, also after an error."""
    try:
        yield
    finally:
        # An emulator that has ended cannot return logs.
        with contextlib.suppress(BotoCoreError, ClientError), file.open("a", encoding="utf-8") as out:
            for function, text in function_logs(cloud).items():
                out.write(f"\n===== {function} =====\n{text}\n")


def function_logs(cloud: LocalCloud) -> dict[str, str]:
    """Return everything each function has logged so far."""
    logs = cloud.all_logs()
    return {function: logs.get(cloud.function_name(function), "") for function in FUNCTIONS}
