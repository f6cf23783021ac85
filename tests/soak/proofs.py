"""The proofs: what goes wrong in each, and how long. What must hold in the end is the same for all (`outside`)."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from local.rows import public
from local.wire import Fault
from tests.soak.ground import Ground
from tests.soak.outside import Findings
from tests.soak.pauses import NO_CREDITS, pauses

Problems = Iterator[str]

HOUR = 60.0  # of the provider's minutes
HELD_BACK = 5  # of the callbacks that do not come; more at once would only show how many processes this machine bears
FIRST_PAUSE = 2
AFFORDED = 30  # videos

POST = "^POST /api/v1/veo/get-4k-video"
EVERYTHING = "^(dynamodb|sqs|events|s3|secretsmanager) "
FIRST_ANSWERS = Fault(name="first POST answer lost", where=POST, applied=True, first=True)
BUS_DOWN = Fault(name="PutEvents 500", where="^events ", kind="answer", status=500, code="InternalException")
BUS_FULL = Fault(name="PutEvents entries refused", where="^events ", kind="refuse_entries", code="ThrottlingException")
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
DEATHS = (
    Fault(name="killed before the write:", where=EVERYTHING, kind="kill", share=0.015),
    Fault(name="killed after the write:", where=EVERYTHING, kind="kill", applied=True, share=0.03),
    Fault(name="killed after the paid request:", where=POST, kind="kill", applied=True, share=0.06),
)


def simply(ground: Ground) -> Problems:
    """Ask for everything and wait for the ends."""
    ground.send()
    yield from _comes(ground, ground.all_are_announced, "the ends")


def _comes(ground: Ground, look: Callable[[], bool], what: str) -> Problems:
    if not ground.comes(look):
        yield f"{what} never came: {len(ground.ended())} of {len(ground.tasks)} jobs have ended"


def without_callbacks(ground: Ground) -> Problems:
    """Lose all callbacks but a few, and hold those back until all is over; then they come, and change nothing."""
    for task in ground.tasks[HELD_BACK:]:
        ground.simulator.register(task, "lost")
    yield from simply(ground)
    if sent := len(ground.simulator.stats()["callbacks"]):
        yield f"{sent} callbacks were sent"
    before = {task: public(row) for task, row in ground.watch.rows.items()}
    ground.simulator.control(callbacks_held=False)
    yield from _comes(ground, lambda: len(ground.simulator.stats()["callbacks"]) >= HELD_BACK, "late callbacks")
    answers = {row["status"] for row in ground.simulator.stats()["callbacks"]}
    if answers != {200} or before != {task: public(row) for task, row in ground.watch.rows.items()}:
        yield f"late callbacks were answered {answers}, or changed something"


def without_bus(ground: Ground) -> Problems:
    """Let the bus refuse until all jobs have ended, in both of its ways; only then may anything be announced."""
    ground.wire.break_(BUS_DOWN)
    ground.send()
    yield from _comes(ground, lambda: len(ground.ended()) >= len(ground.tasks) // 2, "half of the ends")
    ground.wire.break_(BUS_FULL)
    yield from _comes(ground, ground.all_have_ended, "the ends")
    if early := len(ground.announcements.received()) or sum("#lane" not in row for row in ground.ended()):
        yield f"{early} ends count as announced while the bus refused"
    ground.wire.break_()
    yield from _comes(ground, ground.all_are_announced, "the announcements")


def stopped(ground: Ground) -> Problems:
    """Stop the provider in mid-run for an hour of its time: no request is answered, no callback sent."""
    ground.send()
    yield from _comes(ground, lambda: len(ground.simulator.ledger()) >= AFFORDED, "the first charges")
    ground.simulator.control(outage="hang", callbacks_held=True)
    _an_hour(ground)
    ground.simulator.control(outage="none", callbacks_held=False)
    yield from _comes(ground, ground.all_are_announced, "the ends")


def out_of_credits(ground: Ground) -> Problems:
    """Let the credits run out in mid-run, and come back an hour of the provider's time later."""
    ground.send()
    yield from _comes(ground, lambda: _refusals(ground) > 0, "the first refusal")
    _an_hour(ground)
    if failed := [row for row in ground.ended() if row["state"] != "SUCCEEDED"]:
        yield f"{len(failed)} jobs ended for want of credits"
    ground.simulator.control(credits=1_000_000)
    yield from _comes(ground, ground.all_are_announced, "the ends")


def _refusals(ground: Ground) -> int:
    return sum(row["code"] == NO_CREDITS for row in ground.simulator.stats()["requests"])


def _an_hour(ground: Ground) -> None:
    """Let an hour of the provider's time pass: here the wait itself is the fault."""
    time.sleep(ground.simulator.settings.real_seconds(HOUR))
    ground.watch.look()


def one_probe_in_a_pause(found: Findings) -> Problems:
    """While the gate is shut the provider hears nothing, and one request when each pause is over."""
    read = pauses(found.requests, FIRST_PAUSE)
    if read.count < 2 or read.early:
        yield f"{read.count} pauses, and {len(read.early)} requests within them"


def all_were_killed(met: Mapping[str, int]) -> Problems:
    """Each of the five functions died in mid-flight at least once."""
    for function in ("Submit", "Callback", "Sweep", "Publish", "Archive"):
        if not any(function in name for name in met):
            yield f"{function}Function was never killed"


def nothing_more(_: object) -> Problems:
    """Ask for nothing but what all proofs must show."""
    yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One named proof.

    title       what goes wrong
    settings    of the simulator, `parameters` of the stack
    faults      on the wire, from the beginning
    sweeps      at the same time
    shows       what must hold beside what all must show; `met`: how often which fault must have been met
    """

    title: str
    play: Callable[[Ground], Problems] = simply
    settings: Mapping[str, object] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    sweeps: int = 1
    shows: Callable[[Findings], Problems] = nothing_more
    met: Callable[[Mapping[str, int]], Problems] = nothing_more


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
    "stopped": Proof(title="provider stopped for an hour", play=stopped, parameters={"LeaseSeconds": "30"}),
    "credits": Proof(
        title="out of credits for an hour",
        play=out_of_credits,
        settings={"credits": AFFORDED * 120},
        parameters={"PauseSeconds": str(FIRST_PAUSE)},
        shows=one_probe_in_a_pause,
    ),
}
