"""Collects what became of a job: from the table, the bucket, the ledger, the events, the callbacks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from local.cloud.environment import Environment
from local.cloud.rows import Row
from local.cloud.stored_videos import StoredVideo, expected_hash
from local.cloud.table_watcher import TableWatcher
from local.demo.cases import Case
from local.kie.prices import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that is known about one job.

    row                its row now; None where there is none
    ended_as           its row as it was first read ended
    stored             its 4K versions in the bucket
    bases              hash of each base video in the bucket, by key
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
    bases: Mapping[str, str]
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
    row = watcher.rows.get(case.key)
    name = "base" if (row or {}).get("evidence") == "look" else str(case.index)
    of_video: Callable[[Mapping[str, Any]], bool] = partial(is_of, case)
    return Evidence(
        row=row,
        ended_as=watcher.ended_as.get(case.key),
        stored=[video for video in environment.stored(task) if _is_of_index(video, case)],
        bases={video.key: video.sha256 for video in environment.stored(task, bases=True)} if case.base_kept else {},
        expected_sha256=expected_hash(environment.simulator, task, name, portrait=case.portrait),
        charges=list(filter(of_video, account["ledger"])),
        requests=sum(row["method"] == "POST" and row["taskId"] == task for row in account["requests"]),
        events=[event for event in account["events"] if of_video(event["detail"])],
        callback_statuses=[attempt["status"] for attempt in filter(of_video, account["callbacks"])],
        downloads=account["downloads"].get(f"{task}_{case.index}.mp4", 0),
    )


def is_of(case: Case, entry: Mapping[str, Any]) -> bool:
    """Return whether an entry is about the 4K version of a case's video, and about no generation."""
    about = entry["taskId"], entry["index"], entry.get("kind", Kind.UHD)
    return about == (case.task_id, case.index, Kind.UHD)


def _is_of_index(video: StoredVideo, case: Case) -> bool:
    """Return whether a file in the bucket is of this index."""
    return video.key.startswith(f"videos/{case.task_id}/{case.index}/")
