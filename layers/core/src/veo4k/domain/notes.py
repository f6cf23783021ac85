"""What a use case tells of its doings: services return notes, the functions narrate them."""

from dataclasses import dataclass, field

from veo4k.domain.job import Job


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened: a past-tense word, the job it happened to, and plain details without secrets.

    `at`: when (epoch seconds), where that may be long before it is told.
    """

    action: str
    job: Job | None = None
    detail: dict[str, str | int | float] = field(default_factory=dict)
    at: float | None = None
