"""`make jobs`: the jobs of the running local cloud."""

import time
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local.cloud import aws
from local.cloud.connection_file import current
from local.cloud.rows import Row, age, read_rows
from local.demo.live_table import THEME


def main() -> None:
    """Show the job table."""
    cloud, console = current(), Console(theme=THEME, highlight=False)
    rows = read_rows(aws.client(cloud.endpoint, "dynamodb"), cloud.outputs["JobTableName"])
    console.print(table(rows, time.time()) if rows else "No jobs yet.")
    if rejected := messages_in(aws.client(cloud.endpoint, "sqs"), cloud.outputs["DeadLetterQueueUrl"]):
        console.print(f"Messages in the dead-letter queue: {rejected}")


def messages_in(sqs: Any, queue_url: str) -> int:
    """How many messages lie in a queue."""
    asked = {"QueueUrl": queue_url, "AttributeNames": ["ApproximateNumberOfMessages"]}
    return int(sqs.get_queue_attributes(**asked)["Attributes"]["ApproximateNumberOfMessages"])


def table(rows: Sequence[Row], now: float) -> Table:
    """One line for each job; `now` in epoch seconds."""
    made = Table("job", "state", "age", "brought by", "archive or error", box=None, header_style="aside")
    for row in rows:
        state = Text(row["state"], f"state.{row['state']}")
        made.add_row(row["jobId"], state, f"{age(row, now):.0f} s", row.get("evidence", ""), _result(row))
    return made


def _result(row: Row) -> str:
    if "archive" in row:
        return str(row["archive"]["key"])
    error = row.get("error", {})
    return f"{error.get('code', row.get('#reason', ''))} {error.get('message', '')}".strip()


if __name__ == "__main__":
    main()
