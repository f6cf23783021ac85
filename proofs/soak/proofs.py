"""The proofs: the faults of each, and what each must show in addition to what all must show (`findings`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from local.faults.fault_proxy import Fault
from proofs.soak.findings import FIRST_PAUSE, Findings
from proofs.soak.scenarios import (
    AFFORDED,
    Problems,
    Run,
    out_of_credits,
    provider_stopped,
    send_and_wait,
    without_bus,
    without_callbacks,
)

POST = "^POST /api/v1/veo/get-4k-video"
ALL_SERVICES = "^(dynamodb|sqs|events|s3|secretsmanager) "
ALL_BUT_FILES = "^(dynamodb|sqs|events|secretsmanager) "
FIRST_RESPONSES = Fault(name="first POST response lost", matches=POST, applied=True, first_of_each=True)


def _refused(name: str, matches: str, status: int, code: str, share: float) -> Fault:
    return Fault(name=name, matches=matches, kind="respond", status=status, code=code, share=share)


BAD_SERVICES = (
    Fault(name="response dropped after the write", matches="^dynamodb UpdateItem", applied=True, share=0.12),
    Fault(name="response dropped", matches=ALL_SERVICES, applied=True, share=0.04),
    _refused("throttled", "^dynamodb ", 400, "ThrottlingException", 0.03),
    _refused("throughput exceeded", "^dynamodb ", 400, "ProvisionedThroughputExceededException", 0.03),
    _refused("5xx", ALL_SERVICES, 503, "ServiceUnavailable", 0.04),
)
KILLS = (
    Fault(name="killed before the write:", matches=ALL_BUT_FILES, kind="kill", share=0.015),
    Fault(name="killed after the write:", matches=ALL_BUT_FILES, kind="kill", applied=True, share=0.03),
    Fault(name="killed during a file:", matches="^s3 ", kind="kill", share=0.01),
    Fault(name="killed after the paid request:", matches=POST, kind="kill", applied=True, share=0.06),
)

Injected = Mapping[str, int]
"""How often each fault was injected."""


def one_trial_after_each_pause(found: Findings, _: Injected) -> Problems:
    count, early = found.pauses()
    if count < 2 or early:
        yield f"{len(early)} requests came within one of {count} pauses"


def some_were_unanswered(found: Findings, _: Injected) -> Problems:
    if not found.unanswered():
        yield "no request was left unanswered"


def all_were_killed(_: Findings, injected: Injected) -> Problems:
    for function in ("Submit", "Callback", "Sweep", "Publish", "Archive"):
        if not any(function in name for name in injected):
            yield f"{function}Function was never killed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One proof.

    title       what goes wrong
    scenario    the course of the run
    settings    of the simulator; `parameters` of the stack
    faults      from the beginning
    sweeps      at the same time
    check       finds problems beside those that all proofs look for
    """

    title: str
    scenario: Callable[[Run], Problems] = send_and_wait
    settings: Mapping[str, object] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    sweeps: int = 1
    check: Callable[[Findings, Injected], Problems] | None = None


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
        check=all_were_killed,
    ),
    "stopped": Proof(
        title="provider stopped for an hour",
        scenario=provider_stopped,
        parameters={"LeaseSeconds": "30"},
        check=some_were_unanswered,
    ),
    "credits": Proof(
        title="out of credits for an hour",
        scenario=out_of_credits,
        settings={"credits": AFFORDED * 120},
        parameters={"PauseSeconds": str(FIRST_PAUSE)},
        check=one_trial_after_each_pause,
    ),
}
