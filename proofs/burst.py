"""Many videos at once against the provider's true limit; `python -m proofs.burst` does it three times, with figures."""

import sys
import time
from collections import Counter
from dataclasses import dataclass

from local.cloud.environment import staged
from local.cloud.local_cloud import LocalCloud
from local.cloud.messages import send
from local.cloud.rows import has_ended, read_rows
from local.cloud.signals import as_interrupts
from local.cloud.sweep_schedule import sweeping
from local.kie import Settings, Simulator
from local.paths import LOGS, ROOT

JOBS, RUNS = 100, 3
SPEED = 600  # a generation takes a second or less: the pace is all there is to wait for
LIMIT = 20
PATIENCE = 180.0
LOOK_SECONDS, SWEEP_SECONDS = 1.0, 1.0
SETTINGS = Settings(speed=SPEED, media_folder=ROOT / ".local/media", log_file=LOGS / "burst.log")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a burst came to.

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

    def hold(self) -> bool:
        """Tell whether nothing was lost, refused or paid twice, and the limit was kept."""
        whole = self.states == {"SUCCEEDED": self.sent} and self.charges == self.sent
        return whole and not self.charged_twice and not self.refused and self.densest <= LIMIT

    def __str__(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in self.states.items())
        return (
            f"{self.sent} sent: {states}; {self.charges} charges, {self.charged_twice} tasks charged twice; "
            f"{self.refused} requests refused, {self.densest} in the densest window; {self.seconds:.0f} s"
        )


def burst(simulator: Simulator, cloud: LocalCloud, count: int, name: str) -> Figures:
    """Send so many messages at once, `name` in their task ids, and wait for their ends while something sweeps."""
    started, tasks = time.monotonic(), {f"veo_task_on_time_{name}_{n:03}" for n in range(count)}
    send(cloud.client("sqs"), cloud.outputs["JobQueueUrl"], [{"taskId": task} for task in sorted(tasks)])
    states = _wait(cloud, tasks, started + PATIENCE)
    charged = Counter(charge["taskId"] for charge in simulator.ledger() if charge["taskId"] in tasks)
    stats = simulator.stats()
    return Figures(
        sent=count,
        states=states,
        charges=charged.total(),
        charged_twice=sum(times > 1 for times in charged.values()),
        refused=stats["refused429"],
        densest=stats["densestPosts"],
        seconds=time.monotonic() - started,
    )


def _wait(cloud: LocalCloud, tasks: set[str], until: float) -> Counter[str]:
    dynamodb, table = cloud.client("dynamodb"), cloud.outputs["JobTableName"]
    while True:
        rows = [row for row in read_rows(dynamodb, table) if row["taskId"] in tasks]
        if time.monotonic() > until or (len(rows) == len(tasks) and all(has_ended(row) for row in rows)):
            return Counter(str(row["state"]) for row in rows)
        time.sleep(LOOK_SECONDS)


def main() -> int:
    """Run three bursts, each on a cloud of its own; 0 only if all hold."""
    held = True
    with as_interrupts():
        for _ in range(RUNS):
            with staged(SETTINGS) as (simulator, cloud), sweeping(cloud, SWEEP_SECONDS) as sweeps:
                figures = burst(simulator, cloud, JOBS, "burst")
                print(figures, *dict.fromkeys(sweeps.failures), sep="\n", flush=True)
            held = held and figures.hold()
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
