"""The protocols of everything outside that the services use. Adapters implement them; so do tests and the simulation.

Each raises StorageError where it is unknown whether something was done.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from veo4k.domain.conditional_update import ConditionalUpdate, Outcome
from veo4k.domain.gate import Slots, Wait
from veo4k.domain.job import Job, Key, Partition
from veo4k.domain.look import Look
from veo4k.domain.response import Response
from veo4k.domain.wait_reason import WaitReason


class Clock(Protocol):
    """The time, in epoch seconds to the millisecond."""

    def now(self) -> float:
        """Return the time."""

    def sleep_until(self, instant: float) -> None:
        """Return at that time, at once where it has passed."""


class Jobs(Protocol):
    """The table of jobs, the queue of record."""

    def write(self, update: ConditionalUpdate) -> Outcome:
        """Do one conditional update; a refusal is a result, not an error."""

    def get(self, key: Key) -> Job | None:
        """Read one row, consistently."""

    def runs(self, task_id: str) -> Sequence[Job]:
        """Read all runs of a task, consistently, in the order of their numbers."""

    def newest(self, task_id: str, count: int) -> Sequence[Job]:
        """Read the newest runs of a task, so many at most, consistently, the newest first."""

    def due(self, partition: Partition, until: float) -> Iterable[Key]:
        """Return the keys of a partition that are due by then, the longest due first; the index may be stale."""


class Gate(Protocol):
    """The account's gate: every request to the provider about a job needs a slot from it."""

    def reserve(self, wanted: int, now: float, *, last: float = math.inf, counted: bool = False) -> Slots:
        """Reserve instants, none later than `last`; `counted`: for submissions, which the daily limit counts.

        An instant that is reserved and not used is lost to the account.
        """

    def uncount(self, count: int, counted: float) -> None:
        """Subtract submissions that were never sent, or surely not accepted; `counted`: their epoch second."""

    def limit_used(self, now: float) -> float:
        """Return the share of the daily limit that is used; 0.0 where there is no limit."""

    def pause(self, reason: str, now: float, trial: str) -> float:
        """Pause the gate for a response that concerns the account. Return when it may give a slot again."""

    def free(self, wanted: int, now: float, *, counted: bool = False) -> int:
        """Return how many of so many instants could be reserved now, by the latest copy of the row; reserves none.

        `counted`: of submissions, which the daily limit counts.
        """

    def finish_trial(self, trial: str, now: float, *, answered: bool) -> None:
        """Record whether the request of the trial slot got a response."""

    def note_understood(self, task_id: str, now: float) -> None:
        """Record that the response to a submission of this task was understood; once in a while is enough."""

    def is_understood_since(self, since: float, task_id: str) -> bool:
        """Return whether the response to a submission of another task was understood since then."""

    def release_trial(self, trial: str) -> None:
        """Release the trial slot, unused."""

    def current_pause(self, now: float) -> Wait | None:
        """Return until when and why the gate is surely paused; None when a slot may be had."""

    def is_paused(self) -> bool:
        """Return, from a fresh read, whether the next slot can only be a trial."""


class Provider(Protocol):
    """The account at KIE.AI. Never raises because of a response, or the lack of one."""

    def unset_secret(self) -> WaitReason | None:
        """Return which secret is unset, so that no request can be sent; None where all are set."""

    def submit(self, job: Job) -> Response:
        """Request the job's 4K version: the paid request."""

    def look(self, task_id: str) -> Look:
        """Read the base task's own record, which is free. Ends within three seconds."""

    def poll(self, job: Job) -> Response:
        """Request the status of an accepted job."""

    def balance(self) -> float | None:
        """Return the credits that are left; None where the response holds no usable number."""


class MessageQueue(Protocol):
    """The job queue, as far as one message is concerned."""

    def reject(self, body: str, reason: str) -> None:
        """Put the body, unchanged, in the dead-letter queue, with the reason as attribute `Rejected`."""

    def deliver_again(self, receipt: str, seconds: float) -> None:
        """Let SQS deliver a message again after so many seconds."""


class JobSender(Protocol):
    """The job queue, as far as its senders are concerned."""

    def send_jobs(self, bodies: Sequence[str]) -> None:
        """Put messages on the job queue, ten at most. Raise StorageError unless it took every one."""


class Links(Protocol):
    """The archive bucket, as far as links to its objects are concerned."""

    @property
    def bucket(self) -> str:
        """Return the name of the bucket."""

    def sign(self, key: str, seconds: int) -> str:
        """Return a link to an object that is valid for so many seconds."""


class Change(NamedTuple):
    """A record of the table's stream: the row before, where there was one, and after."""

    old: Job | None
    new: Job


class EventPublisher(Protocol):
    """The archive queue, the event bus, and Step Functions."""

    def send_to_archive(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        """Put READY jobs on the archive queue. Return the failures: why a job is not on the queue."""

    def send_bases_to_archive(self, jobs: Sequence[Job], delay: int) -> Mapping[Key, str]:
        """Request that base videos be kept, so many seconds later. Return the failures."""

    def send_to_bus(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        """Put the ends of jobs on the event bus. Return the failures: why an end is not on the bus."""

    def send_to_task(self, job: Job, token: str) -> str:
        """Answer a Step Functions task. Return why the answer must be repeated, or an empty string."""


OpenDownload = Callable[[str, float], AbstractContextManager[Iterable[bytes]]]
"""Opens a result's URL, to be read chunk by chunk until a deadline, an epoch second.

Opening and reading raise DeadLinkError or DownloadError.
"""


class Upload(Protocol):
    """An upload to the bucket."""

    def write(self, chunk: bytes) -> None:
        """Write the next bytes."""

    def complete(self) -> None:
        """Make the object appear; without this call it never does."""


class Archive(Protocol):
    """The user's bucket."""

    @property
    def bucket(self) -> str:
        """Return the name of the bucket."""

    def abort_strays(self, key: str, older_than: float) -> int:
        """Abort uploads of this key that began before that epoch second. Return how many."""

    def upload(self, key: str, content_type: str, tags: Mapping[str, str]) -> AbstractContextManager[Upload]:
        """Begin an upload; leaving without complete() aborts it."""

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store a small object."""
