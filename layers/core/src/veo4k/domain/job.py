"""The job: its states, its fields, and the names those fields have in the table."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple, Self

from veo4k.domain.provider_words import NO_WORDS, Words


class Stored(StrEnum):
    """Values of rows. A value that a later version has written is read as it stands, as a member without a name."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown


class State(Stored):
    """The states of a job; docs/architecture.md draws the transitions between them."""

    QUEUED = "QUEUED"  # known to us, surely not accepted by the provider
    SUBMITTING = "SUBMITTING"  # a paid request is under way, or its response was lost
    PROCESSING = "PROCESSING"  # the provider has accepted it
    READY = "READY"  # result URLs known, not yet archived
    SUCCEEDED = "SUCCEEDED"  # archived and proven 4K
    FAILED = "FAILED"  # ended without a result
    TIMED_OUT = "TIMED_OUT"  # the provider never reported
    CANCELLED = "CANCELLED"  # taken back by its owner while it was QUEUED


class ProviderApi(StrEnum):
    """The provider's APIs: the Veo API's get-4k-video, and the unified task API that succeeds it."""

    VEO = "veo"
    JOBS = "jobs"


UNANSWERED = frozenset({State.QUEUED, State.SUBMITTING})
WAITING = UNANSWERED | {State.PROCESSING}
LIVE = WAITING | {State.READY}
ENDED = frozenset({State.SUCCEEDED, State.FAILED, State.TIMED_OUT, State.CANCELLED})
KNOWN = LIVE | ENDED
"""A job in any other state counts as live, and nothing here writes its row."""


class Partition(Stored):
    """The partitions of the due index: QUEUED jobs wait apart, so that a paused gate hides no overdue job."""

    QUEUED = "QUEUED"
    LIVE = "LIVE"


class Evidence(Stored):
    """What delivered the result."""

    SUBMIT = "submit"
    CALLBACK = "callback"
    POLL = "probe"
    LOOK = "look"


_FORCE = "send the job again with force."


class Code(Stored):
    """Why a job ended without a result: `error.code` and `error.message` of row and event."""

    message: str  # absent in a code of a later version: its message stands in the row

    def __new__(cls, code: str, message: str = "") -> Self:  # noqa: D102
        member = str.__new__(cls, code)
        member._value_, member.message = code, message
        return member

    INVALID_TASK = (
        "INVALID_TASK",
        "The provider does not know this task, or no video at this index. Check task id and API key.",
    )
    BASE_NOT_FINISHED = (
        "BASE_NOT_FINISHED",
        f"The base video was not finished at the deadline. Once it is finished, {_FORCE}",
    )
    BASE_FAILED = "BASE_FAILED", "The generation of the base video failed. Generate it again."
    BASE_EXPIRED = "BASE_EXPIRED", "The base video is older than 14 days. Generate the video again."
    NOT_AVAILABLE_IN_4K = (
        "NOT_AVAILABLE_IN_4K",
        "The provider has no 4K version of this video. Use the base video, or generate another.",
    )
    PROVIDER_FAILED = "PROVIDER_FAILED", f"The provider refused the request, or failed. Check its log, then {_FORCE}"
    NOT_4K = "NOT_4K", f"The provider's file was not a 4K video, twice. Check its log, then {_FORCE}"
    RESULT_HOST_BLOCKED = (
        "RESULT_HOST_BLOCKED",
        f"The result is on a host that ResultHosts did not allow in time. Add the host, then {_FORCE}",
    )
    RESULT_UNREADABLE = (
        "RESULT_UNREADABLE",
        f"The provider reported success, but no link could be read. Update this stack, then {_FORCE}",
    )
    INDEX_AMBIGUOUS = (
        "INDEX_AMBIGUOUS",
        "The result is the file of another index. Ask the provider whether it supports the index.",
    )
    ARCHIVE_FAILED = (
        "ARCHIVE_FAILED",
        f"The file could not be downloaded and stored. Check the log of archive, then {_FORCE}",
    )
    SUBMISSION_UNCONFIRMED = (
        "SUBMISSION_UNCONFIRMED",
        f"The provider never confirmed the request. Check its log, then {_FORCE}",
    )
    NO_ANSWER = "NO_ANSWER", f"The provider accepted the request, but delivered no result. Check its log, then {_FORCE}"
    NEVER_SUBMITTED = (
        "NEVER_SUBMITTED",
        f"The request could not be sent in time. Check credits and API key, then {_FORCE}",
    )


class Key(NamedTuple):
    """Key of a row."""

    task_id: str
    run: int


class Failure(NamedTuple):
    """Why a job ended: a code for programs, a sentence for people, and the provider's own words where there are any."""

    code: Code
    message: str
    words: Words = NO_WORDS


class Archived(NamedTuple):
    """The file in the user's bucket; width and height as displayed, sha256 in hex; poster: one lies beside it."""

    bucket: str
    key: str
    bytes: int
    sha256: str
    width: int
    height: int
    poster: bool = False

    def row(self) -> dict[str, Any]:
        """Return the fields as plain values, without a poster that there is not."""
        return {name: value for name, value in self._asdict().items() if value is not False}


def _public(name: str, **default: Any) -> Any:
    return field(metadata={"attribute": name}, **default)


def _private(name: str, default: Any = None) -> Any:
    return field(metadata={"attribute": f"#{name}"}, default=default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run of one video's 4K version. Times are epoch seconds, to the millisecond; None is absent in the row."""

    task_id: str = _public("taskId")
    run: int = _public("run")
    index: int = _public("index")
    state: State = _public("state")
    created_at: float = _public("createdAt")
    tags: Mapping[str, str] = _public("tags", default_factory=dict)
    accepted_at: float | None = _public("acceptedAt", default=None)
    finished_at: float | None = _public("finishedAt", default=None)
    result_urls: tuple[str, ...] = _public("resultUrls", default=())  # without their query strings
    archive: Archived | None = _public("archive", default=None)
    base: Archived | None = _public("base", default=None)  # the file of the base video, kept beside the result
    error: Failure | None = _public("error", default=None)
    maybe_charged: bool | None = _public("maybeCharged", default=None)
    credits_consumed: float | None = _public("creditsConsumed", default=None)
    evidence: Evidence | None = _public("evidence", default=None)
    requests_sent: int = _public("attempts")  # to get-4k-video, or to createTask, for this run
    wait_text: str | None = _public("waitReason", default=None)  # for readers; never read back

    message_id: str | None = _private("message")  # the SQS message that created this run
    provider_api: ProviderApi = _private("contract", ProviderApi.VEO)  # the API that its requests use
    wait_reason: str | None = _private("reason")  # why it waits
    partition: Partition | None = _private("lane")  # of the due index; absent once announced
    due: float | None = _private("due")  # when a sweep processes it next

    looked_at: float | None = _private("looked")  # when the base task's record was last read
    looks: int = _private("looks", 0)  # without an answer, or at a base video that is not finished
    base_url: str | None = _private("base")  # the link of the base video, until its file is kept
    passes_label: bool | None = _private("passes")  # the record calls the video 4K, and its file was not

    claim_id: str | None = _private("attempt")  # id of the latest claim of a paid request
    first_requested_at: float | None = _private("first")  # when the first request was claimed
    requested_at: float | None = _private("asked")  # when the latest request was claimed, polls included
    retry_at: float | None = _private("again")  # SUBMITTING: no request before
    lost_responses: int = _private("lost", 0)  # unclear ones included
    unclear_responses: int = _private("unclear", 0)  # of these: in the provider's envelope, with codes under 500
    unclear_since: float | None = _private("unclearSince")  # when the first unclear response came
    words: Words | None = _private("words")  # of the latest unclear response
    acceptances: int = _private("accepts", 0)  # proven; more than one is a suspected double charge
    provider_task_id: str | None = _private("provider")  # the id in the provider's response
    unknown_records: int = _private("unknown", 0)  # polls under that id which found no record
    poll_id: str | None = _private("probe")  # id of the latest claim of a poll

    urls: tuple[str, ...] = _private("urls", ())  # this job's link of the result, normalized: one at most
    image_urls: tuple[str, ...] = _private("images", ())
    lease: str | None = _private("lease")  # id of the latest archive claim
    lease_until: float | None = _private("until")
    archive_attempts: int = _private("tries", 0)  # archive claims so far
    link_dead: bool | None = _private("dead")  # the archive needs a fresh link
    link_refusals: int = _private("refusals", 0)  # how often the host refused the present link
    tried_links: frozenset[str] = _private("tried", frozenset())  # digests of the links that were dead or not 4K
    failure_reported: bool | None = _private("failure")  # in the response to a request for a fresh link
    not_4k: int = _private("not4k", 0)  # whole files that were no 4K video
    codec: str | None = _private("codec")  # of the archived video, by the name of its sample entry, such as "avc1"

    retrigger_id: str | None = _private("nudge")  # changed to make publish act again
    on_bus: bool | None = _private("told")  # the bus has the event, and the announcement is not done
    announcing_since: float | None = _private("since")  # when the announcement failed first
    task_tokens: frozenset[str] = _private("tokens", frozenset())  # Step Functions task tokens to answer
    day: str | None = _private("day")  # of its end, in UTC: partition of the index of ended jobs
    ttl: int | None = _private("ttl")

    @property
    def key(self) -> Key:
        """Return the key of the row."""
        return Key(self.task_id, self.run)

    @property
    def job_id(self) -> str:
        """Return `{taskId}#{index}#{run}`."""
        return f"{self.task_id}#{self.index}#{self.run}"

    @property
    def own_id(self) -> str | None:
        """Return the id that the provider gave this job; None for the base video's, which cannot be polled."""
        return self.provider_task_id if self.provider_task_id != self.task_id else None

    @property
    def was_seen(self) -> bool:
        """Return whether a look has found the base video at the job's index."""
        return self.base_url is not None or self.base is not None

    @property
    def is_by_look(self) -> bool:
        """Return whether the result is the base video, which its record calls 4K: nothing was paid for it."""
        return self.evidence is Evidence.LOOK

    @property
    def lacks_base(self) -> bool:
        """Return whether the base video can be kept, and is not."""
        return self.base_url is not None and self.base is None

    def has_tried(self, link: str) -> bool:
        """Return whether the archive has tried a link, or is about to."""
        return link in self.urls[:1] or link_digest(link) in self.tried_links

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Return the job of a row of plain values; attributes of other versions are ignored."""
        return cls(**{name: decode(name, row[attribute]) for name, attribute in ATTRIBUTES.items() if attribute in row})

    def row(self) -> dict[str, Any]:
        """Return the whole row as plain values, private attributes included."""
        values = ((name, getattr(self, name)) for name in ATTRIBUTES)
        return {"jobId": self.job_id} | {ATTRIBUTES[n]: encode(n, v) for n, v in values if v != DEFAULTS[n]}

    def public(self) -> dict[str, Any]:
        """Return the part of the row that docs/interface.md promises."""
        return {name: value for name, value in self.row().items() if not name.startswith("#")}


ATTRIBUTES: dict[str, str] = {f.name: f.metadata["attribute"] for f in fields(Job)}
"""Name in the table of each field."""


DEFAULTS: dict[str, Any] = {
    f.name: f.default if f.default_factory is MISSING else f.default_factory() for f in fields(Job)
}
"""A field at its default is absent in the row; a field without a default is always present."""


def link_digest(link: str) -> str:
    """Return the text by which a row remembers a link without keeping it."""
    return sha256(link.encode()).hexdigest()[:32]


def utc(seconds: float) -> str:
    """Return epoch seconds as `2026-11-22T10:02:03.123Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc_day(seconds: float) -> str:
    """Return the UTC day of epoch seconds as `2026-11-22`."""
    return utc(seconds)[:10]


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _same(value: Any) -> Any:
    return value


def _words(plain: Mapping[str, Any]) -> Words:
    return Words(plain.get("providerCode"), plain.get("providerMessage", ""))


def _archived(plain: Mapping[str, Any]) -> Archived:
    return Archived(**{name: plain[name] for name in Archived._fields if name in plain})


_PLAIN: dict[str, tuple[Any, Any]] = {
    "created_at": (utc, _seconds),
    "accepted_at": (utc, _seconds),
    "finished_at": (utc, _seconds),
    "state": (str, State),
    "provider_api": (str, ProviderApi),
    "partition": (str, Partition),
    "evidence": (str, Evidence),
    "result_urls": (list, tuple),
    "urls": (list, tuple),
    "image_urls": (list, tuple),
    "tags": (dict, dict),
    "task_tokens": (set, frozenset),
    "tried_links": (set, frozenset),
    "archive": (Archived.row, _archived),
    "base": (Archived.row, _archived),
    "error": (
        lambda failure: {"code": str(failure.code), "message": failure.message} | failure.words.row(),
        lambda plain: Failure(Code(plain["code"]), plain["message"], _words(plain)),
    ),
    "words": (Words.row, _words),
}
"""For each field that is not stored as it is: into the row, and out of it."""


def encode(name: str, value: Any) -> Any:
    """Return a field's value as plain data of the table and of JSON."""
    return _PLAIN.get(name, (_same, _same))[0](value)


def decode(name: str, plain: Any) -> Any:
    """Return the value of a field from its plain data."""
    return _PLAIN.get(name, (_same, _same))[1](plain)
