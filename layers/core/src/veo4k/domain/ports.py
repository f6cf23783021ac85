"""What the services need of the world; adapters give it, tests and the simulation give it too.

Whatever cannot be told apart from not having happened is a StorageError.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from veo4k.domain.answer import Answer
from veo4k.domain.gate import Slots
from veo4k.domain.job import Job, Key, Lane
from veo4k.domain.result_url import ResultHosts
from veo4k.domain.schedule import Times
from veo4k.domain.write import Outcome, Write

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Clock(Protocol):
    """The time, in epoch seconds to the millisecond."""

    def now(self) -> float:
        """Give the time."""
        ...

    def sleep_until(self, instant: float) -> None:
        """Return at that time, at once where it is over."""
        ...


class Pending(Protocol[T_co]):
    """A call under way."""

    def done(self) -> bool:
        """Tell whether it is over."""
        ...

    def result(self) -> T_co:
        """Wait for it; what it raised is raised here."""
        ...


class Crew(Protocol):
    """Calls side by side; leaving its context waits for all."""

    def submit(self, call: Callable[..., T], /, *args: Any) -> Pending[T]:
        """Start a call."""
        ...


class Jobs(Protocol):
    """The table of jobs, the queue of record."""

    def write(self, write: Write) -> Outcome:
        """Do one conditional write; a refusal is an answer, not an error."""
        ...

    def get(self, key: Key) -> Job | None:
        """Read one row, consistently."""
        ...

    def runs(self, task_id: str) -> Sequence[Job]:
        """Read all runs of a task, consistently, in the order of their numbers."""
        ...

    def due(self, lane: Lane, until: float) -> Iterable[Key]:
        """Give the keys of a lane due by then, the longest due first; the index may be stale either way."""
        ...


class GateKeeper(Protocol):
    """The account's gate: every request needs a slot of it."""

    def reserve(self, wanted: int, now: float, *, last: float = math.inf, counted: bool = False) -> Slots:
        """Reserve instants in one conditional write; `counted`: they are for submissions, which the day may limit.

        `last`: none later than that, in epoch seconds; a reserved instant that nobody uses is lost to the account.
        """
        ...

    def uncount(self, count: int, counted: float) -> None:
        """Take submissions back that were never sent, or surely not accepted; `counted`: their epoch second."""
        ...

    def spent(self, now: float) -> float:
        """Give the share of the day's submissions that is spent; 0.0 where there is no limit."""
        ...

    def shut(self, reason: str, now: float, probe: str) -> float:
        """Shut the gate for an answer that concerns the account; gives when it may be asked again."""
        ...

    def settle_probe(self, probe: str, now: float, *, answered: bool) -> None:
        """Tell what became of the shut gate's only slot."""
        ...

    def release_probe(self, probe: str) -> None:
        """Give the shut gate's only slot back, unused."""
        ...

    def shut_until(self, now: float) -> tuple[float, str]:
        """Give until when the gate is surely shut and why; 0.0 when a slot may be had."""
        ...


class Provider(Protocol):
    """KIE.AI. Never raises for anything that comes back, or does not."""

    def unready(self) -> str:
        """Give why nothing can be asked at all (a secret is unset), or an empty string."""
        ...

    def ask(self, job: Job) -> Answer:
        """Ask for the job's 4K version: the paid request."""
        ...

    def probe(self, job: Job) -> Answer:
        """Ask how an accepted job stands."""
        ...


class Account(Protocol):
    """The account at the provider."""

    def balance(self) -> float | None:
        """Ask for the credits left; None where nothing usable came back."""
        ...


class MessageQueue(Protocol):
    """The job queue, as far as a message's own fate goes."""

    def reject(self, body: str, reason: str) -> None:
        """Put the body, unchanged, in the dead-letter queue, with the reason as attribute `Rejected`."""
        ...

    def back_off(self, receipt: str, seconds: float) -> None:
        """Let a message come back only then."""
        ...


class CallbackAuth(Protocol):
    """The two secrets of a callback. Raises StorageError when they cannot be read."""

    def token_holds(self, task_id: str, index: int, run: int, token: str) -> bool:
        """Compare the path's token, in constant time."""
        ...

    def signature_holds(self, task_id: str, timestamp: str, signature: str) -> bool:
        """Compare the provider's signature, in constant time, under every key in use."""
        ...

    def has_key(self) -> bool:
        """Tell whether a webhook key is set."""
        ...


class Change(NamedTuple):
    """A record of the table's stream: the row before, where there was one, and after."""

    old: Job | None
    new: Job


class Announcements(Protocol):
    """Where the consequences of a state go."""

    def to_archive(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        """Put READY jobs on the archive queue; gives those that are not there, and why."""
        ...

    def to_bus(self, jobs: Sequence[Job]) -> Mapping[Key, str]:
        """Put the ends of jobs on the event bus; gives those that are not there, and why."""
        ...

    def to_task(self, job: Job, token: str) -> str:
        """Tell a Step Functions task; gives why it must be told again, or an empty string."""
        ...


class Body(Protocol):
    """A file as it comes in."""

    @property
    def length(self) -> int | None:
        """Content-Length in bytes, where one was given."""
        ...

    def __iter__(self) -> Iterator[bytes]:
        """Give it chunk by chunk; DownloadError when it is short, long, slow or out of time."""
        ...


class Downloads(Protocol):
    """The guarded way to a result."""

    def open(self, url: str, stop_at: float) -> AbstractContextManager[Body]:
        """Open a result's URL; `stop_at` in epoch seconds. DeadLinkError, DownloadError."""
        ...


class Upload(Protocol):
    """A file on its way into the bucket."""

    def write(self, chunk: bytes) -> None:
        """Take the next bytes."""
        ...

    def complete(self) -> None:
        """Make the object appear; without this call nothing ever does."""
        ...


class Archive(Protocol):
    """The user's bucket."""

    @property
    def bucket(self) -> str:
        """Name of the bucket."""
        ...

    def abort_strays(self, key: str, older_than: float) -> int:
        """Abort uploads of this key begun before that epoch second; gives how many."""
        ...

    def upload(self, key: str, content_type: str, tags: Mapping[str, str]) -> AbstractContextManager[Upload]:
        """Begin an upload; leaving without complete() aborts it."""
        ...

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """Store a small object."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What submit and sweep act in.

    `width`: requests at once that the crew can send; `chance`: a number from 0 to 1; `contract`: the provider's, for
    new requests.
    """

    jobs: Jobs
    gate: GateKeeper
    provider: Provider
    clock: Clock
    crew: Callable[[], AbstractContextManager[Crew]]
    width: int
    new_id: Callable[[], str]
    chance: Callable[[], float]
    times: Times
    hosts: ResultHosts
    contract: str
