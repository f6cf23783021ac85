"""`make soak`: faults on the wire of the local cloud, a hundred jobs for each kind, and what must hold after any."""

import argparse
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.table import Column, Table

from local.cloud.build import BuildError
from local.cloud.deploy import DeployError
from local.cloud.emulator import EmulatorError
from local.cloud.signals import INTERRUPTED, as_interrupts
from local.faults.fault_proxy import WireError
from local.paths import ROOT
from proofs.soak.ground import LIMIT, LOG, WINDOW, Ground, ground
from proofs.soak.outside import Findings, look, problems
from proofs.soak.proofs import PROOFS, Proof

JOBS = 100
COLUMNS = 132
SHOWN = 10  # problems of a proof that are told one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a proof came to. `met`: how often which fault was met; `sweeps`: done, died, most at once."""

    title: str
    found: Findings
    met: Mapping[str, int]
    sweeps: tuple[int, int, int]
    requests: int
    seconds: float
    aside: str
    problems: list[str]


FIGURES: dict[str, Callable[[Result], int]] = {
    "faults": lambda result: sum(result.met.values()),
    "succeeded": lambda result: result.found.states()["SUCCEEDED"],
    "charges": lambda result: len(result.found.charges),
    "twice": lambda result: sum(times > 1 for times in result.found.charged().values()),
    "files": lambda result: len(result.found.objects),
    "announced": lambda result: len(result.found.announced()),
    "events": lambda result: len(result.found.events),
    "dead": lambda result: result.found.dead_letters,
    "densest": lambda result: result.found.densest,
    "seconds": lambda result: round(result.seconds),
}
"""Columns of the table.

`twice`: tasks charged more than once; `announced`: tasks, each under one event id, in so many `events`; `dead`:
messages in dead-letter queues; `densest`: requests in the densest window.
"""


def main() -> int:
    """Run all proofs, or those that are named; 0 only if every one holds."""
    given = _given()
    console = Console(highlight=False, soft_wrap=True, width=COLUMNS)
    console.print(f"{given.jobs} jobs in each proof, at most {LIMIT} requests in {WINDOW} s, seed {given.seed}")
    started = time.monotonic()
    LOG.unlink(missing_ok=True)
    try:
        with as_interrupts():
            results = [_told(console, _run(PROOFS[name], given)) for name in given.proofs or PROOFS]
    except (BuildError, DeployError, EmulatorError, WireError) as error:
        console.print(f"The ground could not be laid: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print(f"Interrupted; nothing is left running. Log: {LOG.relative_to(ROOT)}")
        return INTERRUPTED
    held = sum(not result.problems for result in results)
    took = f"{time.monotonic() - started:.0f} s, set-up and all"
    console.print("", _table(results), f"\n{held} of {len(results)} proofs hold, seed {given.seed}, {took}", sep="\n")
    return 0 if held == len(results) else 1


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proofs.soak", description=__doc__)
    parser.add_argument("proofs", nargs="*", metavar="PROOF", help=f"of {', '.join(PROOFS)} (default: all)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="draws the faults")
    parser.add_argument("--jobs", type=int, default=JOBS, help="videos asked for in each proof")
    given = parser.parse_args()
    if unknown := set(given.proofs) - PROOFS.keys():
        parser.error(f"no such proof: {', '.join(sorted(unknown))}")
    return given


def _run(proof: Proof, given: argparse.Namespace) -> Result:
    tasks = [f"veo_task_on_time_{number:03}" for number in range(given.jobs)]
    with ground(tasks, proof.settings, proof.parameters, proof.sweeps) as here:
        here.wire.break_(*proof.faults, seed=given.seed)
        started = time.monotonic()
        wrong = list(proof.play(here))
        return _result(proof, here, wrong, time.monotonic() - started)


def _result(proof: Proof, here: Ground, wrong: list[str], seconds: float) -> Result:
    met, requests = here.wire.met(), here.wire.passed()
    here.wire.break_()
    found = look(here)
    unmet = [f"{fault.name} was never met" for fault in proof.faults if not any(fault.name in name for name in met)]
    unmet += [f"only {here.sweeps.most} sweeps at once"] * (here.sweeps.most < proof.sweeps)
    return Result(
        title=proof.title,
        found=found,
        met=met,
        sweeps=(here.sweeps.done, here.sweeps.died, here.sweeps.most),
        requests=requests,
        seconds=seconds,
        aside=proof.tells(found),
        problems=[*wrong, *unmet, *problems(found), *proof.shows(found), *proof.met(met)],
    )


def _told(console: Console, result: Result) -> Result:
    """Tell at once how a proof ended, and what went wrong on its way."""
    done, died, most = result.sweeps
    console.print(f"\n{'✗' if result.problems else '✓'} {result.title} ({result.seconds:.0f} s)")
    console.print(f"  {result.requests} requests on the wire; {done} sweeps, {died} died, {most} at once")
    for name, times in sorted(result.met.items()):
        console.print(f"  {times:>5} x {name}")
    if result.aside:
        console.print(f"  {result.aside}")
    for problem in result.problems[:SHOWN]:
        console.print(f"  ! {problem}")
    if more := len(result.problems[SHOWN:]):
        console.print(f"  ! and {more} more")
    return result


def _table(results: list[Result]) -> Table:
    table = Table("", Column("proof", no_wrap=True), box=None, padding=(0, 2, 0, 0))
    for column in FIGURES:
        table.add_column(column, justify="right")
    for result in results:
        table.add_row("✗" if result.problems else "✓", result.title, *_figures(result))
    return table


def _figures(result: Result) -> list[str]:
    return [str(figure(result)) for figure in FIGURES.values()]


if __name__ == "__main__":
    sys.exit(main())
