"""What the demo shows while it runs: a live table, or plain lines where there is no terminal."""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from local.cloud.rows import Row, age, has_ended
from local.cloud.table_watcher import Change
from local.demo.cases import CASES, Case
from veo4k_cli.console.words import delivery

TITLE = max(len(case.title) for case in CASES)
STATE = len("TIMED_OUT SUBMISSION_UNCONFIRMED")  # the longest


def live_table(cases: Sequence[Case], rows: Mapping[str, Row], now: float) -> RenderableType:
    """Return the table with a progress bar; `now` in epoch seconds."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="aside")
    table.add_column("scenario", width=TITLE)
    table.add_column("state", width=STATE)
    table.add_column("age", width=5, justify="right")
    table.add_column("delivered by")
    for case in cases:
        table.add_row(*_cells(case, rows.get(case.key), now))
    ended = sum(has_ended(row) for row in rows.values())
    return Group(table, "", _progress(ended, len(cases)))


def key_of(row: Row) -> str:
    """Return the id of a row's video, as a case has it."""
    return f"{row['taskId']}#{row['index']}"


def change_line(cases: Sequence[Case], change: Change, seconds: float) -> str:
    """Return one plain line about a change, `seconds` after the start."""
    row = change.row
    title = next((case.title for case in cases if case.key == key_of(row)), str(row["taskId"]))
    transition = f"{change.before} → {row['state']}" if change.before else row["state"]
    detail = row.get("error", {}).get("code") or delivery(row)
    return f"{seconds:4.0f} s  {title:<{TITLE}}  {transition}  {detail}".rstrip()


def _cells(case: Case, row: Row | None, now: float) -> tuple[str | Text, ...]:
    if row is None:
        return case.title, Text("submitted", "aside"), "", ""
    return case.title, _state(row), f"{age(row, now):.0f} s", delivery(row)


def _state(row: Row) -> Text:
    code = row.get("error", {}).get("code", "")
    return Text.assemble((row["state"], f"state.{row['state']}"), " ", code)


def _progress(ended: int, total: int) -> RenderableType:
    line = Table.grid(padding=(0, 2, 0, 0))
    line.add_row(ProgressBar(total, ended, width=TITLE, complete_style="good"), f"{ended} of {total} ended")
    return line
