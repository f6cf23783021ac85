"""Many jobs at once against the provider's true rate limit: `python -m proofs.burst` runs three bursts."""

import contextlib
import sys
import time
from collections import Counter
from dataclasses import dataclass

from local.cloud.environment import Environment, environment
from local.cloud.parameters import SPEED
from local.cloud.rows import Row, has_ended
from local.cloud.signals import signals_as_interrupts
from local.kie import Settings
from local.paths import LOGS
from local.waiting import wait_until

JOBS, RUNS = 100, 3
LIMIT = 20
TIMEOUT_SECONDS = 180.0
# A generation takes a second or less: only the rate limit takes time.
SETTINGS = Settings(speed=10 * SPEED, log_file=LOGS / "burst.log")


@dataclass(frozen=True, slots=True)
class Figures:
    """The result of a burst.

    `charged_twice`: tasks charged more than once; `refused`: requests answered 429; `densest`: paid requests in the
    densest window.
    """

    sent: int
    states: Counter[str]
    charges: int
    charged_twice: int
    refused: int
    densest: int
    seconds: float

    def passed(self) -> bool:
        """Return whether no job was lost, refused or paid twice, and the rate limit was kept."""
        complete = self.states == {"SUCCEEDED": self.sent} and self.charges == self.sent
        return complete and not self.charged_twice and not self.refused and self.densest <= LIMIT

    def __str__(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in self.states.items())
        return (
            f"{self.sent} sent: {states}; {self.charges} charges, {self.charged_twice} tasks charged twice; "
            f"{self.refused} requests refused, {self.densest} in the densest window; {self.seconds:.0f} s"
        )


def burst(running: Environment, count: int, name: str) -> Figures:
    """Send `count` messages at once, with `name` in their task ids, and wait for their ends."""
    started, tasks = time.monotonic(), {f"veo_task_on_time_{name}_{n:03}" for n in range(count)}
    running.cloud.send(*({"taskId": task} for task in sorted(tasks)))

    def rows() -> list[Row]:
        return [row for row in running.cloud.rows() if row["taskId"] in tasks]

    with contextlib.suppress(TimeoutError):
        wait_until(lambda: sum(map(has_ended, rows())) == count, TIMEOUT_SECONDS, pause=1)
    charged = Counter(charge["taskId"] for charge in running.simulator.ledger() if charge["taskId"] in tasks)
    stats = running.simulator.stats()
    return Figures(
        sent=count,
        states=Counter(str(row["state"]) for row in rows()),
        charges=charged.total(),
        charged_twice=sum(times > 1 for times in charged.values()),
        refused=stats["refused429"],
        densest=stats["densestPosts"],
        seconds=time.monotonic() - started,
    )


def main() -> int:
    """Run three bursts, each on a cloud of its own. Return 0 only if all pass."""
    passed = True
    with signals_as_interrupts():
        for _ in range(RUNS):
            with environment(SETTINGS) as running:
                figures = burst(running, JOBS, "burst")
                print(figures, *dict.fromkeys(running.sweeps.failures), sep="\n", flush=True)
            passed = passed and figures.passed()
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
