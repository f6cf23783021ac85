"""`make soak`: a hundred jobs on the local cloud for each kind of fault, and what must be true after any fault."""

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
from local.cloud.signals import INTERRUPTED, signals_as_interrupts
from local.cloud.sweep_schedule import Sweeps
from local.faults.fault_proxy import FaultProxyError
from local.paths import ROOT
from proofs.soak.findings import Findings, find, problems
from proofs.soak.proofs import PROOFS, Proof
from proofs.soak.run import LIMIT, LOG, WINDOW, started

JOBS = 100
COLUMNS = 132
SHOWN = 10  # problems of a proof that are printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of a proof. `injected`: how often, by fault; `requests`: that the proxy received."""

    title: str
    found: Findings
    injected: Mapping[str, int]
    sweeps: Sweeps
    requests: int
    seconds: float
    figures: str
    problems: list[str]


FIGURES: dict[str, Callable[[Result], int]] = {
    "faults": lambda result: sum(result.injected.values()),
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

`twice`: tasks charged more than once; `announced`: tasks with at least one of the `events`; `dead`: messages in
dead-letter queues; `densest`: requests in the densest window.
"""


def main() -> int:
    """Run all proofs, or the named ones. Return 0 only if all pass."""
    arguments = _arguments()
    console = Console(highlight=False, soft_wrap=True, width=COLUMNS)
    console.print(f"{arguments.jobs} jobs in each proof, at most {LIMIT} requests in {WINDOW} s, seed {arguments.seed}")
    begun = time.monotonic()
    LOG.unlink(missing_ok=True)
    try:
        with signals_as_interrupts():
            results = [_printed(console, _result(PROOFS[name], arguments)) for name in arguments.proofs or PROOFS]
    except (BuildError, DeployError, EmulatorError, FaultProxyError) as error:
        console.print(f"The environment did not start: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print(f"Interrupted. Nothing is left running. Log: {LOG.relative_to(ROOT)}")
        return INTERRUPTED
    passed = sum(not result.problems for result in results)
    total = f"{time.monotonic() - begun:.0f} s in all"
    console.print(
        "", _table(results), f"\n{passed} of {len(results)} proofs pass, seed {arguments.seed}, {total}", sep="\n"
    )
    return 0 if passed == len(results) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m proofs.soak", description=__doc__)
    parser.add_argument("proofs", nargs="*", metavar="PROOF", help=f"of {', '.join(PROOFS)} (default: all)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="draws the faults")
    parser.add_argument("--jobs", type=int, default=JOBS, help="jobs in each proof")
    arguments = parser.parse_args()
    if unknown := set(arguments.proofs) - PROOFS.keys():
        parser.error(f"no such proof: {', '.join(sorted(unknown))}")
    return arguments


def _result(proof: Proof, arguments: argparse.Namespace) -> Result:
    tasks = [f"veo_task_on_time_{number:03}" for number in range(arguments.jobs)]
    with started(tasks, proof.settings, proof.parameters, proof.sweeps) as run:
        run.proxy.inject(*proof.faults, seed=arguments.seed)
        begun = time.monotonic()
        wrong = list(proof.scenario(run))
        seconds = time.monotonic() - begun
        injected, requests = run.proxy.injected(), run.proxy.requests()
        run.proxy.inject()
        found = find(run)
        sweeps = run.environment.sweeps
        missing = [each.name for each in proof.faults if not any(each.name in name for name in injected)]
        wrong += [f"{name}: never injected" for name in missing]
        wrong += [f"only {sweeps.most_at_once} sweeps at once"] * (sweeps.most_at_once < proof.sweeps)
        return Result(
            title=proof.title,
            found=found,
            injected=injected,
            sweeps=sweeps,
            requests=requests,
            seconds=seconds,
            figures=proof.figures(found),
            problems=[*wrong, *problems(found), *proof.check(found), *proof.check_faults(injected)],
        )


def _printed(console: Console, result: Result) -> Result:
    """Print how a proof ended, as soon as it has."""
    sweeps = f"{result.sweeps.done} sweeps, {len(result.sweeps.failures)} failed, {result.sweeps.most_at_once} at once"
    console.print(f"\n{'✗' if result.problems else '✓'} {result.title} ({result.seconds:.0f} s)")
    console.print(f"  {result.requests} requests through the proxy; {sweeps}")
    for name, times in sorted(result.injected.items()):
        console.print(f"  {times:>5} x {name}")
    if result.figures:
        console.print(f"  {result.figures}")
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
        figures = [str(figure(result)) for figure in FIGURES.values()]
        table.add_row("✗" if result.problems else "✓", result.title, *figures)
    return table


if __name__ == "__main__":
    sys.exit(main())
