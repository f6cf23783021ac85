"""The jobs of the demo: the scenario of each, and the end it must have under either API of the provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local.kie import JOBS, VEO

OK = (200,)
NONE: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One job and what it must come to.

    title              the scenario, as the live table names it
    scenario           name in `local.kie.scenarios`, with `changes` to its fields
    name               a short one, where the scenario's is long
    state              the end; `code` is the error's code where it is not SUCCEEDED
    evidence           possible values of the row's `evidence`; empty where the row must have none
    callback_statuses  statuses of our API's responses to the provider's callbacks
    requests           paid requests that the provider may receive; None where a repeat is safe
    downloads          downloads of the video
    archive_attempts   of the archive: a download from a foreign host would be one more
    charges            of the provider for a 4K version
    refunded           whether the provider refunds the charge
    portrait           whether the video is upright
    base_kept          whether the base video must be kept: the only file that its owner has where there is no 4K
    index              of the video
    by                 who asks for it: a message, a request, or the hook that a generation calls; or who cancels it
    task               id of its task, where the provider makes it
    """

    title: str
    scenario: str
    name: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    state: str = "SUCCEEDED"
    code: str = ""
    evidence: tuple[str, ...] = ("callback",)
    callback_statuses: tuple[int, ...] = OK
    requests: int | None = None
    downloads: int = 1
    archive_attempts: int = 1
    charges: int = 1
    refunded: bool = False
    portrait: bool = False
    base_kept: bool = False
    index: int = 0
    by: str = ""
    task: str = ""

    @property
    def task_id(self) -> str:
        """Id of its task, with the scenario's name for readers of keys and logs."""
        return self.task or f"demo_{self.name or self.scenario}"

    @property
    def key(self) -> str:
        """Id of its video: of the task, and the index."""
        return f"{self.task_id}#{self.index}"


def _failed(title: str, scenario: str) -> Case:
    return Case(
        title=title,
        scenario=scenario,
        state="FAILED",
        code="NOT_AVAILABLE_IN_4K",
        evidence=(),
        downloads=0,
        archive_attempts=0,
        refunded=True,
    )


def _free(title: str, scenario: str, state: str, code: str = "", **fields: Any) -> Case:
    """A job for which a look at the base video is enough: nothing is requested, and nothing is paid."""
    nothing: dict[str, Any] = {"evidence": (), "callback_statuses": NONE, "requests": 0, "charges": 0, "downloads": 0}
    return Case(title=title, scenario=scenario, state=state, code=code, **nothing | {"archive_attempts": 0} | fields)


HOOK, CANCEL = "hook", "cancel"
HOOKED = Case(title="generated, by the hook", scenario="two_videos", by=HOOK)
# The late callback must come after the first poll, and not so late that the demo waits for it.
SOON_AFTER_THE_POLL = {"callbacks": [{"delay": 18.0}]}

CASES = (
    Case(title="callback on time", scenario="on_time"),
    Case(title="portrait video", scenario="portrait", portrait=True),
    Case(title="callback lost", scenario="lost", evidence=("probe",), callback_statuses=NONE),
    Case(title="callback sent twice", scenario="doubled", callback_statuses=(200, 200)),
    Case(title="callback before response", scenario="early"),
    Case(title="callback late", scenario="late", changes=SOON_AFTER_THE_POLL, evidence=("probe",)),
    _failed("generation fails", "failure"),
    _failed("failure without task id", "data_null"),
    Case(title="payload tampered with", scenario="tampered", evidence=("probe",)),
    Case(title="five forged callbacks", scenario="forged", callback_statuses=(404, 404, 401, 401, 401, 200)),
    # After a lost response the request is repeated. The response of a late repeat has the result in it (`submit`).
    Case(title="response lost", scenario="answer_lost", evidence=("callback", "submit")),
    Case(
        title="no response, no callback",
        scenario="answer_and_callback_lost",
        name="both_lost",
        evidence=("probe", "submit"),
        callback_statuses=NONE,
    ),
    Case(title="base video not finished", scenario="unfinished_base", requests=1),
    Case(
        title="base video as result",
        scenario="base_video",
        state="FAILED",
        code="NOT_4K",
        downloads=2,
        archive_attempts=2,
    ),
    Case(title="task with its own id", scenario="own_id"),
    Case(title="dead link", scenario="dead_link", archive_attempts=3),
    _free("made in 4K already", "made_in_4k", "SUCCEEDED", evidence=("look",), archive_attempts=1),
    _free("made by the fallback path", "fallback", "FAILED", "NOT_AVAILABLE_IN_4K", base_kept=True),
    _free("base video failed", "base_failed", "FAILED", "BASE_FAILED"),
    _free("index that does not exist", "one_video", "FAILED", "INVALID_TASK", index=3),
    _free("not available in 4K", "unavailable_4k", "FAILED", "NOT_AVAILABLE_IN_4K", requests=1, base_kept=True),
    _free("cancelled", "never_finished_base", "CANCELLED", by=CANCEL),
    HOOKED,
    replace(HOOKED, title="its second video", index=1),
)

# Under `jobs` a second request may be a second purchase, so there is none, unless the first was refused. A callback
# names the job by an id of its own, which the stack knows from the response. A callback without it fails the signature.
UNDER_JOBS: Mapping[str, Mapping[str, Any]] = {
    "early": {"callback_statuses": (200, 400)},
    "data_null": {"callback_statuses": (401, 401, 401)},
    "two_videos": {"requests": None},  # two jobs of one task
    "answer_lost": {"evidence": ("callback",)},
    "answer_and_callback_lost": {
        "state": "TIMED_OUT",
        "code": "SUBMISSION_UNCONFIRMED",
        "evidence": (),
        "downloads": 0,
        "archive_attempts": 0,
    },
}
DIFFERENCES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    VEO: {},
    JOBS: {
        case.scenario: {"requests": min(case.charges, 1) or case.requests, **UNDER_JOBS.get(case.scenario, {})}
        for case in CASES
    },
}
"""How the cases differ from `CASES`, by API and scenario."""


def cases_under(provider_api: str) -> tuple[Case, ...]:
    """Return the jobs with the ends they must have under an API of the provider."""
    return tuple(replace(case, **DIFFERENCES[provider_api].get(case.scenario, {})) for case in CASES)
