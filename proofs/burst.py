"""Many jobs at once against the provider's true rate limit: `python -m proofs.burst` runs three bursts."""

import contextlib
import sys
import time
from typing import NamedTuple

from local.cloud.environment import Environment, environment
from local.cloud.parameters import SPEED
from local.cloud.rows import is_announced
from local.cloud.signals import signals_as_interrupts
from local.cloud.table_watcher import TableWatcher
from local.kie import Settings
from local.paths import LOGS
from local.waiting import wait_until
from proofs.soak.findings import find, problems

JOBS, RUNS = 100, 3
TIMEOUT_SECONDS = 180.0
# A generation takes a second or less: only the rate limit takes time.
SETTINGS = Settings(speed=10 * SPEED, log_file=LOGS / "burst.log")


class Burst(NamedTuple):
    """The result of a burst: its figures (`Findings.figures`), its seconds, and what was wrong."""

    figures: dict[str, int]
    seconds: float
    problems: list[str]

    def passed(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        figures = ", ".join(f"{number} {name}" for name, number in self.figures.items())
        return "\n".join([f"{figures}, {self.seconds} s", *self.problems])


def burst(running: Environment, count: int, name: str) -> Burst:
    """Send `count` messages at once, with `name` in their task ids, and wait for their ends."""
    started, tasks = time.monotonic(), [f"veo_task_on_time_{name}_{n:03}" for n in range(count)]
    watcher = TableWatcher(running.cloud)
    running.cloud.send(*({"taskId": task} for task in tasks))

    def all_are_announced() -> bool:
        watcher.update()
        return all(task in watcher.rows and is_announced(watcher.rows[task]) for task in tasks)

    with contextlib.suppress(TimeoutError):
        wait_until(all_are_announced, TIMEOUT_SECONDS, pause=1)
    seconds, found = time.monotonic() - started, find(running, watcher, tasks)
    return Burst(found.figures(), round(seconds, 1), problems(found))


def main() -> int:
    """Run three bursts, each on a cloud of its own. Return 0 only if all pass."""
    bursts = list[Burst]()
    with signals_as_interrupts():
        for _ in range(RUNS):
            with environment(SETTINGS) as running:
                bursts.append(burst(running, JOBS, "burst"))
                print(bursts[-1], *dict.fromkeys(running.sweeps.failures), sep="\n", flush=True)
    return 0 if all(each.passed() for each in bursts) else 1


if __name__ == "__main__":
    sys.exit(main())
