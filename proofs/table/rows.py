"""Rows of jobs in every state, and what an example of a transition is."""

from dataclasses import dataclass, field, replace
from typing import Any

from veo4k.domain.conditional_update import ConditionalUpdate, Updated
from veo4k.domain.job import DEFAULTS, Archived, Code, Evidence, Failure, Job, Key, Partition, ProviderApi, State
from veo4k.domain.ports import Jobs
from veo4k.domain.schedule import Times

Changes = dict[str, Any]

NOW = 1_800_000_000.125
DAY = "2027-01-15"
TASK = "veo_task_abcdef123456"
OTHER_TASK = "veo_task_4k_of_that_one"
TIMES = Times()
URL = "https://file.aiquickdraw.com/v/task_1.mp4"
SIGNED = f"{URL}?sig=secret"
POSTER = "https://file.aiquickdraw.com/v/task_1.jpg?sig=secret"

QUEUED = Job(
    task_id=TASK,
    run=1,
    index=1,
    state=State.QUEUED,
    created_at=NOW - 3600,
    tags={"shot": "7"},
    requests_sent=0,
    message_id="message-1",
    wait_reason="WINDOW_FULL",
    wait_text="WINDOW_FULL",
    partition=Partition.QUEUED,
    due=NOW - 1,
    task_tokens=frozenset({"token-1"}),
)
SUBMITTING = replace(
    QUEUED,
    state=State.SUBMITTING,
    requests_sent=1,
    claim_id="attempt-1",
    first_requested_at=NOW - 600,
    requested_at=NOW - 600,
    retry_at=NOW - 390,
    wait_reason=None,
    wait_text=None,
    partition=Partition.LIVE,
)
LOST = replace(SUBMITTING, claim_id=None, lost_responses=1, retry_at=NOW + 60)
AWAITED = replace(LOST, provider_api=ProviderApi.JOBS)  # never repeated: a repeat may be a second purchase
PROCESSING = replace(SUBMITTING, state=State.PROCESSING, accepted_at=NOW - 599, acceptances=1, retry_at=None)
KEPT = replace(PROCESSING, urls=(SIGNED,), result_urls=(URL,), evidence=Evidence.POLL)
POLLED = replace(PROCESSING, poll_id="poll-1", requests_sent=2)
READY = replace(
    PROCESSING,
    state=State.READY,
    evidence=Evidence.CALLBACK,
    urls=(SIGNED,),
    result_urls=(URL,),
    image_urls=(POSTER,),
)
LEASED = replace(READY, lease="lease-1", lease_until=NOW + 300, archive_attempts=1)
LINKLESS = replace(READY, link_dead=True, archive_attempts=1)
ARCHIVE = Archived("bucket", "videos/veo_task_abcdef123456/1/1.mp4", 123, "ab" * 32, 3840, 2160)
BASE = Archived("bucket", "videos/veo_task_abcdef123456/1/1.base.mp4", 45, "cd" * 32, 1280, 720)
SUCCEEDED = replace(READY, state=State.SUCCEEDED, archive=ARCHIVE, finished_at=NOW - 60, day=DAY, archive_attempts=1)
RETRIGGERED = replace(SUCCEEDED, retrigger_id="retrigger-1")
RESULT: Changes = {
    "state": State.READY,
    "urls": (SIGNED,),
    "result_urls": (URL,),
    "image_urls": (POSTER,),
    "partition": Partition.LIVE,
    "wait_reason": None,
    "wait_text": None,
}
"""The changes of every transition to READY."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """`changes`: fields of the row after the write; `refusals`: the changes to a row that refuses the write."""

    before: Job
    write: ConditionalUpdate
    changes: Changes
    refusals: dict[str, Changes] = field(default_factory=dict)

    @property
    def after(self) -> Job:
        """Return the row after the write."""
        return changed(self.before, self.changes)


def changed(job: Job, changes: Changes) -> Job:
    """Return a row with these fields changed. None stands for an absent field."""
    return replace(job, **{name: DEFAULTS[name] if value is None else value for name, value in changes.items()})


def moved(write: ConditionalUpdate, task_id: str) -> ConditionalUpdate:
    """Return the same write for another task's row."""
    named = {"task_id": task_id} if "task_id" in write.put else {}
    return replace(write, key=Key(task_id, write.key.run), put={**write.put, **named})


def in_other_states(*allowed: State) -> dict[str, Changes]:
    """Return the refusals of a transition that is for these states only: all others, that of a later version too."""
    return {f"is {state}": {"state": state} for state in (*State, State("PARKED")) if state not in allowed}


def ended(state: State, code: Code, *, charged: bool) -> Changes:
    """Return the changes of an end without a result."""
    error = Failure(code, code.message)
    put = {"state": state, "error": error, "maybe_charged": charged, "finished_at": NOW, "day": DAY}
    put |= {"partition": Partition.LIVE, "due": NOW + 60, "wait_reason": None, "wait_text": None}
    return put | {"lease": None, "lease_until": None}


def put(jobs: Jobs, job: Job, task_id: str) -> Job:
    """Store a row as that task's, in any state."""
    row = replace(job, task_id=task_id)
    outcome = jobs.write(ConditionalUpdate(key=row.key, put={name: getattr(row, name) for name in DEFAULTS}))
    assert outcome == Updated(row)
    return row
