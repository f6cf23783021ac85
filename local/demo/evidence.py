"""Collects what became of a job: from the table, the bucket, the ledger, the events, the callbacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local.cloud.environment import Environment
from local.cloud.rows import Row
from local.cloud.stored_videos import StoredVideo, expected_hash
from local.cloud.table_watcher import TableWatcher
from local.demo.cases import Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that is known about one job.

    row                its row now; None where there is none
    ended_as           its row as it was first read ended
    stored             its videos in the bucket
    expected_sha256    of the file that the provider made
    charges            its rows of the provider's ledger
    requests           paid requests that the provider received
    events             its events, as EventBridge delivered them
    callback_statuses  statuses of the responses to its callbacks
    downloads          downloads of its video
    """

    row: Row | None
    ended_as: Row | None
    stored: Sequence[StoredVideo]
    expected_sha256: str
    charges: Sequence[Mapping[str, Any]]
    requests: int
    events: Sequence[Mapping[str, Any]]
    callback_statuses: Sequence[int]
    downloads: int


def gather(environment: Environment, watcher: TableWatcher, cases: Sequence[Case]) -> list[Evidence]:
    """Return the evidence of each case."""
    simulator = environment.simulator
    account = simulator.stats() | {"ledger": simulator.ledger(), "events": environment.events.received()}
    return [_evidence(environment, watcher, case, account) for case in cases]


def _evidence(environment: Environment, watcher: TableWatcher, case: Case, account: Mapping[str, Any]) -> Evidence:
    task = case.task_id
    return Evidence(
        row=watcher.rows.get(task),
        ended_as=watcher.ended_as.get(task),
        stored=environment.stored(task),
        expected_sha256=expected_hash(environment.simulator, task, portrait=case.portrait),
        charges=[charge for charge in account["ledger"] if charge["taskId"] == task],
        requests=sum(row["method"] == "POST" and row["taskId"] == task for row in account["requests"]),
        events=[event for event in account["events"] if event["detail"]["taskId"] == task],
        callback_statuses=[attempt["status"] for attempt in account["callbacks"] if attempt["taskId"] == task],
        downloads=account["downloads"].get(f"{task}_0.mp4", 0),
    )
