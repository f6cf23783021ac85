"""Rows of jobs in every state, and what an example of a transition is."""

from dataclasses import dataclass, field, replace
from typing import Any

from veo4k.domain.conditional_update import ConditionalUpdate, Updated
from veo4k.domain.job import DEFAULTS, Archived, Code, Evidence, Failure, Job, Key, Partition, ProviderApi, State
from veo4k.domain.ports import Jobs
from veo4k.domain.provider_words import Words
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
# FULL has no field at its default, BARE has all that may be.
FULL = Job(
    task_id="veo_task_abcdef123456",
    run=12,
    index=99,
    state=State.FAILED,
    created_at=NOW,
    tags={"shot": "7", "with space.and#dot": "", "día": "☃ 🎬"},
    accepted_at=NOW + 0.001,
    finished_at=NOW + 1.5,
    result_urls=("https://a.example/1.mp4", "https://a.example/2.mp4"),
    archive=Archived("bucket", "videos/x/0/1.mp4", 2**40, "0f" * 32, 2160, 3840, poster=True),
    base=Archived("bucket", "videos/x/0/1.base.mp4", 3, "1e" * 32, 1280, 720),
    error=Failure(Code.NOT_4K, "Twice.", Words(500, "E-1207 记录")),
    maybe_charged=False,
    credits_consumed=0,
    evidence=Evidence.POLL,
    requests_sent=7,
    message_id="8a6f",
    provider_api=ProviderApi.JOBS,
    wait_text="NO_CREDITS",
    wait_reason="NO_CREDITS",
    partition=Partition.LIVE,
    due=NOW + 1 / 3,
    looked_at=NOW + 0.05,
    looks=2,
    base_url="https://a.example/base.mp4?sig=x",
    passes_label=True,
    claim_id="attempt",
    first_requested_at=NOW + 0.1,
    requested_at=NOW + 0.2,
    retry_at=NOW + 0.3,
    lost_responses=3,
    unclear_responses=2,
    unclear_since=NOW + 0.4,
    words=Words(None, "E-1207"),
    acceptances=2,
    provider_task_id="veo_task_2",
    unknown_records=1,
    poll_id="probe",
    urls=("https://a.example/1.mp4?sig=%20x",),
    image_urls=("https://a.example/1.jpg?sig=x",),
    lease="lease",
    lease_until=NOW + 960,
    archive_attempts=4,
    link_dead=True,
    link_refusals=2,
    tried_links=frozenset({"digest-1", "digest-2"}),
    failure_reported=True,
    not_4k=1,
    codec="av01",
    retrigger_id="nudge",
    on_bus=True,
    announcing_since=NOW + 2,
    task_tokens=frozenset({"token-1", "token-2"}),
    day="2027-01-15",
    ttl=1_900_000_000,
)
BARE = Job(task_id="veo_task_abcdef123456", run=1, index=0, state=State.QUEUED, created_at=NOW, requests_sent=0)
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
