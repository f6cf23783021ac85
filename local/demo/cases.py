"""The jobs of the demo: how the provider behaves, and what each must become under either contract of the provider."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

OK = (200,)
NONE: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One job and what is demanded of it.

    title      the scenario, in the words of the live table
    scenario   name in `local.kie.scenarios`, with `changes` to its fields
    name       shorter than the scenario's, where that is long
    state      the end; `code` the error's code where it is not SUCCEEDED
    evidence   who may have brought the result, nobody where it is empty; after a lost answer the request is
               repeated, and where that comes late its answer has the result in it (`submit`)
    answers    the statuses our API must give the provider's callbacks
    requests   how often the provider may have been asked to make it; None where asking again is safe
    downloads  how often the provider must have served the video
    tries      tries of the archive: beside `downloads` they leave none for a foreign host
    refunded   whether the provider gave the charge back
    portrait   the video is upright
    """

    title: str
    scenario: str
    name: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    state: str = "SUCCEEDED"
    code: str = ""
    evidence: tuple[str, ...] = ("callback",)
    answers: tuple[int, ...] = OK
    requests: int | None = None
    downloads: int = 1
    tries: int = 1
    refunded: bool = False
    portrait: bool = False

    @property
    def task_id(self) -> str:
        """Id of its task, after the scenario, so that keys and logs name it."""
        return f"demo_{self.name or self.scenario}"

    @property
    def event_id(self) -> str:
        """Id of the event that must announce its end."""
        return f"{self.task_id}#0#1#{self.state}"


def _failed(title: str, scenario: str) -> Case:
    return Case(
        title=title,
        scenario=scenario,
        state="FAILED",
        code="NOT_AVAILABLE_IN_4K",
        evidence=(),
        downloads=0,
        tries=0,
        refunded=True,
    )


# The late callback comes after the first probe in any case, and need not keep the demo waiting longer.
SOON_AFTER_THE_PROBE = {"callbacks": [{"delay": 18.0}]}

CASES = (
    Case(title="callback on time", scenario="on_time"),
    Case(title="portrait video", scenario="portrait", portrait=True),
    Case(title="callback lost", scenario="lost", evidence=("probe",), answers=NONE),
    Case(title="callback sent twice", scenario="doubled", answers=(200, 200)),
    Case(title="callback before the answer", scenario="early"),
    Case(title="callback late", scenario="late", changes=SOON_AFTER_THE_PROBE, evidence=("probe",)),
    _failed("generation fails", "failure"),
    _failed("fails, data: null", "data_null"),
    Case(title="body tampered with", scenario="tampered", evidence=("probe",)),
    Case(title="five forged callbacks", scenario="forged", answers=(404, 404, 401, 401, 401, 200)),
    Case(title="POST's answer lost", scenario="answer_lost", evidence=("callback", "submit")),
    Case(
        title="answer and callback lost",
        scenario="answer_and_callback_lost",
        name="both_lost",
        evidence=("probe", "submit"),
        answers=NONE,
    ),
    Case(title="base video not finished", scenario="unfinished_base"),
    Case(title="base video handed out", scenario="base_video", state="FAILED", code="NOT_4K", downloads=2, tries=2),
    Case(title="task with an id of its own", scenario="own_id"),
    Case(title="link dead", scenario="dead_link", tries=2),
)

VEO, JOBS = CONTRACTS = ("veo", "jobs")

# A second request may be a second purchase there, so there is none, unless the first one was refused. The callback
# names an id of its own, which is believed once the answer has told it; one that names none is signed over that id.
UNDER_JOBS: Mapping[str, Mapping[str, Any]] = {
    "early": {"answers": (200, 400)},
    "data_null": {"answers": (401, 401, 401)},
    "answer_lost": {"evidence": ("callback",)},
    "answer_and_callback_lost": {
        "state": "TIMED_OUT",
        "code": "SUBMISSION_UNCONFIRMED",
        "evidence": (),
        "downloads": 0,
        "tries": 0,
    },
    "unfinished_base": {"requests": None},
}
DIFFERENCES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    VEO: {},
    JOBS: {case.scenario: {"requests": 1, **UNDER_JOBS.get(case.scenario, {})} for case in CASES},
}
"""What a contract demands otherwise than `CASES` say, by scenario."""


def cases_under(contract: str) -> tuple[Case, ...]:
    """The jobs as they must end under one of the `CONTRACTS`."""
    return tuple(replace(case, **DIFFERENCES[contract].get(case.scenario, {})) for case in CASES)
