"""`make soak`: a hundred jobs on the local cloud for each kind of fault, and what must be true after any fault."""

import argparse
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Column, Table

from local.cloud.build import BuildError
from local.cloud.deploy import DeployError
from local.cloud.emulator import EmulatorError
from local.cloud.signals import INTERRUPTED, signals_as_interrupts
from local.cloud.table_watcher import TableWatcher
from local.faults.environment import faulty_environment
from local.faults.fault_proxy import FaultProxyError
from local.kie import Settings
from local.kie.media import ensure_media
from local.paths import LOGS, ROOT
from proofs.soak.findings import LIMIT, find, problems
from proofs.soak.proofs import PROOFS, Proof
from proofs.soak.scenarios import Run

JOBS = 100
WINDOW = 2  # seconds: a fifth of the provider's, so that the proofs wait less for it
COLUMNS = 150
SHOWN = 10  # problems of a proof that are printed
MEDIA = ROOT / ".local/soak/media"
LOG = LOGS / "soak.log"
SETTINGS: Mapping[str, Any] = {
    "speed": 120.0,  # two of the provider's minutes in a second: faster, and all callbacks would come at once
    "window_seconds": float(WINDOW),
    "media_folder": MEDIA,
    "log_file": LOGS / "soak-kie.jsonl",
}
TIMES = {
    "WindowSeconds": str(WINDOW),
    "FirstProbeSeconds": "6",
    "ProbeSeconds": "2",
    "UnknownWaitSeconds": "2",
    "LeaseSeconds": "10",  # requests here are answered or lost within a second
    "PauseSeconds": "1",
    "ArchiveRetrySeconds": "1",
    "ArchiveLeaseSeconds": "10",
}


class Result(NamedTuple):
    """The result of a proof: its title, its figures by name, and what was wrong."""

    title: str
    figures: dict[str, int]
    problems: list[str]


def main() -> int:
    """Run all proofs, or the named ones. Return 0 only if all pass."""
    arguments = _arguments()
    console = Console(highlight=False, soft_wrap=True, width=COLUMNS)
    console.print(f"{arguments.jobs} jobs in each proof, at most {LIMIT} requests in {WINDOW} s, seed {arguments.seed}")
    begun = time.monotonic()
    LOG.unlink(missing_ok=True)
    try:
        with signals_as_interrupts():
            results = [_result(console, PROOFS[name], arguments) for name in arguments.proofs or PROOFS]
    except (BuildError, DeployError, EmulatorError, FaultProxyError) as error:
        console.print(f"The environment did not start: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print(f"Interrupted. Nothing is left running. Log: {LOG.relative_to(ROOT)}")
        return INTERRUPTED
    passed = sum(not result.problems for result in results)
    console.print("", _table(results), sep="\n")
    seconds = time.monotonic() - begun
    console.print(f"\n{passed} of {len(results)} proofs pass, seed {arguments.seed}, {seconds:.0f} s in all")
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


def _result(console: Console, proof: Proof, arguments: argparse.Namespace) -> Result:
    """Run a proof, and print how it ended."""
    tasks = [f"veo_task_on_time_{number:03}" for number in range(arguments.jobs)]
    ensure_media(MEDIA, frames=1)
    settings: dict[str, Any] = {**SETTINGS, **proof.settings}
    start = faulty_environment(Settings(**settings), TIMES | dict(proof.parameters), proof.sweeps, LOG)
    with start as (environment, proxy):
        watcher, sweeps = TableWatcher(environment.cloud), environment.sweeps
        proxy.inject(*proof.faults, seed=arguments.seed)
        begun = time.monotonic()
        wrong = list(proof.scenario(Run(environment, proxy, watcher, tasks)))
        seconds = time.monotonic() - begun
        injected, requests = proxy.injected(), proxy.requests()
        proxy.inject()
        found = find(environment, watcher, tasks)
    missing = [each.name for each in proof.faults if not any(each.name in name for name in injected)]
    wrong += [f"{name}: never injected" for name in missing]
    wrong += [f"only {sweeps.most_at_once} sweeps at once"] * (sweeps.most_at_once < proof.sweeps)
    wrong += [f"{task} was never sent" for task in sorted(found.rows.keys() - set(tasks))]
    wrong += [*problems(found), *(proof.check(found, injected) if proof.check else ())]
    lines = [f"{'✗' if wrong else '✓'} {proof.title} ({seconds:.0f} s)"]
    swept = f"{sweeps.done} sweeps, {len(sweeps.failures)} failed, {sweeps.most_at_once} at once"
    lines += [f"  {requests} requests through the proxy; {swept}"]
    lines += [f"  {times:>5} x {name}" for name, times in sorted(injected.items())]
    lines += [f"  ! {problem}" for problem in wrong[:SHOWN]]
    lines += [f"  ! and {len(wrong) - SHOWN} more"] * (len(wrong) > SHOWN)
    console.print("", *lines, sep="\n")
    return Result(
        proof.title, {"faults": sum(injected.values())} | found.figures() | {"seconds": round(seconds)}, wrong
    )


def _table(results: list[Result]) -> Table:
    numbers = (Column(name, justify="right") for name in results[0].figures)
    table = Table("", Column("proof", no_wrap=True), *numbers, box=None, padding=(0, 2, 0, 0))
    for result in results:
        table.add_row("✗" if result.problems else "✓", result.title, *map(str, result.figures.values()))
    return table


if __name__ == "__main__":
    sys.exit(main())
