"""Draw docs/cli.svg, a session at the terminal: `python -m docs_pictures.cli docs/cli.svg`, while `make local` runs."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from veo4k_cli.stack import find_stack

COLUMNS = 96
SEND_DEAD_MESSAGES = "send dead messages"
SESSION = (
    "veo4k --help",
    "veo4k submit veo_task_lost_1 --tag order=A-1042",
    "veo4k watch veo_task_lost_1",
    "veo4k show veo_task_lost_1",
    "veo4k spend",
    "veo4k gate pause",
    "veo4k submit veo_task_on_time_2",
    "sleep 4",
    "veo4k list --state QUEUED",
    "veo4k gate resume",
    "veo4k sweep",
    "veo4k watch veo_task_on_time_2",
    SEND_DEAD_MESSAGES,
    "sleep 4",
    "veo4k dead list",
    "veo4k dead redrive",
    "veo4k dead redrive --yes",
    "veo4k watch veo_task_on_time_3",
    "veo4k replay veo_task_on_time_3",
    "veo4k watch veo_task_on_time_3 --run 2",
    "veo4k test-callback",
    "veo4k gate --json",
)


def main(path: Path) -> None:
    """Run the commands of the session and draw what they print."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    for line in SESSION:
        printed = _run(line)
        if line.startswith("veo4k"):
            console.print(Text.assemble(("$ ", "dim"), (line, "bold")))
            console.print(Text.from_ansi(printed))
            console.print()
    svg = console.export_svg(title="veo4k")
    path.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL))


def _send_dead_messages() -> None:
    """Send an invalid message, which is rejected, and put a valid one where it lies after fifty failed receives."""
    stack = find_stack(None, local=True)
    for output, task in (("JobQueueUrl", "short"), ("DeadLetterQueueUrl", "veo_task_on_time_3")):
        stack.client("sqs").send_message(QueueUrl=stack.output(output), MessageBody=json.dumps({"taskId": task}))


def _run(line: str) -> str:
    if line == SEND_DEAD_MESSAGES:
        _send_dead_messages()
        return ""
    words = shlex.split(line)
    command = [sys.executable, "-m", "veo4k_cli", *words[1:]] if words[0] == "veo4k" else words
    environment = os.environ | {"COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TTY_INTERACTIVE": "0"}
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).rstrip()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
