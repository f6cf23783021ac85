"""Runs inside the function's own interpreter, beside its code: invokes a handler and tells its CPU. Not imported.

`handlers.py MODULE CHANGE` with one event for each round on standard input, as JSON lines; CHANGE is code that changes
the function before it is imported. Gives the CPU seconds for each round, by message, and the bytes that were logged.
"""

import importlib
import json
import os
import sys
import time
from typing import Any


class Context:
    """What Lambda tells a handler."""

    function_name = "bench"
    function_version = "$LATEST"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:bench"
    aws_request_id = "bench"

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left, in milliseconds."""
        return 60_000


def main(module: str, change: str) -> None:
    """Invoke the handler with each event."""
    exec(change, {})  # noqa: S102  of the bench
    handler = importlib.import_module(module).handler
    stdout, log = os.dup(1), os.memfd_create("log")
    os.dup2(log, 1)
    taken: list[float] = []
    for line in sys.stdin:
        event: dict[str, Any] = json.loads(line)
        before = time.process_time()
        answer = handler(event, Context())
        taken.append((time.process_time() - before) / len(event.get("Records", [event])))
        if answer.get("batchItemFailures") or answer.get("statusCode", 200) not in (200, 404):
            raise SystemExit(f"the handler answers {answer}")
    sys.stdout.flush()
    os.write(stdout, json.dumps({"seconds": taken, "log_bytes": os.fstat(log).st_size}).encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
