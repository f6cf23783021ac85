"""`make jobs`: the jobs of the running local cloud."""

import time
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local.cloud.connection_file import current
from local.cloud.queue_reader import messages_in
from local.cloud.rows import Row, age
from local.cloud.theme import THEME
from veo4k_cli.console.words import delivery


def main() -> None:
    """Print the job table."""
    cloud, console = current().cloud(), Console(theme=THEME, highlight=False)
    rows = cloud.rows()
    console.print(table(rows, time.time()) if rows else "No jobs yet.")
    if rejected := messages_in(cloud.client("sqs"), cloud.outputs["DeadLetterQueueUrl"]):
        console.print(f"Messages in the dead-letter queue: {rejected}")


def table(rows: Sequence[Row], now: float) -> Table:
    """Return a table with a line for each job; `now` in epoch seconds."""
    printed = Table("job", "state", "age", "delivered by", "archive or error", box=None, header_style="aside")
    for row in rows:
        state = Text(row["state"], f"state.{row['state']}")
        printed.add_row(row["jobId"], state, f"{age(row, now):.0f} s", delivery(row), _result(row))
    return printed


def _result(row: Row) -> str:
    if "archive" in row:
        return str(row["archive"]["key"])
    error = row.get("error", {})
    return f"{error.get('code', row.get('#reason', ''))} {error.get('message', '')}".strip()


if __name__ == "__main__":
    main()
