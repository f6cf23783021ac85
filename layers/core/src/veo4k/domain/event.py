"""The event that announces an end (docs/interface.md)."""

from typing import Any

from veo4k.domain.job import Job, State

SOURCE = "veo4k"
DETAIL_TYPES = {
    State.SUCCEEDED: "Veo 4K Job Succeeded",
    State.FAILED: "Veo 4K Job Failed",
    State.TIMED_OUT: "Veo 4K Job Timed Out",
    State.CANCELLED: "Veo 4K Job Cancelled",
}


def detail(job: Job) -> dict[str, Any]:
    """Return the detail of the event: the public row, and an id that every repetition has too."""
    return job.public() | {"eventId": f"{job.job_id}#{job.state}"}
