"""How a proof goes: when the jobs are sent, what happens to them on the way, and what is waited for."""

import time
from collections.abc import Callable, Iterator

from local.cloud.rows import public
from local.faults.fault_proxy import Fault
from proofs.soak.ground import Ground
from proofs.soak.pauses import NO_CREDITS

Problems = Iterator[str]

HOUR = 60.0  # of the provider's minutes
HELD_BACK = 5  # of the callbacks that do not come; more at once would only show how many processes this machine bears
AFFORDED = 30  # videos
BUS_DOWN = Fault(name="PutEvents 500", where="^events ", kind="answer", status=500, code="InternalException")
BUS_FULL = Fault(name="PutEvents entries refused", where="^events ", kind="refuse_entries", code="ThrottlingException")


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
