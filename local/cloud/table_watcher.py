"""Watches the job table: which jobs there are, what has changed, how each first ended."""

from typing import Any, NamedTuple

from local.cloud.local_cloud import LocalCloud
from local.cloud.rows import Row, has_ended, read_rows


class Change(NamedTuple):
    """A job that came into another state; `before` is empty for a new one."""

    before: str
    row: Row


class Watch:
    """`rows` as they are now and `ended_as` they were first seen ended, both by task id."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._dynamodb: Any = cloud.client("dynamodb")
        self._table = cloud.outputs["JobTableName"]
        self.rows: dict[str, Row] = {}
        self.ended_as: dict[str, Row] = {}

    def look(self) -> list[Change]:
        """Look again; gives what has changed."""
        seen = {str(row["taskId"]): row for row in read_rows(self._dynamodb, self._table)}
        before, self.rows = self.rows, seen
        self.ended_as |= {task: row for task, row in seen.items() if has_ended(row) and task not in self.ended_as}
        states = ((str(before[task]["state"]) if task in before else "", row) for task, row in seen.items())
        return [Change(state, row) for state, row in states if state != row["state"]]
