"""The course of a run: when the jobs are sent, what happens meanwhile, and what is waited for."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from local.cloud.environment import Environment
from local.cloud.rows import Row, is_announced, public
from local.cloud.table_watcher import TableWatcher
from local.faults.fault_proxy import Fault, FaultProxy
from local.waiting import wait_until
from proofs.soak.pauses import NO_CREDITS

Problems = Iterator[str]

TIMEOUT_SECONDS = 240.0
UPDATE_SECONDS = 0.5
HOUR = 60.0  # of the provider's minutes
HELD_BACK = 5  # callbacks: more at once would only measure how many processes this machine bears
AFFORDED = 30  # videos
BUS_DOWN = Fault(name="PutEvents 500", matches="^events ", kind="respond", status=500, code="InternalException")
BUS_FULL = Fault(
    name="PutEvents entries refused", matches="^events ", kind="refuse_entries", code="ThrottlingException"
)


@dataclass(frozen=True, slots=True)
class Run:
    """The environment, its proxy, the watcher of its table, and the tasks of the jobs."""

    environment: Environment
    proxy: FaultProxy
    watcher: TableWatcher
    tasks: Sequence[str]

    def send(self) -> None:
        """Send all jobs at once."""
        self.environment.cloud.send(*({"taskId": task} for task in self.tasks))

    def awaited(self, condition: Callable[[], bool], what: str) -> Problems:
        """Wait until a condition holds, and update the rows meanwhile."""

        def updated() -> bool:
            self.watcher.update()
            return condition()

        try:
            wait_until(updated, TIMEOUT_SECONDS, UPDATE_SECONDS)
        except TimeoutError:
            yield f"{what} never came: {len(self.watcher.ended())} of {len(self.tasks)} jobs have ended"
        self.watcher.update()

    def ends(self) -> Problems:
        """Wait until the stack has announced the end of every job."""
        return self.awaited(lambda: len(self.announced()) == len(self.tasks), "the announcements")

    def announced(self) -> list[Row]:
        return [row for row in self.watcher.rows.values() if is_announced(row)]

    def pass_an_hour(self) -> None:
        """Let an hour of the provider's time pass. Here the wait itself is the fault."""
        time.sleep(self.environment.simulator.settings.real_seconds(HOUR))
        self.watcher.update()


def send_and_wait(run: Run) -> Problems:
    """Send all jobs and wait for their ends."""
    run.send()
    yield from run.ends()


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
    yield from run.awaited(lambda: len(simulator.stats()["callbacks"]) >= HELD_BACK, "late callbacks")
    statuses = {attempt["status"] for attempt in simulator.stats()["callbacks"]}
    if statuses != {200} or before != {task: public(row) for task, row in run.watcher.rows.items()}:
        yield f"late callbacks were answered {statuses}, or changed something"


def without_bus(run: Run) -> Problems:
    """Let the bus refuse, in both of its ways, until all jobs have ended. Only then may an end be announced."""
    watcher, jobs = run.watcher, len(run.tasks)
    run.proxy.inject(BUS_DOWN)
    run.send()
    yield from run.awaited(lambda: len(watcher.ended()) >= jobs // 2, "half of the ends")
    run.proxy.inject(BUS_FULL)
    yield from run.awaited(lambda: len(watcher.ended()) == jobs, "the ends")
    if early := len(run.environment.events.received()) or len(run.announced()):
        yield f"{early} ends count as announced while the bus refused"
    run.proxy.inject()
    yield from run.ends()


def provider_stopped(run: Run) -> Problems:
    """Stop the provider for an hour of its time: no request is answered, no callback sent."""
    simulator = run.environment.simulator
    run.send()
    yield from run.awaited(lambda: len(simulator.ledger()) >= AFFORDED, "the first charges")
    simulator.control(outage="hang", callbacks_held=True)
    run.pass_an_hour()
    simulator.control(outage="none", callbacks_held=False)
    yield from run.ends()


def out_of_credits(run: Run) -> Problems:
    """Let the credits run out, and come back an hour of the provider's time later."""
    simulator = run.environment.simulator
    run.send()

    def is_refused() -> bool:
        return any(row["code"] == NO_CREDITS for row in simulator.stats()["requests"])

    yield from run.awaited(is_refused, "the first refusal")
    run.pass_an_hour()
    if failed := [row for row in run.watcher.ended() if row["state"] != "SUCCEEDED"]:
        yield f"{len(failed)} jobs ended for lack of credits"
    simulator.control(credits=1_000_000)
    yield from run.ends()
