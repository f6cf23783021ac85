"""The proofs: what goes wrong in each. What must hold in the end is the same for all (`outside`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from local.faults.fault_proxy import Fault
from proofs.soak.ground import Ground
from proofs.soak.outside import Findings
from proofs.soak.pauses import NO_CREDITS, pauses
from proofs.soak.plays import AFFORDED, Problems, out_of_credits, simply, stopped, without_bus, without_callbacks

FIRST_PAUSE = 2

POST = "^POST /api/v1/veo/get-4k-video"
EVERYTHING = "^(dynamodb|sqs|events|s3|secretsmanager) "
FIRST_ANSWERS = Fault(name="first POST answer lost", where=POST, applied=True, first=True)
BAD_SERVICES = (
    Fault(name="answer dropped after the write", where="^dynamodb UpdateItem", applied=True, share=0.12),
    Fault(name="answer dropped", where=EVERYTHING, applied=True, share=0.04),
    Fault(name="throttled", where="^dynamodb ", kind="answer", status=400, code="ThrottlingException", share=0.03),
    Fault(
        name="throughput exceeded",
        where="^dynamodb ",
        kind="answer",
        status=400,
        code="ProvisionedThroughputExceededException",
        share=0.03,
    ),
    Fault(name="5xx", where=EVERYTHING, kind="answer", status=503, code="ServiceUnavailable", share=0.04),
)
ROWS_AND_WORDS = "^(dynamodb|sqs|events|secretsmanager) "
DEATHS = (
    Fault(name="killed before the write:", where=ROWS_AND_WORDS, kind="kill", share=0.015),
    Fault(name="killed after the write:", where=ROWS_AND_WORDS, kind="kill", applied=True, share=0.03),
    Fault(name="killed in mid-file:", where="^s3 ", kind="kill", share=0.01),
    Fault(name="killed after the paid request:", where=POST, kind="kill", applied=True, share=0.06),
)


def one_probe_in_a_pause(found: Findings) -> Problems:
    """While the gate is shut the provider hears nothing, and one request when each pause is over."""
    read = pauses(found.requests, FIRST_PAUSE)
    if read.count < 2 or read.early:
        yield told_pauses(found)


def told_pauses(found: Findings) -> str:
    """Say what the provider's log says of the shut gate."""
    read = pauses(found.requests, FIRST_PAUSE)
    refused = sum(request["code"] == NO_CREDITS for request in found.requests)
    return f"{refused} requests answered {NO_CREDITS} in {read.count} pauses; {len(read.early)} came within a pause"


def _unanswered(found: Findings) -> int:
    return sum(not request["http"] for request in found.requests)


def was_stopped(found: Findings) -> Problems:
    """Somebody asked the provider while it was stopped."""
    if not _unanswered(found):
        yield "no request was left unanswered"


def told_unanswered(found: Findings) -> str:
    """Say how many requests the stopped provider left unanswered."""
    return f"{_unanswered(found)} requests left unanswered"


def all_were_killed(met: Mapping[str, int]) -> Problems:
    """Each of the five functions died in mid-flight at least once."""
    for function in ("Submit", "Callback", "Sweep", "Publish", "Archive"):
        if not any(function in name for name in met):
            yield f"{function}Function was never killed"


def nothing_more(_: object) -> Problems:
    """Ask for nothing but what all proofs must show."""
    yield from ()


def nothing_to_tell(_: object) -> str:
    """Have no figures but those of the table."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One named proof.

    title       what goes wrong
    settings    of the simulator, `parameters` of the stack
    faults      on the wire, from the beginning
    sweeps      at the same time
    shows       what must hold beside what all must show; `met`: how often which fault must have been met
    tells       figures of its own
    """

    title: str
    play: Callable[[Ground], Problems] = simply
    settings: Mapping[str, object] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    sweeps: int = 1
    shows: Callable[[Findings], Problems] = nothing_more
    met: Callable[[Mapping[str, int]], Problems] = nothing_more
    tells: Callable[[Findings], str] = nothing_to_tell


PROOFS = {
    "callbacks": Proof(
        title="every callback lost or held back", play=without_callbacks, settings={"callbacks_held": True}
    ),
    "answers": Proof(title="every first POST answer lost", faults=[FIRST_ANSWERS]),
    "sweeps": Proof(title="20 sweeps at once, throughout", sweeps=20),
    "bus": Proof(title="event bus refuses until all have ended", play=without_bus),
    "services": Proof(title="AWS answers dropped, throttled, 5xx", faults=BAD_SERVICES),
    "kills": Proof(
        title="functions killed in mid-flight",
        parameters={"LeaseSeconds": "5"},
        faults=DEATHS,
        met=all_were_killed,
    ),
    "stopped": Proof(
        title="provider stopped for an hour",
        play=stopped,
        parameters={"LeaseSeconds": "30"},
        shows=was_stopped,
        tells=told_unanswered,
    ),
    "credits": Proof(
        title="out of credits for an hour",
        play=out_of_credits,
        settings={"credits": AFFORDED * 120},
        parameters={"PauseSeconds": str(FIRST_PAUSE)},
        shows=one_probe_in_a_pause,
        tells=told_pauses,
    ),
}
