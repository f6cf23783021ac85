"""The proofs: the faults of each, and what each must show in addition to what all must show (`findings`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from local.faults.fault_proxy import Fault
from proofs.soak.findings import Findings
from proofs.soak.pauses import NO_CREDITS, pauses
from proofs.soak.run import Run
from proofs.soak.scenarios import (
    AFFORDED,
    Problems,
    out_of_credits,
    provider_stopped,
    send_and_wait,
    without_bus,
    without_callbacks,
)

FIRST_PAUSE = 2

POST = "^POST /api/v1/veo/get-4k-video"
ALL_SERVICES = "^(dynamodb|sqs|events|s3|secretsmanager) "
FIRST_RESPONSES = Fault(name="first POST response lost", matches=POST, applied=True, first_of_each=True)
BAD_SERVICES = (
    Fault(name="response dropped after the write", matches="^dynamodb UpdateItem", applied=True, share=0.12),
    Fault(name="response dropped", matches=ALL_SERVICES, applied=True, share=0.04),
    Fault(name="throttled", matches="^dynamodb ", kind="respond", status=400, code="ThrottlingException", share=0.03),
    Fault(
        name="throughput exceeded",
        matches="^dynamodb ",
        kind="respond",
        status=400,
        code="ProvisionedThroughputExceededException",
        share=0.03,
    ),
    Fault(name="5xx", matches=ALL_SERVICES, kind="respond", status=503, code="ServiceUnavailable", share=0.04),
)
ALL_BUT_FILES = "^(dynamodb|sqs|events|secretsmanager) "
KILLS = (
    Fault(name="killed before the write:", matches=ALL_BUT_FILES, kind="kill", share=0.015),
    Fault(name="killed after the write:", matches=ALL_BUT_FILES, kind="kill", applied=True, share=0.03),
    Fault(name="killed during a file:", matches="^s3 ", kind="kill", share=0.01),
    Fault(name="killed after the paid request:", matches=POST, kind="kill", applied=True, share=0.06),
)


def one_trial_after_each_pause(found: Findings) -> Problems:
    """Yield a problem where the provider received a request in a pause."""
    read = pauses(found.requests, FIRST_PAUSE)
    if read.count < 2 or read.early:
        yield pause_figures(found)


def pause_figures(found: Findings) -> str:
    """Return what the provider's log has about pauses."""
    read = pauses(found.requests, FIRST_PAUSE)
    refused = sum(request["code"] == NO_CREDITS for request in found.requests)
    return f"{refused} requests answered {NO_CREDITS} in {read.count} pauses; {len(read.early)} came within a pause"


def _unanswered(found: Findings) -> int:
    return sum(not request["http"] for request in found.requests)


def some_were_unanswered(found: Findings) -> Problems:
    """Yield a problem where the provider received no request while it was stopped."""
    if not _unanswered(found):
        yield "no request was left unanswered"


def unanswered_figures(found: Findings) -> str:
    """Return how many requests the stopped provider left unanswered."""
    return f"{_unanswered(found)} requests left unanswered"


def all_were_killed(injected: Mapping[str, int]) -> Problems:
    """Yield a problem for each function that was not killed."""
    for function in ("Submit", "Callback", "Sweep", "Publish", "Archive"):
        if not any(function in name for name in injected):
            yield f"{function}Function was never killed"


def no_problems(_: object) -> Problems:
    """Yield no problem."""
    yield from ()


def no_figures(_: object) -> str:
    """Return no figures."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One proof.

    title       what goes wrong
    scenario    the course of the run
    settings    of the simulator; `parameters` of the stack
    faults      from the beginning
    sweeps      at the same time
    check       finds problems beside those that all proofs look for; `check_faults` in what was injected
    figures     figures of its own
    """

    title: str
    scenario: Callable[[Run], Problems] = send_and_wait
    settings: Mapping[str, object] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    sweeps: int = 1
    check: Callable[[Findings], Problems] = no_problems
    check_faults: Callable[[Mapping[str, int]], Problems] = no_problems
    figures: Callable[[Findings], str] = no_figures


PROOFS = {
    "callbacks": Proof(
        title="every callback lost or held back", scenario=without_callbacks, settings={"callbacks_held": True}
    ),
    "responses": Proof(title="every first POST response lost", faults=[FIRST_RESPONSES]),
    "sweeps": Proof(title="20 sweeps at once, throughout", sweeps=20),
    "bus": Proof(title="event bus refuses until all have ended", scenario=without_bus),
    "services": Proof(title="AWS responses dropped, throttled, 5xx", faults=BAD_SERVICES),
    "kills": Proof(
        title="functions killed in mid-flight",
        parameters={"LeaseSeconds": "5"},
        faults=KILLS,
        check_faults=all_were_killed,
    ),
    "stopped": Proof(
        title="provider stopped for an hour",
        scenario=provider_stopped,
        parameters={"LeaseSeconds": "30"},
        check=some_were_unanswered,
        figures=unanswered_figures,
    ),
    "credits": Proof(
        title="out of credits for an hour",
        scenario=out_of_credits,
        settings={"credits": AFFORDED * 120},
        parameters={"PauseSeconds": str(FIRST_PAUSE)},
        check=one_trial_after_each_pause,
        figures=pause_figures,
    ),
}
