"""The base task: a generation or extension that the simulator made, or one that is known by its id alone."""

from dataclasses import dataclass

from local.kie.provider import Provider, clock
from local.kie.responses import MISSING, REFUSALS, Envelope
from local.kie.scenario import Scenario

VIDEOS_BY_NAME = 4

BASE_ERRORS = {
    400: Envelope(400, "Your prompt was flagged by Website as violating content policies."),
    422: Envelope(422, "Your request was rejected by Flow(PUBLIC_ERROR_UNSAFE_GENERATION)."),
    500: Envelope(500, "Internal Error, Please try again later."),
    501: Envelope(501, "Failed to generate the video."),
}


@dataclass(frozen=True, slots=True)
class BaseTask:
    """A base task as it stands now.

    refusal  why it is not known, or cannot be upscaled (yet); a name in `responses.REFUSALS`, or empty
    phase    working, success or failed
    failure  why it has failed
    videos   number of its videos
    times    when it started and ended
    """

    task_id: str
    scenario: Scenario
    refusal: str
    phase: str
    failure: Envelope | None
    videos: int
    times: tuple[float, float]

    @property
    def is_missing(self) -> bool:
        """Whether its record cannot be read."""
        return self.refusal in MISSING


def base_task(provider: Provider, task_id: str) -> BaseTask:
    """Return a base task. Its refusal lasts from the first question about it."""
    scenario, made, now = provider.scenario(task_id), provider.made.get(task_id), clock()
    first = provider.first_requested.setdefault(task_id, now)
    over = now - first >= provider.settings.real_seconds(scenario.refused_minutes)
    refusal = "" if over else scenario.refusal
    failure = made.failure if made else BASE_ERRORS.get(scenario.base_error)
    phase = made.phase if made else "failed" if failure else "success"
    return BaseTask(
        task_id=task_id,
        scenario=scenario,
        refusal=refusal,
        phase="working" if refusal == "not_finished" else phase,
        failure=failure,
        videos=_videos(scenario, refusal, bool(made)),
        times=made.times if made else (first, first),
    )


def _videos(scenario: Scenario, refusal: str, made: bool) -> int:
    if refusal == "blank":
        return 0
    return scenario.videos or (1 if made else VIDEOS_BY_NAME)


def refused(base: BaseTask, index: int) -> Envelope | None:
    """Return why a video of a base task cannot be upscaled or extended (yet). None: it can."""
    if base.refusal:
        return REFUSALS[base.refusal]
    if base.phase != "success":
        return REFUSALS["not_finished"]
    return None if 0 <= index < base.videos else REFUSALS["no_such_video"]
