"""Watches the job table for changes of state."""

from collections.abc import Callable
from typing import NamedTuple

from local.cloud.local_cloud import LocalCloud
from local.cloud.rows import Row, has_ended


class Change(NamedTuple):
    """A job that came into another state; `before` is empty for a new job."""

    before: str
    row: Row


class TableWatcher:
    """The rows by task id: as they are now (`rows`), and as the watcher first read them ended (`ended_as`).

    `key_of`: what the rows are kept by instead.
    """

    def __init__(self, cloud: LocalCloud, key_of: Callable[[Row], str] = lambda row: str(row["taskId"])) -> None:
        self._cloud, self._key_of = cloud, key_of
        self.rows: dict[str, Row] = {}
        self.ended_as: dict[str, Row] = {}

    def update(self) -> list[Change]:
        """Read the table. Return what has changed since the last time."""
        before, self.rows = self.rows, {self._key_of(row): row for row in self._cloud.rows()}
        self.ended_as = {task: row for task, row in self.rows.items() if has_ended(row)} | self.ended_as
        states = ((str(before[task]["state"]) if task in before else "", row) for task, row in self.rows.items())
        return [Change(state, row) for state, row in states if state != row["state"]]

    def ended(self) -> list[Row]:
        """Return the rows of the jobs that had ended at the last update."""
        return [row for row in self.rows.values() if has_ended(row)]
