"""The course of a run: when the jobs are sent, what happens meanwhile, and what is waited for."""

import time
from collections.abc import Callable, Iterator

from local.cloud.rows import is_announced, public
from local.faults.fault_proxy import Fault
from proofs.soak.pauses import NO_CREDITS
from proofs.soak.run import Run

Problems = Iterator[str]

HOUR = 60.0  # of the provider's minutes
HELD_BACK = 5  # callbacks: more at once would only measure how many processes this machine bears
AFFORDED = 30  # videos
BUS_DOWN = Fault(name="PutEvents 500", matches="^events ", kind="respond", status=500, code="InternalException")
BUS_FULL = Fault(
    name="PutEvents entries refused", matches="^events ", kind="refuse_entries", code="ThrottlingException"
)


def send_and_wait(run: Run) -> Problems:
    """Send all jobs and wait for their ends."""
    run.send()
    yield from _in_time(run, run.all_are_announced, "the ends")


def _in_time(run: Run, condition: Callable[[], bool], awaited: str) -> Problems:
    if not run.holds_in_time(condition):
        yield f"{awaited} never came: {len(run.watcher.ended())} of {len(run.tasks)} jobs have ended"


def without_callbacks(run: Run) -> Problems:
    """Lose all callbacks but a few, which are sent after all jobs have ended. They must change nothing."""
    simulator = run.environment.simulator
    for task in run.tasks[HELD_BACK:]:
        simulator.register(task, "lost")
    yield from send_and_wait(run)
    if sent := len(simulator.stats()["callbacks"]):
        yield f"{sent} callbacks were sent"
    before = {task: public(row) for task, row in run.watcher.rows.items()}
    simulator.control(callbacks_held=False)
    yield from _in_time(run, lambda: len(simulator.stats()["callbacks"]) >= HELD_BACK, "late callbacks")
    statuses = {attempt["status"] for attempt in simulator.stats()["callbacks"]}
    if statuses != {200} or before != {task: public(row) for task, row in run.watcher.rows.items()}:
        yield f"late callbacks were answered {statuses}, or changed something"


def without_bus(run: Run) -> Problems:
    """Let the bus refuse, in both of its ways, until all jobs have ended. Only then may an end be announced."""
    run.proxy.inject(BUS_DOWN)
    run.send()
    yield from _in_time(run, lambda: len(run.watcher.ended()) >= len(run.tasks) // 2, "half of the ends")
    run.proxy.inject(BUS_FULL)
    yield from _in_time(run, run.all_have_ended, "the ends")
    announced = [row for row in run.watcher.ended() if is_announced(row)]
    if early := len(run.environment.events.received()) or len(announced):
        yield f"{early} ends count as announced while the bus refused"
    run.proxy.inject()
    yield from _in_time(run, run.all_are_announced, "the announcements")


def provider_stopped(run: Run) -> Problems:
    """Stop the provider for an hour of its time: no request is answered, no callback sent."""
    simulator = run.environment.simulator
    run.send()
    yield from _in_time(run, lambda: len(simulator.ledger()) >= AFFORDED, "the first charges")
    simulator.control(outage="hang", callbacks_held=True)
    _pass_an_hour(run)
    simulator.control(outage="none", callbacks_held=False)
    yield from _in_time(run, run.all_are_announced, "the ends")


def out_of_credits(run: Run) -> Problems:
    """Let the credits run out, and come back an hour of the provider's time later."""
    simulator = run.environment.simulator
    run.send()
    yield from _in_time(
        run, lambda: any(row["code"] == NO_CREDITS for row in simulator.stats()["requests"]), "the first refusal"
    )
    _pass_an_hour(run)
    if failed := [row for row in run.watcher.ended() if row["state"] != "SUCCEEDED"]:
        yield f"{len(failed)} jobs ended for lack of credits"
    simulator.control(credits=1_000_000)
    yield from _in_time(run, run.all_are_announced, "the ends")


def _pass_an_hour(run: Run) -> None:
    """Let an hour of the provider's time pass. Here the wait itself is the fault."""
    time.sleep(run.environment.simulator.settings.real_seconds(HOUR))
    run.watcher.update()
